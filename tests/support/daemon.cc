#include "tests/support/daemon.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

namespace commitfs::test {
namespace {

constexpr long kFuseSuperMagic = 0x65735546;
constexpr int kKilled = 128 + SIGKILL;

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

bool has_sanitizer_report(const std::string& text) {
  for (const char* mark : {"Sanitizer", "runtime error:", "terminate called", "Assertion"}) {
    if (text.find(mark) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

std::filesystem::path program() {
  const char* path = std::getenv("COMMITFS_PROGRAM");
  return path != nullptr ? path : COMMITFS_TEST_PROGRAM;
}

std::string why_no_mount() {
  const int fd = ::open("/dev/fuse", O_RDWR | O_CLOEXEC);
  if (fd < 0) return std::string("/dev/fuse: ") + std::strerror(errno);
  ::close(fd);
  return "";
}

Daemon::Daemon(std::filesystem::path directory)
    : directory_(std::move(directory)),
      table_(directory_ / "table"),
      mountpoint_(directory_ / "mnt"),
      log_(directory_ / "log"),
      error_output_(directory_ / "stderr") {
  std::filesystem::create_directories(table_);
  std::filesystem::create_directories(mountpoint_);
}

Daemon::~Daemon() {
  if (process_ == nullptr) return;
  process_->signal(SIGKILL);
  process_->wait(std::chrono::seconds(10));
  detach();
}

pid_t Daemon::pid() const {
  return process_ ? process_->pid() : -1;
}

bool Daemon::mount(const DaemonOptions& options) {
  std::vector<std::string> arguments = {program(), "mount", "-f", "--log-file", log_};
  if (!options.passthrough) arguments.insert(arguments.end(), {"-o", "no_passthrough"});
  for (const auto& option : options.options)
    arguments.insert(arguments.end(), {"-o", option});
  arguments.insert(arguments.end(), {table_, mountpoint_});

  const int output = ::open(error_output_.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
  // SIGTERM unmounts: a test program that dies leaves nothing mounted.
  process_ = std::make_unique<Process>(
      arguments, RunOptions{.directory = "/", .environment = options.environment}, output, output,
      SIGTERM);
  ::close(output);

  const bool ready =
      eventually([this] { return answers() || process_->wait(std::chrono::milliseconds(0)); },
                 std::chrono::seconds(20));
  const auto ended = process_->wait(std::chrono::milliseconds(0));
  if (ready && !ended) return true;
  problems_ += ended ? "the daemon ended at once, exit code " + std::to_string(*ended) + ": "
                     : "the mount does not answer: ";
  problems_ += read_text(error_output_) + "\n";
  process_->signal(SIGKILL);
  process_->wait(std::chrono::seconds(10));
  process_.reset();
  detach();
  return false;
}

bool Daemon::answers() const {
  struct statfs status{};
  return ::statfs(mountpoint_.c_str(), &status) == 0 && status.f_type == kFuseSuperMagic;
}

bool Daemon::is_mounted() const {
  // Not by asking the mount: it may hang.
  return read_text("/proc/self/mountinfo").find(" " + mountpoint_.native() + " ") !=
         std::string::npos;
}

void Daemon::unmount() {
  if (process_ == nullptr) return;
  if (is_mounted()) {
    const Output output = run({program(), "umount", mountpoint_},
                              {.directory = "/", .on_hang = [this] { abort_connection(); }});
    if (output.exit_code != 0) {
      std::ostringstream text;
      text << "commitfs umount failed: " << output << "\n";
      problems_ += text.str();
      abort_connection();
    }
  }
  if (!process_->wait(scaled(std::chrono::seconds(10)))) {
    problems_ += "the daemon did not end after the unmount\n";
    process_->signal(SIGABRT);
    process_->wait(std::chrono::seconds(5));
  }
  check_end(0);
  process_.reset();
  detach();
}

void Daemon::kill_hard() {
  if (process_ == nullptr) return;
  process_->signal(SIGKILL);
  await_death();
}

bool Daemon::await_death() {
  if (process_ == nullptr) return true;
  const bool ended = process_->wait(scaled(std::chrono::seconds(20))).has_value();
  if (!ended) process_->signal(SIGKILL);
  check_end(kKilled);
  process_.reset();
  detach();
  return ended;
}

void Daemon::abort_connection() {
  ::umount2(mountpoint_.c_str(), MNT_FORCE);
  detach();
}

void Daemon::detach() {
  // EINVAL: nothing is mounted there any more.
  while (::umount2(mountpoint_.c_str(), MNT_DETACH) == 0) {
  }
}

void Daemon::check_end(int expected_exit_code) {
  const int exit_code = process_->wait(std::chrono::seconds(10)).value_or(-1);
  const std::string text = read_text(error_output_);
  if (exit_code != expected_exit_code) {
    problems_ += "the daemon's exit code is " + std::to_string(exit_code) + ": " + text + "\n";
  } else if (has_sanitizer_report(text)) {
    problems_ += "the daemon reported: " + text + "\n";
  }
}

std::string Daemon::take_problems() {
  return std::exchange(problems_, "");
}

}  // namespace commitfs::test
