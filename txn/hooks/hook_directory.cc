#include "txn/hooks/hook_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>

namespace commitfs::hooks {
namespace {

bool is_hook_name(std::string_view name) {
  const auto belongs = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  };
  return !name.starts_with('.') && !name.ends_with('.') && std::ranges::all_of(name, belongs);
}

Result<void> check_owner(const struct stat& found, uid_t owner, const std::filesystem::path& path) {
  const bool trusted = found.st_uid == owner || found.st_uid == 0;
  if (trusted && (found.st_mode & (S_IWGRP | S_IWOTH)) == 0) return {};
  return fail(EPERM, path.native() + " is not the table owner's alone");
}

}  // namespace

Result<std::vector<std::filesystem::path>> list_hooks(const std::filesystem::path& directory,
                                                      uid_t owner) {
  std::vector<std::filesystem::path> hooks;
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::opendir(directory.c_str()), ::closedir);
  if (stream == nullptr && errno == ENOENT) return hooks;
  if (stream == nullptr) return fail_errno("open " + directory.native());
  struct stat found{};
  if (::fstat(::dirfd(stream.get()), &found) != 0) return fail_errno("stat " + directory.native());
  TRY(check_owner(found, owner, directory));
  while (const dirent* entry = ::readdir(stream.get())) {
    if (!is_hook_name(entry->d_name)) continue;
    const auto path = directory / entry->d_name;
    if (::stat(path.c_str(), &found) != 0) return fail_errno("stat " + path.native());
    if (!S_ISREG(found.st_mode) || (found.st_mode & S_IXUSR) == 0) continue;
    TRY(check_owner(found, owner, path));
    hooks.push_back(path);
  }
  std::ranges::sort(hooks);
  return hooks;
}

}  // namespace commitfs::hooks
