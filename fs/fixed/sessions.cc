#include "fs/fixed/directories.h"
#include "fs/mount_state.h"
#include "meta/name.h"

namespace commitfs::fs {
namespace {

class SessionsDirectory : public FixedNode {
 public:
  explicit SessionsDirectory(Mount& mount) : mount_(mount) {}

  Result<struct stat> attributes() override {
    return mount_.own_attributes(S_IFDIR | S_ISVTX | 0777);
  }
  /// Every path into a session passes here: the kernel must not ask each time.
  double attribute_timeout_s() const override { return kForever_s; }

  Result<Entry> lookup(std::string_view name) override {
    auto session = mount_.sessions().find(name);
    if (session == nullptr) return fail(ENOENT);
    return enter(std::move(session), name);
  }

  Result<std::vector<FixedName>> list() override {
    std::vector<FixedName> names;
    for (auto& session : mount_.sessions().list()) {
      std::string name = session->name();
      const auto view = mount_.views.of_session(std::move(session));
      names.push_back({std::move(name), S_IFDIR, view->number(InodeId::root)});
    }
    return names;
  }

  Result<Entry> make_directory(std::string_view name, const Caller& caller) override {
    auto session = TRY(mount_.sessions().begin(name, caller));
    mount_.drop_receipt_entries(std::string(name));
    return enter(std::move(session), name);
  }

  Result<void> remove_directory(std::string_view name, const Caller& caller) override {
    return mount_.sessions().remove(name, caller);
  }

 private:
  Result<Entry> enter(std::shared_ptr<Session> session, std::string_view name) {
    return make_root_entry(mount_, mount_.views.of_session(std::move(session)),
                           NodePlace{kSessionsNode, std::string(name)});
  }

  Mount& mount_;
};

}  // namespace

std::shared_ptr<FixedNode> make_sessions_directory(Mount& mount) {
  return std::make_shared<SessionsDirectory>(mount);
}

}  // namespace commitfs::fs
