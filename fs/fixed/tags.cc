#include "txn/tags.h"

#include <linux/fs.h>

#include <map>

#include "fs/fixed/directories.h"
#include "fs/mount_state.h"
#include "txn/file_time.h"

namespace commitfs::fs {
namespace {

constexpr std::uint64_t kFirstTagSlot = std::uint64_t{1} << 32;

/// `tags/NAME`: leads to the version in snapshots/.
class TagLink : public FixedNode {
 public:
  TagLink(Mount& mount, std::string name) : mount_(mount), name_(std::move(name)) {}

  Result<struct stat> attributes() override {
    const auto tag = TRY(mount_.catalog().find_tag(name_));
    if (!tag) return fail(ENOENT);
    struct stat link = mount_.own_attributes(S_IFLNK | 0777);
    link.st_mtim = link.st_ctim = to_timespec(tag->time_ns);
    link.st_uid = tag->uid;
    link.st_size = static_cast<off_t>(target_of(*tag).size());
    return link;
  }
  Result<std::string> target() override {
    const auto tag = TRY(mount_.catalog().find_tag(name_));
    if (!tag) return fail(ENOENT);
    return target_of(*tag);
  }

 private:
  static std::string target_of(const TagRecord& tag) {
    return "../snapshots/" + std::to_string(raw(tag.seq_no));
  }

  Mount& mount_;
  const std::string name_;
};

class TagsDirectory : public FixedNode {
 public:
  explicit TagsDirectory(Mount& mount) : mount_(mount), tags_(mount.table.context()) {}

  /// Who may tag is who may commit.
  Result<struct stat> attributes() override { return attributes_of_table(mount_); }

  Result<Entry> lookup(std::string_view name) override {
    if (!TRY(mount_.catalog().find_tag(name))) return fail(ENOENT);
    return enter(name);
  }

  Result<std::vector<FixedName>> list() override {
    std::vector<FixedName> names;
    std::string after;
    while (true) {
      const auto page = TRY(mount_.catalog().list_tags(after, kPage));
      for (const TagRecord& tag : page) {
        const auto number = mount_.views.own()->number(fixed_inode(slot_of(tag.name)));
        names.push_back({tag.name, S_IFLNK, number});
      }
      if (page.size() < kPage) return names;
      after = page.back().name;
    }
  }

  Result<Entry> make_symlink(std::string_view name, std::string_view target,
                             const Caller& caller) override {
    TRY(tags_.add(name, target, caller));
    return enter(name);
  }
  Result<void> rename(std::string_view from, std::string_view to, unsigned flags) override {
    if ((flags & ~static_cast<unsigned>(RENAME_NOREPLACE)) != 0) return fail(EPERM, "rename a tag");
    return tags_.rename(from, to, flags == 0);
  }
  Result<void> remove_file(std::string_view name) override { return tags_.remove(name); }

 private:
  static constexpr std::size_t kPage = 1000;

  Result<Entry> enter(std::string_view name) {
    return make_fixed_entry(mount_, mount_.views.own(), fixed_inode(slot_of(name)),
                            std::make_shared<TagLink>(mount_, std::string(name)), kNever_s);
  }

  /// One number for a name as long as the mount lives.
  std::uint64_t slot_of(std::string_view name) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    const auto found = slots_.find(name);
    if (found != slots_.end()) return found->second;
    const std::uint64_t slot = kFirstTagSlot + slots_.size();
    return slots_.emplace(name, slot).first->second;
  }

  Mount& mount_;
  Tags tags_;
  Mutex mutex_;
  std::map<std::string, std::uint64_t, std::less<>> slots_ GUARDED_BY(mutex_);
};

}  // namespace

std::shared_ptr<FixedNode> make_tags_directory(Mount& mount) {
  return std::make_shared<TagsDirectory>(mount);
}

}  // namespace commitfs::fs
