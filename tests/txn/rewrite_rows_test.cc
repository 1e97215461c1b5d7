// The rows of the conflict table that concern table services: rewrites and replacements.
#include <gtest/gtest.h>

#include "tests/support/conflict_rows.h"

namespace commitfs::testing {
namespace {

void must_set(const Result<void>& set) {
  ASSERT_TRUE(set) << set.error().describe();
}
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

class RewriteRow : public ::testing::TestWithParam<Row> {};

TEST_P(RewriteRow, EndsAsTheTableSays) {
  expect_row(GetParam());
}

const std::vector<Row> kRows{
    {"r11_create_beside_rewrite",
     files,
     [](Writer& w) { compact(w); },
     [](Writer& w) { w.write("d/new", "2"); },
     {},
     with(without(kFiles, "d/f"), {{"d/packed", "base"}, {"d/new", "2"}})},
    {"r11_rewrite_beside_create",
     files,
     [](Writer& w) { w.write("d/new", "2"); },
     [](Writer& w) { compact(w); },
     {},
     with(without(kFiles, "d/f"), {{"d/packed", "base"}, {"d/new", "2"}})},
    {"r12_update_what_was_rewritten",
     files,
     [](Writer& w) { compact(w); },
     [](Writer& w) { w.write("d/f", "2"); },
     {{"d/f", Category::rewrite_write}},
     with(without(kFiles, "d/f"), {{"d/packed", "base"}})},
    {"r12_delete_what_was_rewritten",
     files,
     [](Writer& w) { compact(w); },
     [](Writer& w) { w.rm("d/f"); },
     {{"d/f", Category::rewrite_write}},
     with(without(kFiles, "d/f"), {{"d/packed", "base"}})},
    {"r13_rewrite_what_was_updated",
     files,
     [](Writer& w) { w.write("d/f", "2"); },
     [](Writer& w) { compact(w); },
     {{"d/f", Category::rewrite_write}},
     with(kFiles, {{"d/f", "2"}})},
    {"r13_rewrite_what_was_deleted",
     files,
     [](Writer& w) { w.rm("d/f"); },
     [](Writer& w) { compact(w); },
     {{"d/f", Category::rewrite_write}},
     without(kFiles, "d/f")},
    {"r25_replace_where_something_was_created",
     files,
     [](Writer& w) { w.write("d/new", "1"); },
     [](Writer& w) { replace(w); },
     {{"d", Category::replace_append}},
     with(kFiles, {{"d/new", "1"}})},
    {"r25_replace_beside_a_create_elsewhere",
     files,
     [](Writer& w) { w.write("new", "1"); },
     [](Writer& w) { replace(w); },
     {},
     with(without(kFiles, "d/f"), {{"d/all", "me"}, {"new", "1"}})},
    {"r25_replace_where_something_was_created_below",
     [](Writer& w) {
       files(w);
       w.mkdir("d/sub").write("d/sub/f", "1");
     },
     [](Writer& w) { w.write("d/sub/new", "1"); },
     [](Writer& w) {
       must_set(w.session().set_replace("d"));
       w.write("d/sub/f", "2");
     },
     {{"d/sub", Category::replace_append}},
     with(kFiles, {{"d/sub", "/"}, {"d/sub/f", "1"}, {"d/sub/new", "1"}})},
    {"r26_create_where_all_was_replaced",
     files,
     [](Writer& w) { replace(w); },
     [](Writer& w) { w.write("d/new", "2"); },
     {},
     with(without(kFiles, "d/f"), {{"d/all", "they"}, {"d/new", "2"}})},
    {"r27_replace_what_was_replaced",
     files,
     [](Writer& w) { replace(w); },
     [](Writer& w) { replace(w); },
     {{"d", Category::update_update},
      {"d/all", Category::exists},
      {"d/f", Category::delete_delete}},
     with(without(kFiles, "d/f"), {{"d/all", "they"}})},
};

INSTANTIATE_TEST_SUITE_P(Table, RewriteRow, ::testing::ValuesIn(kRows),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace commitfs::testing
