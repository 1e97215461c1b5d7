// The rows of the conflict table where the configuration decides: several names in one file group,
// identical files, ignored names. On the in-memory catalog, as conflict_rows_test.cc.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <functional>

#include "tests/support/result.h"
#include "tests/support/txn_table.h"
#include "txn/config/config_store.h"

namespace commitfs::testing {
namespace {

using ::commitfs::test::is_ok;
using Work = std::function<void(Writer&)>;
using Category = ConflictCategory;

struct Row {
  std::string name;
  std::string config;
  Work they;  ///< what lands first
  Work me;
  std::vector<std::pair<std::string, Category>> conflicts;  ///< by path; none: both land
  Contents after;                                           ///< the head when all is done
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

// Two slices of file f1 and one of f2.
constexpr auto kF1 = "d/f1_t1_001.parquet";
constexpr auto kF1Second = "d/f1_t2_002.parquet";
constexpr auto kF1Third = "d/f1_t3_003.parquet";
constexpr auto kF1Fourth = "d/f1_t4_004.parquet";
constexpr auto kF1Log = "d/.f1_002.log.1_0-1-2";
constexpr auto kF2 = "d/f2_t1_001.parquet";
constexpr auto kF2Second = "d/f2_t2_002.parquet";

const Contents kBase{{"d", "/"},           {kF1, "one"},    {kF1Second, "two"}, {kF2, "other"},
                     {"d/_SUCCESS", "ok"}, {"g", "base g"}, {"e", "/"},         {"e/x", "in e"}};

void base(Writer& w) {
  w.mkdir("d").mkdir("e");
  for (const auto& [path, bytes] : kBase) {
    if (bytes != "/") w.write(path, bytes);
  }
}

Contents with(const Contents& more) {
  Contents contents = kBase;
  for (const auto& [path, bytes] : more)
    contents[path] = bytes;
  return contents;
}
Contents without(const std::vector<std::string>& paths, const Contents& more = {}) {
  Contents contents = with(more);
  for (const std::string& path : paths)
    contents.erase(path);
  return contents;
}

Work write(const std::string& path, const std::string& bytes) {
  return [=](Writer& w) { w.write(path, bytes); };
}
Work rm(const std::string& path) {
  return [=](Writer& w) { w.rm(path); };
}
Work operator+(Work first, Work second) {
  return [=](Writer& w) {
    first(w);
    second(w);
  };
}

class GroupRow : public ::testing::TestWithParam<Row> {};

TEST_P(GroupRow, EndsAsTheTableSays) {
  const Row& row = GetParam();
  TxnTable table;
  ASSERT_OK(table.context.config->replace(row.config, {}));
  table.setup(base);
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
  }
  EXPECT_EQ(conflicts, row.conflicts) << outcome.report->to_text();
  EXPECT_EQ(outcome.error, row.conflicts.empty() ? 0 : ECANCELED) << outcome.report->to_text();
  EXPECT_EQ(table.head(), row.after);
  table.expect_consistent();
  if (outcome.error != 0) {
    EXPECT_EQ(me.contents(), mine) << "a refused session stays as it was";
  } else {
    EXPECT_EQ(me.contents(), row.after) << "a committed session shows the version it made";
  }
}

const std::vector<Row> kHudi = {
    {"r04_two_new_slices",
     "group = hudi",
     write(kF1Third, "w"),
     write(kF1Fourth, "i"),
     {{kF1Fourth, Category::update_update}},
     with({{kF1Third, "w"}})},
    {"r04_new_slice_and_log",
     "group = hudi",
     write(kF1Third, "w"),
     write(kF1Log, "i"),
     {{kF1Log, Category::update_update}},
     with({{kF1Third, "w"}})},
    {"r04_log_and_new_slice",
     "group = hudi",
     write(kF1Log, "w"),
     write(kF1Third, "i"),
     {{kF1Third, Category::update_update}},
     with({{kF1Log, "w"}})},
    {"r04_slices_by_names_alone",
     "group = path",
     write(kF1Third, "w"),
     write(kF1Fourth, "i"),
     {},
     with({{kF1Third, "w"}, {kF1Fourth, "i"}})},
    {"r04_slices_in_other_directories",
     "group = hudi",
     write("e/f1_t3_003.parquet", "w"),
     write(kF1Fourth, "i"),
     {},
     with({{"e/f1_t3_003.parquet", "w"}, {kF1Fourth, "i"}})},
    {"r05_update_and_new_slice",
     "group = hudi",
     write(kF1, "new"),
     write(kF1Third, "i"),
     {{kF1Third, Category::update_update}},
     with({{kF1, "new"}})},
    {"r05_new_slice_and_update",
     "group = hudi",
     write(kF1Third, "w"),
     write(kF1, "new"),
     {{kF1, Category::update_update}},
     with({{kF1Third, "w"}})},
    {"r05_new_slice_and_replace",
     "group = hudi",
     write(kF1Third, "w"),
     [](Writer& w) { w.replace(kF1, "new"); },
     {{kF1, Category::update_update}},
     with({{kF1Third, "w"}})},
    {"r05_all_names_of_mine_are_reported",
     "group = hudi",
     write(kF1, "new"),
     write(kF1, "mine") + write(kF1Third, "i"),
     {{kF1, Category::update_update}, {kF1Third, Category::update_update}},
     with({{kF1, "new"}})},
    {"r06_other_group",
     "group = hudi",
     write(kF1Third, "w"),
     write(kF2Second, "i"),
     {},
     with({{kF1Third, "w"}, {kF2Second, "i"}})},
    {"r06_names_no_rule_takes",
     "group = hudi",
     write("d/a", "w"),
     write("d/b", "i"),
     {},
     with({{"d/a", "w"}, {"d/b", "i"}})},
    {"r06_name_like_a_group",
     "group = hudi",
     write("d/f1", "w"),
     write(kF1Third, "i"),
     {},
     with({{"d/f1", "w"}, {kF1Third, "i"}})},
    {"r07_new_slice_and_delete",
     "group = hudi",
     write(kF1Third, "w"),
     rm(kF1),
     {{kF1, Category::update_delete}},
     with({{kF1Third, "w"}})},
    {"r07_slice_exchanged_and_delete",
     "group = hudi",
     rm(kF1) + write(kF1Third, "w"),
     rm(kF1Second),
     {{kF1Second, Category::update_delete}},
     without({kF1}, {{kF1Third, "w"}})},
    {"r08_delete_and_new_slice",
     "group = hudi",
     rm(kF1),
     write(kF1Third, "i"),
     {{kF1Third, Category::delete_update}},
     without({kF1})},
    {"r08_delete_and_more_and_update",
     "group = hudi",
     rm(kF1) + write("g", "w"),
     write(kF1Second, "i"),
     {{kF1Second, Category::delete_update}},
     without({kF1}, {{"g", "w"}})},
    {"r08_delete_and_exchange",
     "group = hudi",
     rm(kF1),
     rm(kF1Second) + write(kF1Third, "i"),
     {{kF1Second, Category::delete_update}, {kF1Third, Category::delete_update}},
     without({kF1})},
    {"r09_only_deletes_of_two_slices",
     "group = hudi",
     rm(kF1),
     rm(kF1Second),
     {},
     without({kF1, kF1Second})},
    {"r09_only_deletes_that_overlap",
     "group = hudi",
     rm(kF1),
     rm(kF1) + rm(kF1Second),
     {},
     without({kF1, kF1Second})},
    {"r10_delete_and_more",
     "group = hudi",
     rm(kF1) + write("g", "w"),
     rm(kF1Second),
     {{kF1Second, Category::delete_delete}},
     without({kF1}, {{"g", "w"}})},
    {"r10_delete_and_more_of_mine",
     "group = hudi",
     rm(kF1),
     rm(kF1Second) + write("g", "i"),
     {{kF1Second, Category::delete_delete}},
     without({kF1})},
    {"r24_renamed_in_the_group",
     "group = hudi",
     [](Writer& w) { w.mv(kF1, kF1Third); },
     write(kF1Fourth, "i"),
     {{kF1Fourth, Category::update_update}},
     without({kF1}, {{kF1Third, "one"}})},
    {"r24_renamed_out_of_the_group",
     "group = hudi",
     [](Writer& w) { w.mv(kF1, "e/kept"); },
     write(kF1Third, "i"),
     {{kF1Third, Category::delete_update}},
     without({kF1}, {{"e/kept", "one"}})},
    {"r24_renamed_into_the_group",
     "group = hudi",
     write(kF1Third, "w"),
     [](Writer& w) { w.mv("g", kF1Fourth); },
     {{kF1Fourth, Category::update_update}},
     with({{kF1Third, "w"}})},
    {"r28_attributes_are_of_files",
     "group = hudi",
     [](Writer& w) { w.chmod(kF1, 0600); },
     write(kF1Third, "i"),
     {},
     with({{kF1Third, "i"}})},
    {"r33_rewritten_identical",
     "group = hudi",
     write(kF1Third, "w"),
     write(kF1, "one") + write("g", "i"),
     {},
     with({{kF1Third, "w"}, {"g", "i"}})},
    {"r33_replaced_identical",
     "group = hudi",
     write(kF1Third, "w"),
     [](Writer& w) { w.replace(kF1, "one").write("g", "i"); },
     {},
     with({{kF1Third, "w"}, {"g", "i"}})},
    {"r03_identical_slices",
     "group = hudi",
     write(kF1Third, "same"),
     write(kF1Third, "same") + write("g", "i"),
     {},
     with({{kF1Third, "same"}, {"g", "i"}})},
    {"r03_identical_slice_and_another",
     "group = hudi",
     write(kF1Third, "same"),
     write(kF1Third, "same") + write(kF1Fourth, "i"),
     {{kF1Fourth, Category::update_update}},
     with({{kF1Third, "same"}})},
    {"r21_slices_in_merged_directories",
     "group = hudi",
     [](Writer& w) { w.mkdir("n").write("n/f1_t1_1.p", "w"); },
     [](Writer& w) { w.mkdir("n").write("n/f1_t2_2.p", "i"); },
     {{"n/f1_t2_2.p", Category::update_update}},
     with({{"n", "/"}, {"n/f1_t1_1.p", "w"}})},
    {"r21_groups_in_merged_directories",
     "group n = hudi",
     [](Writer& w) { w.mkdir("n").write("n/f1_t1_1.p", "w"); },
     [](Writer& w) { w.mkdir("n").write("n/f2_t2_2.p", "i"); },
     {},
     with({{"n", "/"}, {"n/f1_t1_1.p", "w"}, {"n/f2_t2_2.p", "i"}})},
};
INSTANTIATE_TEST_SUITE_P(Hudi, GroupRow, ::testing::ValuesIn(kHudi),
                         [](const auto& row) { return row.param.name; });

constexpr auto kRegex = "group = regex ^(?<group>[a-z]+)-";
constexpr auto kPartition = "group d = partition";

const std::vector<Row> kOtherRules = {
    {"regex_one_group",
     kRegex,
     write("e/a-1", "w"),
     write("e/a-2", "i"),
     {{"e/a-2", Category::update_update}},
     with({{"e/a-1", "w"}})},
    {"regex_two_groups",
     kRegex,
     write("e/a-1", "w"),
     write("e/b-1", "i"),
     {},
     with({{"e/a-1", "w"}, {"e/b-1", "i"}})},
    {"partition_two_files",
     kPartition,
     write("d/a", "w"),
     write("d/b", "i"),
     {{"d/b", Category::update_update}},
     with({{"d/a", "w"}})},
    {"partition_and_another_directory",
     kPartition,
     write("d/a", "w"),
     write("e/b", "i"),
     {},
     with({{"d/a", "w"}, {"e/b", "i"}})},
    {"partition_no_pattern_matches",
     kPartition,
     write("e/a", "w"),
     write("e/b", "i"),
     {},
     with({{"e/a", "w"}, {"e/b", "i"}})},
    {"partition_below_the_pattern",
     kPartition,
     [](Writer& w) { w.mkdir("d/s").write("d/s/a", "w"); },
     [](Writer& w) { w.mkdir("d/s").write("d/s/b", "i"); },
     {{"d/s/b", Category::update_update}},
     with({{"d/s", "/"}, {"d/s/a", "w"}})},
    {"partition_holds_no_directories",
     kPartition,
     write("d/a", "w"),
     [](Writer& w) { w.mkdir("d/s"); },
     {},
     with({{"d/a", "w"}, {"d/s", "/"}})},
    {"first_pattern_decides",
     "group d = path\ngroup * = partition",
     write("d/a", "w"),
     write("d/b", "i"),
     {},
     with({{"d/a", "w"}, {"d/b", "i"}})},
    {"second_pattern_decides",
     "group d = path\ngroup * = partition",
     write("e/a", "w"),
     write("e/b", "i"),
     {{"e/b", Category::update_update}},
     with({{"e/a", "w"}})},
};
INSTANTIATE_TEST_SUITE_P(OtherRules, GroupRow, ::testing::ValuesIn(kOtherRules),
                         [](const auto& row) { return row.param.name; });

constexpr auto kMark = "d/_SUCCESS";
constexpr auto kIgnore = "ignore = _SUCCESS, .*.crc\ngroup = partition";
const Work kReplaceByMe = [](Writer& w) { w.replace(kMark, "i"); };
const Work kReplaceByThem = [](Writer& w) { w.replace(kMark, "w"); };

const std::vector<Row> kIdenticalAndIgnored = {
    {"r03_identical_creates_conflict",
     "identical = conflict",
     write("a", "same"),
     write("a", "same"),
     {{"a", Category::exists}},
     with({{"a", "same"}})},
    {"r03_identical_updates_conflict",
     "identical = conflict",
     write("g", "same"),
     write("g", "same"),
     {{"g", Category::update_update}},
     with({{"g", "same"}})},
    {"r03_identical_replaces_conflict",
     "identical = conflict",
     [](Writer& w) { w.replace("g", "same"); },
     [](Writer& w) { w.replace("g", "same"); },
     {{"g", Category::update_update}},
     with({{"g", "same"}})},
    {"r33_is_no_merge",
     "identical = conflict",
     write("g", "w"),
     write("g", "base g") + write("a", "i"),
     {},
     with({{"g", "w"}, {"a", "i"}})},
    {"r40_both_create",
     kIgnore,
     write("e/_SUCCESS", "w"),
     write("e/_SUCCESS", "i"),
     {},
     with({{"e/_SUCCESS", "i"}})},
    {"r40_by_pattern",
     kIgnore,
     write("e/.part.crc", "w"),
     write("e/.part.crc", "i"),
     {},
     with({{"e/.part.crc", "i"}})},
    {"r40_other_names_conflict",
     kIgnore,
     write("e/part.crc", "w"),
     write("e/part.crc", "i"),
     {{"e/part.crc", Category::exists}},
     with({{"e/part.crc", "w"}})},
    {"r40_both_write_in_place",
     kIgnore,
     write(kMark, "ww"),
     write(kMark, "i"),
     {},
     with({{kMark, "i"}})},
    {"r40_both_replace", kIgnore, kReplaceByThem, kReplaceByMe, {}, with({{kMark, "i"}})},
    {"r40_replaced_and_written_in_place",
     kIgnore,
     kReplaceByThem,
     write(kMark, "i"),
     {},
     with({{kMark, "i"}})},
    {"r40_written_in_place_and_replaced",
     kIgnore,
     write(kMark, "w"),
     kReplaceByMe,
     {},
     with({{kMark, "i"}})},
    {"r40_deleted_and_written_in_place",
     kIgnore,
     rm(kMark),
     write(kMark, "i"),
     {},
     with({{kMark, "i"}})},
    {"r40_deleted_and_replaced", kIgnore, rm(kMark), kReplaceByMe, {}, with({{kMark, "i"}})},
    {"r40_replaced_and_deleted", kIgnore, kReplaceByThem, rm(kMark), {}, without({kMark})},
    {"r40_both_delete",
     kIgnore,
     rm(kMark) + write("e/w", "w"),
     rm(kMark) + write("g", "i"),
     {},
     without({kMark}, {{"e/w", "w"}, {"g", "i"}})},
    {"r40_both_chmod",
     kIgnore,
     [](Writer& w) { w.chmod(kMark, 0600); },
     [](Writer& w) { w.chmod(kMark, 0640); },
     {},
     kBase},
    {"r40_replaced_and_chmod",
     kIgnore,
     kReplaceByThem,
     [](Writer& w) { w.chmod(kMark, 0640); },
     {},
     with({{kMark, "w"}})},
    {"r40_a_directory_is_none",
     kIgnore,
     [](Writer& w) { w.mkdir("e/_SUCCESS"); },
     write("e/_SUCCESS", "i"),
     {{"e/_SUCCESS", Category::type}},
     with({{"e/_SUCCESS", "/"}})},
    {"r40_ignored_names_are_in_no_group",
     kIgnore,
     write(kMark, "w"),
     write("d/a", "i"),
     {},
     with({{kMark, "w"}, {"d/a", "i"}})},
};
INSTANTIATE_TEST_SUITE_P(IdenticalAndIgnored, GroupRow, ::testing::ValuesIn(kIdenticalAndIgnored),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace commitfs::testing
