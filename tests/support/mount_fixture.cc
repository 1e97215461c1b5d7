#include "tests/support/mount_fixture.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>

namespace commitfs::test {
namespace {

namespace fs = std::filesystem;

/// On a real disk: beside the program, or where $COMMITFS_TEST_DIR says.
fs::path test_directory_base() {
  const char* chosen = std::getenv("COMMITFS_TEST_DIR");
  fs::path base = chosen != nullptr ? fs::path(chosen) : program().parent_path() / "mounted_tests";
  fs::create_directories(base);
  return base;
}

fs::path make_test_directory() {
  std::string pattern = test_directory_base() / "t.XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) throw fs::filesystem_error(pattern, {});
  ::chmod(pattern.c_str(), 0755);  // other users take part in some tests
  return pattern;
}

std::string last_lines(const fs::path& path, std::size_t count) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);)
    lines.push_back(line);
  std::string text;
  for (std::size_t i = lines.size() - std::min(count, lines.size()); i < lines.size(); ++i) {
    text += lines[i] + "\n";
  }
  return text;
}

}  // namespace

std::string to_string(IoMode mode) {
  return mode == IoMode::passthrough ? "passthrough" : "ordinary";
}

std::string io_mode_name(const ::testing::TestParamInfo<IoMode>& parameter) {
  return to_string(parameter.param);
}

void MountFixture::SetUp() {
  if (const auto reason = why_no_mount(); !reason.empty()) GTEST_SKIP() << reason;
  directory_ = make_test_directory();
  scratch_ = directory_ / "scratch";
  fs::create_directory(scratch_);
  daemon_ = std::make_unique<Daemon>(directory_);
  const Output filled = run({"bash", "-ec", adopted()}, {.directory = daemon_->table()});
  ASSERT_THAT(filled, Succeeded());
  if (mounts_at_once()) mount();
}

void MountFixture::TearDown() {
  if (daemon_ == nullptr) return;
  daemon_->unmount();
  const std::string problems = daemon_->take_problems();
  EXPECT_EQ(problems, "");
  if (HasFailure()) {
    std::cerr << "end of the daemon's log:\n" << last_lines(daemon_->log(), 40);
    if (std::getenv("COMMITFS_KEEP") != nullptr) {
      std::cerr << "kept: " << directory_ << "\n";
      return;
    }
  }
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

void MountFixture::mount(std::vector<std::string> environment, std::vector<std::string> options) {
  const bool mounted = daemon_->mount({.passthrough = mode() == IoMode::passthrough,
                                       .options = std::move(options),
                                       .environment = std::move(environment)});
  ASSERT_TRUE(mounted) << daemon_->take_problems();
}

void MountFixture::remount_after_kill() {
  daemon_->kill_hard();
  ASSERT_EQ(daemon_->take_problems(), "");
  mount();
}

RunOptions MountFixture::run_options(std::chrono::milliseconds timeout) {
  return {.directory = daemon_->running() ? daemon_->mountpoint() : scratch_,
          .environment = {"LC_ALL=C", "HOME=" + scratch_.string(),
                          "MOUNT=" + daemon_->mountpoint().string(),
                          "TABLE=" + daemon_->table().string(), "SCRATCH=" + scratch_.string(),
                          "COMMITFS=" + program().string()},
          .timeout = timeout,
          .on_hang = [this] { daemon_->abort_connection(); }};
}

Output MountFixture::sh(std::string_view script, std::chrono::milliseconds timeout) {
  return run({"bash", "-c", std::string(script)}, run_options(timeout));
}

Output MountFixture::sh_as_nobody(std::string_view script) {
  return run({"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-c",
              std::string(script)},
             run_options(std::chrono::seconds(20)));
}

std::string MountFixture::ok(std::string_view script, std::chrono::milliseconds timeout) {
  Output output = run({"bash", "-ec", std::string(script)}, run_options(timeout));
  EXPECT_THAT(output, Succeeded()) << script;
  if (output.out.ends_with('\n')) output.out.pop_back();
  return output.out;
}

std::unique_ptr<Background> MountFixture::start(std::string_view script,
                                                std::chrono::milliseconds timeout) {
  return std::make_unique<Background>(std::vector<std::string>{"bash", "-c", std::string(script)},
                                      run_options(timeout));
}

void MountFixture::session(const std::string& name, std::string_view script) {
  ok("mkdir sessions/" + name + "; cd sessions/" + name + "\n" + std::string(script));
}

void MountFixture::commit(const std::string& name, std::string_view script) {
  session(name, script);
  ok("mv sessions/" + name + " commit/");
}

std::string MountFixture::read(const std::filesystem::path& path) const {
  std::ifstream file(at(path.native()), std::ios::binary);
  if (!file) return std::string("errno: ") + std::strerror(errno);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string MountFixture::head() {
  return ok("readlink snapshots/latest");
}

}  // namespace commitfs::test
