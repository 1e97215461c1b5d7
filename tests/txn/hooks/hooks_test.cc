#include "txn/hooks/hooks.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include <fstream>

#include "meta/base/posix.h"
#include "tests/support/result.h"
#include "tests/support/temporary_directory.h"
#include "txn/hooks/commit_description.h"
#include "txn/hooks/hook_directory.h"

namespace commitfs::hooks {
namespace {

using test::must;
using ::testing::HasSubstr;

class HooksTest : public ::testing::Test {
 protected:
  std::filesystem::path script(const std::string& name, const std::string& body,
                               mode_t mode = 0700) const {
    const auto path = directory_.path() / name;
    std::ofstream(path) << "#!/bin/sh\n" << body << "\n";
    ::chmod(path.c_str(), mode);
    return path;
  }
  HookExit run_script(const std::string& body, std::string_view input = "",
                      std::chrono::milliseconds timeout = std::chrono::seconds(30)) const {
    return must(run({.program = script("hook", body),
                     .working_directory = directory_.path(),
                     .environment = {"GREETING=hello"},
                     .input = input,
                     .timeout = timeout}));
  }
  /// Hooks whose pre-commit directory is the test's own.
  Hooks hooks() const {
    return Hooks({.pre_commit = directory_.path(),
                  .post_commit = directory_.path() / "post",
                  .table = directory_.path()});
  }

