#pragma once

// Every SQL text of the catalog. Parameters are bound in the order of their numbers.
//
// A read at version ?at looks at the head's table first. The tables of the past are behind `head
// CROSS JOIN`: a join with the one row of the newest version, which is no row at all when ?at is
// that version, so that a read at the head touches no page of the past. ?ahead is 1 inside a
// transaction that writes the version after the newest: what it has replaced is in the past
// already. One statement reads one snapshot of the file, so a commit between the two halves cannot
// be seen.

namespace commitfs::sqlite {

#define COMMITFS_INODE_COLUMNS(t)                                                                  \
  t "id, " t "mode, " t "uid, " t "gid, " t "nlink, " t "rdev, " t "size_bytes, " t "atime_ns, " t \
    "mtime_ns, " t "ctime_ns, " t "btime_ns, " t "object, " t "symlink_target, " t "since"
#define COMMITFS_VERSION_COLUMNS                                                            \
  "seq_no, term, session_id, session, base, token, operation, uid, gid, time_ns, message, " \
  "metadata, only_deletes, "                                                                \
  "added, modified, deleted, renamed, attributes, bytes"
#define COMMITFS_IS_PAST(at, ahead) \
  "head.seq_no = (SELECT MAX(seq_no) FROM version) AND " at " < head.seq_no + " ahead " AND "

// Reads of the tree.

inline constexpr char kFindInode[] =
    "SELECT " COMMITFS_INODE_COLUMNS("") " FROM inode WHERE id = ?1 AND since <= ?2 "
    "UNION ALL "
    "SELECT " COMMITFS_INODE_COLUMNS("past.") " FROM version AS head CROSS JOIN inode_history AS "
    "past "
    "WHERE " COMMITFS_IS_PAST("?2", "?3") "past.id = ?1 AND past.since <= ?2 "
    "AND past.until = (SELECT MIN(until) FROM inode_history WHERE id = ?1 AND until > ?2) "
    "LIMIT 1";

inline constexpr char kFindDirent[] =
    "SELECT inode, since FROM dirent WHERE parent = ?1 AND name = ?2 AND since <= ?3 "
    "UNION ALL "
    "SELECT past.inode, past.since FROM version AS head CROSS JOIN dirent_history AS past "
    "WHERE " COMMITFS_IS_PAST("?3", "?4") "past.parent = ?1 AND past.name = ?2 AND past.since <= "
    "?3 "
    "AND past.until = (SELECT MIN(until) FROM dirent_history WHERE parent = ?1 AND name = ?2 AND "
    "until > ?3) "
    "LIMIT 1";

// The inode columns are NULL where the inode has changed since ?3: it is to be found by kFindInode.
inline constexpr char kFindChild[] =
    "SELECT dirent.inode, " COMMITFS_INODE_COLUMNS("inode.") " FROM dirent "
    "LEFT JOIN inode ON inode.id = dirent.inode AND inode.since <= ?3 "
    "WHERE dirent.parent = ?1 AND dirent.name = ?2 AND dirent.since <= ?3 "
    "UNION ALL "
    "SELECT past.inode, " COMMITFS_INODE_COLUMNS("inode.") " FROM version AS head CROSS JOIN "
    "dirent_history AS past "
    "LEFT JOIN inode ON inode.id = past.inode AND inode.since <= ?3 "
    "WHERE " COMMITFS_IS_PAST("?3", "?4") "past.parent = ?1 AND past.name = ?2 AND past.since <= "
    "?3 "
    "AND past.until = (SELECT MIN(until) FROM dirent_history WHERE parent = ?1 AND name = ?2 AND "
    "until > ?3) "
    "LIMIT 1";

// Both halves come in the order of their keys and are merged; nothing is sorted. ?5 ends the range.
inline constexpr char kListChildren[] =
    "SELECT dirent.name AS name, dirent.inode, " COMMITFS_INODE_COLUMNS("inode.") " FROM dirent "
    "LEFT JOIN inode ON inode.id = dirent.inode AND inode.since <= ?3 "
    "WHERE dirent.parent = ?1 AND dirent.name > ?2 AND dirent.name <= ?5 AND dirent.since <= ?3 "
    "UNION ALL "
    "SELECT past.name AS name, past.inode, " COMMITFS_INODE_COLUMNS("inode.") " "
    "FROM version AS head CROSS JOIN dirent_history AS past "
    "LEFT JOIN inode ON inode.id = past.inode AND inode.since <= ?3 "
    "WHERE " COMMITFS_IS_PAST("?3", "?4") "past.parent = ?1 AND past.name > ?2 "
    "AND past.name <= ?5 AND past.since <= ?3 AND ?3 < past.until "
    "ORDER BY name LIMIT ?6";
// The first name after ?2 that is ?3 rows away in either half, whether a row counts at the version
// read or not.
inline constexpr char kFindListingBound[] =
    "SELECT MIN(name) FROM ("
    "SELECT name FROM (SELECT name FROM dirent WHERE parent = ?1 AND name > ?2 "
    "ORDER BY name LIMIT 1 OFFSET ?3) "
    "UNION ALL "
    "SELECT name FROM (SELECT name FROM dirent_history WHERE parent = ?1 AND name > ?2 "
    "ORDER BY name LIMIT 1 OFFSET ?3))";

inline constexpr char kListLinks[] =
    "SELECT parent, name FROM dirent WHERE inode = ?1 AND since <= ?2 "
    "UNION ALL "
    "SELECT past.parent, past.name FROM version AS head CROSS JOIN dirent_history AS past "
    "WHERE " COMMITFS_IS_PAST("?2", "?3") "past.inode = ?1 AND past.since <= ?2 AND ?2 < "
    "past.until "
    "ORDER BY parent, name";

inline constexpr char kFindXattr[] =
    "SELECT value FROM xattr WHERE inode = ?1 AND name = ?2 AND since <= ?3 "
    "UNION ALL "
    "SELECT past.value FROM version AS head CROSS JOIN xattr_history AS past "
    "WHERE " COMMITFS_IS_PAST("?3", "?4") "past.inode = ?1 AND past.name = ?2 AND past.since <= ?3 "
    "AND past.until = (SELECT MIN(until) FROM xattr_history WHERE inode = ?1 AND name = ?2 AND "
    "until > ?3) "
    "LIMIT 1";

inline constexpr char kListXattrs[] =
    "SELECT name, value FROM xattr WHERE inode = ?1 AND since <= ?2 "
    "UNION ALL "
    "SELECT past.name, past.value FROM version AS head CROSS JOIN xattr_history AS past "
    "WHERE " COMMITFS_IS_PAST("?2", "?3") "past.inode = ?1 AND past.since <= ?2 AND ?2 < "
    "past.until "
    "ORDER BY name";

// Reads of versions.

inline constexpr char kFindHeadSeqNo[] = "SELECT MAX(seq_no) FROM version";
inline constexpr char kHasVersion[] = "SELECT EXISTS (SELECT 1 FROM version)";
inline constexpr char kFindHead[] =
    "SELECT " COMMITFS_VERSION_COLUMNS " FROM version ORDER BY seq_no DESC LIMIT 1";
inline constexpr char kFindVersion[] =
    "SELECT " COMMITFS_VERSION_COLUMNS " FROM version WHERE seq_no = ?1";
inline constexpr char kListVersions[] =
    "SELECT " COMMITFS_VERSION_COLUMNS
    " FROM version WHERE seq_no < ?1 ORDER BY seq_no DESC LIMIT ?2";
inline constexpr char kFindVersionAt[] =
    "SELECT " COMMITFS_VERSION_COLUMNS
    " FROM version WHERE time_ns <= ?1 ORDER BY time_ns DESC, seq_no DESC LIMIT 1";
inline constexpr char kFindVersionByToken[] =
    "SELECT " COMMITFS_VERSION_COLUMNS " FROM version WHERE token = ?1";
inline constexpr char kFindVersionBySessionId[] =
    "SELECT " COMMITFS_VERSION_COLUMNS " FROM version WHERE session_id = ?1";
inline constexpr char kFindVersionBySessionName[] =
    "SELECT " COMMITFS_VERSION_COLUMNS
    " FROM version WHERE session = ?1 ORDER BY seq_no DESC LIMIT 1";
inline constexpr char kListChanges[] =
    "SELECT kind, path, old_path, inode, partition, group_name, is_directory FROM change WHERE "
    "seq_no = ?1 AND kind <> 6 ORDER BY ordinal";
inline constexpr char kListTouched[] =
    "SELECT kind, inode, partition, path FROM change WHERE seq_no > ?1 AND seq_no <= ?2";
// Every inode is read, so sorting beats looking for each body; no commit has to keep an index.
inline constexpr char kListUnnamedObjects[] =
    "SELECT id FROM object EXCEPT SELECT object FROM inode EXCEPT SELECT object FROM "
    "inode_history ORDER BY id LIMIT ?1";

inline constexpr char kFindTag[] = "SELECT name, seq_no, time_ns, uid FROM tag WHERE name = ?1";
inline constexpr char kListTags[] =
    "SELECT name, seq_no, time_ns, uid FROM tag WHERE name > ?1 ORDER BY name LIMIT ?2";
inline constexpr char kListTagsOf[] =
    "SELECT name, seq_no, time_ns, uid FROM tag WHERE seq_no = ?1 ORDER BY name";

// Reads of what validation asks.

inline constexpr char kFindGroupHead[] =
    "SELECT content_seq_no, content_change, attribute_seq_no FROM group_head WHERE partition = ?1 "
    "AND group_name = ?2";
inline constexpr char kFindDirectoryHead[] =
    "SELECT entries_seq_no, subtree_seq_no, place_seq_no FROM directory_head WHERE directory = ?1";
inline constexpr char kFindTerm[] = "SELECT MAX(term) FROM term";
inline constexpr char kFindConfig[] = "SELECT value FROM config WHERE key = ?1";

// Writes of the tree at version ?seq_no. First the row moves to the past, unless it is of this same
// version; then it is replaced or deleted.

inline constexpr char kRetireInode[] =
    "INSERT INTO inode_history (until, " COMMITFS_INODE_COLUMNS("") ") "
    "SELECT ?2, " COMMITFS_INODE_COLUMNS("") " FROM inode WHERE id = ?1 AND since < ?2";
inline constexpr char kPutInode[] =
    "INSERT OR REPLACE INTO inode (" COMMITFS_INODE_COLUMNS("") ") "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
inline constexpr char kDeleteInode[] = "DELETE FROM inode WHERE id = ?1";

inline constexpr char kRetireDirent[] =
    "INSERT INTO dirent_history (parent, name, until, inode, since) "
    "SELECT parent, name, ?3, inode, since FROM dirent WHERE parent = ?1 AND name = ?2 AND since < "
    "?3";
inline constexpr char kPutDirent[] =
    "INSERT OR REPLACE INTO dirent (parent, name, since, inode) VALUES (?1, ?2, ?3, ?4)";
inline constexpr char kDeleteDirent[] = "DELETE FROM dirent WHERE parent = ?1 AND name = ?2";

inline constexpr char kRetireXattr[] =
    "INSERT INTO xattr_history (inode, name, until, value, since) "
    "SELECT inode, name, ?3, value, since FROM xattr WHERE inode = ?1 AND name = ?2 AND since < ?3";
inline constexpr char kPutXattr[] =
    "INSERT OR REPLACE INTO xattr (inode, name, since, value) VALUES (?1, ?2, ?3, ?4)";
inline constexpr char kDeleteXattr[] = "DELETE FROM xattr WHERE inode = ?1 AND name = ?2";
inline constexpr char kRetireXattrs[] =
    "INSERT INTO xattr_history (inode, name, until, value, since) "
    "SELECT inode, name, ?2, value, since FROM xattr WHERE inode = ?1 AND since < ?2";
inline constexpr char kDeleteXattrs[] = "DELETE FROM xattr WHERE inode = ?1";

// Other writes.

inline constexpr char kPutGroupHead[] =
    "INSERT OR REPLACE INTO group_head (partition, group_name, content_seq_no, content_change, "
    "attribute_seq_no) "
    "VALUES (?1, ?2, ?3, ?4, ?5)";
inline constexpr char kPutDirectoryHead[] =
    "INSERT OR REPLACE INTO directory_head (directory, entries_seq_no, subtree_seq_no, "
    "place_seq_no) "
    "VALUES (?1, ?2, ?3, ?4)";
inline constexpr char kPutObject[] =
    "INSERT INTO object (id, size_bytes) VALUES (?1, ?2) "
    "ON CONFLICT (id) DO UPDATE SET size_bytes = excluded.size_bytes";
inline constexpr char kAddVersion[] =
    "INSERT INTO version (" COMMITFS_VERSION_COLUMNS
    ") "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)";
