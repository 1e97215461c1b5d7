// Expiry against those who need what it takes: in an order that is forced, and in one that is drawn
// by lot. COMMITFS_ROUNDS says how many rounds, COMMITFS_SEED which.
#include <cerrno>
#include <cstdlib>
#include <map>

#include "tests/support/seed.h"
#include "tests/txn/past/expiry_fixture.h"
#include "txn/tags.h"

namespace commitfs::past {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ExpiryRaces : public ExpiryTest {
 protected:
  /// Calls `act` at the point, the first time that it is reached.
  void at(const std::string& point, std::function<void()> act) {
    fault::set_handler(
        [point, act = std::move(act), done = std::make_shared<std::atomic<bool>>(false)](
            std::string_view reached) -> Result<void> {
          if (reached == point && !done->exchange(true)) act();
          return {};
        });
  }
};

TEST_F(ExpiryRaces, WhoBeginsBeforeTheRemovalKeepsTheVersion) {
  make_versions(4);
  expiry_->set_use_probe([this](SeqNo version) {
    if (version == SeqNo{2}) must(manager_->begin("reader@2", kMaker));
    return false;
  });
  const auto summary = must(expiry_->expire(Retention{.keep_last = 1}));
  EXPECT_THAT(summary.in_use, ElementsAre(SeqNo{2}));
  EXPECT_THAT(versions(), ElementsAre(2, 4));
  expect_whole();
}

TEST_F(ExpiryRaces, WhoBeginsDuringTheRemovalIsToldThatTheVersionIsGone) {
  make_versions(4);
  std::future<bool> begun;
  at("expiry.before_commit", [&] {
    begun = std::async(std::launch::async,
                       [this] { return manager_->begin("late@2", kMaker).has_value(); });
  });
  must(expiry_->expire(Retention{.keep_last = 1}));
  EXPECT_FALSE(begun.get());
  EXPECT_THAT(versions(), ElementsAre(4));
}

TEST_F(ExpiryRaces, ATagBeforeTheRemovalKeepsTheVersion) {
  make_versions(4);
  expiry_->set_use_probe([this](SeqNo version) {
    if (version == SeqNo{3}) must(Tags(context_).add("good", "2", kMaker));
    return false;
  });
  EXPECT_THAT(must(expiry_->expire(Retention{.keep_last = 1})).in_use, ElementsAre(SeqNo{2}));
  EXPECT_THAT(versions(), ElementsAre(2, 4));
  expect_whole();
}

TEST_F(ExpiryRaces, ATagDuringTheRemovalIsRefused) {
  make_versions(4);
  std::future<bool> tagged;
  at("expiry.before_commit", [&] {
    tagged = std::async(std::launch::async,
                        [this] { return Tags(context_).add("good", "2", kMaker).has_value(); });
  });
  must(expiry_->expire(Retention{.keep_last = 1}));
  EXPECT_FALSE(tagged.get());
  EXPECT_THAT(must(context_.catalog->list_tags("", 10)), IsEmpty());
  EXPECT_THAT(versions(), ElementsAre(4));
}

TEST_F(ExpiryRaces, ACommitBetweenTwoStepsLosesNothing) {
  for (const char* point : {"expiry.pruned", "expiry.forgotten"}) {
    SCOPED_TRACE(point);
    const std::uint64_t before = versions().back();
    make_versions(before + 3);
    at(point, [this] { make_versions(versions().back() + 1); });
    must(expiry_->expire(Retention{.keep_last = 1}));
    EXPECT_THAT(versions(), ElementsAre(before + 3, before + 4));
    expect_whole();
  }
}

/// Rounds in which others do something at each step of an expiry; afterwards what they need must be
/// there.
class ExpiryRounds : public ExpiryRaces {
 protected:
  using Files = std::map<std::string, ObjectId>;

  void play(std::mt19937& engine) {
    engine_ = &engine;
    for (std::size_t made = 1 + below(4); made > 0; --made)
      commit_one();
    const SeqNo read = any_version();
    expiry_->set_use_probe([&](SeqNo version) {
      if (below(3) == 0) act(false);
      return version == read;
    });
    fault::set_handler([&](std::string_view point) -> Result<void> {
      if (!point.starts_with("expiry.") || below(2) == 0) return {};
      // Whoever needs a lock of the removal's waits until that is done.
      act(point == "expiry.before_commit" || point == "expiry.removed");
      return {};
    });
    const auto force = below(8) == 0 ? Force::yes : Force::no;
    must(expiry_->expire(Retention{.keep_last = 1 + below(4)}, force));
    fault::set_handler({});
    for (auto& other : others_)
      other.get();
    others_.clear();
    ASSERT_TRUE(must(context_.catalog->find_version(read))) << raw(read);
    ASSERT_NO_FATAL_FAILURE(expect_nothing_needed_is_gone());
    ASSERT_NO_FATAL_FAILURE(end_sessions(force));
    must(expiry_->collect());
    ASSERT_THAT(must(context_.catalog->list_unnamed_objects(10)), IsEmpty());
    ASSERT_NO_FATAL_FAILURE(expect_nothing_needed_is_gone());
    drop_some_tags();
  }

