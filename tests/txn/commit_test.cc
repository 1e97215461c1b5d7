#include "txn/commit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <condition_variable>
#include <future>
#include <mutex>

#include "meta/base/fault.h"
#include "tests/support/txn_table.h"

namespace commitfs::testing {
namespace {

class Commit : public ::testing::Test {
 protected:
  void TearDown() override { fault::set_handler({}); }
  TxnTable table;
};

TEST_F(Commit, MergesBytesOfOneWithAttributesOfTheOther) {
  table.setup([](Writer& w) { w.write("g", "base"); });
  Writer bytes = table.begin(), attributes = table.begin();
  bytes.write("g", "longer bytes");
  attributes.chmod("g", 0600).chown("g", 7, 8).set_xattr("g", "user.k", "v");
  table.commit_ok(attributes);
  table.commit_ok(bytes);
  const InodeRecord merged = table.stat("g");
  EXPECT_EQ(merged.mode & 07777, 0600u);
  EXPECT_EQ(merged.uid, 7u);
  EXPECT_EQ(merged.size_bytes, 12u);
  EXPECT_EQ(*table.context.catalog->find_xattr(table.head_seq_no(), merged.id, "user.k"), "v");
}

TEST_F(Commit, AttributesOfAFileThatAnEditorReplacedAreKept) {
  table.setup([](Writer& w) { w.write("g", "base"); });
  Writer editor = table.begin(), attributes = table.begin();
  editor.replace("g", "saved");
  attributes.chmod("g", 0600).set_xattr("g", "user.k", "v");
  table.commit_ok(attributes);
  table.commit_ok(editor);
  const InodeRecord merged = table.stat("g");
  EXPECT_EQ(merged.mode & 07777, 0600u);
  EXPECT_EQ(table.head(), (Contents{{"g", "saved"}}));
  EXPECT_EQ(*table.context.catalog->find_xattr(table.head_seq_no(), merged.id, "user.k"), "v");
}

TEST_F(Commit, NothingChangedMakesNoVersion) {
  const SeqNo before =
      table.setup([](Writer& w) { w.write("g", "base").touch("g", 5'000'000'000); });
  Writer reader = table.begin();
  reader.open_and_close("g").write("t", "x").rm("t");
  const CommitOutcome outcome = table.commit(reader);
  EXPECT_EQ(outcome.error, 0);
  EXPECT_FALSE(outcome.made_version);
  EXPECT_EQ(table.head_seq_no(), before);
  EXPECT_EQ(read_tree(reader.session(), *table.context.store), (Contents{{"g", "base"}}));
}

TEST_F(Commit, TimesAloneMakeNoVersionButGoAlongWithOne) {
  const SeqNo before = table.setup([](Writer& w) { w.write("g", "base").write("h", "base"); });
  Writer toucher = table.begin();
  toucher.touch("g", 5'000'000'000);
  table.commit_ok(toucher);
  EXPECT_EQ(table.head_seq_no(), before);
  Writer writer = table.begin();
  writer.touch("g", 6'000'000'000).write("h", "1");
  table.commit_ok(writer);
  EXPECT_EQ(table.stat("g").mtime_ns, 6'000'000'000);
}

TEST_F(Commit, AskedAgainAnswersTheSameVersion) {
  Writer writer = table.begin();
  writer.write("g", "1");
  const SeqNo version = table.commit_ok(writer);
  const CommitOutcome again = table.commit(writer);
  EXPECT_EQ(again.error, 0);
  EXPECT_EQ(again.version, version);
  EXPECT_EQ(table.head_seq_no(), version);
}

TEST_F(Commit, SameTokenAnswersTheFirstVersion) {
  Writer first = table.begin(), second = table.begin();
  first.write("g", "1");
  second.write("g", "2");
  ASSERT_TRUE(first.session().set_token("load-17"));
  ASSERT_TRUE(second.session().set_token("load-17"));
  const SeqNo version = table.commit_ok(first);
  const CommitOutcome outcome = table.commit(second);
  EXPECT_EQ(outcome.error, 0);
  EXPECT_EQ(outcome.version, version);
  EXPECT_FALSE(outcome.made_version);
  EXPECT_EQ(table.head(), (Contents{{"g", "1"}}));
  EXPECT_EQ(read_tree(second.session(), *table.context.store), (Contents{{"g", "1"}}));
}

TEST_F(Commit, FilesOpenForWritingAreNamed) {
  Writer writer = table.begin();
  writer.mkdir("d").write("d/f", "1");
  ASSERT_TRUE(tree::open_for_writing(writer.session(), writer.find("d/f"), false));
  const CommitOutcome busy = table.commit(writer);
  EXPECT_EQ(busy.error, EBUSY);
  EXPECT_THAT(busy.report->open_files, ::testing::ElementsAre("d/f"));
  tree::release_writer(writer.session(), writer.find("d/f"));
  EXPECT_EQ(table.commit(writer).error, 0);
}

TEST_F(Commit, AWriterThatClosesMeanwhileIsWaitedFor) {
  Writer writer = table.begin();
  writer.write("f", "1");
  const InodeId inode = writer.find("f");
  ASSERT_TRUE(tree::open_for_writing(writer.session(), inode, false));
  std::promise<CommitOutcome> promise;
  table.pipeline->submit(writer.shared(), "w", {},
                         [&](const CommitOutcome& outcome) { promise.set_value(outcome); });
  while (writer.session().state() == SessionState::open)
    std::this_thread::yield();
  tree::release_writer(writer.session(), inode);
  EXPECT_EQ(promise.get_future().get().error, 0);
}

TEST_F(Commit, AFailureBeforeTheCatalogLeavesTheSessionOpen) {
  Writer writer = table.begin();
  writer.write("f", "1");
  const SeqNo before = table.head_seq_no();
  for (const char* point :
       {"commit.before_seal", "commit.before_apply", "commit.before_catalog_commit"}) {
    fault::set_handler([&](std::string_view name) -> Result<void> {
      if (name == point) return fail(ENOSPC, "injected");
      return {};
    });
    const CommitOutcome outcome = table.commit(writer);
    EXPECT_EQ(outcome.error, ENOSPC) << point;
    EXPECT_EQ(writer.session().state(), SessionState::open);
    EXPECT_EQ(table.head_seq_no(), before);
  }
  fault::set_handler({});
  table.commit_ok(writer);
  EXPECT_EQ(table.head(), (Contents{{"f", "1"}}));
}

TEST_F(Commit, BytesTheDiskLostAreNotCommittedByASecondTryEither) {
  Writer writer = table.begin();
  writer.write("f", "1");
  fault::set_handler([](std::string_view name) -> Result<void> {
    if (name == "objects.seal") return fail(EIO, "a broken disk");
    return {};
  });
  EXPECT_EQ(table.commit(writer).error, EIO);
  fault::set_handler({});  // the disk reports a loss once
  const CommitOutcome again = table.commit(writer);
  EXPECT_EQ(again.error, EIO);
  EXPECT_THAT(again.report->reason, ::testing::HasSubstr("'f'"));
  writer.rm("f").write("f", "2");
  table.commit_ok(writer);
  EXPECT_EQ(table.head(), (Contents{{"f", "2"}}));
}

TEST_F(Commit, WhoeverWaitsSharesOneTransactionAndEachIsJudgedAlone) {
  table.setup([](Writer& w) { w.write("g", "base"); });
  std::vector<Writer> writers;
  for (int i = 0; i < 8; ++i)
    writers.push_back(table.begin("w" + std::to_string(i)));
  for (int i = 0; i < 8; ++i) {
    // The odd ones all want `g`; the even ones a file each.
    writers[static_cast<std::size_t>(i)].write(i % 2 == 1 ? "g" : "f" + std::to_string(i),
                                               std::to_string(i));
  }
  std::mutex mutex;
  std::condition_variable condition;
  bool open = false;
  std::atomic<int> transactions = 0;
  std::atomic<int> queued = 0;
  fault::set_handler([&](std::string_view name) -> Result<void> {
    if (name == "commit.queued") ++queued;
    if (name == "commit.before_catalog_commit") {
      ++transactions;
      std::unique_lock lock(mutex);
      condition.wait(lock, [&] { return open; });
    }
    return {};
  });
  std::vector<std::promise<CommitOutcome>> promises(8);
  for (std::size_t i = 0; i < 8; ++i) {
    table.pipeline->submit(
        writers[i].shared(), writers[i].session().name(), {},
        [&promises, i](const CommitOutcome& outcome) { promises[i].set_value(outcome); });
    if (i == 0) {
      while (transactions == 0)
        std::this_thread::yield();  // the first is committing; the others queue
    }
  }
  while (queued < 7)
    std::this_thread::yield();
  {
    std::lock_guard lock(mutex);
    open = true;
  }
  condition.notify_all();
  int landed = 0, refused = 0;
  for (auto& promise : promises) {
    const int error = promise.get_future().get().error;
    landed += error == 0;
    refused += error == ECANCELED;
  }
  EXPECT_EQ(landed, 5);
  EXPECT_EQ(refused, 3);
  EXPECT_EQ(transactions, 2);
  table.expect_consistent();
}

TEST_F(Commit, SlowPreparationsDelayNoOther) {
  constexpr std::size_t kSlow = 8;
  std::atomic<std::size_t> arrived = 0;
  std::promise<void> go;
  const auto gone = go.get_future().share();
  fault::set_handler([&](std::string_view name) -> Result<void> {
    if (name == "commit.before_seal" && ++arrived <= kSlow) gone.wait();
    return {};
  });
  std::vector<std::future<CommitOutcome>> slow;
  const auto submit = [this](const std::string& name) {
    auto promise = std::make_shared<std::promise<CommitOutcome>>();
    Writer writer = table.begin(name);
    writer.write(name, name);
    table.pipeline->submit(writer.shared(), name, {}, [promise](const CommitOutcome& outcome) {
      promise->set_value(outcome);
    });
    return promise->get_future();
  };
  for (std::size_t i = 0; i < kSlow; ++i)
    slow.push_back(submit("slow" + std::to_string(i)));
  auto quick = submit("quick");
  const bool in_time = quick.wait_for(std::chrono::seconds(20)) == std::future_status::ready;
  EXPECT_TRUE(in_time);
  EXPECT_EQ(table.head(), (Contents{{"quick", "quick"}}));
  go.set_value();
  for (auto& commit : slow)
    EXPECT_EQ(commit.get().error, 0);
  EXPECT_EQ(table.head().size(), kSlow + 1);
}

TEST_F(Commit, ATermThatWasRaisedFencesTheOldMount) {
  Writer writer = table.begin();
  writer.write("f", "1");
  auto transaction = table.context.catalog->begin();
  ASSERT_TRUE((*transaction)->raise_term());
  ASSERT_TRUE((*transaction)->commit());
  EXPECT_EQ(table.commit(writer).error, ESTALE);
  EXPECT_EQ(writer.session().state(), SessionState::open);
}

TEST_F(Commit, CheckSaysWhatACommitWouldSayAndChangesNothing) {
  table.setup([](Writer& w) { w.write("g", "base"); });
  Writer they = table.begin("they"), me = table.begin("me");
  they.write("g", "1");
  me.write("g", "2");
  EXPECT_FALSE((*table.pipeline->check(me.session()))->refused());
  const SeqNo head = table.commit_ok(they);
  const auto checked = *table.pipeline->check(me.session());
  EXPECT_EQ(table.head_seq_no(), head);
  EXPECT_EQ(me.session().state(), SessionState::open);
  EXPECT_EQ(checked->to_text(), table.commit(me).report->to_text());
}

TEST_F(Commit, BaseMovesForwardWhenNothingTouchedHasChanged) {
  table.setup([](Writer& w) { w.write("g", "base").mkdir("d"); });
  Writer me = table.begin(), they = table.begin();
  me.write("d/mine", "1");
  they.write("g", "new").write("d/theirs", "2").mkdir("d/sub");
  const SeqNo head = table.commit_ok(they);
  EXPECT_EQ(*table.pipeline->move_base_to_head(me.session()), head);
  EXPECT_EQ(me.session().base(), head);
  EXPECT_EQ(
      me.contents(),
      (Contents{{"d", "/"}, {"d/mine", "1"}, {"d/sub", "/"}, {"d/theirs", "2"}, {"g", "new"}}));
  EXPECT_EQ(me.session().attributes(me.find("d"))->inode.nlink, 3u);
  me.write("g", "after the move");
  table.commit_ok(me);
  table.expect_consistent();
}

TEST_F(Commit, BaseStaysWhenSomethingTouchedHasChanged) {
  const SeqNo base = table.setup([](Writer& w) { w.write("g", "base"); });
  Writer me = table.begin(), they = table.begin();
  me.write("g", "mine");
  they.write("g", "theirs");
  table.commit_ok(they);
  EXPECT_EQ(table.pipeline->move_base_to_head(me.session()).error().code, ECANCELED);
  EXPECT_EQ(me.session().base(), base);
  EXPECT_EQ(me.session().last_report()->conflicts.size(), 1u);
  EXPECT_EQ(me.session().state(), SessionState::open);
}

TEST_F(Commit, PublicationNamesWhatChangedAtTheHead) {
  table.setup([](Writer& w) { w.mkdir("d").write("d/f", "base").ln("d/f", "link"); });
  Publication seen;
  table.pipeline->set_publish_listener([&](const Publication& publication) { seen = publication; });
  Writer me = table.begin();
  const InodeId d = me.find("d"), f = me.find("d/f");
  me.write("d/f", "1").write("d/n", "2");
  const SeqNo version = table.commit_ok(me);
  EXPECT_EQ(seen.version, version);
  EXPECT_THAT(seen.dirents, ::testing::ElementsAre(DirentKey{d, "n"}));
  EXPECT_THAT(seen.contents, ::testing::ElementsAre(f));
  EXPECT_THAT(seen.content_links,
              ::testing::UnorderedElementsAre(DirentKey{d, "f"}, DirentKey{InodeId::root, "link"}));
  EXPECT_THAT(seen.attributes, ::testing::IsSupersetOf({d, f}));
}

TEST_F(Commit, AVersionThatWasReadStaysAsItWas) {
  const SeqNo first =
      table.setup([](Writer& w) { w.mkdir("d").write("d/f", "1").write("g", "1"); });
  const Contents before = table.at(first);
  table.setup([](Writer& w) { w.write("d/f", "2").rm("g").mv("d", "e").write("n", "3"); });
  table.setup([](Writer& w) { w.mkdir("d").write("d/f", "3").rm("e/f").rmdir("e"); });
  EXPECT_EQ(table.at(first), before);
  table.expect_consistent();
}

TEST_F(Commit, LinesOfTheChangeTableAreThePathsOfTheDiff) {
  table.setup([](Writer& w) { w.mkdir("d").write("d/f", "1").write("g", "1").write("h", "1"); });
  Writer me = table.begin();
  me.write("d/f", "2").rm("g").mv("h", "i").write("n", "3").chmod("d", 0700);
  const SeqNo version = table.commit_ok(me);
  std::vector<std::pair<ChangeKind, std::string>> changes;
  const auto recorded = table.context.catalog->list_changes(version);
  for (const ChangeRecord& change : *recorded) {
    changes.emplace_back(change.kind, change.old_path + ">" + change.path);
  }
  using Kind = ChangeKind;
  EXPECT_THAT(changes, ::testing::ElementsAre(
                           std::pair(Kind::attributes, ">d"), std::pair(Kind::modified, ">d/f"),
                           std::pair(Kind::deleted, ">g"), std::pair(Kind::renamed, "h>i"),
                           std::pair(Kind::added, ">n")));
  const VersionRecord record = **table.context.catalog->find_version(version);
  EXPECT_EQ(record.added, 1u);
  EXPECT_EQ(record.modified, 1u);
  EXPECT_EQ(record.deleted, 1u);
  EXPECT_EQ(record.renamed, 1u);
  EXPECT_EQ(record.attributes, 1u);
}

}  // namespace
}  // namespace commitfs::testing
