#include "tools/private_mount.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include "meta/base/unique_fd.h"

namespace commitfs {
namespace {

Result<void> write_file(const char* path, const std::string& text) {
  const UniqueFd file(::open(path, O_WRONLY | O_CLOEXEC));
  if (!file || ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return fail_errno(std::string("write ") + path);
  }
  return {};
}

Result<void> enter_namespaces() {
  if (::unshare(CLONE_NEWNS) == 0) return {};
  if (errno != EPERM) return fail_errno("unshare mounts");
  const uid_t uid = ::geteuid();
  const gid_t gid = ::getegid();
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return fail_errno("unshare user and mounts");
  // See user_namespaces(7): the group map of an ordinary user needs the first line.
  TRY(write_file("/proc/self/setgroups", "deny"));
  TRY(write_file("/proc/self/uid_map", fmt::format("{} {} 1", uid, uid)));
  TRY(write_file("/proc/self/gid_map", fmt::format("{} {} 1", gid, gid)));
  return {};
}

}  // namespace

Result<void> mount_privately(const std::filesystem::path& source,
                             const std::filesystem::path& target) {
  TRY(enter_namespaces());
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return fail_errno("make mounts private");
  }
  if (::mount(source.c_str(), target.c_str(), nullptr, MS_BIND, nullptr) != 0) {
    return fail_errno(fmt::format("mount {} on {}", source.native(), target.native()));
  }
  return {};
}

}  // namespace commitfs
