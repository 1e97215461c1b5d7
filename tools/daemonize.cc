#include "tools/daemonize.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>

#include "meta/base/error.h"
#include "tools/verb.h"

namespace commitfs {
namespace {

constexpr char kReady = 'r';
constexpr char kFailure = 'f';

void redirect_to_null(std::initializer_list<int> streams) {
  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null) return;
  for (const int stream : streams)
    ::dup2(null.get(), stream);
}

std::string read_to_end(int fd) {
  std::string text;
  char buffer[4096];
  for (;;) {
    const ssize_t count = ::read(fd, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(count));
  }
}

[[noreturn]] void run_child(const std::function<int(StartReport&)>& work, UniqueFd pipe) {
  StartReport report(std::move(pipe));
  redirect_to_null({STDIN_FILENO});
  // The one who started us may be gone when we report.
  std::signal(SIGPIPE, SIG_IGN);
  int status = kFailed;
  try {
    status = work(report);
  } catch (const std::exception& exception) {
    report.failed(fmt::format("internal error: {}", exception.what()));
  }
  std::exit(status);
}

int explain_silence(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status)) {
    return fail_with(fmt::format("the daemon was ended by signal {} ({}) before it was ready",
                                 WTERMSIG(status), ::strsignal(WTERMSIG(status))));
  }
  return fail_with(
      fmt::format("the daemon ended with status {} before it was ready", WEXITSTATUS(status)));
}

}  // namespace

void StartReport::ready(const std::string& message) {
  if (!pipe_) return;
  ::setsid();
  if (::chdir("/") != 0) return failed("chdir /: " + std::string(::strerror(errno)));
  redirect_to_null({STDOUT_FILENO, STDERR_FILENO});
  send(kReady, message);
}

void StartReport::failed(const std::string& sentence) {
  send(kFailure, sentence);
}

void StartReport::send(char kind, const std::string& text) {
  if (!pipe_) return;
  const std::string message = kind + text;
  std::size_t sent = 0;
  while (sent < message.size()) {
    const ssize_t count = ::write(pipe_.get(), message.data() + sent, message.size() - sent);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) break;
    sent += static_cast<std::size_t>(count);
  }
  pipe_.reset();
}

int run_in_background(const std::function<int(StartReport&)>& work) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_with(fail_errno("pipe").error().describe());
  UniqueFd from_child(ends[0]), to_parent(ends[1]);
  // What is buffered would be written twice.
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child < 0) return fail_with(fail_errno("fork").error().describe());
  if (child == 0) {
    from_child.reset();
    run_child(work, std::move(to_parent));
  }
  to_parent.reset();
  const std::string report = read_to_end(from_child.get());
  if (report.empty()) return explain_silence(child);
  const std::string text = report.substr(1);
  if (report.front() == kFailure) {
    // The child gives back what it holds before anyone tries again.
    ::waitpid(child, nullptr, 0);
    return fail_with(text);
  }
  if (!text.empty()) fmt::print("{}\n", text);
  return kSucceeded;
}

}  // namespace commitfs
