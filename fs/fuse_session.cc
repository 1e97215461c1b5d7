#include "fs/fuse_session.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

#include "fs/mount_state.h"
#include "fs/operations.h"

namespace commitfs::fs {
namespace {

constexpr std::string_view kFileSystemType = "fuse.commitfs";

// What libfuse says of itself goes to our log.
void log_from_fuse(enum fuse_log_level level, const char* format, va_list arguments) {
  std::array<char, 1024> line{};
  std::vsnprintf(line.data(), line.size(), format, arguments);
  std::string_view text(line.data());
  while (text.ends_with('\n'))
    text.remove_suffix(1);
  if (level <= FUSE_LOG_ERR) {
    spdlog::warn("libfuse: {}", text);
  } else {
    spdlog::debug("libfuse: {}", text);
  }
}

/// A value inside libfuse's comma-separated options.
std::string escape_option(std::string_view value) {
  std::string escaped;
  for (const char c : value) {
    if (c == ',' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

/// As mountinfo writes paths: space, tab, newline and backslash in octal.
std::string escape_mountinfo(std::string_view path) {
  std::string escaped;
  for (const char c : path) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\\') {
      escaped += fmt::format("\\{:03o}", static_cast<unsigned char>(c));
    } else {
      escaped += c;
    }
  }
  return escaped;
}

/// See proc_pid_mountinfo(5): the fifth field is the mount point, the type follows a lone "-". The
/// last mount there counts.
bool is_our_mount(const std::string& path) {
  const std::string wanted = escape_mountinfo(path);
  std::ifstream mounts("/proc/self/mountinfo");
  bool ours = false;
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream fields(line);
    std::string field;
    for (int i = 0; i < 5; ++i)
      fields >> field;
    if (field != wanted) continue;
    while (fields >> field && field != "-") {
    }
    ours = fields >> field && field == kFileSystemType;
  }
  return ours;
}

class Arguments {
 public:
  Arguments(const MountOptions& options, const std::string& table) {
    add("commitfs");
    std::string list = "default_permissions,subtype=commitfs,fsname=" + escape_option(table);
    if (options.allow_other) list += ",allow_other";
    add("-o");
    add(list);
    if (options.debug) add("-d");
  }
  ~Arguments() { fuse_opt_free_args(&arguments_); }
  Arguments(const Arguments&) = delete;
  Arguments& operator=(const Arguments&) = delete;

  fuse_args* get() { return &arguments_; }

 private:
  void add(const std::string& argument) { fuse_opt_add_arg(&arguments_, argument.c_str()); }
  fuse_args arguments_ = FUSE_ARGS_INIT(0, nullptr);
};

}  // namespace

Result<void> check_mount_point(const std::filesystem::path& mountpoint) {
  std::error_code error;
  const auto real = std::filesystem::weakly_canonical(mountpoint, error);
  if (!error && is_our_mount(real)) {
    return fail(EBUSY, fmt::format("{} is already a mount point of commitfs", mountpoint.native()));
  }
  struct stat found{};
  if (::stat(mountpoint.c_str(), &found) != 0) {
    const int code = errno;
    return fail(code,
                fmt::format("cannot mount on {}: {}", mountpoint.native(), std::strerror(code)));
  }
  if (!S_ISDIR(found.st_mode)) {
    return fail(ENOTDIR, fmt::format("{} is not a directory", mountpoint.native()));
  }
  return {};
}

Result<FuseSession> FuseSession::mount(Mount& mount, const std::filesystem::path& mountpoint) {
  fuse_set_log_func(log_from_fuse);
  Arguments arguments(mount.options, mount.table.directory().native());
  FuseSession session(
      fuse_session_new(arguments.get(), &operations(), sizeof(fuse_lowlevel_ops), &mount));
  if (session.get() == nullptr) return fail(EIO, "libfuse does not take its options");
  errno = 0;
  if (fuse_session_mount(session.get(), mountpoint.c_str()) != 0) {
    const int code = errno != 0 ? errno : EIO;
    return fail(code,
                fmt::format("cannot mount on {}: {}", mountpoint.native(), std::strerror(code)));
  }
  return session;
}

FuseSession::~FuseSession() {
  if (session_ == nullptr) return;
  fuse_session_unmount(session_);
  fuse_session_destroy(session_);
}

}  // namespace commitfs::fs
