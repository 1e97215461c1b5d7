// Where the change of one session meets the change of another and both seem to fit: what was
// committed first is never lost by it, and what can be told apart both lands.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <functional>

#include "tests/support/txn_table.h"

namespace commitfs::testing {
namespace {

using Category = ConflictCategory;
using ::testing::ElementsAre;
using ::testing::Pair;

class Merge : public ::testing::Test {
 protected:
  using Work = std::function<void(Writer&)>;
  using Conflicts = std::vector<std::pair<std::string, Category>>;

  /// They land first, each in a version of its own; then my commit is tried, over the same base.
  Conflicts commit(const Work& before, const std::vector<Work>& they, const Work& me) {
    table.setup(before);
    Writer mine = table.begin("me");
    me(mine);
    for (const Work& work : they)
      table.setup(work);
    theirs = table.head();
    const SeqNo last = table.head_seq_no();
    outcome = table.commit(mine);
    Conflicts conflicts;
    for (const Conflict& conflict : outcome.report->conflicts) {
      conflicts.emplace_back(conflict.path, conflict.category);
      EXPECT_GT(conflict.winner.seq_no, mine.session().base()) << conflict.path;
      EXPECT_LE(conflict.winner.seq_no, last) << conflict.path;
    }
    EXPECT_EQ(outcome.error, conflicts.empty() ? 0 : ECANCELED) << outcome.report->to_text();
    if (outcome.error != 0) {
      EXPECT_EQ(table.head(), theirs);
    }
    table.expect_consistent();
    return conflicts;
  }

  std::optional<std::string> xattr(const std::string& path, const std::string& name) {
    return *table.context.catalog->find_xattr(table.head_seq_no(), table.stat(path).id, name);
  }
  mode_t mode(const std::string& path) { return table.stat(path).mode & 07777; }

