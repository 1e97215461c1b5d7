#include <map>

#include "fs/fixed/directories.h"
#include "fs/mount_state.h"

namespace commitfs::fs {
namespace {

class DiscardDirectory : public FixedNode {
 public:
  explicit DiscardDirectory(Mount& mount) : mount_(mount) {}

  Result<struct stat> attributes() override {
    return mount_.own_attributes(S_IFDIR | S_ISVTX | 0777);
  }
  double attribute_timeout_s() const override { return kForever_s; }

  Result<Entry> lookup(std::string_view name) override {
    const auto view = find(name);
    if (view == nullptr) return fail(ENOENT);
    auto entry = TRY(make_root_entry(mount_, view, NodePlace{kDiscardNode, std::string(name)}));
    entry.entry_timeout_s = kNever_s;
    return entry;
  }

  Result<std::vector<FixedName>> list() override { return std::vector<FixedName>(); }

  void show(const std::string& name, const std::shared_ptr<View>& session) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    std::erase_if(discarded_, [](const auto& entry) { return entry.second.expired(); });
    discarded_[name] = session;
  }

 private:
  std::shared_ptr<View> find(std::string_view name) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    const auto found = discarded_.find(name);
    return found == discarded_.end() ? nullptr : found->second.lock();
  }

  Mount& mount_;
  Mutex mutex_;
  std::map<std::string, std::weak_ptr<View>, std::less<>> discarded_ GUARDED_BY(mutex_);
};

}  // namespace

std::shared_ptr<FixedNode> make_discard_directory(Mount& mount) {
  return std::make_shared<DiscardDirectory>(mount);
}

void show_discarded(const Mount& mount, const std::string& name,
                    const std::shared_ptr<View>& session) {
  const auto node = mount.nodes.find(kDiscardNode);
  static_cast<DiscardDirectory&>(*node->fixed).show(name, session);
}

}  // namespace commitfs::fs
