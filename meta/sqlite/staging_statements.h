#pragma once

// Every SQL text of the staging journal. Parameters are bound in the order of their numbers.

namespace commitfs::sqlite {

inline constexpr char kPutSession[] =
    "INSERT OR REPLACE INTO session (id, name, base, uid, gid, created_ns, boot_id, message, "
    "token, metadata, extra) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
inline constexpr char kListSessions[] =
    "SELECT id, name, base, uid, gid, created_ns, boot_id, message, token, metadata, extra FROM "
    "session ORDER BY id";
inline constexpr char kDropSession[] = "DELETE FROM session WHERE id = ?1";

// The columns of an inode in the order read_inode takes them.
inline constexpr char kPutStagedInode[] =
    "INSERT OR REPLACE INTO staged_inode (session, id, mode, uid, gid, nlink, rdev, size_bytes, "
    "atime_ns, mtime_ns, "
    "ctime_ns, btime_ns, object, symlink_target, since, flags) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";
inline constexpr char kListStagedInodes[] =
    "SELECT id, mode, uid, gid, nlink, rdev, size_bytes, atime_ns, mtime_ns, ctime_ns, btime_ns, "
    "object, "
    "symlink_target, since, flags FROM staged_inode WHERE session = ?1 ORDER BY id";
inline constexpr char kForgetStagedInode[] =
    "DELETE FROM staged_inode WHERE session = ?1 AND id = ?2";
inline constexpr char kDropStagedInodes[] = "DELETE FROM staged_inode WHERE session = ?1";

inline constexpr char kPutStagedDirent[] =
    "INSERT OR REPLACE INTO staged_dirent (session, parent, name, inode) VALUES (?1, ?2, ?3, ?4)";
inline constexpr char kListStagedDirents[] =
    "SELECT parent, name, inode FROM staged_dirent WHERE session = ?1 ORDER BY parent, name";
inline constexpr char kForgetStagedDirent[] =
    "DELETE FROM staged_dirent WHERE session = ?1 AND parent = ?2 AND name = ?3";
inline constexpr char kDropStagedDirents[] = "DELETE FROM staged_dirent WHERE session = ?1";

inline constexpr char kPutStagedXattr[] =
    "INSERT OR REPLACE INTO staged_xattr (session, inode, name, value) VALUES (?1, ?2, ?3, ?4)";
inline constexpr char kListStagedXattrs[] =
    "SELECT inode, name, value FROM staged_xattr WHERE session = ?1 ORDER BY inode, name";
inline constexpr char kForgetStagedXattr[] =
    "DELETE FROM staged_xattr WHERE session = ?1 AND inode = ?2 AND name = ?3";
inline constexpr char kForgetStagedXattrs[] =
    "DELETE FROM staged_xattr WHERE session = ?1 AND inode = ?2";
inline constexpr char kDropStagedXattrs[] = "DELETE FROM staged_xattr WHERE session = ?1";

inline constexpr char kPutStagedRead[] =
    "INSERT OR IGNORE INTO staged_read (session, kind, inode, name) VALUES (?1, ?2, ?3, ?4)";
inline constexpr char kListStagedReads[] =
    "SELECT kind, inode, name FROM staged_read WHERE session = ?1 ORDER BY kind, inode, name";
inline constexpr char kForgetStagedRead[] =
    "DELETE FROM staged_read WHERE session = ?1 AND kind = ?2 AND inode = ?3 AND name = ?4";
inline constexpr char kDropStagedReads[] = "DELETE FROM staged_read WHERE session = ?1";

// SQLite syncs the log only for a transaction that adds to it, and then all of it. One that finds
// nothing to change would leave what earlier transactions wrote with synchronous = NORMAL unsynced.
inline constexpr char kCountDurableWrite[] = "UPDATE durable_write SET count = count + 1";

}  // namespace commitfs::sqlite
