#include <unistd.h>

#include "meta/base/fault.h"
#include "tests/txn/tree/tree_test.h"

namespace commitfs::test {
namespace {

class SessionTest : public TreeTest {
 protected:
  /// As the commit pipeline does, with `version` for what it made.
  void finish(SeqNo version, std::unordered_map<InodeId, InodeId> replaced = {}) {
    ASSERT_OK(session().freeze());
    session().finish(version, std::move(replaced));
  }
  SeqNo base() { return session().base(); }
};

using Root = SessionTest;

TEST_F(Root, BelongsToItsMakerAndTheChangeSetDoesNotKnow) {
  EXPECT_EQ(inode("").uid, 1000U);
  EXPECT_EQ(inode("").mode, S_IFDIR | 0755U);
  ASSERT_OK(shell().create("new"));
  EXPECT_EQ(inode("").uid, 1000U);
  const InodeRecord kept = must(session().read([](const SessionData& data) -> Result<InodeRecord> {
    return data.changes.find_inode(InodeId::root)->record;
  }));
  EXPECT_EQ(kept.uid, 0U);
  EXPECT_EQ(kept.gid, 0U);
}

TEST_F(Root, ShowsWhatAProgramAskedFor) {
  ASSERT_OK(shell().setattr("", {.mode = 0500}));
  EXPECT_EQ(inode("").mode, S_IFDIR | 0500U);
  EXPECT_EQ(inode("").uid, 1000U);
  ASSERT_OK(shell().setattr("", {.uid = 7}));
  EXPECT_EQ(inode("").uid, 7U);
  EXPECT_EQ(inode("").gid, 1000U);
}

using Lookup = SessionTest;

TEST_F(Lookup, SaysWhatIsWrong) {
  EXPECT_ERRNO(session().lookup(InodeId::root, "none"), ENOENT);
  EXPECT_ERRNO(session().lookup(inode("a").id, "x"), ENOTDIR);
  EXPECT_ERRNO(session().lookup(InodeId{999'999}, "x"), ENOENT);
}

TEST_F(Lookup, NeverSeesALaterVersion) {
  commit_base(BaseTree().file("a", "later").file("z"));
  EXPECT_EQ(shell().brief(), "a=bytes d/ d/f=old l->a");
}

TEST_F(Lookup, PathAndGroupFollowRenamesAndLinks) {
  ASSERT_OK(shell().rename("d", "moved"));
  ASSERT_OK(shell().link("a", "moved/second"));
  ASSERT_OK(shell().unlink("a"));
  EXPECT_EQ(must(session().path_of(inode("moved/f").id)), "moved/f");
  EXPECT_EQ(must(session().path_of(inode("moved/second").id)), "moved/second");
  EXPECT_EQ(must(session().group_of(inode("moved/second").id)),
            (GroupKey{inode("moved").id, "second"}));
  EXPECT_EQ(must(session().path_of(InodeId::root)), "");
}

TEST_F(Lookup, PathIsThatOfAnyRemainingLink) {
  ASSERT_OK(shell().link("a", "b"));
  ASSERT_OK(shell().link("a", "c"));
  ASSERT_OK(shell().unlink("c"));
  ASSERT_OK(shell().unlink("a"));
  EXPECT_EQ(must(session().path_of(inode("b").id)), "b");
}

using State = SessionTest;

TEST_F(State, FreezesOnceAndThaws) {
  ASSERT_OK(session().freeze());
  EXPECT_ERRNO(session().freeze(), EBUSY);
  EXPECT_EQ(shell().brief(), "a=bytes d/ d/f=old l->a");
  session().thaw();
  EXPECT_EQ(session().state(), SessionState::open);
  finish(base());
  EXPECT_ERRNO(session().freeze(), EALREADY);
}

TEST_F(State, CommittedAnswersFromItsVersionUnderTheIdsItGave) {
  const InodeId mine = must(shell().create("new", "mine")).inode.id;
  const SeqNo version = commit_base(BaseTree().file("new", "theirs"));
  const InodeId theirs =
      must(make_live_tree(context_.catalog)->lookup(InodeId::root, "new")).inode.id;
  finish(version, {{mine, theirs}});
  EXPECT_EQ(session().committed_as(), version);
  EXPECT_EQ(must(session().attributes(mine)).inode.id, mine);
  EXPECT_EQ(must(session().lookup(InodeId::root, "new")).inode.id, mine);
  EXPECT_EQ(must(session().list(InodeId::root, {}, 10)).front().attributes.inode.id, mine);
  EXPECT_EQ(must(shell().read(mine)), "theirs");
  EXPECT_EQ(must(session().path_of(mine)), "new");
  EXPECT_FALSE(must(session().attributes(mine)).staged);
  EXPECT_ERRNO(shell().create("more"), EROFS);
  EXPECT_ERRNO(session().set_message("more"), EROFS);
}

TEST_F(State, CommitRemovesBodiesTheVersionDoesNotUse) {
  const std::size_t bodies = stored_bodies();
  must(tree::open_for_writing(session(), inode("a").id, false));
  tree::release_writer(session(), inode("a").id);
  EXPECT_EQ(stored_bodies(), bodies + 1);
  finish(base());
  EXPECT_EQ(stored_bodies(), bodies);
  EXPECT_EQ(shell().brief(), "a=bytes d/ d/f=old l->a");
}

TEST_F(State, UnlinkedOpenFileOutlivesTheCommit) {
  const std::size_t bodies = stored_bodies();
  const auto file = must(tree::create(session(), {}, InodeId::root, "temporary", 0644, true));
  const InodeId id = file.attributes.inode.id;
  ASSERT_OK(shell().unlink("temporary"));
  const InodeId old = inode("a").id;
  ASSERT_OK(shell().unlink("a"));
  finish(base());
  ASSERT_EQ(::write(file.body.get(), "more", 4), 4);
  EXPECT_EQ(must(session().attributes(id)).inode.size_bytes, 4U);
  EXPECT_EQ(must(session().attributes(old)).inode.nlink, 0U);
  tree::release_writer(session(), id);
  tree::release_inode(session(), id);
  EXPECT_ERRNO(session().attributes(id), ENOENT);
  EXPECT_EQ(stored_bodies(), bodies);
}

TEST_F(State, DiscardedIsAnEmptyDirectory) {
  const InodeId made = must(shell().create("new", "bytes")).inode.id;
  const auto held = must(tree::create(session(), {}, InodeId::root, "held", 0644, true));
  ASSERT_EQ(::write(held.body.get(), "123", 3), 3);
  const auto objects = session().discard();
  EXPECT_EQ(objects.size(), 2U);
  for (const ObjectId object : objects)
    ASSERT_OK(context_.store->remove(object));
  EXPECT_EQ(session().state(), SessionState::discarded);
  EXPECT_EQ(shell().brief(), "");
  EXPECT_EQ(inode("").mode, S_IFDIR | 0500U);
  EXPECT_ERRNO(session().lookup(InodeId::root, "new"), ENOENT);
  EXPECT_ERRNO(session().attributes(made), ENOENT);
  EXPECT_EQ(must(session().attributes(held.attributes.inode.id)).inode.size_bytes, 3U);
  EXPECT_ERRNO(session().freeze(), ENOENT);
  EXPECT_TRUE(session().discard().empty());
  tree::release_writer(session(), held.attributes.inode.id);
  tree::release_inode(session(), held.attributes.inode.id);
  EXPECT_ERRNO(session().attributes(held.attributes.inode.id), ENOENT);
}

using Control = SessionTest;

TEST_F(Control, MessageIsTextAndLosesOneNewline) {
  ASSERT_OK(
      session().set_message("n\xc3\xa4"
                            "chtlich\nzwei\tdrei\n\n"));
  EXPECT_EQ(session().message(),
            "n\xc3\xa4"
            "chtlich\nzwei\tdrei\n");
  EXPECT_ERRNO(session().set_message("a\x01"), EINVAL);
  EXPECT_ERRNO(session().set_message("a\x7f"), EINVAL);
  EXPECT_ERRNO(session().set_message("\xc2\x85"), EINVAL);      // a control character beyond ASCII
  EXPECT_ERRNO(session().set_message("\xc0\xaf"), EINVAL);      // overlong
  EXPECT_ERRNO(session().set_message("\xed\xa0\x80"), EINVAL);  // a surrogate
  EXPECT_ERRNO(session().set_message("\xf4\x90\x80\x80"), EINVAL);  // beyond U+10FFFF
  EXPECT_ERRNO(session().set_message("\xe2\x82"), EINVAL);          // cut off
  EXPECT_OK(session().set_message("\xf0\x9f\x98\x80"));
  EXPECT_OK(session().set_message(std::string(64 * 1024, 'x')));
  EXPECT_ERRNO(session().set_message(std::string(64 * 1024 + 1, 'x')), E2BIG);
}

TEST_F(Control, TokenIsPrintableAscii) {
  ASSERT_OK(session().set_token("load 7/2026\n"));
  EXPECT_EQ(session().token(), "load 7/2026");
  EXPECT_ERRNO(session().set_token(""), EINVAL);
  EXPECT_ERRNO(session().set_token("\n"), EINVAL);
  EXPECT_ERRNO(session().set_token("a\tb"), EINVAL);
  EXPECT_ERRNO(session().set_token(std::string(257, 'x')), EINVAL);
}

TEST_F(Control, MetadataIsBounded) {
  ASSERT_OK(session().set_metadata("run.id", "7\n"));
  EXPECT_EQ(session().metadata(), (std::map<std::string, std::string>{{"run.id", "7"}}));
  EXPECT_ERRNO(session().set_metadata("a/b", "x"), EINVAL);
  EXPECT_ERRNO(session().set_metadata("", "x"), EINVAL);
  EXPECT_ERRNO(session().set_metadata(std::string(65, 'k'), "x"), EINVAL);
  EXPECT_ERRNO(session().set_metadata("none", std::nullopt), ENODATA);
  for (int i = 1; i < 256; ++i)
    ASSERT_OK(session().set_metadata("k" + std::to_string(i), "x"));
  EXPECT_ERRNO(session().set_metadata("one-more", "x"), E2BIG);
  ASSERT_OK(session().set_metadata("run.id", std::nullopt));
  EXPECT_OK(session().set_metadata("one-more", "x"));
}

using Base = SessionTest;

TEST_F(Base, MovesAndWhatTheSessionDidNotChangeFollows) {
  // The second version of the same inodes: d gets a subdirectory and another mode, a another owner.
  ASSERT_OK(shell().mkdir("d/mine"));
  ASSERT_OK(shell().setattr("a", {.mode = 0600}));
  ASSERT_OK(shell().unlink("l"));
  const InodeId d = inode("d").id;
  const InodeId a = inode("a").id;
  const InodeId l = must(make_live_tree(context_.catalog)->lookup(InodeId::root, "l")).inode.id;

  auto transaction = must(context_.catalog->begin());
  const SeqNo next{raw(base()) + 1};
  InodeRecord theirs_d = *must(transaction->find_inode(base(), d));
  theirs_d.mode = S_IFDIR | 0700;
  theirs_d.nlink = 3;
  InodeRecord theirs_a = *must(transaction->find_inode(base(), a));
  theirs_a.uid = 42;
  InodeRecord sub = theirs_d;
  sub.id = must(context_.ids->next_inode());
  sub.nlink = 2;
  must(transaction->put_inode(next, theirs_d));
  must(transaction->put_inode(next, theirs_a));
  must(transaction->put_inode(next, sub));
  must(transaction->put_dirent(next, {d, "theirs"}, sub.id));
  must(transaction->remove_dirent(next, {InodeId::root, "l"}));
  must(transaction->remove_inode(next, l));
  VersionRecord version;
  version.seq_no = next;
  must(transaction->add_version(version, {}));
  must(transaction->commit());

  ASSERT_OK(session().move_base(next));
  EXPECT_EQ(session().base(), next);
  EXPECT_EQ(shell().brief(), "a=bytes d/ d/f=old d/mine/ d/theirs/");
  EXPECT_EQ(inode("d").nlink, 4U);
  EXPECT_EQ(inode("d").mode, S_IFDIR | 0700U);
  EXPECT_EQ(inode("a").mode, S_IFREG | 0600U);
  EXPECT_EQ(inode("a").uid, 42U);
  EXPECT_EQ(changed_names(), 1U);
}

TEST_F(Base, ThatLacksAChangedFileIsRefusedAndNothingMoves) {
  ASSERT_OK(shell().append("a", "+"));
  const SeqNo old = base();
  const SeqNo next = commit_base(BaseTree().file("other"));
  EXPECT_ERRNO(session().move_base(next), ECANCELED);
  EXPECT_EQ(session().base(), old);
  EXPECT_EQ(shell().brief(), "a=bytes+ d/ d/f=old l->a");
}

}  // namespace
}  // namespace commitfs::test
