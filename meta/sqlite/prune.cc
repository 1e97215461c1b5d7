#include "meta/sqlite/prune.h"

#include <algorithm>

#include "meta/sqlite/statements.h"

namespace commitfs::sqlite {
namespace {

/// Removes up to the bound; without one the table is done.
template <typename... Bounds>
Result<std::size_t> remove(Connection& connection, Sql sql, const Bounds&... bounds) {
  TRY(connection.run(sql, bounds...));
  return static_cast<std::size_t>(connection.changed_rows());
}

void enter_next_table(PruneCursor& cursor) {
  cursor = PruneCursor{.table = cursor.table + 1, .first = 0, .name = {}, .second = 0};
}

Result<std::size_t> prune_inodes(Connection& connection, PruneCursor& cursor, std::size_t limit) {
  PruneCursor bound = cursor;
  {
    auto row = TRY(connection.use(kFindInodeHistoryBound, cursor.first, cursor.second, limit));
    if (!TRY(row.step())) {
      enter_next_table(cursor);
      return 0U;
    }
    bound.first = row.get<std::uint64_t>(0);
    bound.second = row.get<std::uint64_t>(1);
  }
  const auto gone = TRY(remove(connection, kPruneInodeHistory, cursor.first, cursor.second,
                               bound.first, bound.second));
  cursor = bound;
  return gone;
}

/// A table whose key is (id, name, until).
Result<std::size_t> prune_named(Connection& connection, Sql find_bound, Sql remove_rows,
                                PruneCursor& cursor, std::size_t limit) {
  PruneCursor bound = cursor;
  {
    auto row = TRY(connection.use(find_bound, cursor.first, cursor.name, cursor.second, limit));
    if (!TRY(row.step())) {
      enter_next_table(cursor);
      return 0U;
    }
    bound.first = row.get<std::uint64_t>(0);
    bound.name = row.get<std::string>(1);
    bound.second = row.get<std::uint64_t>(2);
  }
  const auto gone = TRY(remove(connection, remove_rows, cursor.first, cursor.name, cursor.second,
                               bound.first, bound.name, bound.second));
  cursor = std::move(bound);
  return gone;
}

Result<std::size_t> prune_changes(Connection& connection, PruneCursor& cursor, std::size_t limit) {
  const auto oldest = TRY(connection.query_integer(kFindOldestVersion));
  std::int64_t seq_no = 0;
  std::int64_t ordinal = 0;
  {
    auto row = TRY(connection.use(kFindChangeBound, oldest, limit));
    if (!TRY(row.step())) {
      cursor.done = true;
      return 0U;
    }
    seq_no = row.get<std::int64_t>(0);
    ordinal = row.get<std::int64_t>(1);
  }
  return remove(connection, kPruneChanges, seq_no, ordinal);
}

}  // namespace

Result<std::size_t> prune(Connection& connection, PruneCursor& cursor, std::size_t limit) {
  // Bound as an integer, a limit below 0 would be none at all.
  limit = std::clamp<std::size_t>(limit, 1, 1'000'000);
  switch (cursor.table) {
    case 0:
      return prune_inodes(connection, cursor, limit);
    case 1:
      return prune_named(connection, kFindDirentHistoryBound, kPruneDirentHistory, cursor, limit);
    case 2:
      return prune_named(connection, kFindXattrHistoryBound, kPruneXattrHistory, cursor, limit);
    default:
      return prune_changes(connection, cursor, limit);
  }
}

}  // namespace commitfs::sqlite
