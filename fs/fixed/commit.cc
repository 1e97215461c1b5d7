#include <sys/stat.h>

#include "fs/fixed/directories.h"
#include "fs/mount_state.h"
#include "meta/base/fault.h"

namespace commitfs::fs {
namespace {

class CommitDirectory : public FixedNode {
 public:
  explicit CommitDirectory(Mount& mount) : mount_(mount) {}

  /// Who may commit is who may write to the table's directory.
  Result<struct stat> attributes() override { return attributes_of_table(mount_); }

  Result<Entry> lookup(std::string_view name) override {
    TRY(fault::point("fs.lookup_receipt"));
    const auto tree = TRY(mount_.sessions().receipt(name));
    if (tree == nullptr) return fail(ENOENT);
    auto entry = TRY(make_root_entry(mount_, TRY(view_of(name, tree)),
                                     NodePlace{kCommitNode, std::string(name)}));
    entry.entry_timeout_s = kNever_s;
    return entry;
  }

  Result<std::vector<FixedName>> list() override {
    std::vector<FixedName> names;
    for (std::string& name : TRY(mount_.sessions().receipt_names())) {
      const std::uint64_t slot = kFirstListedSlot + names.size();
      names.push_back({std::move(name), S_IFDIR, mount_.views.own()->number(fixed_inode(slot))});
    }
    return names;
  }

  Result<void> remove_directory(std::string_view name, const Caller&) override {
    return mount_.sessions().remove_receipt(name);
  }

  /// Programs that take any failed rename for a reason to copy (shutil.move) print this error: it
  /// shall be the rename's.
  Error refusal(std::string_view name) override {
    const int last = mount_.sessions().last_commit_error(name);
    return Error{last != 0 ? last : EPERM, "nothing is made in commit/ but by moving a session"};
  }

 private:
  static constexpr std::uint64_t kFirstListedSlot = std::uint64_t{1} << 30;

  Result<std::shared_ptr<View>> view_of(std::string_view name, const std::shared_ptr<Tree>& tree) {
    if (auto session = std::dynamic_pointer_cast<Session>(tree)) {
      return mount_.views.of_session(std::move(session));
    }
    const auto version = TRY(mount_.catalog().find_version_by_session_name(name));
    if (!version) return fail(ENOENT);
    return mount_.views.receipt(version->seq_no);
  }

  Mount& mount_;
};

}  // namespace

Result<struct stat> attributes_of_table(const Mount& mount) {
  struct stat table{};
  if (::stat(mount.table.directory().c_str(), &table) != 0) return fail_errno("stat the table");
  struct stat result = mount.own_attributes(table.st_mode & (S_IFMT | 07777));
  result.st_uid = table.st_uid;
  result.st_gid = table.st_gid;
  return result;
}

std::shared_ptr<FixedNode> make_commit_directory(Mount& mount) {
  return std::make_shared<CommitDirectory>(mount);
}

}  // namespace commitfs::fs
