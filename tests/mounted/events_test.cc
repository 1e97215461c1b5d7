// `.commitfs/events`: who waits for commits, and how that ends.
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <thread>

#include "meta/base/unique_fd.h"
#include "tests/support/mount_fixture.h"

namespace commitfs::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Events : public MountedTest {
 protected:
  std::string adopted() const override { return "echo 1 > a"; }

  UniqueFd open_events(int flags = 0) const {
    return UniqueFd(::open(at(".commitfs/events").c_str(), O_RDONLY | O_CLOEXEC | flags));
  }
  /// Waits until so many reads of events are waiting in the daemon.
  bool waiting(int count) {
    const std::string line = "commitfs_fuse_waiting_for_events " + std::to_string(count) + "\n";
    return eventually([&] { return read(".commitfs/metrics").contains(line); },
                      std::chrono::seconds(60));
  }
  /// One read(2), at most `size` bytes. "errno: N" when it fails.
  static std::string read_some(const UniqueFd& events, std::size_t size = 65536) {
    std::string bytes(size, '\0');
    const ssize_t count = ::read(events.get(), bytes.data(), bytes.size());
    if (count < 0) return "errno: " + std::to_string(errno);
    bytes.resize(static_cast<std::size_t>(count));
    return bytes;
  }
  static std::vector<int> versions_in(const std::string& lines) {
    std::vector<int> versions;
    std::istringstream stream(lines);
    for (std::string line; std::getline(stream, line);)
      versions.push_back(nlohmann::json::parse(line).at("seq_no"));
    return versions;
  }
  static bool is_readable(const UniqueFd& events, int timeout_ms) {
    pollfd poll{.fd = events.get(), .events = POLLIN, .revents = 0};
    return ::poll(&poll, 1, timeout_ms) == 1 && (poll.revents & POLLIN) != 0;
  }
  void commit_file(const std::string& name) { commit(name, "echo " + name + " > " + name); }
};
INSTANTIATE_IN_BOTH_MODES(Events);

TEST_P(Events, AReadWaitsForTheNextCommitAndTellsIt) {
  const auto reader = start("IFS= read -r line < .commitfs/events; echo \"$line\"");
  ASSERT_TRUE(waiting(1));
  commit("load", "echo 2 > b; echo 'nightly load' > .commitfs/message");
  const auto event = nlohmann::json::parse(reader->finish().out);
  EXPECT_EQ(event.at("seq_no"), 2);
  EXPECT_EQ(event.at("session"), "load");
  EXPECT_EQ(event.at("user"), ok("id -un"));
  EXPECT_EQ(event.at("operation"), "write");
  EXPECT_EQ(event.at("message"), "nightly load");
  EXPECT_EQ(event.dump(), nlohmann::json::parse(ok("$COMMITFS log -n 1 --json $TABLE")).dump());
}

TEST_P(Events, OneOpenMissesNoCommitBetweenTwoReads) {
  const UniqueFd events = open_events();
  ASSERT_TRUE(events);
  for (const char* name : {"b", "c", "d"})
    commit_file(name);
  EXPECT_THAT(versions_in(read_some(events)), ElementsAre(2, 3, 4));
  commit_file("e");
  EXPECT_THAT(versions_in(read_some(events)), ElementsAre(5));
}

TEST_P(Events, ALineMayBeReadInPieces) {
  const UniqueFd events = open_events();
  commit_file("b");
  commit_file("c");
  std::string text;
  while (std::ranges::count(text, '\n') < 2)
    text += read_some(events, 7);
  EXPECT_THAT(versions_in(text), ElementsAre(2, 3));
}

TEST_P(Events, WhoIsFarBehindHearsOfAllInOrder) {
  const UniqueFd events = open_events();
  ok("for i in $(seq 150); do mkdir sessions/s && echo $i > sessions/s/a && mv sessions/s commit/ "
     "|| exit 1; done",
     std::chrono::seconds(60));
  std::string text;
  while (std::ranges::count(text, '\n') < 150)
    text += read_some(events);
  std::vector<int> expected;
  for (int version = 2; version <= 151; ++version)
    expected.push_back(version);
  EXPECT_EQ(versions_in(text), expected);
}

