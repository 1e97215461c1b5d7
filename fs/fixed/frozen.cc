#include "fs/control.h"
#include "fs/mount_state.h"

namespace commitfs::fs {
namespace {

bool is_frozen(const Session& session) {
  return session.state() == SessionState::freezing || session.settings()->frozen;
}

class FrozenDirectory : public FixedNode {
 public:
  explicit FrozenDirectory(Mount& mount) : mount_(mount) {}

  Result<struct stat> attributes() override { return mount_.own_attributes(S_IFDIR | 0755); }
  double attribute_timeout_s() const override { return kForever_s; }

  Result<Entry> lookup(std::string_view name) override {
    auto session = mount_.sessions().find(name);
    if (session == nullptr || !is_frozen(*session)) return fail(ENOENT);
    return make_root_entry(mount_, mount_.views.audit(std::move(session)), {});
  }

  Result<std::vector<FixedName>> list() override {
    std::vector<FixedName> names;
    for (const auto& session : mount_.sessions().list()) {
      if (!is_frozen(*session)) continue;
      const auto view = mount_.views.audit(session);
      names.push_back({session->name(), S_IFDIR, view->number(InodeId::root)});
    }
    return names;
  }

 private:
  Mount& mount_;
};

}  // namespace

std::shared_ptr<FixedNode> make_frozen_directory(Mount& mount) {
  return std::make_shared<FrozenDirectory>(mount);
}

}  // namespace commitfs::fs
