#include "fs/permission.h"

#include <algorithm>

#include "fs/request.h"

namespace commitfs::fs {

bool is_member(gid_t group, const Caller& caller, std::span<const gid_t> supplementary_groups) {
  return caller.gid == group ||
         std::ranges::find(supplementary_groups, group) != supplementary_groups.end();
}

bool acts_for_group(const Request& request, gid_t group) {
  const Caller caller = request.caller();
  if (caller.uid == 0 || caller.gid == group) return true;
  return is_member(group, caller, request.supplementary_groups());
}

bool may_access(const struct stat& file, mode_t wanted, const Caller& caller,
                std::span<const gid_t> supplementary_groups, const acl::List* list) {
  constexpr unsigned kGroupShift = 3;
  constexpr unsigned kUserShift = 6;
  if (caller.uid == 0) return true;
  if (list != nullptr) {
    return acl::grants(*list, wanted,
                       {.owner = file.st_uid,
                        .group = file.st_gid,
                        .uid = caller.uid,
                        .gid = caller.gid,
                        .supplementary_groups = supplementary_groups});
  }
  const auto allows = [&](unsigned shift) {
    return (file.st_mode & (wanted << shift)) == wanted << shift;
  };
  if (caller.uid == file.st_uid) return allows(kUserShift);
  return allows(is_member(file.st_gid, caller, supplementary_groups) ? kGroupShift : 0);
}

}  // namespace commitfs::fs