TEST_P(Events, WhatWasThereBeforeTheOpenIsNotTold) {
  commit_file("b");
  const UniqueFd events = open_events(O_NONBLOCK);
  EXPECT_EQ(read_some(events), "errno: " + std::to_string(EAGAIN));
  commit_file("c");
  ASSERT_TRUE(is_readable(events, 20'000));
  EXPECT_THAT(versions_in(read_some(events)), ElementsAre(3));
  EXPECT_EQ(read_some(events), "errno: " + std::to_string(EAGAIN));
}

TEST_P(Events, GoingBackAndAChangeOfTheRulesAreToldToo) {
  const UniqueFd events = open_events();
  commit_file("b");
  ok("mv snapshots/1 commit/");
  ok("echo 'isolation = serializable' >> .commitfs/config");
  std::string text;
  while (std::ranges::count(text, '\n') < 3)
    text += read_some(events);
  EXPECT_THAT(versions_in(text), ElementsAre(2, 3, 4));
  EXPECT_THAT(text, HasSubstr("\"operation\":\"restore\""));
  EXPECT_THAT(text, HasSubstr("\"operation\":\"config\""));
}

TEST_P(Events, AVersionThatWasRemovedMeanwhileLeavesAGapThatIsTold) {
  const UniqueFd events = open_events();
  commit_file("b");
  commit_file("c");
  ok("mv snapshots/2 discard/");
  const std::string text = read_some(events);
  EXPECT_THAT(text, HasSubstr("{\"seq_no\":2,\"expired\":true}\n"));
  EXPECT_THAT(versions_in(text), ElementsAre(2, 3));
}

TEST_P(Events, CanBeWaitedForWithPoll) {
  const UniqueFd events = open_events();
  EXPECT_FALSE(is_readable(events, 0));
  std::thread committer([this] { commit_file("b"); });
  EXPECT_TRUE(is_readable(events, 60'000));
  committer.join();
  EXPECT_THAT(versions_in(read_some(events)), ElementsAre(2));
  EXPECT_FALSE(is_readable(events, 0));
}

TEST_P(Events, CannotBeSoughtOrWritten) {
  const UniqueFd events = open_events();
  EXPECT_EQ(::lseek(events.get(), 0, SEEK_SET), -1);
  EXPECT_EQ(errno, ESPIPE);
  EXPECT_THAT(sh("echo x > .commitfs/events"), FailedWith(""));
}

TEST_P(Events, AReaderIsEndedByASignal) {
  for (const int number : {SIGINT, SIGTERM, SIGKILL}) {
    const auto reader = start("exec cat .commitfs/events");
    ASSERT_TRUE(waiting(1));
    reader->process().signal(number);
    EXPECT_EQ(reader->finish().exit_code, 128 + number);
    EXPECT_TRUE(waiting(0));
  }
}

TEST_P(Events, ASignalInterruptsAReadAndLosesNothing) {
  struct sigaction action{};
  struct sigaction before{};
  action.sa_handler = [](int) {};
  ASSERT_EQ(::sigaction(SIGUSR2, &action, &before), 0);
  const UniqueFd events = open_events();
  std::string first;
  std::thread reader([&] { first = read_some(events); });
  ASSERT_TRUE(waiting(1));
  ::pthread_kill(reader.native_handle(), SIGUSR2);
  reader.join();
  ::sigaction(SIGUSR2, &before, nullptr);
  EXPECT_EQ(first, "errno: " + std::to_string(EINTR));
  commit_file("b");
  EXPECT_THAT(versions_in(read_some(events)), ElementsAre(2));
}

TEST_P(Events, AHundredReadersStopNobody) {
  // By a pipe: of what many write at once to an unnamed file of memory some is lost.
  const auto readers = start(
      "(for i in $(seq 100); do (IFS= read -r line < .commitfs/events; echo \"$line\") & done; "
      "wait) | cat",
      std::chrono::seconds(60));
  ASSERT_TRUE(waiting(100));
  commit("s", "seq 1000 > b; mkdir d; cp b d/c; cat a b > e; cat .commitfs/diff");
  EXPECT_EQ(ok("wc -l < live/d/c"), "1000");
  const Output told = readers->finish();
  EXPECT_THAT(told, Succeeded());
  EXPECT_EQ(versions_in(told.out), std::vector<int>(100, 2));
}

TEST_P(Events, ATerminatedDaemonEndsTheFileForAll) {
  const auto readers = start("cat .commitfs/events & cat .commitfs/events; wait");
  ASSERT_TRUE(waiting(2));
  ::kill(daemon().pid(), SIGTERM);
  const Output ended = readers->finish();
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_EQ(ended.out + ended.err, "");
  EXPECT_TRUE(daemon().await_death());
  daemon().take_problems();
}

TEST_P(Events, UnmountEndsTheFileForThoseWhoOnlyWait) {
  const auto reader = start("exec 3< .commitfs/events; cd /; echo > $SCRATCH/in; cat <&3");
  ASSERT_TRUE(waiting(1));
  commit_file("b");
  EXPECT_THAT(sh("cd /; $COMMITFS umount $MOUNT"), Succeeded());
  const Output ended = reader->finish();
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_THAT(versions_in(ended.out), ElementsAre(2));
}

TEST_P(Events, AMountThatIsBusyOtherwiseKeepsItsReaders) {
  const auto reader = start("exec 3< .commitfs/events; cd /; cat <&3");
  ASSERT_TRUE(waiting(1));
  EXPECT_THAT(sh("$COMMITFS umount $MOUNT"), FailedWith("is busy"));
  EXPECT_TRUE(waiting(1));
  reader->process().signal(SIGKILL);
}

}  // namespace
}  // namespace commitfs::test