inline constexpr char kAddChange[] =
    "INSERT INTO change (seq_no, ordinal, kind, path, old_path, inode, partition, group_name, "
    "is_directory) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
inline constexpr char kDeleteVersion[] = "DELETE FROM version WHERE seq_no = ?1";
inline constexpr char kDeleteObject[] = "DELETE FROM object WHERE id = ?1";
inline constexpr char kPutTag[] =
    "INSERT OR REPLACE INTO tag (name, seq_no, time_ns, uid) VALUES (?1, ?2, ?3, ?4)";
inline constexpr char kDeleteTag[] = "DELETE FROM tag WHERE name = ?1";
inline constexpr char kAddTerm[] = "INSERT INTO term (term) VALUES (?1)";
inline constexpr char kPutConfig[] = "INSERT OR REPLACE INTO config (key, value) VALUES (?1, ?2)";
inline constexpr char kReserveIds[] =
    "UPDATE next_id SET id = id + ?2 WHERE kind = ?1 RETURNING id - ?2";

// Pruning goes through each table of the past by its key. The bound is the last of ?3 rows behind
// the cursor, or the last row; then the rows up to it go that no version sees.

#define COMMITFS_IS_UNSEEN \
  "NOT EXISTS (SELECT 1 FROM version WHERE seq_no >= since AND seq_no < until)"

