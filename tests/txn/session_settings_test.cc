#include "txn/session_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cerrno>

#include "tests/support/result.h"
#include "tests/support/txn_table.h"

namespace commitfs::testing {
namespace {

using test::must;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

SessionSettings all_set() {
  return {.isolation = Isolation::serializable,
          .operation = Operation::rewrite,
          .early = EarlyDetection::warn,
          .require = "size('\xff') < 3",
          .replace = {".", "a/b", "odd\xfe"},
          .keeps = SeqNo{7},
          .frozen = true};
}

TEST(SessionSettings, WordsAreThoseOfTheControlFilesAndNoOthers) {
  EXPECT_EQ(must(parse_isolation("serializable")), Isolation::serializable);
  EXPECT_EQ(must(parse_operation("rewrite")), Operation::rewrite);
  EXPECT_EQ(must(parse_early_detection("fail")), EarlyDetection::fail);
  EXPECT_EQ(to_string(Isolation::snapshot), "snapshot");
  for (const char* word : {"", "Snapshot", "snapshot ", "serial", "write\n"}) {
    EXPECT_ERRNO(parse_isolation(word), EINVAL) << word;
    EXPECT_ERRNO(parse_operation(word), EINVAL) << word;
    EXPECT_ERRNO(parse_early_detection(word), EINVAL) << word;
  }
}

TEST(SessionSettings, ReplacedPathsAreOneALineEachOnce) {
  EXPECT_THAT(must(parse_replace("b/c/\na\n\n./\na")), ElementsAre(".", "a", "b/c"));
  EXPECT_THAT(must(parse_replace("")), IsEmpty());
}

TEST(SessionSettings, ReplacedPathsAreNamesInTheSession) {
  for (const char* path : {"/", "/a", "a//b", "a/./b", "..", "a/../b", "./a"}) {
    EXPECT_ERRNO(parse_replace(path), EINVAL) << path;
  }
  EXPECT_ERRNO(parse_replace(std::string(256, 'x')), EINVAL);
  EXPECT_ERRNO(parse_replace(std::string("a\0b", 3)), EINVAL);
  EXPECT_ERRNO(parse_replace(std::string(kReplaceMaxBytes + 1, '\n')), E2BIG);
}

TEST(SessionSettings, AreReadAsTheyWereWritten) {
  EXPECT_EQ(must(settings_from_json(settings_to_json(all_set(), ""))), all_set());
}

TEST(SessionSettings, ARestoreIsReadBackAndNotAskedFor) {
  const SessionSettings restore{.operation = Operation::restore, .keeps = SeqNo{1ULL << 60}};
  EXPECT_EQ(must(settings_from_json(settings_to_json(restore, ""))), restore);
  EXPECT_ERRNO(parse_operation("restore"), EINVAL);
  EXPECT_ERRNO(settings_from_json(R"({"keeps": -1})"), EBADMSG);
}

TEST(SessionSettings, DefaultsAreNothing) {
  EXPECT_EQ(settings_to_json({}, ""), "");
  EXPECT_EQ(settings_to_json({}, settings_to_json(all_set(), "")), "");
  EXPECT_EQ(must(settings_from_json("")), SessionSettings());
}

TEST(SessionSettings, KeysOfOthersAreKeptAndIgnored) {
  const std::string text = settings_to_json(all_set(), R"({"later": [1, 2], "frozen": false})");
  EXPECT_EQ(nlohmann::json::parse(text)["later"], nlohmann::json({1, 2}));
  EXPECT_EQ(must(settings_from_json(text)), all_set());
}

TEST(SessionSettings, DamagedOnesAreAnError) {
  for (const char* extra :
       {"{", "[]", "7", "\xff", R"({"isolation": 1})", R"({"isolation": "none"})",
        R"({"operation": "x"})", R"({"early": null})", R"({"replace": "a"})",
        R"({"replace": [{"hex": "f"}]})", R"({"replace": [{"hex": "+1"}]})",
        R"({"replace": [{"hex": 1}]})", R"({"require": []})", R"({"frozen": 1})"}) {
    EXPECT_ERRNO(settings_from_json(extra), EBADMSG) << extra;
  }
}

TEST(SessionSettings, OfASessionAreJournalled) {
  TxnTable table;
  Writer writer = table.begin();
  writer.session().take_journal();
  ASSERT_OK(writer.session().set_operation(Operation::rewrite));
  ASSERT_OK(writer.session().set_replace("a/b"));
  ASSERT_OK(writer.session().set_early_detection(EarlyDetection::fail));
  const auto batch = writer.session().take_journal();
  ASSERT_TRUE(batch && batch->row);
  EXPECT_EQ(must(settings_from_json(batch->row->extra)), *writer.session().settings());
  EXPECT_EQ(writer.session().settings()->operation, Operation::rewrite);
  EXPECT_EQ(writer.session().settings()->early, EarlyDetection::fail);
  EXPECT_THAT(writer.session().settings()->replace, ElementsAre("a/b"));
}

TEST(SessionSettings, IsolationIsOnlyStrengthened) {
  TxnTable table;
  Writer writer = table.begin();
  EXPECT_OK(writer.session().set_isolation(Isolation::snapshot));
  EXPECT_OK(writer.session().set_isolation(Isolation::serializable));
  EXPECT_ERRNO(writer.session().set_isolation(Isolation::snapshot), EINVAL);
  EXPECT_OK(writer.session().set_isolation(Isolation::serializable));
  EXPECT_EQ(writer.session().settings()->isolation, Isolation::serializable);
}

TEST(SessionSettings, OfASessionThatIsOverCannotBeSet) {
  TxnTable table;
  Writer writer = table.begin();
  table.commit_ok(writer);
  EXPECT_ERRNO(writer.session().set_isolation(Isolation::serializable), EROFS);
  EXPECT_ERRNO(writer.session().set_replace("a"), EROFS);
  EXPECT_ERRNO(table.pipeline->freeze(writer.session()), EROFS);
  EXPECT_ERRNO(writer.session().unfreeze(), EROFS);
}

TEST(SessionSettings, TheOperationIsTheVersions) {
  TxnTable table;
  Writer writer = table.begin();
  ASSERT_OK(writer.session().set_operation(Operation::rewrite));
  const SeqNo version = table.commit_ok(writer.write("a", "1"));
  EXPECT_EQ(must(table.context.catalog->find_version(version))->operation, "rewrite");
}

class Frozen : public ::testing::Test {
 protected:
  void SetUp() override {
    table.setup([](Writer& w) { w.write("a", "1"); });
    writer = std::make_unique<Writer>(table.begin("frozen"));
    writer->write("b", "1");
  }
  Session& session() { return writer->session(); }
  /// What is answered to one change of each kind.
  void expect_read_only() {
    const InodeId a = writer->find("a");
    EXPECT_ERRNO(tree::open_for_writing(session(), a, false), EROFS);
    EXPECT_ERRNO(tree::create(session(), {}, InodeId::root, "n", 0644, true), EROFS);
    EXPECT_ERRNO(tree::mkdir(session(), {}, InodeId::root, "n", 0755), EROFS);
    EXPECT_ERRNO(tree::symlink(session(), {}, InodeId::root, "n", "a"), EROFS);
    EXPECT_ERRNO(tree::link(session(), a, InodeId::root, "n"), EROFS);
    EXPECT_ERRNO(tree::unlink(session(), InodeId::root, "a"), EROFS);
    EXPECT_ERRNO(tree::rename(session(), InodeId::root, "a", InodeId::root, "n", 0), EROFS);
    EXPECT_ERRNO(tree::setattr(session(), a, {.mode = 0600}), EROFS);
    EXPECT_ERRNO(tree::setxattr(session(), a, "user.k", "v", 0), EROFS);
  }