  TxnTable table;
  Contents theirs;  ///< the head before my commit
  CommitOutcome outcome;
};

// --- directories -----------------------------------------------------------------------------

void old_with_file(Writer& w) {
  w.mkdir("old").write("old/f", "base");
}

TEST_F(Merge, ADirectoryMovedToTheNameOfMineKeepsItsFiles) {
  EXPECT_THAT(commit(old_with_file, {[](Writer& w) { w.mv("old", "new"); }},
                     [](Writer& w) { w.mkdir("new").write("new/f", "mine"); }),
              ElementsAre(Pair("new", Category::exists)));
}

TEST_F(Merge, ADirectoryMovedToTheNameOfMineKeepsItsDirectories) {
  EXPECT_THAT(commit([](Writer& w) { w.mkdir("old").mkdir("old/sub").write("old/sub/f", "base"); },
                     {[](Writer& w) { w.mv("old", "new"); }},
                     [](Writer& w) { w.mkdir("new").mkdir("new/sub"); }),
              ElementsAre(Pair("new", Category::exists)));
}

TEST_F(Merge, ADirectoryMovedIntoAMergedOneKeepsItsFiles) {
  EXPECT_THAT(commit([](Writer& w) { w.mkdir("old").mkdir("old/sub").write("old/sub/f", "base"); },
                     {[](Writer& w) { w.mkdir("d").mv("old/sub", "d/sub"); }},
                     [](Writer& w) { w.mkdir("d").mkdir("d/sub").write("d/sub/f", "mine"); }),
              ElementsAre(Pair("d/sub", Category::exists)));
}

TEST_F(Merge, ADirectoryMovedToTheNameOfOneThatBothRemovedKeepsItsFiles) {
  EXPECT_THAT(commit([](Writer& w) { w.mkdir("d").mkdir("x").write("x/f", "base"); },
                     {[](Writer& w) { w.rmdir("d").mv("x", "d"); }},
                     [](Writer& w) { w.rmdir("d").mkdir("d").write("d/f", "mine"); }),
              ElementsAre(Pair("d", Category::exists)));
}

TEST_F(Merge, DirectoriesThatBothMadeAnewAreOne) {
  EXPECT_THAT(commit([](Writer& w) { w.mkdir("d"); },
                     {[](Writer& w) { w.rmdir("d").mkdir("d").write("d/a", "theirs"); }},
                     [](Writer& w) { w.rmdir("d").mkdir("d").write("d/b", "mine"); }),
              ElementsAre());
  EXPECT_EQ(table.head(), (Contents{{"d", "/"}, {"d/a", "theirs"}, {"d/b", "mine"}}));
}

TEST_F(Merge, ADirectoryThatBothMovedAndMadeAnewHasOneName) {
  EXPECT_THAT(commit([](Writer& w) { w.mkdir("d").write("d/f", "base"); },
                     {[](Writer& w) { w.mv("d", "theirs").mkdir("d"); }},
                     [](Writer& w) { w.mv("d", "mine").mkdir("d"); }),
              ElementsAre(Pair("d", Category::rename_rename)));
}

TEST_F(Merge, AFileThatBothMovedAndReplacedBySymbolicLinksIsRenamedOnce) {
  EXPECT_THAT(commit([](Writer& w) { w.write("f", "base"); },
                     {[](Writer& w) { w.mv("f", "f1").ln_s("f1", "f"); }},
                     [](Writer& w) { w.mv("f", "f2").ln_s("f1", "f"); }),
              ElementsAre(Pair("f", Category::rename_rename)));
}

TEST_F(Merge, ABackupByMoveOfAFileThatWasMovedIsRefused) {
  EXPECT_THAT(commit([](Writer& w) { w.write("f", "base"); }, {[](Writer& w) { w.mv("f", "g"); }},
                     [](Writer& w) { w.mv("f", "f~").write("f", "base"); }),
              ElementsAre(Pair("f", Category::rename_rename)));
}

// --- hard links ------------------------------------------------------------------------------

TEST_F(Merge, ALinkToAFileThatWasDeletedIsRefused) {
  EXPECT_THAT(commit([](Writer& w) { w.write("g", "base"); }, {[](Writer& w) { w.rm("g"); }},
                     [](Writer& w) { w.ln("g", "h"); }),
              ElementsAre(Pair("h", Category::delete_update)));
}

TEST_F(Merge, ALinkToAFileThatWasReplacedIsRefused) {
  EXPECT_THAT(
      commit([](Writer& w) { w.write("g", "base"); }, {[](Writer& w) { w.replace("g", "theirs"); }},
             [](Writer& w) { w.mkdir("n").ln("g", "n/h"); }),
      ElementsAre(Pair("n/h", Category::delete_update)));
}

TEST_F(Merge, ALinkToAFileWhoseDirectoryWasRemovedIsRefused) {
  EXPECT_THAT(
      commit(old_with_file, {[](Writer& w) { w.rm("old/f").rmdir("old").write("x", "theirs"); }},
             [](Writer& w) { w.ln("old/f", "h"); }),
      ElementsAre(Pair("h", Category::delete_update)));
}

TEST_F(Merge, AMoveOfAFileThatWasDeletedIsToldUnderItsOldName) {
  EXPECT_THAT(commit([](Writer& w) { w.write("g", "base"); }, {[](Writer& w) { w.rm("g"); }},
                     [](Writer& w) { w.mv("g", "h"); }),
              ElementsAre(Pair("g", Category::delete_update)));
}

TEST_F(Merge, ABackupByMoveOfAFileThatWasDeletedIsRefused) {
  // Under its name stands the base's bytes again, which is no change; the backup leads nowhere.
  EXPECT_THAT(commit([](Writer& w) { w.write("g", "base"); }, {[](Writer& w) { w.rm("g"); }},
                     [](Writer& w) { w.mv("g", "g~").write("g", "base"); }),
              ElementsAre(Pair("g~", Category::delete_update)));
}

TEST_F(Merge, ALinkToAFileThatLivesOnUnderAnotherNameLands) {
  EXPECT_THAT(commit([](Writer& w) { w.write("g", "base").ln("g", "i"); },
                     {[](Writer& w) { w.rm("g"); }}, [](Writer& w) { w.ln("g", "h"); }),
              ElementsAre());
  EXPECT_EQ(table.head(), (Contents{{"h", "base"}, {"i", "base"}}));
}

// --- deletes ---------------------------------------------------------------------------------

TEST_F(Merge, ADeleteOfAFileThatLivesOnElsewhereIsNoNoOp) {
  EXPECT_THAT(commit([](Writer& w) { w.write("f", "base"); },
                     {[](Writer& w) { w.mv("f", "g"); }, [](Writer& w) { w.write("f", "another"); },
                      [](Writer& w) { w.rm("f"); }},
                     [](Writer& w) { w.rm("f"); }),
              ElementsAre(Pair("f", Category::delete_delete)));
}

TEST_F(Merge, ADeleteOfADirectoryThatLivesOnElsewhereIsNoNoOp) {
  EXPECT_THAT(commit([](Writer& w) { w.mkdir("d"); },
                     {[](Writer& w) { w.mv("d", "e"); }, [](Writer& w) { w.mkdir("d"); },
                      [](Writer& w) { w.rmdir("d"); }},
                     [](Writer& w) { w.rmdir("d"); }),
              ElementsAre(Pair("d", Category::delete_delete)));
}

TEST_F(Merge, ADeleteOfAFileThatWasUpdatedBeforeTheyDeletedItIsNoNoOp) {
  EXPECT_THAT(commit([](Writer& w) { w.write("f", "base"); },
                     {[](Writer& w) { w.write("f", "theirs"); }, [](Writer& w) { w.rm("f"); }},
                     [](Writer& w) { w.rm("f"); }),
              ElementsAre(Pair("f", Category::delete_delete)));
}

TEST_F(Merge, ADeleteOfAFileThatWasMadeAnewBeforeTheyDeletedItIsNoNoOp) {
  EXPECT_THAT(commit([](Writer& w) { w.write("f", "base"); },
                     {[](Writer& w) { w.rm("f"); }, [](Writer& w) { w.write("f", "base"); },
                      [](Writer& w) { w.rm("f"); }},
                     [](Writer& w) { w.rm("f"); }),
              ElementsAre(Pair("f", Category::delete_delete)));
}

TEST_F(Merge, ADeleteOfAFileOfWhichOnlyAttributesChangedBeforeTheyDeletedItIsANoOp) {
  EXPECT_THAT(commit([](Writer& w) { w.write("f", "base"); },
                     {[](Writer& w) { w.chmod("f", 0600); }, [](Writer& w) { w.rm("f"); }},
                     [](Writer& w) { w.rm("f"); }),
              ElementsAre());
}

TEST_F(Merge, ADeleteThatBothMadeOfOneOfTwoLinksIsANoOp) {
  EXPECT_THAT(commit([](Writer& w) { w.write("f", "base").ln("f", "g"); },
                     {[](Writer& w) { w.rm("f"); }}, [](Writer& w) { w.rm("f"); }),
              ElementsAre());
  EXPECT_EQ(table.head(), (Contents{{"g", "base"}}));
}

TEST_F(Merge, AttributesLostToARenameOverTheFileAreToldOf) {
  EXPECT_THAT(commit([](Writer& w) { w.write("f", "base").write("g", "base g"); },
                     {[](Writer& w) { w.chmod("f", 0600); }}, [](Writer& w) { w.mv("g", "f"); }),
              ElementsAre());
  EXPECT_EQ(table.head(), (Contents{{"f", "base g"}}));
  EXPECT_THAT(outcome.report->notes,
              ElementsAre("replaced: 'f', whose attributes version 3 changed"));
}

// --- attributes of one, bytes of the other (row 28) ------------------------------------------

void file_with_xattr(Writer& w) {
  w.write("f", "base").set_xattr("f", "user.k", "0");
}

TEST_F(Merge, AnExtendedAttributeThatAReplacementCarriesAlongUnchangedIsTheirs) {
  EXPECT_THAT(
      commit(file_with_xattr, {[](Writer& w) { w.set_xattr("f", "user.k", "1"); }},
             [](Writer& w) { w.write("n", "mine").set_xattr("n", "user.k", "0").mv("n", "f"); }),
      ElementsAre());
  EXPECT_EQ(table.head(), (Contents{{"f", "mine"}}));
  EXPECT_EQ(xattr("f", "user.k"), "1");
}

TEST_F(Merge, AnExtendedAttributeThatTheyRemovedIsNotBroughtBackByAReplacement) {
  EXPECT_THAT(
      commit(file_with_xattr, {[](Writer& w) {
               ASSERT_TRUE(tree::removexattr(w.session(), w.find("f"), "user.k"));
             }},
             [](Writer& w) { w.write("n", "mine").set_xattr("n", "user.k", "0").mv("n", "f"); }),
      ElementsAre());
  EXPECT_EQ(xattr("f", "user.k"), std::nullopt);
}

TEST_F(Merge, AFileReplacedByItsOwnBytesWithoutItsExtendedAttributeIsAChange) {
  EXPECT_THAT(commit(file_with_xattr, {[](Writer& w) { w.replace("f", "theirs"); }},
                     [](Writer& w) { w.replace("f", "base"); }),
              ElementsAre(Pair("f", Category::update_update)));
}

TEST_F(Merge, AFileReplacedByOneLikeItIsNoChangeThoughTheyRemovedIt) {
  EXPECT_THAT(
      commit(file_with_xattr, {[](Writer& w) { w.rm("f"); }},
             [](Writer& w) { w.write("n", "base").set_xattr("n", "user.k", "0").mv("n", "f"); }),
      ElementsAre());
  EXPECT_EQ(table.head(), Contents{});
}

TEST_F(Merge, AttributesGoToTheFileThatReplacedMine) {
  EXPECT_THAT(
      commit([](Writer& w) { w.write("f", "base"); }, {[](Writer& w) { w.replace("f", "theirs"); }},
             [](Writer& w) { w.chmod("f", 0600).chown("f", 7, 8).set_xattr("f", "user.k", "v"); }),
      ElementsAre());
  EXPECT_EQ(table.head(), (Contents{{"f", "theirs"}}));
  EXPECT_EQ(mode("f"), 0600u);
  EXPECT_EQ(table.stat("f").uid, 7u);
  EXPECT_EQ(table.stat("f").gid, 8u);
  EXPECT_EQ(xattr("f", "user.k"), "v");
  const auto changes = *table.context.catalog->list_changes(outcome.version);
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].kind, ChangeKind::attributes);
  EXPECT_EQ(changes[0].inode, table.stat("f").id);
}

