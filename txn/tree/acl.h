#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "meta/base/error.h"

/// POSIX access control lists as they are stored: values of extended attributes in the kernel's
/// format. The kernel decides access by them; keeping them in step with the mode, and their
/// inheritance, is the file system's. Pure functions.
/// Source: POSIX 1003.1e draft 17, section 23; acl(5).
namespace commitfs::acl {

inline constexpr std::string_view kAccess = "system.posix_acl_access";
inline constexpr std::string_view kDefault = "system.posix_acl_default";
inline bool is_name(std::string_view name) {
  return name == kAccess || name == kDefault;
}

enum class Tag : std::uint16_t {
  user_object = 0x01,
  user = 0x02,
  group_object = 0x04,
  group = 0x08,
  mask = 0x10,
  other = 0x20,
};

struct Entry {
  Tag tag = Tag::other;
  mode_t permissions = 0;  ///< of rwx, as for others
  std::uint32_t id = 0;    ///< of `user` and `group`
  bool operator==(const Entry&) const = default;
};
using List = std::vector<Entry>;

/// EINVAL unless it is a list that has an owner's, a group's and the others' entry.
Result<List> parse(std::string_view value);
std::string format(const List& list);

/// The nine bits that stat(2) shows: the group's are the mask where there is one.
mode_t mode_of(const List& list);
/// It says no more than a mode does.
bool is_minimal(const List& list);
/// chmod(2).
void set_mode(List& list, mode_t mode);
/// Of a new file that asked for `mode` and inherits `list`: what neither allows is taken from both.
void restrict(List& list, mode_t& mode);

/// The file the list is of, and who asks.
struct Access {
  uid_t owner = 0;
  gid_t group = 0;
  uid_t uid = 0;
  gid_t gid = 0;
  std::span<const gid_t> supplementary_groups;
};
/// True when it grants all of `wanted` (bits of rwx). Root is not asked about.
bool grants(const List& list, mode_t wanted, const Access& access);

}  // namespace commitfs::acl
