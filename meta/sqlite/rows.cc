#include "meta/sqlite/rows.h"

#include "meta/sqlite/netstring.h"

namespace commitfs::sqlite {

InodeRecord read_inode(const Use& row, int first) {
  int column = first;
  InodeRecord inode;
  inode.id = row.get<InodeId>(column++);
  inode.mode = row.get<mode_t>(column++);
  inode.uid = row.get<uid_t>(column++);
  inode.gid = row.get<gid_t>(column++);
  inode.nlink = row.get<std::uint32_t>(column++);
  inode.rdev = row.get<dev_t>(column++);
  inode.size_bytes = row.get<std::uint64_t>(column++);
  inode.atime_ns = row.get<TimeNs>(column++);
  inode.mtime_ns = row.get<TimeNs>(column++);
  inode.ctime_ns = row.get<TimeNs>(column++);
  inode.btime_ns = row.get<TimeNs>(column++);
  inode.object = row.get<ObjectId>(column++);
  inode.symlink_target = row.get<std::string>(column++);
  inode.since = row.get<SeqNo>(column++);
  return inode;
}

Result<VersionRecord> read_version(const Use& row) {
  int column = 0;
  VersionRecord version;
  version.seq_no = row.get<SeqNo>(column++);
  version.term = row.get<Term>(column++);
  version.session_id = row.get<SessionId>(column++);
  version.session = row.get<std::string>(column++);
  version.base = row.get<SeqNo>(column++);
  if (!row.is_null(column)) version.token = row.get<std::string>(column);
  ++column;
  version.operation = row.get<std::string>(column++);
  version.uid = row.get<uid_t>(column++);
  version.gid = row.get<gid_t>(column++);
  version.time_ns = row.get<TimeNs>(column++);
  version.message = row.get<std::string>(column++);
  version.metadata = TRY(decode_map(row.get<std::string>(column++)));
  version.only_deletes = row.get<bool>(column++);
  version.added = row.get<std::uint64_t>(column++);
  version.modified = row.get<std::uint64_t>(column++);
  version.deleted = row.get<std::uint64_t>(column++);
  version.renamed = row.get<std::uint64_t>(column++);
  version.attributes = row.get<std::uint64_t>(column++);
  version.bytes = row.get<std::uint64_t>(column++);
  return version;
}

}  // namespace commitfs::sqlite
