// Sessions whose base was expired by force: row 37 of the table of conflicts, and what is left of
// them.
#include "txn/lost_base.h"

#include <cerrno>

#include "tests/txn/past/expiry_fixture.h"
#include "txn/status.h"
#include "txn/tags.h"

namespace commitfs::past {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class LostBase : public ExpiryTest {
 protected:
  /// Version 5 is the newest; a session that began at version 2 and made "mine" loses it.
  void SetUp() override {
    make_versions(5);
    session_ = must(manager_->begin("old@2", kMaker));
    write(*session_, "mine");
  }
  void lose() {
    ASSERT_OK(expiry_->expire(SeqNo{2}, Force::yes));
    must(expiry_->collect());
  }
  std::vector<std::string> names() {
    std::vector<std::string> names;
    for (const auto& entry : must(session_->list(InodeId::root, "", 1000)))
      names.push_back(entry.name);
    return names;
  }

  std::shared_ptr<Session> session_;
};

TEST_F(LostBase, GoesByForceOnly) {
  EXPECT_ERRNO(expiry_->expire(SeqNo{2}), EBUSY);
  EXPECT_EQ(try_commit("old@2").error, 0);
}

TEST_F(LostBase, RefusesTheCommitAndSaysWhatToDo) {
  lose();
  EXPECT_THAT(versions(), ElementsAre(1, 3, 4, 5));
  const auto check = must(manager_->pipeline().check(*session_))->to_text();
  const CommitOutcome outcome = try_commit("old@2");
  EXPECT_EQ(outcome.error, ESTALE);
  EXPECT_EQ(outcome.report->to_text(), check);
  EXPECT_THAT(check, AllOf(HasSubstr("version 2"), HasSubstr("begin again")));
  EXPECT_EQ(session_->state(), SessionState::open);
  EXPECT_ERRNO(manager_->pipeline().move_base_to_head(*session_), ESTALE);
  EXPECT_THAT(session_->last_report()->to_text(), HasSubstr("begin again"));
  EXPECT_THAT(versions(), ElementsAre(1, 3, 4, 5));
  EXPECT_OK(manager_->discard("old@2", kMaker));
}

TEST_F(LostBase, RefusesACommitThatIsUnderWay) {
  for (const char* point : {"commit.before_seal", "commit.submitted"}) {
    SCOPED_TRACE(point);
    const std::string name = std::string("late@") + (point[7] == 'b' ? "3" : "4");
    const auto late = must(manager_->begin(name, kMaker));
    write(*late, "late");
    fault::set_handler([&](std::string_view reached) -> Result<void> {
      return reached == point ? expiry_->expire(late->base(), Force::yes) : Result<void>();
    });
    EXPECT_EQ(try_commit(name).error, ESTALE);
    fault::set_handler({});
  }
  EXPECT_THAT(versions(), ElementsAre(1, 2, 5));
}

TEST_F(LostBase, KeepsWhatTheSessionWroteAndWhatOtherVersionsHave) {
  lose();
  // "same" was written anew by each version; "f2" is in all that came after.
  EXPECT_THAT(names(), ElementsAre("f2", "mine"));
  EXPECT_EQ(session_diff_text(*session_), "A\tmine\n");
  const auto mine = must(session_->lookup(InodeId::root, "mine"));
  EXPECT_OK(context_.store->stat(mine.inode.object));
  EXPECT_OK(tree::open_for_writing(*session_, mine.inode.id, false));
  EXPECT_OK(tree::open_for_writing(*session_, must(session_->lookup(InodeId::root, "f2")).inode.id,
                                   false));
  EXPECT_ERRNO(session_->lookup(InodeId::root, "same"), ESTALE);
  EXPECT_ERRNO(session_->lookup(InodeId::root, "never"), ESTALE);
}

TEST_F(LostBase, LeavesTheNamesOfWhatTheSessionChanged) {
  const auto same = must(session_->lookup(InodeId::root, "same")).inode.id;
  must(tree::open_for_writing(*session_, same, false));
  tree::release_writer(*session_, same);
  lose();
  EXPECT_THAT(names(), ElementsAre("f2", "mine", "same"));
  const auto found = must(session_->lookup(InodeId::root, "same"));
  EXPECT_OK(context_.store->stat(found.inode.object));
  EXPECT_EQ(must(session_->path_of(same)), "same");
  EXPECT_EQ(try_commit("old@2").error, ESTALE);
}

TEST_F(LostBase, OfOthersIsAsItWas) {
  const auto other = must(manager_->begin("new@3", kMaker));
  lose();
  EXPECT_ERRNO(other->lookup(InodeId::root, "never"), ENOENT);
  write(*other, "fresh");
  EXPECT_EQ(try_commit("new@3").error, 0);
  for (const char* name : {"f2", "f5", "fresh", "same"})
    EXPECT_OK(make_snapshot_tree(context_.catalog, SeqNo{6})->lookup(InodeId::root, name)) << name;
}

TEST_F(LostBase, IsToldByTheStatus) {
  EXPECT_THAT(session_status_text(*session_), Not(HasSubstr("base expired")));
  lose();
  EXPECT_THAT(session_status_text(*session_), HasSubstr("base expired: version 2"));
}

TEST_F(LostBase, IsKnownAfterARemountToo) {
  must(manager_->journal().flush(*session_));
  lose();
  session_.reset();
  EXPECT_EQ(remount(), 1U);
  session_ = manager_->find("old@2");
  ASSERT_NE(session_, nullptr);
  EXPECT_THAT(names(), ElementsAre("f2", "mine"));
  EXPECT_ERRNO(session_->lookup(InodeId::root, "same"), ESTALE);
  EXPECT_EQ(try_commit("old@2").error, ESTALE);
}

TEST_F(LostBase, ForceStopsAtTheHeadAtTagsAtReadersAndAtARestore) {
  must(Tags(context_).add("good", "3", kMaker));
  const auto restored = must(manager_->begin_restore("1", SeqNo{1}, kMaker));
  expiry_->set_use_probe([](SeqNo version) { return version == SeqNo{4}; });
  for (const SeqNo needed : {SeqNo{1}, SeqNo{3}, SeqNo{4}, SeqNo{5}})
    EXPECT_ERRNO(expiry_->expire(needed, Force::yes), EBUSY) << raw(needed);
  const auto summary = must(expiry_->expire(Retention{.keep_last = 1}, Force::yes));
  EXPECT_THAT(summary.expired, ElementsAre(SeqNo{2}));
}

}  // namespace
}  // namespace commitfs::past