inline constexpr char kFindInodeHistoryBound[] =
    "SELECT id, until FROM (SELECT id, until FROM inode_history WHERE (id, until) > (?1, ?2) "
    "ORDER BY id, until LIMIT ?3) ORDER BY id DESC, until DESC LIMIT 1";
inline constexpr char kPruneInodeHistory[] =
    "DELETE FROM inode_history WHERE (id, until) > (?1, ?2) AND (id, until) <= (?3, ?4) "
    "AND " COMMITFS_IS_UNSEEN;
inline constexpr char kFindDirentHistoryBound[] =
    "SELECT parent, name, until FROM (SELECT parent, name, until FROM dirent_history "
    "WHERE (parent, name, until) > (?1, ?2, ?3) ORDER BY parent, name, until LIMIT ?4) "
    "ORDER BY parent DESC, name DESC, until DESC LIMIT 1";
inline constexpr char kPruneDirentHistory[] =
    "DELETE FROM dirent_history WHERE (parent, name, until) > (?1, ?2, ?3) "
    "AND (parent, name, until) <= (?4, ?5, ?6) AND " COMMITFS_IS_UNSEEN;
inline constexpr char kFindXattrHistoryBound[] =
    "SELECT inode, name, until FROM (SELECT inode, name, until FROM xattr_history "
    "WHERE (inode, name, until) > (?1, ?2, ?3) ORDER BY inode, name, until LIMIT ?4) "
    "ORDER BY inode DESC, name DESC, until DESC LIMIT 1";
