#include "tools/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <optional>

namespace commitfs {
namespace {

using ::testing::HasSubstr;

CommandEnd run(std::vector<std::string> words) {
  CommandSignals signals;
  return run_command({.words = std::move(words), .directory = "/", .at = {}, .environment = {}},
                     signals);
}

CommandEnd run_shell(const std::string& script) {
  return run({"sh", "-c", script});
}

TEST(RunCommand, AnswersItsExitStatus) {
  EXPECT_EQ(run_shell("exit 0").exit_status, 0);
  EXPECT_EQ(run_shell("exit 7").exit_status, 7);
  EXPECT_EQ(run_shell("kill -KILL $$").exit_status, 128 + SIGKILL);
  EXPECT_EQ(run_shell("exit 7").failure, "");
}

TEST(RunCommand, SaysWhyItNeverRan) {
  const CommandEnd missing = run({"/nonexistent/program"});
  EXPECT_EQ(missing.exit_status, 127);
  EXPECT_THAT(missing.failure, HasSubstr("/nonexistent/program"));
  EXPECT_EQ(run({"/etc/passwd"}).exit_status, 126);
  CommandSignals signals;
  const CommandEnd nowhere = run_command(
      {.words = {"true"}, .directory = "/nonexistent", .at = {}, .environment = {}}, signals);
  EXPECT_EQ(nowhere.exit_status, 125);
  EXPECT_THAT(nowhere.failure, HasSubstr("/nonexistent"));
}

TEST(RunCommand, GivesDirectoryAndEnvironment) {
  CommandSignals signals;
  const CommandEnd end = run_command({.words = {"sh", "-c", "[ \"$PWD$WORD\" = /tmpw ]"},
                                      .directory = "/tmp",
                                      .at = {},
                                      .environment = {{"WORD", "w"}}},
                                     signals);
  EXPECT_EQ(end.exit_status, 0);
}

TEST(RunCommand, PassesASignalOnAndRemembersIt) {
  CommandSignals signals;
  const CommandEnd end = run_command(
      {.words = {"sh", "-c", "trap 'exit 9' TERM; kill -TERM $PPID; while :; do sleep 0.01; done"},
       .directory = "/",
       .at = {},
       .environment = {}},
      signals);
  EXPECT_EQ(end.exit_status, 9);
  EXPECT_EQ(signals.asked_to_end(), SIGTERM);
  EXPECT_FALSE(signals.sleep(std::chrono::hours(1)));
}

TEST(RunCommand, AUserSignalIsNoRequestToEnd) {
  CommandSignals signals;
  const CommandEnd end = run_command(
      {.words = {"sh", "-c", "trap 'exit 9' USR1; kill -USR1 $PPID; while :; do sleep 0.01; done"},
       .directory = "/",
       .at = {},
       .environment = {}},
      signals);
  EXPECT_EQ(end.exit_status, 9);
  EXPECT_EQ(signals.asked_to_end(), std::nullopt);
  EXPECT_TRUE(signals.sleep(std::chrono::milliseconds(1)));
}

TEST(RunCommand, SignalsTheCallerIgnoresStayIgnored) {
  ::signal(SIGINT, SIG_IGN);
  {
    CommandSignals signals;
    ::raise(SIGINT);
    EXPECT_TRUE(signals.sleep(std::chrono::milliseconds(20)));
  }
  ::signal(SIGINT, SIG_DFL);
}

}  // namespace
}  // namespace commitfs
