#include "tests/support/conflict_rows.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace commitfs::testing {

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

void files(Writer& w) {
  w.mkdir("d").write("d/f", "base").write("g", "base g");
}

Contents with(Contents contents, const Contents& more) {
  for (const auto& [path, bytes] : more)
    contents[path] = bytes;
  return contents;
}

Contents without(Contents contents, const std::string& path) {
  contents.erase(path);
  return contents;
}

void expect_row(const Row& row) {
  TxnTable table;
  table.setup(row.before);
  Writer they = table.begin("they");
  Writer me = table.begin("me");
  row.they(they);
  row.me(me);
  const Contents mine = me.contents();
  const SeqNo theirs = table.commit_ok(they);
  const CommitOutcome outcome = table.commit(me);
  std::vector<std::pair<std::string, Category>> conflicts;
  for (const Conflict& conflict : outcome.report->conflicts) {
    conflicts.emplace_back(conflict.path, conflict.category);
    EXPECT_EQ(conflict.winner.seq_no, theirs);
    EXPECT_EQ(conflict.winner.session, "they");
  }
  EXPECT_EQ(conflicts, row.conflicts) << outcome.report->to_text();
  EXPECT_EQ(outcome.error, row.conflicts.empty() ? 0 : ECANCELED);
  EXPECT_EQ(table.head(), row.after);
  table.expect_consistent();
  if (!row.conflicts.empty()) {
    EXPECT_EQ(me.session().state(), SessionState::open);
    EXPECT_EQ(me.contents(), mine);  // the loser is as it was
    EXPECT_EQ(table.head_seq_no(), theirs);
  } else {
    EXPECT_EQ(read_tree(me.session(), *table.context.store),
              table.head());  // the receipt is the version
  }
}

}  // namespace commitfs::testing
