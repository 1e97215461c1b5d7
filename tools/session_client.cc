#include "tools/session_client.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "fs/commit_ioctl.h"
#include "tools/text.h"
#include "txn/text.h"

namespace commitfs {
namespace {

std::string control_path(const std::string& file) {
  return ".commitfs/" + file;
}

}  // namespace

Result<SessionClient> SessionClient::open(const std::filesystem::path& directory) {
  UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fail_on(directory, errno);
  std::error_code error;
  auto path = std::filesystem::canonical(directory, error);
  if (error) return fail_on(directory, error.value());
  return SessionClient(std::move(path), std::move(fd));
}

Result<void> SessionClient::set(const std::string& control, std::string_view value) const {
  const std::string path = control_path(control);
  const UniqueFd file(::openat(directory_.get(), path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
  const bool written =
      file && ::write(file.get(), value.data(), value.size()) == static_cast<ssize_t>(value.size());
  if (written) return {};
  const int code = errno;
  return fail(code, fmt::format("the mount does not take this {}: {}", control,
                                Error{code, printable(value)}.describe()));
}

Result<CommitAnswer> SessionClient::commit() const {
  CommitIoctl argument;
  const int result = ::ioctl(directory_.get(), kCommitIoctl, &argument);
  const int code = errno;
  if (result != 0 && argument.error == 0) {
    if (code == ENOTTY) return fail(code, path_.native() + " is not the directory of a session");
    return fail_on(path_, code);
  }
  return CommitAnswer{.error = argument.error,
                      .version = argument.seq_no,
                      .made_version = argument.made_version != 0};
}

std::string SessionClient::read(const std::string& file) const {
  const UniqueFd fd(::openat(directory_.get(), control_path(file).c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  std::array<char, 4096> buffer{};
  for (ssize_t count; fd && (count = ::read(fd.get(), buffer.data(), buffer.size())) > 0;) {
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return text;
}

bool has_report(int error) {
  // These are answered before the session is looked at, and leave the report of an earlier commit.
  return error != 0 && error != EACCES && error != EAGAIN && error != ENOENT;
}

}  // namespace commitfs
