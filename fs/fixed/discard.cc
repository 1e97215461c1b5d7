#include <algorithm>
#include <deque>

#include "fs/fixed/directories.h"
#include "fs/mount_state.h"

namespace commitfs::fs {
namespace {

/// Lists nothing, but answers for the newest names dropped: mv looks there after each.
class DiscardDirectory : public FixedNode {
  using Discarded = std::pair<std::string, std::shared_ptr<View>>;
  static constexpr std::size_t kRemembered = 64;

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
    std::erase_if(discarded_, [&](const auto& one) { return one.first == name; });
    discarded_.emplace_front(name, session);
    if (discarded_.size() > kRemembered) discarded_.pop_back();
  }

 private:
  std::shared_ptr<View> find(std::string_view name) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    const auto found = std::ranges::find(discarded_, name, &Discarded::first);
    return found == discarded_.end() ? nullptr : found->second;
  }

  Mount& mount_;
  Mutex mutex_;
  std::deque<Discarded> discarded_ GUARDED_BY(mutex_);  ///< newest first
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