  TxnTable table;
  std::unique_ptr<Writer> writer;
};

TEST_F(Frozen, TakesNoChangesUntilItIsThawed) {
  ASSERT_OK(table.pipeline->freeze(session()));
  EXPECT_EQ(session().state(), SessionState::open);
  expect_read_only();
  EXPECT_EQ(writer->contents(), (Contents{{"a", "1"}, {"b", "1"}}));
  ASSERT_OK(session().unfreeze());
  EXPECT_EQ(writer->write("a", "2").contents(), (Contents{{"a", "2"}, {"b", "1"}}));
}

TEST_F(Frozen, CanBeCommittedAndTakesAMessage) {
  ASSERT_OK(table.pipeline->freeze(session()));
  ASSERT_OK(session().set_message("audited"));
  const SeqNo version = table.commit_ok(*writer);
  EXPECT_EQ(must(table.context.catalog->find_version(version))->message, "audited");
  EXPECT_EQ(table.head(), (Contents{{"a", "1"}, {"b", "1"}}));
}

TEST_F(Frozen, StaysSoWhenACommitIsRefused) {
  ASSERT_OK(table.pipeline->freeze(session()));
  table.setup([](Writer& w) { w.write("b", "theirs"); });
  EXPECT_EQ(table.commit(*writer).error, ECANCELED);
  EXPECT_EQ(session().state(), SessionState::open);
  expect_read_only();
}

TEST_F(Frozen, FilesOpenForWritingKeepItOpen) {
  const InodeId b = writer->find("b");
  ASSERT_OK(tree::open_for_writing(session(), b, false));
  const auto refused = table.pipeline->freeze(session());
  ASSERT_ERRNO(refused, EBUSY);
  EXPECT_THAT(refused.error().context, HasSubstr("b"));
  EXPECT_ERRNO(session().set_frozen(), EBUSY);
  EXPECT_FALSE(session().settings()->frozen);
  writer->write("a", "2");
  tree::release_writer(session(), b);
  EXPECT_OK(table.pipeline->freeze(session()));
}

TEST_F(Frozen, KeepsItsBase) {
  ASSERT_OK(table.pipeline->freeze(session()));
  table.setup([](Writer& w) { w.write("c", "theirs"); });
  EXPECT_ERRNO(table.pipeline->move_base_to_head(session()), EROFS);
  EXPECT_EQ(session().state(), SessionState::open);
}

TEST_F(Frozen, CanBeDiscarded) {
  ASSERT_OK(table.pipeline->freeze(session()));
  session().discard();
  EXPECT_EQ(session().state(), SessionState::discarded);
}

}  // namespace
}  // namespace commitfs::testing
