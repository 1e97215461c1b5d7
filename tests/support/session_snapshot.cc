#include "tests/support/session_snapshot.h"

#include <fmt/format.h>

#include <map>

#include "tests/support/result.h"

namespace commitfs::test {
namespace {

std::string describe_place(const ChangedInode& inode) {
  // Of other inodes the place is a hint only.
  if (!inode.record.is_directory() || !inode.place) return "-";
  return fmt::format("{}/{}", raw(inode.place->parent), inode.place->name);
}

std::string describe_inode(const ChangedInode& inode) {
  const InodeRecord& record = inode.record;
  return fmt::format(
      "inode {} {:o} {}:{} links {} rdev {} size {} times {} {} {} {} object {} target {} since {}"
      " here {} staged {} set {}{}{}{} copied {} place {}\n",
      raw(record.id), record.mode, record.uid, record.gid, record.nlink, record.rdev,
      record.size_bytes, record.atime_ns, record.mtime_ns, record.ctime_ns, record.btime_ns,
      raw(record.object), record.symlink_target, raw(record.since), inode.made_here,
      inode.body_staged, inode.times_set, inode.mode_set, inode.uid_set, inode.gid_set,
      inode.copied_ctime_ns, describe_place(inode));
}

}  // namespace

std::string describe(Session& session) {
  return must(session.read([](const SessionData& data) -> Result<std::string> {
    std::string text = fmt::format("base {} maker {}:{}\n", raw(data.base), data.uid, data.gid);
    std::map<InodeId, std::string> inodes;
    for (const auto& [id, inode] : data.changes.inodes())
      inodes[id] = describe_inode(inode);
    for (const auto& [id, line] : inodes)
      text += line;
    for (const auto& [key, inode] : data.changes.dirents()) {
      text += fmt::format("name {}/{} {}\n", raw(key.parent), key.name, raw(inode));
    }
    for (const auto& [key, value] : data.changes.xattrs()) {
      text +=
          fmt::format("xattr {} {} {}\n", raw(key.inode), key.name, value ? '=' + *value : "gone");
    }
    return text;
  }));
}

}  // namespace commitfs::test
