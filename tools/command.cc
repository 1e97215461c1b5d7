#include "tools/command.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "meta/base/error.h"
#include "meta/base/unique_fd.h"
#include "tools/private_mount.h"

namespace commitfs {
namespace {

std::vector<char*> to_arguments(const std::vector<std::string>& words) {
  std::vector<char*> arguments;
  for (const std::string& word : words)
    arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  return arguments;
}

Result<void> enter(const Command& command) {
  if (command.at) TRY(mount_privately(command.directory, *command.at));
  const std::filesystem::path& directory = command.at ? *command.at : command.directory;
  if (::chdir(directory.c_str()) != 0) return fail_errno("enter " + directory.native());
  return {};
}

/// Never returns. What fails before the program runs is written to `failures` as an exit status and
/// a sentence.
[[noreturn]] void become(const Command& command, const CommandSignals& signals, int failures) {
  const auto give_up = [failures](int exit_status, const Error& error) {
    const std::string text = static_cast<char>(exit_status) + error.describe();
    (void)!::write(failures, text.data(), text.size());
    ::_exit(exit_status);
  };
  for (const auto& [name, value] : command.environment)
    ::setenv(name.c_str(), value.c_str(), 1);
  if (const auto entered = enter(command); !entered) give_up(kExitOwnFailure, entered.error());
  signals.restore_in_child();
  ::execvp(command.words.front().c_str(), to_arguments(command.words).data());
  const int code = errno;
  give_up(code == ENOENT ? kExitNotFound : kExitCannotRun, Error{code, command.words.front()});
  ::abort();
}

std::string read_all(int fd) {
  std::string text;
  char buffer[512];
  for (ssize_t count; (count = ::read(fd, buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(count));
  return text;
}

}  // namespace

CommandEnd run_command(const Command& command, CommandSignals& signals) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return {kExitOwnFailure, Error{errno, "pipe"}.describe()};
  const UniqueFd reading(ends[0]);
  UniqueFd writing(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) return {kExitOwnFailure, Error{errno, "fork"}.describe()};
  if (child == 0) become(command, signals, writing.get());
  writing.reset();
  // Closed by exec: then there is nothing to read.
  const std::string failure = read_all(reading.get());
  const int status = signals.wait_for(child);
  if (!failure.empty()) return {static_cast<unsigned char>(failure[0]), failure.substr(1)};
  if (WIFSIGNALED(status)) return {kExitBySignal + WTERMSIG(status), {}};
  return {WEXITSTATUS(status), {}};
}

}  // namespace commitfs