TEST_F(Merge, AnAttributeThatTheReplacingFileChangedToAnotherValueIsAConflict) {
  EXPECT_THAT(commit([](Writer& w) { w.write("f", "base"); },
                     {[](Writer& w) { w.replace("f", "theirs").chmod("f", 0640); }},
                     [](Writer& w) { w.chmod("f", 0600).chown("f", 7, 8); }),
              ElementsAre(Pair("f", Category::attribute)));
}

TEST_F(Merge, AnExtendedAttributeThatTheReplacingFileLostIsAConflict) {
  EXPECT_THAT(commit(file_with_xattr, {[](Writer& w) { w.replace("f", "theirs"); }},
                     [](Writer& w) { w.set_xattr("f", "user.k", "1"); }),
              ElementsAre(Pair("f", Category::attribute)));
}

TEST_F(Merge, AttributesDoNotGoToAnotherFileMovedThere) {
  EXPECT_THAT(commit([](Writer& w) { w.write("f", "base").write("g", "base g"); },
                     {[](Writer& w) { w.mv("g", "f"); }}, [](Writer& w) { w.chmod("f", 0600); }),
              ElementsAre(Pair("f", Category::delete_update)));
}

TEST_F(Merge, AttributesDoNotGoToAFileMadeAfterMineWasDeleted) {
  EXPECT_THAT(commit([](Writer& w) { w.write("f", "base"); },
                     {[](Writer& w) { w.rm("f"); }, [](Writer& w) { w.write("f", "another"); }},
                     [](Writer& w) { w.chmod("f", 0600); }),
              ElementsAre(Pair("f", Category::delete_update)));
}

