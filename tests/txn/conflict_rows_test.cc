// The rows of the conflict table, on the in-memory catalog: what another session committed, what I do, what comes of it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <functional>

#include "tests/support/txn_table.h"

namespace commitfs::testing {
namespace {

using Work = std::function<void(Writer&)>;
using Category = ConflictCategory;

struct Row {
  std::string name;
  Work before;  ///< what the base holds
  Work they;    ///< what lands first
  Work me;
  std::vector<std::pair<std::string, Category>> conflicts;  ///< by path; none: both land
  Contents after;                                           ///< the head when all is done
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

void files(Writer& w) { w.mkdir("d").write("d/f", "base").write("g", "base g"); }
const Contents kFiles{{"d", "/"}, {"d/f", "base"}, {"g", "base g"}};

Contents with(Contents contents, const Contents& more) {
  for (const auto& [path, bytes] : more) contents[path] = bytes;
  return contents;
}
Contents without(Contents contents, const std::string& path) {
  contents.erase(path);
  return contents;
}

void must_set(const Result<void>& set) { ASSERT_TRUE(set) << set.error().describe(); }
/// A session that lays d/f out anew.
void compact(Writer& w) {
  must_set(w.session().set_operation(Operation::rewrite));
  w.rm("d/f").write("d/packed", "base");
}
/// A session that replaces all that is in d.
void replace(Writer& w) {
  must_set(w.session().set_replace("d"));
  w.rm("d/f").write("d/all", w.session().name());
}

class ConflictRow : public ::testing::TestWithParam<Row> {};

TEST_P(ConflictRow, EndsAsTheTableSays) {
  const Row& row = GetParam();
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
    EXPECT_EQ(read_tree(me.session(), *table.context.store), table.head());  // the receipt is the version
  }
}

const std::vector<Row> kRows{
    {"r01_create_beside_create", files, [](Writer& w) { w.write("d/a", "1"); }, [](Writer& w) { w.write("d/b", "2"); }, {},
     with(kFiles, {{"d/a", "1"}, {"d/b", "2"}})},
    {"r02_create_same_name", files, [](Writer& w) { w.write("d/a", "1"); }, [](Writer& w) { w.write("d/a", "2"); },
     {{"d/a", Category::exists}}, with(kFiles, {{"d/a", "1"}})},
    {"r02_create_same_name_same_size", files, [](Writer& w) { w.write("a", "11").write("b", "2"); },
     [](Writer& w) { w.write("a", "12").write("b", "2"); }, {{"a", Category::exists}}, with(kFiles, {{"a", "11"}, {"b", "2"}})},
    {"r03_create_identical", files, [](Writer& w) { w.write("d/a", "1"); },
     [](Writer& w) { w.write("d/a", "1").write("d/b", "2"); }, {}, with(kFiles, {{"d/a", "1"}, {"d/b", "2"}})},
    {"r03_same_bytes_other_mode", files, [](Writer& w) { w.write("a", "1"); },
     [](Writer& w) { w.write("a", "1").chmod("a", 0600); }, {{"a", Category::exists}}, with(kFiles, {{"a", "1"}})},
    {"r03_identical_symlinks", files, [](Writer& w) { w.ln_s("t", "l"); }, [](Writer& w) { w.ln_s("t", "l"); }, {},
     with(kFiles, {{"l", "-> t"}})},
    {"r02_other_symlinks", files, [](Writer& w) { w.ln_s("t", "l"); }, [](Writer& w) { w.ln_s("u", "l"); },
     {{"l", Category::exists}}, with(kFiles, {{"l", "-> t"}})},
    {"r05_update_update", files, [](Writer& w) { w.write("d/f", "1"); }, [](Writer& w) { w.write("d/f", "2"); },
     {{"d/f", Category::update_update}}, with(kFiles, {{"d/f", "1"}})},
    {"r05_replace_update", files, [](Writer& w) { w.replace("d/f", "1"); }, [](Writer& w) { w.write("d/f", "2"); },
     {{"d/f", Category::update_update}}, with(kFiles, {{"d/f", "1"}})},
    {"r05_update_replace", files, [](Writer& w) { w.write("d/f", "1"); }, [](Writer& w) { w.replace("d/f", "2"); },
     {{"d/f", Category::update_update}}, with(kFiles, {{"d/f", "1"}})},
    {"r05_identical_updates", files, [](Writer& w) { w.write("d/f", "1"); }, [](Writer& w) { w.write("d/f", "1"); },
     {{"d/f", Category::update_update}}, with(kFiles, {{"d/f", "1"}})},
    {"r05_identical_replaces", files, [](Writer& w) { w.replace("d/f", "1"); }, [](Writer& w) { w.replace("d/f", "1"); },
     {{"d/f", Category::update_update}}, with(kFiles, {{"d/f", "1"}})},
    {"r06_update_others", files, [](Writer& w) { w.write("d/f", "1"); }, [](Writer& w) { w.write("g", "2"); }, {},
     {{"d", "/"}, {"d/f", "1"}, {"g", "2"}}},
    {"r07_update_delete", files, [](Writer& w) { w.write("g", "1"); }, [](Writer& w) { w.rm("g"); },
     {{"g", Category::update_delete}}, with(kFiles, {{"g", "1"}})},
    {"r07_replace_delete", files, [](Writer& w) { w.replace("g", "1"); }, [](Writer& w) { w.rm("g"); },
     {{"g", Category::update_delete}}, with(kFiles, {{"g", "1"}})},
    {"r08_delete_update", files, [](Writer& w) { w.rm("g"); }, [](Writer& w) { w.write("g", "1"); },
     {{"g", Category::delete_update}}, without(kFiles, "g")},
    {"r08_delete_recreate", files, [](Writer& w) { w.rm("g"); }, [](Writer& w) { w.rm("g").write("g", "1"); },
     {{"g", Category::delete_update}}, without(kFiles, "g")},
    {"r09_only_deletes", files, [](Writer& w) { w.rm("g"); }, [](Writer& w) { w.rm("g").rm("d/f"); }, {}, {{"d", "/"}}},
    {"r10_delete_and_more", files, [](Writer& w) { w.rm("g").write("x", "1"); }, [](Writer& w) { w.rm("g"); },
     {{"g", Category::delete_delete}}, with(without(kFiles, "g"), {{"x", "1"}})},
    {"r10_delete_and_more_of_mine", files, [](Writer& w) { w.rm("g"); }, [](Writer& w) { w.rm("g").write("x", "1"); },
     {{"g", Category::delete_delete}}, without(kFiles, "g")},
    {"r18_change_below_renamed", files, [](Writer& w) { w.mv("d", "e"); }, [](Writer& w) { w.write("d/f", "1"); },
     {{"d", Category::parent_moved}}, {{"e", "/"}, {"e/f", "base"}, {"g", "base g"}}},
    {"r18_create_below_removed", [](Writer& w) { w.mkdir("d").mkdir("d/e"); }, [](Writer& w) { w.rmdir("d/e"); },
     [](Writer& w) { w.write("d/e/x", "1"); }, {{"d/e", Category::parent_absent}}, {{"d", "/"}}},
    {"r18_ancestor_renamed", [](Writer& w) { w.mkdir("a").mkdir("a/b").write("a/b/f", "base"); },
     [](Writer& w) { w.mv("a", "c"); }, [](Writer& w) { w.write("a/b/n", "1"); }, {{"a/b", Category::parent_moved}},
     {{"c", "/"}, {"c/b", "/"}, {"c/b/f", "base"}}},
    {"r19_rename_changed_directory", files, [](Writer& w) { w.write("d/n", "1"); }, [](Writer& w) { w.mv("d", "e"); },
     {{"d", Category::directory_changed}}, with(kFiles, {{"d/n", "1"}})},
    {"r19_rename_directory_changed_deep", [](Writer& w) { w.mkdir("a").mkdir("a/b").write("a/b/f", "base"); },
     [](Writer& w) { w.write("a/b/f", "1"); }, [](Writer& w) { w.mv("a", "c"); }, {{"a", Category::directory_changed}},
     {{"a", "/"}, {"a/b", "/"}, {"a/b/f", "1"}}},
    {"r19_attribute_below_renamed", files, [](Writer& w) { w.chmod("d/f", 0600); }, [](Writer& w) { w.mv("d", "e"); },
     {{"d", Category::directory_changed}}, kFiles},
    {"r20_remove_filled_directory", [](Writer& w) { w.mkdir("d"); }, [](Writer& w) { w.write("d/n", "1"); },
     [](Writer& w) { w.rmdir("d"); }, {{"d", Category::not_empty}}, {{"d", "/"}, {"d/n", "1"}}},
    {"r20_remove_changed_directory", files, [](Writer& w) { w.chmod("d/f", 0600); },
     [](Writer& w) { w.rm("d/f").rmdir("d"); }, {{"d", Category::directory_changed}}, kFiles},
    {"r21_mkdir_mkdir", files, [](Writer& w) { w.mkdir("n").write("n/a", "1"); },
     [](Writer& w) { w.mkdir("n").write("n/b", "2"); }, {}, with(kFiles, {{"n", "/"}, {"n/a", "1"}, {"n/b", "2"}})},
    {"r21_mkdir_deep_then_same_file", files, [](Writer& w) { w.mkdir("n").mkdir("n/m").write("n/m/a", "1"); },
     [](Writer& w) { w.mkdir("n").mkdir("n/m").write("n/m/a", "2"); }, {{"n/m/a", Category::exists}},
     with(kFiles, {{"n", "/"}, {"n/m", "/"}, {"n/m/a", "1"}})},
    {"r22_rmdir_rmdir", [](Writer& w) { w.mkdir("d").write("g", "1"); }, [](Writer& w) { w.rmdir("d"); },
     [](Writer& w) { w.rmdir("d").write("h", "2"); }, {}, {{"g", "1"}, {"h", "2"}}},
    {"r22_both_remove_the_tree", files, [](Writer& w) { w.rm("d/f").rmdir("d"); },
     [](Writer& w) { w.rm("d/f").rmdir("d").rm("g"); }, {}, {}},
    {"r23_file_or_directory", files, [](Writer& w) { w.write("x", "1"); }, [](Writer& w) { w.mkdir("x"); },
     {{"x", Category::type}}, with(kFiles, {{"x", "1"}})},
    {"r23_directory_or_file", files, [](Writer& w) { w.mkdir("x"); }, [](Writer& w) { w.write("x", "1"); },
     {{"x", Category::type}}, with(kFiles, {{"x", "/"}})},
    {"r24_both_rename", files, [](Writer& w) { w.mv("g", "h"); }, [](Writer& w) { w.mv("g", "i"); },
     {{"g", Category::rename_rename}}, {{"d", "/"}, {"d/f", "base"}, {"h", "base g"}}},
    {"r24_renamed_then_updated", files, [](Writer& w) { w.mv("g", "h"); }, [](Writer& w) { w.write("g", "1"); },
     {{"g", Category::delete_update}}, {{"d", "/"}, {"d/f", "base"}, {"h", "base g"}}},
    {"r24_renamed_then_deleted", files, [](Writer& w) { w.mv("g", "h"); }, [](Writer& w) { w.rm("g"); },
     {{"g", Category::delete_delete}}, {{"d", "/"}, {"d/f", "base"}, {"h", "base g"}}},
    {"r24_renamed_onto_my_create", files, [](Writer& w) { w.mv("g", "h"); }, [](Writer& w) { w.write("h", "1"); },
     {{"h", Category::exists}}, {{"d", "/"}, {"d/f", "base"}, {"h", "base g"}}},
    {"r24_updated_then_renamed", files, [](Writer& w) { w.write("g", "1"); }, [](Writer& w) { w.mv("g", "h"); },
     {{"g", Category::update_delete}}, with(kFiles, {{"g", "1"}})},
    {"r24_both_rename_a_directory", files, [](Writer& w) { w.mv("d", "e"); }, [](Writer& w) { w.mv("d", "x"); },
     {{"d", Category::rename_rename}}, {{"e", "/"}, {"e/f", "base"}, {"g", "base g"}}},
    {"r24_rename_of_another_lands", files, [](Writer& w) { w.mv("g", "h"); }, [](Writer& w) { w.mv("d/f", "d/k"); }, {},
     {{"d", "/"}, {"d/k", "base"}, {"h", "base g"}}},
    {"r28_content_and_mode", files, [](Writer& w) { w.chmod("g", 0600); }, [](Writer& w) { w.write("g", "1"); }, {},
     with(kFiles, {{"g", "1"}})},
    {"r28_mode_and_content", files, [](Writer& w) { w.write("g", "1"); }, [](Writer& w) { w.chmod("g", 0600); }, {},
     with(kFiles, {{"g", "1"}})},
    {"r29_same_attribute", files, [](Writer& w) { w.chmod("g", 0600); }, [](Writer& w) { w.chmod("g", 0640); },
     {{"g", Category::attribute}}, kFiles},
    {"r29_same_attribute_same_value", files, [](Writer& w) { w.chmod("g", 0600); },
     [](Writer& w) { w.chmod("g", 0600).write("h", "1"); }, {}, with(kFiles, {{"h", "1"}})},
    {"r29_other_attributes", files, [](Writer& w) { w.chmod("g", 0600); }, [](Writer& w) { w.chown("g", 7, 8); }, {}, kFiles},
    {"r29_same_xattr", files, [](Writer& w) { w.set_xattr("g", "user.a", "1"); },
     [](Writer& w) { w.set_xattr("g", "user.a", "2"); }, {{"g", Category::attribute}}, kFiles},
    {"r29_other_xattrs", files, [](Writer& w) { w.set_xattr("g", "user.a", "1"); },
     [](Writer& w) { w.set_xattr("g", "user.b", "2"); }, {}, kFiles},
    {"r29_root_mode", files, [](Writer& w) { w.chmod(".", 0700); }, [](Writer& w) { w.chmod(".", 0750); },
     {{".", Category::attribute}}, kFiles},
    {"r30_delete_attribute", files, [](Writer& w) { w.rm("g"); }, [](Writer& w) { w.chmod("g", 0600); },
     {{"g", Category::delete_update}}, without(kFiles, "g")},
    {"r30_replaced_attribute_of_the_old", files, [](Writer& w) { w.rm("g"); },
     [](Writer& w) { w.set_xattr("g", "user.a", "1"); }, {{"g", Category::delete_update}}, without(kFiles, "g")},
    {"r31_attribute_delete", files, [](Writer& w) { w.chmod("g", 0600); }, [](Writer& w) { w.rm("g"); }, {},
     without(kFiles, "g")},
    {"r32_touched_then_content", files,
     [](Writer& w) { w.open_and_close("g").touch("g", 5'000'000'000).write("x", "1"); },
     [](Writer& w) { w.write("g", "2"); }, {}, with(kFiles, {{"g", "2"}, {"x", "1"}})},
    {"r32_content_then_touched", files, [](Writer& w) { w.write("g", "1"); },
     [](Writer& w) { w.open_and_close("g").touch("g", 5'000'000'000).write("x", "2"); }, {},
     with(kFiles, {{"g", "1"}, {"x", "2"}})},
    {"r33_rewritten_identical", files, [](Writer& w) { w.write("g", "1"); },
     [](Writer& w) { w.write("g", "base g").write("h", "2"); }, {}, with(kFiles, {{"g", "1"}, {"h", "2"}})},
    {"r33_replaced_identical", files, [](Writer& w) { w.write("g", "1"); },
     [](Writer& w) { w.replace("g", "base g").write("h", "2"); }, {}, with(kFiles, {{"g", "1"}, {"h", "2"}})},
    {"r33_replaced_identical_of_deleted", files, [](Writer& w) { w.rm("g"); },
     [](Writer& w) { w.replace("g", "base g").write("h", "2"); }, {}, with(without(kFiles, "g"), {{"h", "2"}})},
    {"r33_opened_and_not_written", files, [](Writer& w) { w.write("g", "1"); },
     [](Writer& w) { w.open_and_close("g").write("h", "2"); }, {}, with(kFiles, {{"g", "1"}, {"h", "2"}})},
    {"r33_temporary_file", files, [](Writer& w) { w.write("t", "1"); },
     [](Writer& w) { w.write("t", "2").rm("t").write("h", "2"); }, {}, with(kFiles, {{"t", "1"}, {"h", "2"}})},
    {"r34_moved_under_each_other", [](Writer& w) { w.mkdir("a").mkdir("b"); }, [](Writer& w) { w.mv("a", "b/a"); },
     [](Writer& w) { w.mv("b", "a/b"); }, {{"a", Category::parent_moved}, {"b", Category::directory_changed}},
     {{"b", "/"}, {"b/a", "/"}}},
    {"r39_content_through_links", [](Writer& w) { w.write("a", "base").ln("a", "b"); }, [](Writer& w) { w.write("a", "1"); },
     [](Writer& w) { w.write("b", "2"); },
     {{"a", Category::update_update}, {"b", Category::update_update}}, {{"a", "1"}, {"b", "1"}}},
    {"r39_new_link_and_content", files, [](Writer& w) { w.ln("g", "h"); }, [](Writer& w) { w.write("g", "1"); }, {},
     with(kFiles, {{"g", "1"}, {"h", "1"}})},
    {"r39_links_added_by_both", files, [](Writer& w) { w.ln("g", "h"); }, [](Writer& w) { w.ln("g", "i"); }, {},
     with(kFiles, {{"h", "base g"}, {"i", "base g"}})},
    {"r11_create_beside_rewrite", files, [](Writer& w) { compact(w); },
     [](Writer& w) { w.write("d/new", "2"); }, {},
     with(without(kFiles, "d/f"), {{"d/packed", "base"}, {"d/new", "2"}})},
    {"r11_rewrite_beside_create", files, [](Writer& w) { w.write("d/new", "2"); },
     [](Writer& w) { compact(w); }, {},
     with(without(kFiles, "d/f"), {{"d/packed", "base"}, {"d/new", "2"}})},
    {"r12_update_what_was_rewritten", files, [](Writer& w) { compact(w); },
     [](Writer& w) { w.write("d/f", "2"); }, {{"d/f", Category::rewrite_write}},
     with(without(kFiles, "d/f"), {{"d/packed", "base"}})},
    {"r12_delete_what_was_rewritten", files, [](Writer& w) { compact(w); },
     [](Writer& w) { w.rm("d/f"); }, {{"d/f", Category::rewrite_write}},
     with(without(kFiles, "d/f"), {{"d/packed", "base"}})},
    {"r13_rewrite_what_was_updated", files, [](Writer& w) { w.write("d/f", "2"); },
     [](Writer& w) { compact(w); }, {{"d/f", Category::rewrite_write}}, with(kFiles, {{"d/f", "2"}})},
    {"r13_rewrite_what_was_deleted", files, [](Writer& w) { w.rm("d/f"); },
     [](Writer& w) { compact(w); }, {{"d/f", Category::rewrite_write}}, without(kFiles, "d/f")},
    {"r25_replace_where_something_was_created", files, [](Writer& w) { w.write("d/new", "1"); },
     [](Writer& w) { replace(w); }, {{"d", Category::replace_append}}, with(kFiles, {{"d/new", "1"}})},
    {"r25_replace_beside_a_create_elsewhere", files, [](Writer& w) { w.write("new", "1"); },
     [](Writer& w) { replace(w); }, {},
     with(without(kFiles, "d/f"), {{"d/all", "me"}, {"new", "1"}})},
    {"r25_replace_where_something_was_created_below",
     [](Writer& w) { files(w); w.mkdir("d/sub").write("d/sub/f", "1"); },
     [](Writer& w) { w.write("d/sub/new", "1"); },
     [](Writer& w) { must_set(w.session().set_replace("d")); w.write("d/sub/f", "2"); },
     {{"d/sub", Category::replace_append}},
     with(kFiles, {{"d/sub", "/"}, {"d/sub/f", "1"}, {"d/sub/new", "1"}})},
    {"r26_create_where_all_was_replaced", files, [](Writer& w) { replace(w); },
     [](Writer& w) { w.write("d/new", "2"); }, {},
     with(without(kFiles, "d/f"), {{"d/all", "they"}, {"d/new", "2"}})},
    {"r27_replace_what_was_replaced", files, [](Writer& w) { replace(w); },
     [](Writer& w) { replace(w); },
     {{"d", Category::update_update}, {"d/all", Category::exists}, {"d/f", Category::delete_delete}},
     with(without(kFiles, "d/f"), {{"d/all", "they"}})},
};

INSTANTIATE_TEST_SUITE_P(Table, ConflictRow, ::testing::ValuesIn(kRows),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace commitfs::testing
