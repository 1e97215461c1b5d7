// live/ follows every commit at once, whoever made it and whatever the kernel had cached.
#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <set>
#include <thread>

#include "tests/support/mount_fixture.h"
#include "tests/support/tree_listing.h"

namespace commitfs::test {
namespace {

constexpr int kRounds = 100;

class Live : public MountedTest {
 protected:
  std::string adopted() const override { return "mkdir d; echo 0 > d/f; echo 0 > other"; }

  /// A shell that commits when told to: starting a program for each round would hide a late
  /// invalidation. Reads numbers from `fifo`; for each runs `script` in a session ($1 is the
  /// number) and answers through the other.
  void start_committer(const std::string& script) {
    ok("mkfifo $SCRATCH/ask $SCRATCH/answer");
    committer_ = start(
        "exec 3<> $SCRATCH/ask 4<> $SCRATCH/answer; while read -u 3 n; do "
        "mkdir sessions/s; (cd sessions/s; set -- $n; " +
            script +
            "); "
            "mv sessions/s commit/ && echo $n >&4; done",
        std::chrono::seconds(60));
    ask_ = ::open((scratch() / "ask").c_str(), O_RDWR | O_CLOEXEC);
    answer_ = ::open((scratch() / "answer").c_str(), O_RDWR | O_CLOEXEC);
    ASSERT_GE(ask_, 0);
    ASSERT_GE(answer_, 0);
  }