TEST_F(Merge, AttributesDoNotGoToAFileMadeAndWrittenAfterMineWasDeleted) {
  EXPECT_THAT(commit([](Writer& w) { w.write("f", "base"); },
                     {[](Writer& w) { w.rm("f"); }, [](Writer& w) { w.write("f", "another"); },
                      [](Writer& w) { w.write("f", "written again"); }},
                     [](Writer& w) { w.chmod("f", 0600); }),
              ElementsAre(Pair("f", Category::delete_update)));
}

TEST_F(Merge, AttributesDoNotGoToAFileMadeWhereTheReplacementWasMovedAway) {
  EXPECT_THAT(commit([](Writer& w) { w.write("f", "base"); },
                     {[](Writer& w) { w.replace("f", "theirs"); },
                      [](Writer& w) { w.mv("f", "g").write("f", "another"); }},
                     [](Writer& w) { w.chmod("f", 0600); }),
              ElementsAre(Pair("f", Category::delete_update)));
}

TEST_F(Merge, AttributesGoToTheFileThatWasReplacedTwice) {
  EXPECT_THAT(commit([](Writer& w) { w.write("f", "base"); },
                     {[](Writer& w) { w.replace("f", "once"); },
                      [](Writer& w) { w.replace("f", "twice"); }},
                     [](Writer& w) { w.chmod("f", 0600); }),
              ElementsAre());
  EXPECT_EQ(mode("f"), 0600u);
}

