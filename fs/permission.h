#pragma once

#include <sys/stat.h>

#include <span>

#include "txn/session.h"
#include "txn/tree/acl.h"

namespace commitfs::fs {

class Request;

bool is_member(gid_t group, const Caller& caller, std::span<const gid_t> supplementary_groups);

/// The caller is in the group, or is root, who may act for any. Asks for the supplementary groups
/// only when they matter.
bool acts_for_group(const Request& request, gid_t group);

/// What access(2) says by mode and owner, and by the access control list if there is one, for what
/// the kernel does not check itself: it does so for every request that goes by a name. `wanted` are
/// bits of others' class (S_IROTH, S_IWOTH, S_IXOTH). Root may always. Whoever is in the owner's
/// class is not looked at as one of the others.
bool may_access(const struct stat& file, mode_t wanted, const Caller& caller,
                std::span<const gid_t> supplementary_groups, const acl::List* list = nullptr);

}  // namespace commitfs::fs