inline constexpr char kPruneXattrHistory[] =
    "DELETE FROM xattr_history WHERE (inode, name, until) > (?1, ?2, ?3) "
    "AND (inode, name, until) <= (?4, ?5, ?6) AND " COMMITFS_IS_UNSEEN;
inline constexpr char kFindOldestVersion[] = "SELECT MIN(seq_no) FROM version";
inline constexpr char kFindChangeBound[] =
    "SELECT seq_no, ordinal FROM (SELECT seq_no, ordinal FROM change WHERE seq_no < ?1 "
    "ORDER BY seq_no, ordinal LIMIT ?2) ORDER BY seq_no DESC, ordinal DESC LIMIT 1";
inline constexpr char kPruneChanges[] = "DELETE FROM change WHERE (seq_no, ordinal) <= (?1, ?2)";

#undef COMMITFS_IS_UNSEEN

inline constexpr char kSetSavepoint[] = "SAVEPOINT s";
inline constexpr char kReleaseSavepoint[] = "RELEASE s";
inline constexpr char kRollBackToSavepoint[] = "ROLLBACK TO s";

#undef COMMITFS_INODE_COLUMNS
#undef COMMITFS_VERSION_COLUMNS
#undef COMMITFS_IS_PAST

}  // namespace commitfs::sqlite