 private:
  std::size_t below(std::size_t count) { return (*engine_)() % count; }

  SeqNo any_version() {
    const auto all = versions();
    return SeqNo{all[below(all.size())]};
  }
  static Files files_of(Tree& tree) {
    Files files;
    for (const auto& entry : must(tree.list(InodeId::root, "", 1000)))
      files[entry.name] = entry.attributes.inode.object;
    return files;
  }

  /// Of some files each version has others than the one before.
  void commit_one() {
    const auto session = must(manager_->begin("writer", kMaker));
    for (const std::string name : {"a", "b", "c", "d", "e", "f"}) {
      if (below(2) == 0) continue;
      if (session->lookup(InodeId::root, name)) must(tree::unlink(*session, InodeId::root, name));
      if (below(4) != 0) write(*session, name);
    }
    write(*session, "v" + std::to_string(++names_));
    if (names_ > 3) (void)tree::unlink(*session, InodeId::root, "v" + std::to_string(names_ - 3));
    commit("writer");
    const SeqNo head = must(context_.catalog->head_seq_no());
    committed_[head] = files_of(*make_snapshot_tree(context_.catalog, head));
  }

  void act(bool beside) {
    const std::string number = std::to_string(raw(any_version()));
    std::function<void()> what;
    switch (below(beside ? 2 : 3)) {
      case 0:
        what = [this, name = "s" + std::to_string(++begun_) + "@" + number] {
          (void)manager_->begin(name, kMaker);
        };
        break;
      case 1:
        what = [this, number] { (void)Tags(context_).add("t" + number, number, kMaker); };
        break;
      default:
        what = [this] { commit_one(); };
    }
    if (!beside) return what();
    others_.push_back(std::async(std::launch::async, std::move(what)));
  }

  void expect_whole(SeqNo version) {
    const auto found = committed_.find(version);
    ASSERT_TRUE(must(context_.catalog->find_version(version))) << raw(version);
    if (found == committed_.end()) return;  // the adoption
    ASSERT_EQ(files_of(*make_snapshot_tree(context_.catalog, version)), found->second)
        << raw(version);
    for (const auto& [name, object] : found->second)
      ASSERT_OK(context_.store->stat(object)) << raw(version) << "/" << name;
  }
  void expect_nothing_needed_is_gone() {
    for (const std::uint64_t number : versions())
      ASSERT_NO_FATAL_FAILURE(expect_whole(SeqNo{number}));
    for (const TagRecord& tag : must(context_.catalog->list_tags("", 1000)))
      ASSERT_NO_FATAL_FAILURE(expect_whole(tag.seq_no));
  }

  /// A base that is gone was taken by force, and the commit says so.
  void end_sessions(Force force) {
    for (const auto& session : manager_->list()) {
      const bool lost = !must(context_.catalog->find_version(session->base()));
      ASSERT_TRUE(!lost || force == Force::yes) << session->name();
      if (!lost) {
        ASSERT_EQ(files_of(*session), committed_[session->base()]) << session->name();
      }
      ASSERT_EQ(try_commit(session->name()).error, lost ? ESTALE : 0);
      if (lost) must(manager_->discard(session->name(), kMaker));
    }
  }

  void drop_some_tags() {
    for (const TagRecord& tag : must(context_.catalog->list_tags("", 1000))) {
      if (below(2) == 0) must(Tags(context_).remove(tag.name));
    }
  }

  std::mt19937* engine_ = nullptr;
  std::map<SeqNo, Files> committed_;
  std::vector<std::future<void>> others_;
  int names_ = 0;
  int begun_ = 0;
};

TEST_F(ExpiryRounds, NothingThatIsNeededIsEverGone) {
  const char* given = std::getenv("COMMITFS_ROUNDS");
  const int rounds = given != nullptr ? std::atoi(given) : 200;
  test::Seed seed;
  for (int round = 0; round < rounds; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    ASSERT_NO_FATAL_FAILURE(play(seed.engine));
  }
}

}  // namespace
}  // namespace commitfs::past
