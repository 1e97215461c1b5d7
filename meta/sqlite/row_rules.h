#pragma once

// What must hold of the rows of catalog and staging, one rule a text. Each query lists what breaks
// it, one sentence a row. `main` is the catalog, `staging` the journal of open sessions.
//
// A repair may change only what other rows say again (a link count), what nothing names (a change
// of no version), or what errs on the safe side (a head that no version has reached, an id that
// would come twice). What would choose between two truths is left to people.

#include <string_view>

#include "meta/sqlite/database.h"

namespace commitfs::sqlite {

struct RowRule {
  std::string_view name;
  Sql query;
  Sql repair = Sql("");  ///< of the catalog; empty: there is none

  bool has_repair() const { return *repair.text() != '\0'; }
};

#define COMMITFS_HEAD "(SELECT ifnull(MAX(seq_no), 0) FROM version)"
#define COMMITFS_CHANGES_DIRECTORY                                                    \
  "kind IN (1, 3, 4) AND seq_no <= " COMMITFS_HEAD                                    \
  " AND EXISTS (SELECT 1 FROM inode WHERE id = partition) AND EXISTS (SELECT 1 FROM " \
  "inode_history AS old WHERE old.id = partition AND old.since < seq_no)"
#define COMMITFS_DIRECTORY(mode) "(" mode " & 61440) = 16384"
// Links of the inode in hand: names, or of a directory 2 and its subdirectories.
#define COMMITFS_LINKS \
  "CASE WHEN " COMMITFS_DIRECTORY("mode") " THEN 2 + (SELECT COUNT(*) FROM dirent CROSS "     \
  "JOIN inode AS child ON child.id = dirent.inode WHERE dirent.parent = inode.id AND "        \
  COMMITFS_DIRECTORY("child.mode") ") ELSE (SELECT COUNT(*) FROM dirent WHERE dirent.inode " \
  "= inode.id) END"

inline constexpr RowRule kRowRules[] = {
    {"no-root",
     "SELECT 'the root directory is missing' WHERE NOT EXISTS "
     "(SELECT 1 FROM inode WHERE id = 1 AND " COMMITFS_DIRECTORY("mode") ")"},
    {"name-without-inode",
     "SELECT format('%s in directory %d stands for inode %d, which is not there', name, parent, "
     "inode) FROM dirent WHERE NOT EXISTS (SELECT 1 FROM inode WHERE id = dirent.inode)"},
    {"name-without-directory",
     "SELECT format('%s is in %d, which is no directory', name, parent) FROM dirent WHERE NOT "
     "EXISTS (SELECT 1 FROM inode WHERE id = dirent.parent AND " COMMITFS_DIRECTORY("mode") ")"},
    {"inode-without-name",
     "SELECT format('inode %d has no name', id) FROM inode WHERE id <> 1 AND NOT EXISTS "
     "(SELECT 1 FROM dirent WHERE dirent.inode = inode.id)"},
    {"wrong-link-count",
     "SELECT format('inode %d counts %d links and has %d', id, nlink, n) FROM (SELECT id, "
     "nlink, " COMMITFS_LINKS " AS n FROM inode) WHERE nlink <> n AND n <> 0",
     "UPDATE inode SET nlink = n FROM (SELECT id AS counted, " COMMITFS_LINKS
     " AS n FROM inode) WHERE id = counted AND nlink <> n AND n <> 0"},
    {"directory-with-two-names",
     "SELECT format('directory %d has %d names', inode, COUNT(*)) FROM dirent JOIN inode ON "
     "inode.id = dirent.inode WHERE " COMMITFS_DIRECTORY("mode") " GROUP BY inode "
                                                                 "HAVING COUNT(*) > 1"},
    {"root-with-a-name",
     "SELECT format('%s in directory %d stands for the root', name, parent) FROM dirent WHERE "
     "inode = 1"},
    // UNION, not UNION ALL: it ends also where directories lie in a circle.
    {"unreachable-directory",
     "WITH RECURSIVE reached(id) AS (SELECT 1 UNION SELECT dirent.inode FROM reached CROSS JOIN "
     "dirent ON dirent.parent = reached.id CROSS JOIN inode ON inode.id = dirent.inode "
     "WHERE " COMMITFS_DIRECTORY("mode") ") "
                                         "SELECT format('directory %d is not below the root', id) "
                                         "FROM inode WHERE " COMMITFS_DIRECTORY(
                                             "mode") " AND id NOT IN (SELECT id FROM reached)"},
    {"attribute-without-inode",
     "SELECT format('%s of inode %d, which is not there', name, inode) FROM xattr WHERE NOT EXISTS "
     "(SELECT 1 FROM inode WHERE id = xattr.inode)"},
    {"body-not-listed",
     "SELECT format('body %d of inode %d is not in the list of committed bodies', named.object, "
     "named.id) FROM (SELECT id, object FROM inode UNION SELECT id, object FROM inode_history) AS "
     "named WHERE named.object <> 0 AND NOT EXISTS (SELECT 1 FROM object WHERE object.id = "
     "named.object)",
     "INSERT OR IGNORE INTO object (id, size_bytes) SELECT object, size_bytes FROM inode WHERE "
     "object <> 0 UNION SELECT object, size_bytes FROM inode_history WHERE object <> 0"},
    {"size-not-of-body",
     "SELECT format('inode %d has %d bytes and its body %d has %d', named.id, named.size_bytes, "
     "named.object, object.size_bytes) FROM (SELECT id, object, size_bytes FROM inode UNION SELECT "
     "id, object, size_bytes FROM inode_history) AS named JOIN object ON object.id = named.object "
     "WHERE named.size_bytes <> object.size_bytes"},
    {"past-overlaps",
     "SELECT format('inode %d was two things at version %d', id, since) FROM (SELECT id, since, "
     "until, LAG(until) OVER (PARTITION BY id ORDER BY until) AS before FROM inode_history) "
     "WHERE since >= until OR since < before "
     "UNION ALL SELECT format('%s in directory %d was two things at version %d', name, parent, "
     "since) FROM (SELECT parent, name, since, until, LAG(until) OVER (PARTITION BY parent, name "
     "ORDER BY until) AS before FROM dirent_history) WHERE since >= until OR since < before "
     "UNION ALL SELECT format('%s of inode %d was two things at version %d', name, inode, since) "
     "FROM (SELECT inode, name, since, until, LAG(until) OVER (PARTITION BY inode, name ORDER BY "
     "until) AS before FROM xattr_history) WHERE since >= until OR since < before"},
    {"past-overlaps-head",
     "SELECT format('inode %d is of version %d and was another up to %d', inode.id, inode.since, "
     "past.until) FROM inode JOIN inode_history AS past ON past.id = inode.id WHERE past.until > "
     "inode.since "
     "UNION ALL SELECT format('%s in directory %d is of version %d and was another up to %d', "
     "dirent.name, dirent.parent, dirent.since, past.until) FROM dirent JOIN dirent_history AS "
     "past ON past.parent = dirent.parent AND past.name = dirent.name WHERE past.until > "
     "dirent.since"},
    // At the oldest version that has the name: those before it may have been removed.
    {"past-name-without-inode",
     "SELECT format('%s in directory %d stood for inode %d, which was not there at version %d', "
     "name, parent, inode, seen) FROM (SELECT name, parent, inode, until, (SELECT MIN(seq_no) FROM "
     "version WHERE seq_no >= since) AS seen FROM dirent_history) AS past WHERE seen < until AND "
     "NOT EXISTS (SELECT 1 FROM inode WHERE id = past.inode AND inode.since <= past.seen) AND NOT "
     "EXISTS (SELECT 1 FROM inode_history AS old WHERE old.id = past.inode AND old.since <= "
     "past.seen AND old.until > past.seen)"},
    {"ahead-of-head",
     "SELECT format('inode %d is of version %d, which is not there', id, since) FROM inode WHERE "
     "since > " COMMITFS_HEAD
     " UNION ALL SELECT format('%s in directory %d is of version %d, which "
     "is not there', name, parent, since) FROM dirent WHERE since > " COMMITFS_HEAD
     " UNION ALL SELECT format('inode %d became past in version %d, which is not there', id, "
     "until) "
     "FROM inode_history WHERE until > " COMMITFS_HEAD},
    {"group-head-ahead",
     "SELECT format('group %s of directory %d was changed in version %d, which is not there', "
     "group_name, partition, max(content_seq_no, attribute_seq_no)) FROM group_head WHERE "
     "max(content_seq_no, attribute_seq_no) > " COMMITFS_HEAD,
     "UPDATE group_head SET content_seq_no = min(content_seq_no, " COMMITFS_HEAD
     "), attribute_seq_no = min(attribute_seq_no, " COMMITFS_HEAD ") WHERE max(content_seq_no, "
     "attribute_seq_no) > " COMMITFS_HEAD},
    {"directory-head-ahead",
     "SELECT format('directory %d was changed in version %d, which is not there', directory, "
     "max(entries_seq_no, subtree_seq_no, place_seq_no)) FROM directory_head WHERE "
     "max(entries_seq_no, subtree_seq_no, place_seq_no) > " COMMITFS_HEAD,
     "UPDATE directory_head SET entries_seq_no = min(entries_seq_no, " COMMITFS_HEAD
     "), subtree_seq_no = min(subtree_seq_no, " COMMITFS_HEAD
     "), place_seq_no = min(place_seq_no, " COMMITFS_HEAD
     ") WHERE max(entries_seq_no, subtree_seq_no, place_seq_no) > " COMMITFS_HEAD},
    // Of directories that were there before that version. Too new a head refuses a commit at most.
    {"directory-head-behind",
     "SELECT format('directory %d was changed in version %d, and its head says %d', partition, "
     "MAX(seq_no), ifnull((SELECT subtree_seq_no FROM directory_head WHERE directory = partition), "
     "0)) FROM change WHERE " COMMITFS_CHANGES_DIRECTORY " GROUP BY partition HAVING MAX(seq_no) > "
     "ifnull((SELECT subtree_seq_no FROM directory_head WHERE directory = partition), 0)",
     "INSERT INTO directory_head (directory, entries_seq_no, subtree_seq_no, place_seq_no) SELECT "
     "partition, MAX(seq_no), MAX(seq_no), 0 FROM change WHERE " COMMITFS_CHANGES_DIRECTORY
     " GROUP BY partition ON CONFLICT (directory) DO UPDATE SET entries_seq_no = "
     "max(entries_seq_no, excluded.entries_seq_no), subtree_seq_no = max(subtree_seq_no, "
     "excluded.subtree_seq_no) WHERE subtree_seq_no < excluded.subtree_seq_no"},
    {"change-without-version",
     "SELECT format('a change of %s belongs to version %d, which is not there', path, seq_no) FROM "
     "change WHERE seq_no > " COMMITFS_HEAD,
     "DELETE FROM change WHERE seq_no > " COMMITFS_HEAD},
    {"tag-without-version",
     "SELECT format('tag %s names version %d, which is not there', name, seq_no) FROM tag WHERE "
     "NOT "
     "EXISTS (SELECT 1 FROM version WHERE version.seq_no = tag.seq_no)"},
    {"term-behind",
     "SELECT format('version %d is of term %d, and the newest term is %d', seq_no, term, (SELECT "
     "ifnull(MAX(term), 0) FROM term)) FROM version WHERE term > (SELECT ifnull(MAX(term), 0) FROM "
     "term)",
     "INSERT INTO term (term) SELECT MAX(term) FROM version HAVING MAX(term) > (SELECT "
     "ifnull(MAX(term), 0) FROM term)"},
    {"id-used-already",
     "SELECT format('the next inode would be %d, and there is %d', id, used) FROM next_id, (SELECT "
     "MAX(id) AS used FROM (SELECT MAX(id) AS id FROM inode UNION ALL SELECT MAX(id) FROM "
     "inode_history)) WHERE kind = 1 AND next_id.id <= used "
     "UNION ALL SELECT format('the next body would be %d, and there is %d', next_id.id, used) FROM "
     "next_id, (SELECT MAX(id) AS used FROM object) WHERE kind = 2 AND next_id.id <= used",
     "UPDATE next_id SET id = 1 + used FROM (SELECT 1 AS k, MAX(id) AS used FROM (SELECT MAX(id) "
     "AS "
     "id FROM inode UNION ALL SELECT MAX(id) FROM inode_history) UNION ALL SELECT 2, MAX(id) FROM "
     "object) WHERE kind = k AND id <= used"},
    {"session-without-base",
     "SELECT format('session %s begins at version %d, which is not there', mine.name, mine.base) "
     "FROM staging.session AS mine WHERE mine.base > (SELECT MAX(seq_no) FROM version)"},
    {"staged-without-session",
     "SELECT format('inode %d is staged for session %d, which is not there', id, session) FROM "
     "staging.staged_inode WHERE session NOT IN (SELECT id FROM staging.session) "
     "UNION ALL SELECT format('%s in directory %d is staged for session %d, which is not there', "
     "name, parent, session) FROM staging.staged_dirent WHERE session NOT IN (SELECT id FROM "
     "staging.session)"},
};

#undef COMMITFS_HEAD
#undef COMMITFS_CHANGES_DIRECTORY
#undef COMMITFS_DIRECTORY
#undef COMMITFS_LINKS

}  // namespace commitfs::sqlite
