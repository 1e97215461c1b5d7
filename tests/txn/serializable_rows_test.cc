// The rows of the conflict table that reads decide, on the in-memory catalog: under both
// isolations, and with either of the two sessions first.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <functional>

#include "tests/support/txn_table.h"

namespace commitfs::testing {
namespace {

using Work = std::function<void(Writer&)>;
using Category = ConflictCategory;
using Conflicts = std::vector<std::pair<std::string, Category>>;

struct Row {
  std::string name;
  Work they;
  Work me;
  Conflicts serializable;            ///< of mine, when they came first; by path
  Conflicts reversed = {};           ///< of theirs, when I came first
  Conflicts snapshot = {};           ///< of mine, under snapshot
  Conflicts reversed_snapshot = {};  ///< of theirs, likewise
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

class SerializableRow : public ::testing::TestWithParam<std::tuple<Row, bool, bool>> {};

const Conflicts& expected(const Row& row, bool serializable, bool i_am_first) {
  if (serializable) return i_am_first ? row.reversed : row.serializable;
  return i_am_first ? row.reversed_snapshot : row.snapshot;
}

TEST_P(SerializableRow, EndsAsTheTableSays) {
  const auto& [row, serializable, i_am_first] = GetParam();
  TxnTable table;
  table.setup([](Writer& w) {
    w.mkdir("d").write("d/f", "base").write("g", "base g").set_xattr("g", "user.a", "0");
    w.mkdir("a").mkdir("a/b").write("a/b/f", "base").ln("g", "link").ln_s("g", "current");
  });
  Writer they = table.begin("they");
  Writer me = table.begin("me");
  if (serializable) {
    they.serializable();
    me.serializable();
  }
  row.they(they);
  row.me(me);
  const SeqNo first = table.commit_ok(i_am_first ? me : they);
  Writer& second = i_am_first ? they : me;
  const std::string check = (*table.pipeline->check(second.session()))->to_text();
  const CommitOutcome outcome = table.commit(second);
  Conflicts conflicts;
  ASSERT_TRUE(outcome.report || outcome.error == 0);
  if (outcome.report) {
    for (const Conflict& conflict : outcome.report->conflicts) {
      conflicts.emplace_back(conflict.path, conflict.category);
      EXPECT_EQ(conflict.winner.seq_no, first);
    }
    EXPECT_EQ(outcome.report->to_text(), check);
  }
  EXPECT_EQ(conflicts, expected(row, serializable, i_am_first)) << check;
  EXPECT_EQ(outcome.error, conflicts.empty() ? 0 : ECANCELED);
  if (conflicts.empty()) {
    EXPECT_THAT(check, ::testing::HasSubstr("would succeed"));
  } else {
    EXPECT_EQ(table.head_seq_no(), first);
  }
  table.expect_consistent();
}

void mine(Writer& w) {
  w.write("mine", "1");
}

const Conflicts kBothUpdated{{"g", Category::update_update}, {"link", Category::update_update}};

const std::vector<Row> kRows{
    {"r01_listed",
     [](Writer& w) { w.write("d/n", "1"); },
     [](Writer& w) { mine(w.ls("d")); },
     {{"d", Category::phantom}}},
    {"r01_listed_root",
     [](Writer& w) { w.write("n", "1"); },
     [](Writer& w) { w.ls(".").write("d/f", "1"); },
     {{".", Category::phantom}}},
    {"r01_listed_another",
     [](Writer& w) { w.write("d/n", "1"); },
     [](Writer& w) { mine(w.ls("a").ls("a/b")); },
     {}},
    {"r01_listed_the_one_above",
     [](Writer& w) { w.write("a/b/n", "1"); },
     [](Writer& w) { mine(w.ls("a")); },
     {}},
    {"r01_listed_and_content_changed_in_place",
     [](Writer& w) { w.write("d/f", "1"); },
     [](Writer& w) { mine(w.ls("d")); },
     {}},
    {"r01_listed_and_an_entry_removed",
     [](Writer& w) { w.rm("d/f"); },
     [](Writer& w) { mine(w.ls("d")); },
     {{"d", Category::phantom}}},
    {"r01_both_list_and_create",
     [](Writer& w) { w.ls("d").write("d/n", "1"); },
     [](Writer& w) { w.ls("d").write("d/m", "1"); },
     {{"d", Category::phantom}},
     {{"d", Category::phantom}}},
    {"r06_read_what_was_updated",
     [](Writer& w) { w.write("d/f", "1"); },
     [](Writer& w) { mine(w.read("d/f")); },
     {{"d/f", Category::read_write}}},
    {"r06_read_what_was_replaced",
     [](Writer& w) { w.replace("d/f", "1"); },
     [](Writer& w) { mine(w.read("d/f")); },
     {{"d/f", Category::read_write}}},
    {"r06_read_what_was_deleted",
     [](Writer& w) { w.rm("d/f"); },
     [](Writer& w) { mine(w.read("d/f")); },
     {{"d/f", Category::read_write}}},
    {"r06_read_what_was_renamed",
     [](Writer& w) { w.mv("d/f", "d/k"); },
     [](Writer& w) { mine(w.read("d/f")); },
     {{"d/f", Category::read_write}}},
    {"r06_read_another",
     [](Writer& w) { w.write("d/f", "1"); },
     [](Writer& w) { mine(w.read("g").read("a/b/f")); },
     {}},
    {"r06_read_beside",
     [](Writer& w) { w.write("d/n", "1"); },
     [](Writer& w) { mine(w.read("d/f")); },
     {}},
    {"r06_read_a_symbolic_link",
     [](Writer& w) { w.rm("current").ln_s("d/f", "current"); },
     [](Writer& w) { mine(w.read("current")); },
     {{"current", Category::read_write}}},
    {"r05_read_and_updated",
     [](Writer& w) { w.write("d/f", "1"); },
     [](Writer& w) { w.read("d/f").write("d/f", "2"); },
     {{"d/f", Category::update_update}},
     {{"d/f", Category::update_update}},
     {{"d/f", Category::update_update}},
     {{"d/f", Category::update_update}}},
    {"r05_read_and_updated_alike",
     [](Writer& w) { w.write("d/f", "1"); },
     [](Writer& w) { w.read("d/f").write("d/f", "1"); },
     {{"d/f", Category::update_update}},
     {{"d/f", Category::update_update}},
     {{"d/f", Category::update_update}},
     {{"d/f", Category::update_update}}},
    {"r03_made_then_read_alike",
     [](Writer& w) { w.write("d/n", "1"); },
     [](Writer& w) { w.write("d/n", "1").read("d/n"); },
     {}},
    {"r11_listed_what_was_rewritten",
     [](Writer& w) { w.rewrite().rm("d/f").write("d/n", "base"); },
     [](Writer& w) { mine(w.ls("d").look_for("d/n")); },
     {}},
    {"r11_read_what_was_rewritten",
     [](Writer& w) { w.rewrite().rm("d/f").write("d/n", "base"); },
     [](Writer& w) { mine(w.read("d/f")); },
     {{"d/f", Category::read_write}}},
    {"r11_i_rewrite",
     [](Writer& w) { w.write("d/n", "1"); },
     [](Writer& w) { w.rewrite().ls("d").look_for("d/n").rm("d/f").write("d/m", "base"); },
     {}},
    {"r15_write_skew",
     [](Writer& w) { w.read("g").write("d/f", "1"); },
     [](Writer& w) { w.read("d/f").write("g", "1"); },
     {{"d/f", Category::read_write}},
     {{"g", Category::read_write}, {"link", Category::read_write}}},
    {"r16_looked_for",
     [](Writer& w) { w.write("n", "1"); },
     [](Writer& w) { mine(w.look_for("n")); },
     {{"n", Category::phantom}}},
    {"r16_looked_for_below",
     [](Writer& w) { w.mkdir("d/n"); },
     [](Writer& w) { mine(w.look_for("d/n")); },
     {{"d/n", Category::phantom}}},
    {"r16_looked_for_another",
     [](Writer& w) { w.write("n", "1").write("d/n", "1"); },
     [](Writer& w) { mine(w.look_for("m").look_for("d/m")); },
     {}},
    {"r16_looked_for_and_renamed_there",
     [](Writer& w) { w.mv("d/f", "n"); },
     [](Writer& w) { mine(w.look_for("n")); },
     {{"n", Category::phantom}}},
    {"r02_looked_for_twice_and_made",
     [](Writer& w) { w.write("n", "1"); },
     [](Writer& w) { w.look_for("n").look_for("n").write("n", "2"); },
     {{"n", Category::exists}},
     {{"n", Category::exists}},
     {{"n", Category::exists}},
     {{"n", Category::exists}}},
    {"r03_looked_for_by_the_making",
     [](Writer& w) { w.look_for("n").write("n", "1"); },
     [](Writer& w) { w.look_for("n").write("n", "1"); },
     {}},
    {"r03_looked_for_before_the_making",
     [](Writer& w) { w.write("n", "1"); },
     [](Writer& w) { w.look_for("n").look_for("n").write("n", "1"); },
     {{"n", Category::phantom}}},
    {"r21_directories_merged",
     [](Writer& w) { w.look_for("n").mkdir("n").write("n/a", "1"); },
     [](Writer& w) { w.look_for("n").mkdir("n").write("n/b", "1").ls("n").look_for("n/c"); },
     {}},
    {"r09_only_deletes", [](Writer& w) { w.rm("g"); }, [](Writer& w) { w.rm("g").rm("d/f"); }, {}},
    {"r17_i_only_read",
     [](Writer& w) { w.write("d/f", "1").write("n", "1"); },
     [](Writer& w) { w.read("d/f").ls("d").ls(".").look_for("n"); },
     {}},
    {"r18_read_below_a_moved_directory",
     [](Writer& w) { w.mv("d", "e"); },
     [](Writer& w) { mine(w.read("d/f")); },
     {{"d", Category::read_write}}},
    {"r18_listed_a_moved_directory",
     [](Writer& w) { w.mv("a", "e"); },
     [](Writer& w) { mine(w.ls("a/b")); },
     {{"a/b", Category::read_write}}},
    {"r18_looked_below_a_moved_directory",
     [](Writer& w) { w.mv("a", "e"); },
     [](Writer& w) { mine(w.look_for("a/b/n")); },
     {{"a/b", Category::read_write}}},
    {"r18_all_below_a_removed_directory",
     [](Writer& w) { w.rm("d/f").rmdir("d"); },
     [](Writer& w) { mine(w.read("d/f").ls("d").look_for("d/n")); },
     {{"d", Category::read_write}}},
    {"r26_listed_what_was_replaced",
     [](Writer& w) { w.rm("d/f").write("d/n", "1"); },
     [](Writer& w) { w.ls("d").write("d/m", "1"); },
     {{"d", Category::phantom}}},
    {"r28_asked_for_the_attribute",
     [](Writer& w) { w.set_xattr("g", "user.a", "1"); },
     [](Writer& w) { w.get_xattr("g", "user.a").write("g", "1"); },
     {{"g", Category::read_write}}},
    {"r28_asked_for_an_attribute_there_was_not",
     [](Writer& w) { w.set_xattr("d", "user.b", "1"); },
     [](Writer& w) { mine(w.get_xattr("d", "user.b")); },
     {{"d", Category::read_write}}},
    {"r28_asked_for_an_attribute_of_what_was_deleted",
     [](Writer& w) { w.rm("g").rm("link"); },
     [](Writer& w) { mine(w.get_xattr("g", "user.a")); },
     {{"g", Category::read_write}}},
    {"r28_asked_for_another_attribute",
     [](Writer& w) { w.set_xattr("g", "user.b", "1"); },
     [](Writer& w) { mine(w.get_xattr("g", "user.a")); },
     {}},
    {"r28_asked_for_my_own_attribute",
     [](Writer& w) { w.set_xattr("g", "user.a", "1"); },
     [](Writer& w) { mine(w.set_xattr("g", "user.a", "1").get_xattr("g", "user.a")); },
     {}},
    {"r28_read_what_got_another_mode",
     [](Writer& w) { w.chmod("g", 0600); },
     [](Writer& w) { mine(w.read("g")); },
     {}},
    // Who comes first is held against no other version, so that what it put back is an update.
    {"r33_read_and_put_back",
     [](Writer& w) { w.write("g", "1"); },
     [](Writer& w) { mine(w.read("g").write("g", "base g")); },
     {{"g", Category::read_write}, {"link", Category::read_write}},
     kBothUpdated,
     {},
     kBothUpdated},
    {"r33_put_back_unread",
     [](Writer& w) { w.write("g", "1"); },
     [](Writer& w) { mine(w.write("g", "base g")); },
     {},
     kBothUpdated,
     {},
     kBothUpdated},
    {"r39_read_by_another_name",
     [](Writer& w) { w.write("link", "1"); },
     [](Writer& w) { mine(w.read("g")); },
     {{"g", Category::read_write}, {"link", Category::read_write}}},
    {"own_file",
     [](Writer& w) { w.write("n", "1"); },
     [](Writer& w) { w.write("m", "1").read("m").rm("m").look_for("m").write("k", "1"); },
     {}},
    {"own_removal",
     [](Writer& w) { w.rm("g"); },
     [](Writer& w) { w.rm("g").look_for("g").look_for("g"); },
     {}},
};

INSTANTIATE_TEST_SUITE_P(Table, SerializableRow,
                         ::testing::Combine(::testing::ValuesIn(kRows), ::testing::Bool(),
                                            ::testing::Bool()),
                         [](const auto& row) {
                           return std::get<Row>(row.param).name +
                                  (std::get<1>(row.param) ? "_serializable" : "_snapshot") +
                                  (std::get<2>(row.param) ? "_reversed" : "");
                         });

}  // namespace
}  // namespace commitfs::testing
