#include "fs/permission.h"

#include <algorithm>

namespace commitfs::fs {

bool may_change_names(const struct stat& directory, const Caller& caller,
                      std::span<const gid_t> supplementary_groups) {
  if (caller.uid == 0) return true;
  const auto allows = [&](mode_t bits) { return (directory.st_mode & bits) == bits; };
  if (caller.uid == directory.st_uid) return allows(S_IWUSR | S_IXUSR);
  const bool in_group =
      caller.gid == directory.st_gid ||
      std::ranges::find(supplementary_groups, directory.st_gid) != supplementary_groups.end();
  if (in_group) return allows(S_IWGRP | S_IXGRP);
  return allows(S_IWOTH | S_IXOTH);
}

}  // namespace commitfs::fs
