#include <map>

#include "fs/control.h"
#include "fs/mount_state.h"
#include "meta/base/mutex.h"

namespace commitfs::fs {
namespace {

/// `.commitfs/meta` of a session: a file for each key of what is stored with its version.
class MetadataDirectory : public FixedNode {
 public:
  explicit MetadataDirectory(ControlSource source)
      : source_(std::move(source)), view_(source_.mount.views.of_session(source_.session)) {}

  Result<struct stat> attributes() override { return control_attributes(source_, S_IFDIR | 0755); }

  Result<Entry> lookup(std::string_view name) override {
    if (!source_.session->metadata().contains(std::string(name))) return fail(ENOENT);
    return enter(name);
  }

  Result<std::vector<FixedName>> list() override {
    std::vector<FixedName> names;
    for (const auto& [key, value] : source_.session->metadata()) {
      names.push_back({key, S_IFREG, view_->number(inode_of(key))});
    }
    return names;
  }

  Result<Entry> create_file(std::string_view name) override {
    TRY(source_.session->set_metadata(std::string(name), std::string()));
    return enter(name);
  }

  Result<void> remove_file(std::string_view name) override {
    return source_.session->set_metadata(std::string(name), std::nullopt);
  }

 private:
  static constexpr std::uint64_t kFirstSlot = std::uint64_t{1} << 20;

  InodeId inode_of(std::string_view name) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    const auto next = fixed_inode(kFirstSlot + inodes_.size());
    return inodes_.try_emplace(std::string(name), next).first->second;
  }

  Result<Entry> enter(std::string_view name) {
    ControlSource source{source_.mount, source_.session, std::string(name)};
    return make_fixed_entry(
        source_.mount, view_, inode_of(name),
        std::make_shared<ControlNode>(metadata_control_file(), std::move(source)), kNever_s);
  }

  const ControlSource source_;
  const std::shared_ptr<View> view_;
  Mutex mutex_;
  std::map<std::string, InodeId, std::less<>> inodes_ GUARDED_BY(mutex_);
};

}  // namespace

std::shared_ptr<FixedNode> make_metadata_directory(ControlSource source) {
  return std::make_shared<MetadataDirectory>(std::move(source));
}

}  // namespace commitfs::fs
