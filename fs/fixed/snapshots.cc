#include <algorithm>
#include <atomic>
#include <charconv>

#include "fs/fixed/directories.h"
#include "fs/mount_state.h"

namespace commitfs::fs {
namespace {

constexpr std::size_t kMaxListed = 100'000;
constexpr std::uint64_t kLatestSlot = 11;
constexpr std::uint64_t kPreviousSlot = 12;
constexpr std::uint64_t kFirstTimeSlot = std::uint64_t{1} << 31;

/// Versions by number; every other name that stands for one (latest, previous, a time) is a link to
/// it, so that a version is at one place only.
class SnapshotsDirectory : public FixedNode {
 public:
  explicit SnapshotsDirectory(Mount& mount) : mount_(mount) {}

  /// A version is moved out of here by whoever may commit; the kernel asks for the right to write.
  Result<struct stat> attributes() override { return attributes_of_table(mount_); }

  Result<Entry> lookup(std::string_view name) override {
    if (const auto number = parse_version_number(name)) return enter_version(*number, name);
    if (!TRY(mount_.table.resolve_version(name))) return fail(ENOENT);
    return make_fixed_entry(mount_, mount_.views.own(), fixed_inode(slot_of(name)),
                            make_link(std::string(name)), kNever_s);
  }

  Result<std::vector<FixedName>> list() override {
    auto versions = TRY(mount_.catalog().list_versions(SeqNo::none, kMaxListed));
    std::vector<FixedName> names;
    names.reserve(versions.size() + 2);
    for (const VersionRecord& version : versions) {
      const View view{.tag = raw(version.seq_no)};
      names.push_back({std::to_string(raw(version.seq_no)), S_IFDIR, view.number(InodeId::root)});
    }
    std::ranges::reverse(names);
    names.push_back({"latest", S_IFLNK, mount_.views.own()->number(fixed_inode(kLatestSlot))});
    if (TRY(mount_.table.resolve_version("previous"))) {
      names.push_back(
          {"previous", S_IFLNK, mount_.views.own()->number(fixed_inode(kPreviousSlot))});
    }
    return names;
  }

  Error refusal(std::string_view) override { return Error{EROFS, "versions do not change"}; }

 private:
  Result<Entry> enter_version(SeqNo number, std::string_view name) {
    if (!TRY(mount_.catalog().find_version(number))) return fail(ENOENT);
    return make_root_entry(mount_, mount_.views.snapshot(number),
                           NodePlace{kSnapshotsNode, std::string(name)});
  }

  std::shared_ptr<FixedNode> make_link(std::string name) {
    return std::make_shared<FixedLink>(mount_, [this, name]() -> Result<std::string> {
      const auto version = TRY(mount_.table.resolve_version(name));
      if (!version) return fail(ENOENT);
      return std::to_string(raw(*version));
    });
  }

  std::uint64_t slot_of(std::string_view name) {
    if (name == "latest") return kLatestSlot;
    if (name == "previous") return kPreviousSlot;
    return next_time_slot_.fetch_add(1);
  }

  Mount& mount_;
  std::atomic<std::uint64_t> next_time_slot_ = kFirstTimeSlot;
};

}  // namespace

std::shared_ptr<FixedNode> make_snapshots_directory(Mount& mount) {
  return std::make_shared<SnapshotsDirectory>(mount);
}

}  // namespace commitfs::fs
