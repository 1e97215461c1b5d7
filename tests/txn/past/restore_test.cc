#include "txn/past/restore.h"

#include <gmock/gmock.h>

#include <cerrno>

#include "tests/support/result.h"
#include "tests/support/txn_table.h"
#include "txn/past/path_changes.h"

namespace commitfs::past {
namespace {

using test::must;
using testing::Contents;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::TxnTable;
using testing::Writer;

class RestoreTest : public ::testing::Test {
 protected:
  RestoreTest() {
    first_ = table_.setup([](Writer& w) {
      w.mkdir("d").write("d/a", "a").write("d/b", "b").write("c", "c").ln_s("c", "l");
      w.ln("c", "c2").set_xattr("c", "user.x", "1").chmod("d/a", 0600).touch("d/a", 77);
    });
  }

  Difference compare(SeqNo from, SeqNo to) {
    return must(compare_versions(*table_.context.catalog, from, to));
  }
  Writer staged(SeqNo version) {
    Writer writer = table_.begin();
    must(stage_restore(writer.session(), compare(writer.session().base(), version)));
    return writer;
  }
  /// Goes back to the version and expects that it is there again, to the attribute.
  SeqNo restore(SeqNo version) {
    Writer writer = staged(version);
    EXPECT_EQ(writer.contents(), table_.at(version));
    const SeqNo made = table_.commit_ok(writer);
    EXPECT_EQ(table_.at(made), table_.at(version));
    expect_same(version, made);
    table_.expect_consistent();
    return made;
  }
  void expect_same(SeqNo a, SeqNo b) {
    const Difference difference = compare(a, b);
    EXPECT_THAT(must(list_path_changes(*table_.context.catalog, difference)), IsEmpty());
    for (const InodeDifference& inode : difference.inodes)
      EXPECT_FALSE(inode.changed_times()) << raw(inode.id);
  }

