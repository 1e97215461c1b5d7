#include "meta/sqlite/sqlite_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <limits>

#include "meta/name.h"
#include "meta/sqlite/rows.h"
#include "meta/sqlite/statements.h"
#include "meta/touched_keys.h"

namespace commitfs::sqlite {
namespace {

/// The least a range of a listing holds, so that small pages do not make many ranges.
constexpr std::size_t kRangeRowsMin = 256;

/// A LIMIT below 0 would be none at all.
std::int64_t limit_of(std::size_t limit) {
  constexpr auto max = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(std::min<std::uint64_t>(limit, max));
}

Result<std::optional<VersionRecord>> only_version(Use row) {
  if (!TRY(row.step())) return std::nullopt;
  return TRY(read_version(row));
}

Result<std::vector<TagRecord>> all_tags(Use row) {
  std::vector<TagRecord> tags;
  while (TRY(row.step())) {
    tags.push_back({.name = row.get<std::string>(0),
                    .seq_no = row.get<SeqNo>(1),
                    .time_ns = row.get<TimeNs>(2),
                    .uid = row.get<uid_t>(3)});
  }
  return tags;
}

Result<std::optional<std::string>> only_bytes(Use row) {
  if (!TRY(row.step())) return std::nullopt;
  return row.get<std::string>(0);
}

}  // namespace

// The tree.

Result<std::optional<InodeRecord>> SqliteReader::find_inode(SeqNo at, InodeId id) {
  auto row = TRY(connection_.use(kFindInode, id, at, ahead_));
  if (!TRY(row.step())) return std::nullopt;
  return read_inode(row, 0);
}

Result<std::optional<DirentRecord>> SqliteReader::find_dirent(SeqNo at, InodeId parent,
                                                              std::string_view name) {
  auto row = TRY(connection_.use(kFindDirent, parent, name, at, ahead_));
  if (!TRY(row.step())) return std::nullopt;
  return DirentRecord{.key = {.parent = parent, .name = std::string(name)},
                      .inode = row.get<InodeId>(0),
                      .since = row.get<SeqNo>(1)};
}

Result<InodeRecord> SqliteReader::joined_inode(const Use& row, int first, SeqNo at) {
  if (!row.is_null(first)) return read_inode(row, first);
  const auto id = row.get<InodeId>(first - 1);
  auto inode = TRY(find_inode(at, id));
  if (!inode)
    return fail(EIO, fmt::format("the catalog names inode {} at version {} and has none", raw(id),
                                 raw(at)));
  return std::move(*inode);
}

Result<std::optional<InodeRecord>> SqliteReader::find_child(SeqNo at, InodeId parent,
                                                            std::string_view name) {
  auto row = TRY(connection_.use(kFindChild, parent, name, at, ahead_));
  if (!TRY(row.step())) return std::nullopt;
  return TRY(joined_inode(row, 1, at));
}

// At the head every row counts, so the limit alone bounds the work. A listing of the past passes
// rows that do not count at its version, in either half and perhaps very many; each page would pass
// them again, for the merge looks for the next row of both. Ranges of few rows keep the sum of all
// pages linear.
Result<std::vector<ListedDirent>> SqliteReader::list(SeqNo at, InodeId parent,
                                                     std::string_view after, std::size_t limit) {
  std::vector<ListedDirent> entries;
  const bool of_the_past =
      at != kNewest && raw(at) < raw(TRY(head_seq_no())) + static_cast<std::uint64_t>(ahead_);
  const std::string end(kNameMaxBytes + 1, '\xFF');
  std::string first(after), last;
  while (entries.size() < limit && last != end) {
    last = end;
    if (of_the_past) {
      const auto rows = limit_of(std::max(limit - entries.size(), kRangeRowsMin));
      auto bound = TRY(connection_.use(kFindListingBound, parent, first, rows));
      if (TRY(bound.step()) && !bound.is_null(0)) last = bound.get<std::string>(0);
    }
    TRY(list_range(at, parent, first, last, limit, entries));
    first = last;
  }
  return entries;
}

Result<void> SqliteReader::list_range(SeqNo at, InodeId parent, std::string_view after,
                                      std::string_view last, std::size_t limit,
                                      std::vector<ListedDirent>& entries) {
  const auto rows = limit_of(limit - entries.size());
  auto row = TRY(connection_.use(kListChildren, parent, after, at, ahead_, last, rows));
  while (TRY(row.step())) {
    entries.push_back({.name = row.get<std::string>(0), .inode = TRY(joined_inode(row, 2, at))});
  }
  return {};
}

Result<std::vector<DirentKey>> SqliteReader::links_of(SeqNo at, InodeId inode) {
  std::vector<DirentKey> links;
  auto row = TRY(connection_.use(kListLinks, inode, at, ahead_));
  while (TRY(row.step()))
    links.push_back({.parent = row.get<InodeId>(0), .name = row.get<std::string>(1)});
  return links;
}

Result<std::optional<std::string>> SqliteReader::find_xattr(SeqNo at, InodeId inode,
                                                            std::string_view name) {
  return only_bytes(TRY(connection_.use(kFindXattr, inode, name, at, ahead_)));
}

Result<std::vector<std::pair<std::string, std::string>>> SqliteReader::list_xattrs(SeqNo at,
                                                                                   InodeId inode) {
  std::vector<std::pair<std::string, std::string>> xattrs;
  auto row = TRY(connection_.use(kListXattrs, inode, at, ahead_));
  while (TRY(row.step()))
    xattrs.emplace_back(row.get<std::string>(0), row.get<std::string>(1));
  return xattrs;
}

// Versions.

Result<VersionRecord> SqliteReader::head() {
  return TRY(only_version(TRY(connection_.use(kFindHead)))).value_or(VersionRecord{});
}

Result<SeqNo> SqliteReader::head_seq_no() {
  return static_cast<SeqNo>(TRY(connection_.query_integer(kFindHeadSeqNo)));
}

Result<std::optional<VersionRecord>> SqliteReader::find_version(SeqNo seq_no) {
  return only_version(TRY(connection_.use(kFindVersion, seq_no)));
}

Result<std::vector<VersionRecord>> SqliteReader::list_versions(SeqNo before, std::size_t limit) {
  const auto bound =
      before == SeqNo::none ? std::numeric_limits<std::int64_t>::max() : limit_of(raw(before));
  std::vector<VersionRecord> versions;
  auto row = TRY(connection_.use(kListVersions, bound, limit_of(limit)));
  while (TRY(row.step()))
    versions.push_back(TRY(read_version(row)));
  return versions;
}

Result<std::optional<VersionRecord>> SqliteReader::find_version_at(TimeNs time_ns) {
  return only_version(TRY(connection_.use(kFindVersionAt, time_ns)));
}

Result<std::optional<VersionRecord>> SqliteReader::find_version_by_token(std::string_view token) {
  return only_version(TRY(connection_.use(kFindVersionByToken, Text{token})));
}

Result<std::optional<VersionRecord>> SqliteReader::find_version_by_session_id(SessionId id) {
  return only_version(TRY(connection_.use(kFindVersionBySessionId, id)));
}

Result<std::optional<VersionRecord>> SqliteReader::find_version_by_session_name(
    std::string_view name) {
  return only_version(TRY(connection_.use(kFindVersionBySessionName, Text{name})));
}

Result<std::vector<ChangeRecord>> SqliteReader::list_changes(SeqNo seq_no) {
  std::vector<ChangeRecord> changes;
  auto row = TRY(connection_.use(kListChanges, seq_no));
  while (TRY(row.step())) {
    changes.push_back(
        {.kind = row.get<ChangeKind>(0),
         .path = row.get<std::string>(1),
         .old_path = row.get<std::string>(2),
         .inode = row.get<InodeId>(3),
         .group = {.partition = row.get<InodeId>(4), .group = row.get<std::string>(5)},
         .is_directory = row.get<bool>(6)});
  }
  return changes;
}

Result<Touched> SqliteReader::touched_between(SeqNo from, SeqNo to) {
  TouchedKeys keys;
  auto row = TRY(connection_.use(kListTouched, from, to));
  while (TRY(row.step())) {
    keys.add(row.get<ChangeKind>(0), row.get<InodeId>(1), row.get<InodeId>(2),
             row.get<std::string>(3));
  }
  return std::move(keys).take();
}

Result<std::vector<ObjectId>> SqliteReader::list_unnamed_objects(std::size_t limit) {
  std::vector<ObjectId> ids;
  auto row = TRY(connection_.use(kListUnnamedObjects, limit_of(limit)));
  while (TRY(row.step()))
    ids.push_back(row.get<ObjectId>(0));
  return ids;
}

// Tags.

Result<std::optional<TagRecord>> SqliteReader::find_tag(std::string_view name) {
  auto found = TRY(all_tags(TRY(connection_.use(kFindTag, name))));
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

Result<std::vector<TagRecord>> SqliteReader::list_tags(std::string_view after, std::size_t limit) {
  return all_tags(TRY(connection_.use(kListTags, after, limit_of(limit))));
}

Result<std::vector<TagRecord>> SqliteReader::tags_of(SeqNo seq_no) {
  return all_tags(TRY(connection_.use(kListTagsOf, seq_no)));
}

// What validation asks, and settings.

Result<GroupHead> SqliteReader::group_head(const GroupKey& key) {
  auto row = TRY(connection_.use(kFindGroupHead, key.partition, key.group));
  if (!TRY(row.step())) return GroupHead{};
  return GroupHead{.content_seq_no = row.get<SeqNo>(0),
                   .content_change = row.get<ChangeKind>(1),
                   .attribute_seq_no = row.get<SeqNo>(2)};
}

Result<DirectoryHead> SqliteReader::directory_head(InodeId directory) {
  auto row = TRY(connection_.use(kFindDirectoryHead, directory));
  if (!TRY(row.step())) return DirectoryHead{};
  return DirectoryHead{.entries_seq_no = row.get<SeqNo>(0),
                       .subtree_seq_no = row.get<SeqNo>(1),
                       .place_seq_no = row.get<SeqNo>(2)};
}

Result<Term> SqliteReader::current_term() {
  return static_cast<Term>(TRY(connection_.query_integer(kFindTerm)));
}

Result<std::optional<std::string>> SqliteReader::find_config(std::string_view key) {
  return only_bytes(TRY(connection_.use(kFindConfig, Text{key})));
}

}  // namespace commitfs::sqlite
