#include "tools/daemonize.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>

#include "tools/verb.h"

namespace commitfs {
namespace {

struct Started {
  int status = -1;
  std::string out;
  std::string err;
};

Started start(const std::function<int(StartReport&)>& work) {
  Started started;
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  // Not std::exit: a test program's exit handlers are not for a forked copy of it.
  started.status =
      run_in_background([&work](StartReport& report) -> int { ::_exit(work(report)); });
  started.out = ::testing::internal::GetCapturedStdout();
  started.err = ::testing::internal::GetCapturedStderr();
  return started;
}

TEST(RunInBackground, AReadyChildIsSuccessAndItsMessageIsPrinted) {
  const Started started = start([](StartReport& report) {
    report.ready("adopted 2 files");
    return 0;
  });
  EXPECT_EQ(started.status, kSucceeded);
  EXPECT_EQ(started.out, "adopted 2 files\n");
  EXPECT_EQ(started.err, "");
}

TEST(RunInBackground, WithoutAMessageNothingIsPrinted) {
  const Started started = start([](StartReport& report) {
    report.ready("");
    return 0;
  });
  EXPECT_EQ(started.status, kSucceeded);
  EXPECT_EQ(started.out + started.err, "");
}

TEST(RunInBackground, AFailureIsItsSentenceOnStandardError) {
  const Started started = start([](StartReport& report) {
    report.failed("the table is bad");
    return 1;
  });
  EXPECT_EQ(started.status, kFailed);
  EXPECT_EQ(started.out, "");
  EXPECT_EQ(started.err, "commitfs: the table is bad\n");
}

TEST(RunInBackground, ALongSentenceArrivesWhole) {
  const std::string sentence(200'000, 'x');
  const Started started = start([&](StartReport& report) {
    report.failed(sentence);
    return 1;
  });
  EXPECT_EQ(started.err, "commitfs: " + sentence + "\n");
}

TEST(RunInBackground, AChildThatEndsWithoutAWordIsAFailure) {
  const Started started = start([](StartReport&) { return 3; });
  EXPECT_EQ(started.status, kFailed);
  EXPECT_EQ(started.err, "commitfs: the daemon ended with status 3 before it was ready\n");
}

TEST(RunInBackground, AChildThatIsKilledIsAFailure) {
  const Started started = start([](StartReport&) { return ::raise(SIGKILL); });
  EXPECT_EQ(started.status, kFailed);
  EXPECT_EQ(started.err,
            "commitfs: the daemon was ended by signal 9 (Killed) before it was ready\n");
}

TEST(RunInBackground, TheChildLeavesTheTerminalAndLivesOn) {
  int to_child[2], from_child[2];
  ASSERT_EQ(::pipe2(to_child, O_CLOEXEC), 0);
  ASSERT_EQ(::pipe2(from_child, O_CLOEXEC), 0);
  const Started started = start([&](StartReport& report) {
    report.ready("");
    char go = 0;
    if (::read(to_child[0], &go, 1) != 1) return 1;
    char directory[64] = {};
    const bool alone =
        ::getsid(0) == ::getpid() && ::getcwd(directory, sizeof directory) != nullptr;
    return ::write(from_child[1], alone ? directory : "?", 1) == 1 ? 0 : 1;
  });
  EXPECT_EQ(started.status, kSucceeded);
  ASSERT_EQ(::write(to_child[1], "g", 1), 1);
  char answer = 0;
  ASSERT_EQ(::read(from_child[0], &answer, 1), 1);
  EXPECT_EQ(answer, '/');
  for (const int fd : {to_child[0], to_child[1], from_child[0], from_child[1]})
    ::close(fd);
}

}  // namespace
}  // namespace commitfs