  TxnTable table_;
  SeqNo first_ = SeqNo::none;
};

TEST_F(RestoreTest, BringsBackContentNamesAndAttributes) {
  table_.setup([](Writer& w) {
    w.write("d/a", "other").chmod("d/a", 0644).rm("d/b").mv("c", "d/moved").write("new", "n");
    w.set_xattr("c2", "user.x", "2").set_xattr("c2", "user.y", "3").chmod("d", 0700);
  });
  restore(first_);
}

TEST_F(RestoreTest, ATimeAloneIsNothingToTakeBack) {
  const SeqNo second = table_.setup([](Writer& w) { w.write("c", "other").touch("d/b", 99); });
  table_.setup([](Writer& w) { w.rm("d/b"); });
  Writer writer = table_.begin();
  EXPECT_THAT(must(stage_inverse(writer.session(), compare(second, first_))), IsEmpty());
}

TEST_F(RestoreTest, BringsBackTreesThatWereRemoved) {
  table_.setup([](Writer& w) { w.rm("d/a").rm("d/b").rmdir("d").rm("c").rm("c2").rm("l"); });
  const SeqNo second = table_.head_seq_no();
  const SeqNo third = restore(first_);
  EXPECT_EQ(table_.stat("c").nlink, 2U);
  EXPECT_EQ(table_.stat("c").id, table_.stat("c2").id);
  restore(second);
  restore(third);
}

TEST_F(RestoreTest, MovesDirectoriesBack) {
  table_.setup([](Writer& w) {
    w.mkdir("e").mkdir("e/deep").mv("d", "e/d").write("e/d/new", "n").rm("e/d/b").mkdir("e/d/sub");
  });
  const SeqNo second = table_.head_seq_no();
  restore(first_);
  restore(second);
}

TEST_F(RestoreTest, SwapsNamesBack) {
  table_.setup([](Writer& w) { w.mv("d", "t").mv("c", "d").mv("t", "c"); });
  restore(first_);
}

TEST_F(RestoreTest, SumsUpManyVersions) {
  for (int i = 0; i < 20; ++i) {
    table_.setup([&](Writer& w) {
      const std::string name = "f" + std::to_string(i);
      w.write(name, name).write("d/a", name).touch("c", 1'000 + i);
      if (i > 0) w.mv("f" + std::to_string(i - 1), "d/g" + std::to_string(i));
    });
  }
  restore(first_);
}

TEST_F(RestoreTest, OfTheHeadChangesNothing) {
  Writer writer = staged(first_);
  const CommitOutcome outcome = table_.commit(writer);
  EXPECT_EQ(outcome.error, 0);
  EXPECT_FALSE(outcome.made_version);
}

TEST_F(RestoreTest, SharesBodiesAndBringsNone) {
  const ObjectId body = table_.stat("d/b").object;
  table_.setup([](Writer& w) { w.rm("d/b").write("d/a", "longer"); });
  const SeqNo made = restore(first_);
  EXPECT_EQ(table_.stat("d/b").object, body);
  EXPECT_EQ(must(table_.context.catalog->find_version(made))->bytes, 0U);
  EXPECT_EQ(table_.stat("d/b").since, made);
}

TEST_F(RestoreTest, SharedBodiesOutliveARestoreThatIsRefusedOrDropped) {
  table_.setup([](Writer& w) { w.rm("d/b"); });
  Writer dropped = staged(first_);
  EXPECT_THAT(dropped.session().discard(), IsEmpty());
  Writer twice = staged(first_);
  restore(first_);
  const CommitOutcome outcome = table_.commit(twice);  // the same bytes: merged with what landed
  EXPECT_EQ(outcome.error, 0);
  EXPECT_EQ(table_.head(), table_.at(first_));
  table_.expect_consistent();
}

TEST_F(RestoreTest, IsRefusedForWhatLandedMeanwhile) {
  table_.setup([](Writer& w) { w.write("c", "2"); });
  Writer back = staged(first_);
  table_.setup([](Writer& w) { w.write("c", "3"); });
  const CommitOutcome outcome = table_.commit(back);
  EXPECT_EQ(outcome.error, ECANCELED);
  EXPECT_EQ(table_.head().at("c"), "3");
}

TEST_F(RestoreTest, FilesCanBeChangedInIt) {
  table_.setup([](Writer& w) { w.rm("d/b"); });
  Writer writer = staged(first_);
  writer.write("d/b", "more");
  const SeqNo made = table_.commit_ok(writer);
  EXPECT_EQ(table_.at(made).at("d/b"), "more");
  EXPECT_EQ(table_.at(first_).at("d/b"), "b");
}

class InverseTest : public RestoreTest {
 protected:
  std::vector<std::string> stage_inverse_of(Writer& writer, SeqNo version) {
    return must(stage_inverse(writer.session(), compare(version, SeqNo{raw(version) - 1})));
  }
};

TEST_F(InverseTest, TakesBackOneVersionAndLeavesWhatCameSince) {
  const SeqNo second =
      table_.setup([](Writer& w) { w.write("c", "2").rm("d/b").write("new", "n").mv("l", "m"); });
  table_.setup([](Writer& w) { w.write("later", "x").write("d/a", "3"); });
  Writer writer = table_.begin();
  EXPECT_THAT(stage_inverse_of(writer, second), IsEmpty());
  table_.commit_ok(writer);
  Contents expected = table_.at(first_);
  expected["later"] = "x";
  expected["d/a"] = "3";
  EXPECT_EQ(table_.head(), expected);
  table_.expect_consistent();
}

TEST_F(InverseTest, IsRefusedWhereSomethingElseStandsNow) {
  const SeqNo second = table_.setup([](Writer& w) { w.write("c", "2").write("new", "n"); });
  table_.setup([](Writer& w) { w.write("c", "3"); });
  Writer writer = table_.begin();
  const Contents before = writer.contents();
  EXPECT_THAT(stage_inverse_of(writer, second), ElementsAre("c"));
  EXPECT_EQ(writer.contents(), before);
}

TEST_F(InverseTest, IsRefusedWhereADirectoryIsNotEmptyAnyMore) {
  const SeqNo second = table_.setup([](Writer& w) { w.mkdir("e").write("e/x", "x"); });
  table_.setup([](Writer& w) { w.write("e/y", "y"); });
  Writer writer = table_.begin();
  EXPECT_THAT(stage_inverse_of(writer, second), ElementsAre("e"));
}

TEST_F(InverseTest, IsRefusedWhereADirectoryWouldBeBelowItself) {
  table_.setup([](Writer& w) { w.mkdir("p").mkdir("p/q"); });
  const SeqNo third = table_.setup([](Writer& w) { w.mv("p/q", "q"); });
  table_.setup([](Writer& w) { w.mv("p", "q/p"); });
  Writer writer = table_.begin();
  EXPECT_THAT(stage_inverse_of(writer, third), ElementsAre("q"));
}

TEST_F(InverseTest, NeedsASessionWithoutChanges) {
  const SeqNo second = table_.setup([](Writer& w) { w.write("c", "2"); });
  Writer writer = table_.begin();
  writer.write("mine", "m");
  const auto staged = stage_inverse(writer.session(), compare(second, first_));
  EXPECT_ERRNO(staged, EBUSY);
  EXPECT_EQ(writer.contents().at("mine"), "m");
}

}  // namespace
}  // namespace commitfs::past
