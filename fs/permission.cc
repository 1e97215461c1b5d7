#include "fs/permission.h"

#include <algorithm>

namespace commitfs::fs {

bool may_access(const struct stat& file, mode_t wanted, const Caller& caller,
                std::span<const gid_t> supplementary_groups) {
  constexpr unsigned kGroupShift = 3;
  constexpr unsigned kUserShift = 6;
  if (caller.uid == 0) return true;
  const auto allows = [&](unsigned shift) {
    return (file.st_mode & (wanted << shift)) == wanted << shift;
  };
  if (caller.uid == file.st_uid) return allows(kUserShift);
  const bool in_group =
      caller.gid == file.st_gid ||
      std::ranges::find(supplementary_groups, file.st_gid) != supplementary_groups.end();
  return allows(in_group ? kGroupShift : 0);
}

}  // namespace commitfs::fs