TEST_F(Merge, AttributesAndBytesOfMineAreAConflictWithAReplacement) {
  EXPECT_THAT(
      commit([](Writer& w) { w.write("f", "base"); }, {[](Writer& w) { w.replace("f", "theirs"); }},
             [](Writer& w) { w.write("f", "mine").chmod("f", 0600); }),
      ElementsAre(Pair("f", Category::update_update)));
}

// --- what was opened and not written (row 33) ------------------------------------------------

TEST_F(Merge, AFileOpenedAndNotWrittenInADirectoryThatTheyMovedIsNoChange) {
  EXPECT_THAT(commit(old_with_file, {[](Writer& w) { w.mv("old", "new"); }},
                     [](Writer& w) { w.open_and_close("old/f").write("x", "mine"); }),
              ElementsAre());
  EXPECT_EQ(table.head(), (Contents{{"new", "/"}, {"new/f", "base"}, {"x", "mine"}}));
}

// --- directories moved and then removed ------------------------------------------------------

TEST_F(Merge, ADirectoryRemovedWithTheOneItWasMovedIntoCanBeCommitted) {
  EXPECT_THAT(commit([](Writer& w) { w.mkdir("d").write("d/f", "base"); }, {},
                     [](Writer& w) {
                       w.mkdir("trash").mv("d", "trash/d");
                       const InodeId trash = w.find("trash");
                       w.rm("trash/d/f").rmdir("trash/d").rmdir("trash");
                       tree::release_inode(w.session(), trash);  // the kernel forgets it
                     }),
              ElementsAre());
  EXPECT_EQ(table.head(), Contents{});
}

TEST_F(Merge, FilesOfADirectoryMovedAndRemovedAreToldUnderTheBasesPath) {
  EXPECT_THAT(commit([](Writer& w) { w.mkdir("d").write("d/f", "base"); }, {},
                     [](Writer& w) { w.mv("d", "d2").rm("d2/f").rmdir("d2"); }),
              ElementsAre());
  std::vector<std::string> deleted;
  const auto changes = *table.context.catalog->list_changes(outcome.version);
  for (const ChangeRecord& change : changes) {
    EXPECT_EQ(change.kind, ChangeKind::deleted);
    deleted.push_back(change.path);
  }
  EXPECT_THAT(deleted, ElementsAre("d", "d/f"));
}

}  // namespace
}  // namespace commitfs::testing
