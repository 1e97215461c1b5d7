// The table of conflicts on the in-memory catalog: every row, under both isolations, in both
// orders. tests/mounted/conflict_table_test.cc plays the same rows on a mount.
#include "tests/support/conflict_table.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <map>
#include <set>

#include "tests/support/result.h"
#include "tests/support/txn_table.h"
#include "txn/config/config_store.h"
#include "txn/open_sessions.h"
#include "txn/past/restore.h"

namespace commitfs::testing {
namespace {

using Arguments = std::vector<std::string>;

void declare(const Result<void>& set) {
  ASSERT_TRUE(set) << set.error().describe();
}

const std::map<std::string, std::function<void(Writer&, const Arguments&)>> kVerbs = {
    {"write", [](Writer& w, const Arguments& a) { w.write(a[1], a[2]); }},
    {"replace", [](Writer& w, const Arguments& a) { w.replace(a[1], a[2]); }},
    {"mkdir", [](Writer& w, const Arguments& a) { w.mkdir(a[1]); }},
    {"rm", [](Writer& w, const Arguments& a) { w.rm(a[1]); }},
    {"rmdir", [](Writer& w, const Arguments& a) { w.rmdir(a[1]); }},
    {"mv", [](Writer& w, const Arguments& a) { w.mv(a[1], a[2]); }},
    {"ln", [](Writer& w, const Arguments& a) { w.ln(a[1], a[2]); }},
    {"symlink", [](Writer& w, const Arguments& a) { w.ln_s(a[1], a[2]); }},
    {"chmod",
     [](Writer& w, const Arguments& a) {
       w.chmod(a[2], static_cast<mode_t>(std::stoul(a[1], nullptr, 8)));
     }},
    {"setxattr", [](Writer& w, const Arguments& a) { w.set_xattr(a[1], a[2], a[3]); }},
    {"touch", [](Writer& w, const Arguments& a) { w.touch(a[1], 5'000'000'000); }},
    {"open", [](Writer& w, const Arguments& a) { w.open_and_close(a[1]); }},
    {"read", [](Writer& w, const Arguments& a) { w.read(a[1]); }},
    {"list", [](Writer& w, const Arguments& a) { w.ls(a[1]); }},
    // The first look may be that of a program about to make it; see ReadSet::record_absent.
    {"look", [](Writer& w, const Arguments& a) { w.look_for(a[1]).look_for(a[1]); }},
    {"getxattr", [](Writer& w, const Arguments& a) { w.get_xattr(a[1], a[2]); }},
    {"operation",
     [](Writer& w, const Arguments& a) {
       declare(w.session().set_operation(test::must(parse_operation(a[1]))));
     }},
    {"replaces", [](Writer& w, const Arguments& a) { declare(w.session().set_replace(a[1])); }},
    {"token", [](Writer& w, const Arguments& a) { declare(w.session().set_token(a[1])); }},
};

void take(Writer& writer, const char* steps) {
  for (const Arguments& step : steps_of(steps))
    kVerbs.at(step.front())(writer, step);
}

std::string brief(const Contents& contents) {
  std::string text;
  for (const auto& [path, bytes] : contents) {
    const bool is_link = bytes.starts_with("-> ");
    text += text.empty() ? "" : " ";
    text += path + (bytes == "/" ? "/" : is_link ? "->" + bytes.substr(3) : "=" + bytes);
  }
  return text;
}

std::string told(const CommitOutcome& outcome) {
  if (outcome.error == 0) return "";
  if (outcome.error != ECANCELED) return ::strerrorname_np(outcome.error);
  std::string text;
  for (const Conflict& conflict : outcome.report->conflicts)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", to_string(conflict.category),
                        conflict.path);
  return text;
}

/// A row being played.
class Play {
 public:
  Play(const TableRow& row, bool serializable, bool swapped)
      : row_(row), serializable_(serializable), swapped_(swapped) {
    table_.know_neighbours();
    test::must(table_.context.config->replace(row.config, {}));
    if (is_restore()) {
      Writer earlier = table_.begin("earlier");
      take(earlier, row.earlier);
      earlier_ = table_.commit_ok(earlier);
    }
    table_.setup([&](Writer& w) { take(w, row.base); });
  }

  void run() {
    const bool has_steps = !is_configuration() && !is_restore() && !is_expiry();
    Writer w = begin("w", has_steps ? row_.w : "");
    base_ = w.session().base();
    if (is_restore()) go_back(w);
    Writer me = begin("me", row_.me);
    Writer& first = swapped_ ? me : w;
    Writer& second = swapped_ ? w : me;
    if (!row_.other_stays_open) land(first, !swapped_);
    const Contents winners = table_.head();
    if (swapped_ && (is_configuration() || is_expiry())) return end_without_session();
    const Contents seconds = second.contents();
    const std::string check = (*table_.pipeline->check(second.session()))->to_text();
    const SeqNo before = table_.head_seq_no();
    const CommitOutcome outcome = table_.commit(second);
    ASSERT_EQ(told(outcome), row_.outcome(serializable_, swapped_)) << check;
    if (outcome.error == 0) {
      EXPECT_EQ(sorted_words(brief(table_.head())), sorted_words(row_.tree(swapped_)));
      EXPECT_NE(check.find("would succeed"), std::string::npos) << check;
      const bool makes_none = row_.i_make_no_version && (!swapped_ || row_.number == 38);
      EXPECT_EQ(table_.head_seq_no() > before, !makes_none);
    } else {
      EXPECT_EQ(table_.head(), winners);
      EXPECT_EQ(second.contents(), seconds);
      EXPECT_EQ(outcome.report->to_text(), check);
    }
    table_.expect_consistent();
  }

 private:
  bool is_configuration() const { return std::string_view(row_.w).starts_with("config "); }

  bool is_restore() const { return std::string_view(row_.w) == "back"; }

  void go_back(Writer& writer) {
    const auto difference =
        past::compare_versions(*table_.context.catalog, writer.session().base(), earlier_);
    test::must(past::stage_restore(writer.session(), test::must(difference)));
  }

  bool is_expiry() const { return std::string_view(row_.w) == "expire"; }

  void expire_base() {
    Catalog& catalog = *table_.context.catalog;
    if (table_.head_seq_no() == base_) {
      Writer other = table_.begin("other");
      table_.commit_ok(other.write("elsewhere", "w"));
    }
    table_.context.neighbours.lock()->note_lost_base();
    const auto transaction = test::must(catalog.begin());
    test::must(transaction->remove_versions({{base_}}));
    PruneCursor cursor;
    while (!cursor.done)
      test::must(transaction->prune(cursor, 1000));
    test::must(transaction->commit());
  }

  /// What W does is not a session that could be refused.
  void end_without_session() {
    if (is_expiry()) {
      expire_base();
    } else {
      const std::string line = std::string(row_.w).substr(7);
      EXPECT_TRUE(table_.context.config->merge(line, {}));
    }
    EXPECT_EQ(sorted_words(brief(table_.head())), sorted_words(row_.tree(swapped_)));
  }

  Writer begin(const std::string& name, const char* steps) {
    Writer writer = table_.begin(name);
    if (serializable_) writer.serializable();
    take(writer, steps);
    return writer;
  }

  void land(Writer& writer, bool is_w) {
    if (is_w && is_configuration()) {
      test::must(table_.context.config->merge(std::string(row_.w).substr(7), {}));
    } else if (is_w && is_expiry()) {
      expire_base();
    } else {
      table_.commit_ok(writer);
    }
  }

  const TableRow& row_;
  const bool serializable_;
  const bool swapped_;
  TxnTable table_;
  SeqNo earlier_ = SeqNo::none;
  SeqNo base_ = SeqNo::none;
};

class ConflictTable : public ::testing::TestWithParam<std::tuple<TableRow, bool, bool>> {};

TEST_P(ConflictTable, EndsAsItSays) {
  const auto& [row, serializable, swapped] = GetParam();
  Play(row, serializable, swapped).run();
}

INSTANTIATE_TEST_SUITE_P(Rows, ConflictTable,
                         ::testing::Combine(::testing::ValuesIn(conflict_table().begin(),
                                                                conflict_table().end()),
                                            ::testing::Bool(), ::testing::Bool()),
                         [](const auto& row) {
                           return name_of(std::get<0>(row.param)) +
                                  (std::get<1>(row.param) ? "_serializable" : "_snapshot") +
                                  (std::get<2>(row.param) ? "_swapped" : "");
                         });

TEST(ConflictTableItself, HasEveryRowThatTwoSessionsCanPlay) {
  std::set<int> missing;
  for (int number = 1; number <= 40; ++number)
    missing.insert(number);
  for (const TableRow& row : conflict_table())
    missing.erase(row.number);
  EXPECT_EQ(missing, std::set<int>());
}

}  // namespace
}  // namespace commitfs::testing
