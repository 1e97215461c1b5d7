#include "txn/early_detection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "tests/support/result.h"
#include "tests/support/txn_table.h"
#include "txn/open_sessions.h"
#include "txn/status.h"

namespace commitfs::testing {
namespace {

using test::must;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Early : public ::testing::Test {
 protected:
  Early() {
    table.context.neighbours = open;
    table.setup([](Writer& w) { w.mkdir("d").write("d/f", "1").write("g", "1"); });
  }
  Writer begin(const std::string& name, EarlyDetection early) {
    Writer writer = table.begin(name);
    must(open->claim(name)).fill(writer.shared());
    must(writer.session().set_early_detection(early));
    return writer;
  }
  void others_change_f() {
    table.setup([](Writer& w) { w.write("d/f", "2").write("d/n", "2"); });
  }
  Result<tree::Body> open_f(Writer& writer) {
    return tree::open_for_writing(writer.session(), writer.find("d/f"), false);
  }
  std::vector<std::string> notes(Writer& writer) { return writer.session().early_notes(); }

  TxnTable table;
  std::shared_ptr<OpenSessions> open = std::make_shared<OpenSessions>();
};

constexpr char kChangedInVersion[] = "d/f was changed in version 3 by session setup";

TEST_F(Early, OffSaysNothing) {
  Writer older = begin("older", EarlyDetection::off), me = begin("me", EarlyDetection::off);
  older.write("d/f", "older");
  others_change_f();
  me.write("d/f", "mine").write("d/n", "mine");
  EXPECT_THAT(notes(me), IsEmpty());
}

TEST_F(Early, WarnTellsOfALaterCommitInStatusAndCheck) {
  Writer me = begin("me", EarlyDetection::warn);
  others_change_f();
  me.write("d/f", "mine");
  EXPECT_THAT(notes(me), ElementsAre(kChangedInVersion));
  EXPECT_THAT(session_status_text(me.session()),
              HasSubstr(std::string("early warning: ") + kChangedInVersion + "\n"));
  EXPECT_THAT(must(table.pipeline->check(me.session()))->to_text(), HasSubstr(kChangedInVersion));
}

TEST_F(Early, WarnTellsOfANameThatALaterCommitMade) {
  Writer me = begin("me", EarlyDetection::warn);
  others_change_f();
  me.write("d/n", "mine");
  EXPECT_THAT(notes(me), ElementsAre("d/n was changed in version 3 by session setup"));
}

TEST_F(Early, WarnTellsOfAnOlderSessionAndNotOfAYoungerOne) {
  Writer older = begin("older", EarlyDetection::warn), me = begin("me", EarlyDetection::warn);
  older.write("d/f", "older").write("d/n", "older");
  me.write("g", "mine").write("d/f", "mine").write("d/n", "mine");
  EXPECT_THAT(notes(older), IsEmpty());
  EXPECT_THAT(notes(me), ElementsAre("d/f is being changed by the older session older",
                                     "d/n is being changed by the older session older"));
  me.write("g", "again");
  older.write("g", "older");
  EXPECT_THAT(notes(older), IsEmpty());
}

TEST_F(Early, ASessionThatIsOverIsNoNeighbour) {
  Writer older = begin("older", EarlyDetection::warn), me = begin("me", EarlyDetection::warn);
  older.write("d/f", "older");
  older.session().discard();
  me.write("d/f", "mine");
  EXPECT_THAT(notes(me), IsEmpty());
}

TEST_F(Early, FailAnswersTheFirstOpenForWriting) {
  Writer me = begin("me", EarlyDetection::fail);
  me.write("g", "mine");
  others_change_f();
  EXPECT_ERRNO(open_f(me), ECANCELED);
  EXPECT_ERRNO(tree::create(me.session(), {}, me.find("d"), "n", 0644, true), ECANCELED);
  EXPECT_THAT(notes(me), ElementsAre(kChangedInVersion, HasSubstr("d/n was changed")));
  me.write("g", "again");
  EXPECT_EQ(me.contents(), (Contents{{"d", "/"}, {"d/f", "1"}, {"g", "again"}}));
  table.commit_ok(me);
}

TEST_F(Early, WhatTheSessionHasAlreadyIsNotAskedAgain) {
  Writer me = begin("me", EarlyDetection::fail);
  me.write("d/f", "mine");
  others_change_f();
  EXPECT_OK(open_f(me));
  EXPECT_THAT(notes(me), IsEmpty());
}

TEST_F(Early, AnOlderSessionRefusesNothing) {
  Writer older = begin("older", EarlyDetection::off), me = begin("me", EarlyDetection::fail);
  older.write("d/f", "older");
  EXPECT_OK(open_f(me));
}

TEST_F(Early, NotesAreGoneWhenTheBaseMoves) {
  Writer me = begin("me", EarlyDetection::fail);
  others_change_f();
  EXPECT_ERRNO(open_f(me), ECANCELED);
  must(table.pipeline->move_base_to_head(me.session()));
  EXPECT_THAT(notes(me), IsEmpty());
  EXPECT_OK(open_f(me));
}

}  // namespace
}  // namespace commitfs::testing
