#include "tests/support/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ostream>
#include <thread>

#ifndef COMMITFS_TEST_TIME_FACTOR
#define COMMITFS_TEST_TIME_FACTOR 1
#endif

namespace commitfs::test {
namespace {

using std::chrono::milliseconds;

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::abort();
}

int time_factor() {
  static const int factor = [] {
    const char* text = std::getenv("COMMITFS_TEST_TIME_FACTOR");
    const int value = text != nullptr ? std::atoi(text) : 0;
    return value > 0 ? value : COMMITFS_TEST_TIME_FACTOR;
  }();
  return factor;
}

int memory_file(const char* name) {
  const int fd = ::memfd_create(name, MFD_CLOEXEC);
  if (fd < 0) die("memfd_create");
  return fd;
}

std::string contents(int fd) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) die("fstat of captured output");
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  const ssize_t got = ::pread(fd, text.data(), text.size(), 0);
  text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return text;
}

/// The caller's environment with `changes` over it.
std::vector<std::string> merged_environment(const std::vector<std::string>& changes) {
  std::vector<std::string> merged;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const auto name = text.substr(0, text.find('=') + 1);
    bool replaced = false;
    for (const auto& change : changes)
      replaced = replaced || change.starts_with(name);
    if (!replaced) merged.emplace_back(text);
  }
  merged.insert(merged.end(), changes.begin(), changes.end());
  return merged;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (auto& string : strings)
    result.push_back(string.data());
  result.push_back(nullptr);
  return result;
}

Output finish_process(Process& process, const RunOptions& options, int out, int err) {
  Output output;
  auto code = process.wait(scaled(options.timeout));
  if (!code) {
    output.timed_out = true;
    process.signal_group(SIGKILL);
    code = process.wait(std::chrono::seconds(5));
  }
  if (!code && options.on_hang) {
    options.on_hang();
    code = process.wait(std::chrono::seconds(5));
  }
  output.exit_code = code.value_or(-1);
  output.out = contents(out);
  output.err = contents(err);
  return output;
}

}  // namespace

milliseconds scaled(milliseconds limit) {
  return limit * time_factor();
}

bool eventually(const std::function<bool()>& condition, milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + scaled(limit);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(milliseconds(3));
  }
  return true;
}

std::ostream& operator<<(std::ostream& stream, const Output& output) {
  stream << "exit code " << output.exit_code << (output.timed_out ? " (timed out)" : "");
  if (!output.out.empty()) stream << "\nstdout: " << output.out;
  if (!output.err.empty()) stream << "\nstderr: " << output.err;
  return stream;
}

Process::Process(const std::vector<std::string>& arguments, const RunOptions& options, int out,
                 int err, int signal_with_parent) {
  auto argument_strings = arguments;
  auto environment_strings = merged_environment(options.environment);
  const auto argument_pointers = pointers(argument_strings);
  const auto environment_pointers = pointers(environment_strings);
  const std::string directory = options.directory;
  const pid_t parent = ::getpid();

  pid_ = ::fork();
  if (pid_ < 0) die("fork");
  if (pid_ > 0) {
    ::setpgid(pid_, pid_);  // both do it, so that neither depends on who is first
    return;
  }
  // Only async-signal-safe calls from here: the parent may have threads.
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, signal_with_parent);
  if (::getppid() != parent) ::_exit(127);
  const int null = ::open("/dev/null", O_RDONLY);
  ::dup2(null, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  if (!directory.empty() && ::chdir(directory.c_str()) != 0) ::_exit(126);
  ::execvpe(argument_pointers[0], argument_pointers.data(), environment_pointers.data());
  ::_exit(127);
}

Process::~Process() {
  if (exit_code_) return;
  signal_group(SIGKILL);
  wait(std::chrono::seconds(10));
}

std::optional<int> Process::wait(milliseconds limit) {
  if (exit_code_) return exit_code_;
  const int handle = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  if (handle < 0) die("pidfd_open");
  pollfd waiting{.fd = handle, .events = POLLIN, .revents = 0};
  const int ready = ::poll(&waiting, 1, static_cast<int>(limit.count()));
  ::close(handle);
  if (ready <= 0) return std::nullopt;
  int status = 0;
  if (::waitpid(pid_, &status, 0) != pid_) die("waitpid");
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return exit_code_;
}

void Process::signal(int number) {
  if (!exit_code_) ::kill(pid_, number);
}

void Process::signal_group(int number) {
  if (!exit_code_) ::kill(-pid_, number);
}

Output run(const std::vector<std::string>& arguments, const RunOptions& options) {
  return Background(arguments, options).finish();
}

Background::Background(const std::vector<std::string>& arguments, RunOptions options)
    : options_(std::move(options)),
      out_(memory_file("stdout")),
      err_(memory_file("stderr")),
      process_(arguments, options_, out_, err_, SIGKILL) {}

Background::~Background() {
  ::close(out_);
  ::close(err_);
}

bool Background::running() {
  return !process_.wait(milliseconds(0));
}

Output Background::finish() {
  return finish_process(process_, options_, out_, err_);
}

}  // namespace commitfs::test