  test::TemporaryDirectory directory_;
};

TEST_F(HooksTest, AProcessGetsInputDirectoryAndEnvironmentAndIsHeard) {
  const HookExit exit = run_script("cat; pwd; echo $GREETING >&2; exit 3", "input\n");
  EXPECT_EQ(exit.output, "input\n" + directory_.path().native() + "\nhello\n");
  EXPECT_EQ(exit.exit_code, 3);
  EXPECT_FALSE(exit.passed());
}

TEST_F(HooksTest, AProcessHasNoDescriptorOfOursWhenItEntersItsDirectory) {
  const UniqueFd ours =
      must(posix::open_at(AT_FDCWD, directory_.path(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const auto entered = run({.program = script("hook", "exit 0"),
                            .working_directory = "/proc/self/fd/" + std::to_string(ours.get()),
                            .environment = {},
                            .input = "",
                            .timeout = std::chrono::seconds(30)});
  EXPECT_ERRNO(entered, ENOENT);
}

TEST_F(HooksTest, AProcessNeedNotReadItsInput) {
  const std::string much(4 << 20, 'x');
  EXPECT_TRUE(run_script("exit 0", much).passed());
  EXPECT_EQ(run_script("head -c 3", much).output, "xxx");
}

TEST_F(HooksTest, MuchOutputIsCut) {
  const HookExit exit = run_script("head -c 3000000 /dev/zero | tr '\\0' x");
  EXPECT_EQ(exit.output, std::string(HookExit::kOutputMaxBytes, 'x'));
  EXPECT_TRUE(exit.passed());
}

TEST_F(HooksTest, AProcessThatTakesTooLongIsKilledWithItsChildren) {
  const HookExit exit = run_script("(while :; do sleep 0.1; done) & echo $! > child; wait", "",
                                   std::chrono::milliseconds(300));
  EXPECT_TRUE(exit.timed_out);
  pid_t child = 0;
  std::ifstream(directory_.path() / "child") >> child;
  ASSERT_GT(child, 0);
  // Its parent is gone, so that somebody else reaps it, a moment later: a zombie runs no more.
  const auto runs = [&] {
    std::string line;
    std::getline(std::ifstream("/proc/" + std::to_string(child) + "/stat"), line);
    return !line.empty() && line.find(") Z ") == std::string::npos;
  };
  while (runs()) {
  }
}

TEST_F(HooksTest, ASignalIsNoSuccess) {
  EXPECT_EQ(run_script("kill -TERM $$").exit_code, 128 + SIGTERM);
}

TEST_F(HooksTest, AProcessLeftBehindIsNotWaitedFor) {
  EXPECT_TRUE(run_script("sleep 300 & exit 0").passed());
  run_script("pkill -f 'sleep 300' || true");
}

TEST_F(HooksTest, OnlyExecutablesWithPlainNamesAreHooksInOrderOfName) {
  script("20-second", "");
  script("10-first.sh", "");
  script("no-exec", "", 0600);
  script("backup~", "");
  script(".hidden", "");
  std::filesystem::create_directory(directory_.path() / "directory");
  const auto found = must(list_hooks(directory_.path(), ::geteuid()));
  EXPECT_THAT(found, ::testing::ElementsAre(directory_.path() / "10-first.sh",
                                            directory_.path() / "20-second"));
  EXPECT_TRUE(must(list_hooks(directory_.path() / "absent", 0)).empty());
}

TEST_F(HooksTest, AHookThatOthersMayWriteIsRefused) {
  script("hook", "", 0722);
  const auto found = list_hooks(directory_.path(), ::geteuid());
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, EPERM);
}

TEST_F(HooksTest, AHookOfAnotherUserIsRefused) {
  const auto hook = script("hook", "");
  if (::chown(hook.c_str(), 65534, 65534) != 0) GTEST_SKIP() << "chown needs root";
  ASSERT_FALSE(list_hooks(directory_.path(), ::geteuid()));
}

TEST_F(HooksTest, TheFirstThatRefusesEndsItAndIsNamedWithItsOutput) {
  script("1-agrees", "echo fine");
  script("2-refuses", "echo too many rows; exit 1");
  script("3-never-runs", "touch ran");
  const auto objection = hooks().refuse_commit({}, {});
  ASSERT_TRUE(objection);
  EXPECT_THAT(*objection, HasSubstr("2-refuses ended with status 1"));
  EXPECT_THAT(*objection, HasSubstr("too many rows"));
  EXPECT_FALSE(std::filesystem::exists(directory_.path() / "ran"));
}

TEST_F(HooksTest, AHookThatCannotRunRefuses) {
  std::ofstream(directory_.path() / "broken") << "#!/no/such/shell\n";
  ::chmod((directory_.path() / "broken").c_str(), 0700);
  EXPECT_THAT(hooks().refuse_commit({}, {}).value_or(""), HasSubstr("could not be run"));
}

TEST_F(HooksTest, TheCommitIsDescribedAsJson) {
  script("hook", "cat > seen");
  VersionRecord commit;
  commit.session = "nightly";
  commit.base = SeqNo{7};
  commit.message = "load \xff";
  commit.metadata = {{"run", "12"}};
  const std::vector<ChangeRecord> changes = {
      {.kind = ChangeKind::renamed, .path = "b", .old_path = "a"},
      {.kind = ChangeKind::deleted, .path = "c", .is_directory = true}};
  EXPECT_EQ(hooks().refuse_commit(commit, changes), std::nullopt);
  const auto seen = nlohmann::json::parse(std::ifstream(directory_.path() / "seen"));
  EXPECT_EQ(seen["session"], "nightly");
  EXPECT_EQ(seen["base"], 7);
  EXPECT_TRUE(seen["version"].is_null());
  EXPECT_EQ(seen["message"], "load \\xff");
  EXPECT_EQ(seen["metadata"]["run"], "12");
  EXPECT_EQ(seen["changes"][0]["kind"], "R");
  EXPECT_EQ(seen["changes"][0]["old_path"], "a");
  EXPECT_EQ(seen["changes"][1]["directory"], true);
  EXPECT_EQ(seen["omitted"], 0);
}

TEST_F(HooksTest, OfVeryManyChangesTheFirstAreTold) {
  const std::vector<ChangeRecord> changes(kMaxChanges + 5, ChangeRecord{.path = "p"});
  const auto told = nlohmann::json::parse(describe_commit("pre-commit", {}, changes));
  EXPECT_EQ(told["changes"].size(), kMaxChanges);
  EXPECT_EQ(told["omitted"], 5);
}

}  // namespace
}  // namespace commitfs::hooks
