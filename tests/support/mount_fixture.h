#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/daemon.h"
#include "tests/support/process.h"

namespace commitfs::test {

/// Who moves the bytes: the kernel, from the object's file, or the daemon.
enum class IoMode { passthrough, ordinary };
std::string to_string(IoMode mode);
std::string io_mode_name(const ::testing::TestParamInfo<IoMode>& parameter);

/// A test with a table of its own, mounted. Each has its own directory and daemon, so that tests
/// run side by side. Skips with the reason where nothing can be mounted. After each test the daemon
/// must have ended with exit code 0 and reported nothing, also when the test failed.
class MountFixture : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  virtual IoMode mode() const = 0;
  /// What the table directory holds before it is mounted first: a shell script that runs in it.
  /// Nothing by default.
  virtual std::string adopted() const { return ""; }
  /// False: the test mounts by itself.
  virtual bool mounts_at_once() const { return true; }

  void mount(std::vector<std::string> environment = {}, std::vector<std::string> options = {});
  void remount_after_kill();

  /// Runs a bash script. It begins in the mount; $MOUNT, $TABLE, $SCRATCH and $COMMITFS are set.
  Output sh(std::string_view script, std::chrono::milliseconds timeout = std::chrono::seconds(20));
  /// The same as another user (nobody).
  Output sh_as_nobody(std::string_view script);
  /// Output of a script that must succeed, without the last newline.
  std::string ok(std::string_view script,
                 std::chrono::milliseconds timeout = std::chrono::seconds(20));
  std::unique_ptr<Background> start(std::string_view script,
                                    std::chrono::milliseconds timeout = std::chrono::seconds(20));
  /// Runs `script` in a new session `name` and commits it. Must succeed.
  void commit(const std::string& name, std::string_view script);
  /// Runs `script` in a new session `name`, without a commit. Must succeed.
  void session(const std::string& name, std::string_view script);
  /// The whole content of a file below the mount; "errno: …" when it cannot be read.
  std::string read(const std::filesystem::path& path) const;
  std::string head();  ///< number of the newest version, as text

  std::filesystem::path at(std::string_view path) const { return daemon_->mountpoint() / path; }
  const std::filesystem::path& scratch() const { return scratch_; }
  Daemon& daemon() { return *daemon_; }

 private:
  RunOptions run_options(std::chrono::milliseconds timeout);

  std::filesystem::path directory_;
  std::filesystem::path scratch_;
  std::unique_ptr<Daemon> daemon_;
};

/// A fixture for tests that run in both modes: TEST_P and INSTANTIATE_IN_BOTH_MODES.
class MountedTest : public MountFixture, public ::testing::WithParamInterface<IoMode> {
 protected:
  IoMode mode() const override { return GetParam(); }
};

#define INSTANTIATE_IN_BOTH_MODES(suite)                                            \
  INSTANTIATE_TEST_SUITE_P(Mounted, suite,                                          \
                           ::testing::Values(::commitfs::test::IoMode::passthrough, \
                                             ::commitfs::test::IoMode::ordinary),   \
                           ::commitfs::test::io_mode_name)

MATCHER(Succeeded, "is a success") {
  return arg.exit_code == 0 && !arg.timed_out;
}

/// Ended by itself with an exit code other than 0 and `text` on stderr.
MATCHER_P(FailedWith, text, "failed with \"" + std::string(text) + "\" on stderr") {
  return arg.exit_code > 0 && arg.exit_code < 126 && !arg.timed_out &&
         arg.err.find(text) != std::string::npos;
}

}  // namespace commitfs::test