  /// Returns when mv has returned.
  void commit_round(int number) {
    const std::string text = std::to_string(number) + "\n";
    ASSERT_EQ(::write(ask_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    char got[16] = {};
    ASSERT_GT(::read(answer_, got, sizeof got), 0);
    ASSERT_EQ(got, text);
  }

  void TearDown() override {
    committer_.reset();
    ::close(ask_);
    ::close(answer_);
    MountedTest::TearDown();
  }

  std::set<std::string> names(std::string_view directory) {
    std::set<std::string> result;
    DIR* stream = ::opendir(at(directory).c_str());
    if (stream == nullptr) return result;
    while (const dirent* entry = ::readdir(stream))
      result.insert(entry->d_name);
    ::closedir(stream);
    result.erase(".");
    result.erase("..");
    return result;
  }
  int error_of_stat(std::string_view path) {
    struct stat status{};
    return ::lstat(at(path).c_str(), &status) == 0 ? 0 : errno;
  }
  off_t size_of(std::string_view path) {
    struct stat status{};
    return ::lstat(at(path).c_str(), &status) == 0 ? status.st_size : -1;
  }

 private:
  std::unique_ptr<Background> committer_;
  int ask_ = -1;
  int answer_ = -1;
};
INSTANTIATE_IN_BOTH_MODES(Live);

TEST_P(Live, ContentAndSizeAreFreshWhenMvHasReturned) {
  start_committer("seq 1 $1 > d/f");
  for (int round = 1; round <= kRounds; ++round) {
    commit_round(round);
    if (HasFatalFailure()) return;
    const std::string text = read("live/d/f");
    ASSERT_EQ(std::count(text.begin(), text.end(), '\n'), round);
    ASSERT_EQ(size_of("live/d/f"), static_cast<off_t>(text.size()));
  }
}

TEST_P(Live, AMappingMadeAfterMvReturnedShowsTheNewBytes) {
  start_committer("printf '%08d' $1 > d/f");
  for (int round = 1; round <= kRounds; ++round) {
    commit_round(round);
    if (HasFatalFailure()) return;
    const int fd = ::open(at("live/d/f").c_str(), O_RDONLY | O_CLOEXEC);
    ASSERT_GE(fd, 0);
    void* map = ::mmap(nullptr, 8, PROT_READ, MAP_SHARED, fd, 0);
    ASSERT_NE(map, MAP_FAILED);
    EXPECT_EQ(std::atoi(std::string(static_cast<char*>(map), 8).c_str()), round);
    ::munmap(map, 8);
    ::close(fd);
  }
}

TEST_P(Live, NamesThatWereAbsentAppear) {
  start_committer("echo $1 > d/n$1");
  for (int round = 1; round <= kRounds; ++round) {
    const std::string path = "live/d/n" + std::to_string(round);
    ASSERT_EQ(error_of_stat(path), ENOENT);
    commit_round(round);
    if (HasFatalFailure()) return;
    ASSERT_EQ(error_of_stat(path), 0);
    ASSERT_EQ(names("live/d").size(), static_cast<std::size_t>(round) + 1);
  }
}

TEST_P(Live, NamesThatWereRemovedAreGone) {
  ok("mkdir sessions/p; cd sessions/p; for i in $(seq 100); do echo $i > d/n$i; done; "
     "cd ../..; mv sessions/p commit/");
  start_committer("rm d/n$1");
  for (int round = 1; round <= kRounds; ++round) {
    const std::string path = "live/d/n" + std::to_string(round);
    ASSERT_EQ(error_of_stat(path), 0);
    commit_round(round);
    if (HasFatalFailure()) return;
    ASSERT_EQ(error_of_stat(path), ENOENT);
    ASSERT_FALSE(names("live/d").contains("n" + std::to_string(round)));
  }
}

TEST_P(Live, RenamedDirectoriesAreFoundUnderTheirNewNameOnly) {
  start_committer("if [ -e d ]; then mv d e; else mv e d; fi");
  for (int round = 1; round <= kRounds; ++round) {
    const bool was_d = round % 2 == 1;
    ASSERT_EQ(read(was_d ? "live/d/f" : "live/e/f"), "0\n");
    commit_round(round);
    if (HasFatalFailure()) return;
    ASSERT_EQ(error_of_stat(was_d ? "live/d" : "live/e"), ENOENT);
    ASSERT_EQ(error_of_stat(was_d ? "live/d/f" : "live/e/f"), ENOENT);
    ASSERT_EQ(read(was_d ? "live/e/f" : "live/d/f"), "0\n");
    ASSERT_EQ(names("live"), (std::set<std::string>{was_d ? "e" : "d", "other"}));
  }
}

TEST_P(Live, ReplacedFilesAndChangedTypesAreFresh) {
  start_committer(
      "rm -rf x; case $(( $1 % 3 )) in 0) echo file > x;; 1) mkdir x;; "
      "2) ln -s other x;; esac");
  for (int round = 1; round <= kRounds; ++round) {
    commit_round(round);
    if (HasFatalFailure()) return;
    struct stat status{};
    ASSERT_EQ(::lstat(at("live/x").c_str(), &status), 0);
    const mode_t expected = round % 3 == 0 ? S_IFREG : round % 3 == 1 ? S_IFDIR : S_IFLNK;
    ASSERT_EQ(status.st_mode & static_cast<mode_t>(S_IFMT), expected) << "round " << round;
  }
}

TEST_P(Live, ModesAndOwnersAreFresh) {
  start_committer("chmod $(( 600 + $1 % 2 * 44 )) d/f; chown $1 d/f");
  for (int round = 1; round <= kRounds; ++round) {
    commit_round(round);
    if (HasFatalFailure()) return;
    struct stat status{};
    ASSERT_EQ(::lstat(at("live/d/f").c_str(), &status), 0);
    ASSERT_EQ(status.st_uid, static_cast<uid_t>(round));
    ASSERT_EQ(status.st_mode & 0777U, round % 2 == 1 ? 0644U : 0600U);
  }
}

TEST_P(Live, AReaderReadsTheBytesItOpenedAcrossTenCommits) {
  commit("first", "seq 1 200000 > big");
  const std::string sum = ok("seq 1 200000 | md5sum");
  EXPECT_EQ(ok("exec 3< live/big; head -c 100 <&3 > $SCRATCH/part; "
               "for i in $(seq 10); do mkdir sessions/s; seq $i 300000 > sessions/s/big; "
               "mv sessions/s commit/; done; cat <&3 >> $SCRATCH/part; md5sum < $SCRATCH/part"),
            sum);
}

TEST_P(Live, AMappedReaderKeepsItsBytesWhileTheFileIsReplacedAndRemoved) {
  commit("first", "seq 1 100000 > big");
  const int fd = ::open(at("live/big").c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  const auto size = static_cast<std::size_t>(size_of("live/big"));
  void* map = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
  ASSERT_NE(map, MAP_FAILED);
  ::close(fd);
  commit("second", "echo small > big");
  commit("third", "rm big");
  const std::string text(static_cast<char*>(map), size);
  ::munmap(map, size);
  EXPECT_TRUE(text.starts_with("1\n2\n"));
  EXPECT_TRUE(text.ends_with("\n100000\n"));
}

TEST_P(Live, ReadersNeverSeeTwoVersionsInOneFile) {
  commit("first", "yes 0000000 | head -n 20000 > f");
  std::atomic<bool> stop{false};
  std::atomic<int> mixtures{0};
  std::atomic<int> reads{0};
  std::thread reader([&] {
    while (!stop) {
      const std::string text = read("live/f");
      if (text.size() != 160000 || text.substr(0, 8) != text.substr(text.size() - 8)) ++mixtures;
      ++reads;
    }
  });
  for (int i = 1; i <= 40; ++i) {
    const std::string n = std::to_string(1000000 + i);
    commit("s" + n, "yes " + n + " | head -n 20000 > f");
  }
  EXPECT_TRUE(eventually([&] { return reads > 5; }));
  stop = true;
  reader.join();
  EXPECT_EQ(mixtures, 0);
}

TEST_P(Live, AWalkDuringCommitsNeverFails) {
  commit("first", "for i in $(seq 50); do mkdir d$i; echo $i > d$i/f; done");
  auto walker = start(
      "while [ ! -e $SCRATCH/stop ]; do find live -type f -exec cat {} + "
      ">/dev/null || exit 1; done",
      std::chrono::seconds(60));
  for (int i = 1; i <= 30; ++i) {
    commit("s" + std::to_string(i), "for i in $(seq 50); do echo new > d$i/f; done");
  }
  ok("touch $SCRATCH/stop");
  EXPECT_THAT(walker->finish(), Succeeded());
}

}  // namespace
}  // namespace commitfs::test
