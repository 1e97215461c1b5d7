#include "txn/tree/acl.h"

#include <linux/posix_acl_xattr.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace commitfs::acl {
namespace {

constexpr std::size_t kHeaderBytes = 4;
constexpr std::size_t kEntryBytes = 8;
constexpr mode_t kAll = 07;
constexpr unsigned kUserShift = 6;
constexpr unsigned kGroupShift = 3;

/// Numbers are little-endian.
std::uint32_t read_number(std::string_view bytes) {
  std::uint32_t number = 0;
  for (std::size_t i = bytes.size(); i > 0; --i)
    number = number << 8 | static_cast<unsigned char>(bytes[i - 1]);
  return number;
}

void append_number(std::string& bytes, std::uint32_t number, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i)
    bytes += static_cast<char>(number >> 8 * i & 0xff);
}

bool is_tag(std::uint32_t tag) {
  constexpr std::array known{Tag::user_object, Tag::user, Tag::group_object,
                             Tag::group,       Tag::mask, Tag::other};
  return std::ranges::find(known, static_cast<Tag>(tag)) != known.end() && tag <= 0xff;
}

template <typename Entries>
auto find(Entries& list, Tag tag) -> decltype(&list.front()) {
  const auto found = std::ranges::find(list, tag, &Entry::tag);
  return found == list.end() ? nullptr : &*found;
}

/// What stands for the group in the mode.
template <typename Entries>
auto find_group_class(Entries& list) -> decltype(&list.front()) {
  const auto mask = find(list, Tag::mask);
  return mask != nullptr ? mask : find(list, Tag::group_object);
}

bool is_member(const Access& access, gid_t group) {
  return access.gid == group ||
         std::ranges::find(access.supplementary_groups, group) != access.supplementary_groups.end();
}

}  // namespace

Result<List> parse(std::string_view value) {
  const bool whole =
      value.size() >= kHeaderBytes && (value.size() - kHeaderBytes) % kEntryBytes == 0;
  if (!whole || read_number(value.substr(0, kHeaderBytes)) != POSIX_ACL_XATTR_VERSION)
    return fail(EINVAL, "not an access control list");
  List list;
  for (value.remove_prefix(kHeaderBytes); !value.empty(); value.remove_prefix(kEntryBytes)) {
    const std::uint32_t tag = read_number(value.substr(0, 2));
    if (!is_tag(tag)) return fail(EINVAL, "a tag that is unknown");
    list.push_back({.tag = static_cast<Tag>(tag),
                    .permissions = read_number(value.substr(2, 2)) & kAll,
                    .id = read_number(value.substr(4, 4))});
  }
  for (const Tag needed : {Tag::user_object, Tag::group_object, Tag::other}) {
    if (find(list, needed) == nullptr) return fail(EINVAL, "an access control list without a base");
  }
  return list;
}

std::string format(const List& list) {
  std::string value;
  append_number(value, POSIX_ACL_XATTR_VERSION, 4);
  for (const Entry& entry : list) {
    append_number(value, std::to_underlying(entry.tag), 2);
    append_number(value, entry.permissions, 2);
    append_number(value, entry.id, 4);
  }
  return value;
}

mode_t mode_of(const List& list) {
  return find(list, Tag::user_object)->permissions << kUserShift |
         find_group_class(list)->permissions << kGroupShift | find(list, Tag::other)->permissions;
}

bool is_minimal(const List& list) {
  return std::ranges::none_of(list, [](const Entry& entry) {
    return entry.tag == Tag::user || entry.tag == Tag::group || entry.tag == Tag::mask;
  });
}

void set_mode(List& list, mode_t mode) {
  find(list, Tag::user_object)->permissions = mode >> kUserShift & kAll;
  find_group_class(list)->permissions = mode >> kGroupShift & kAll;
  find(list, Tag::other)->permissions = mode & kAll;
}

void restrict(List& list, mode_t& mode) {
  const mode_t allowed = mode_of(list) & mode;
  set_mode(list, allowed);
  mode = (mode & ~mode_t{0777}) | allowed;
}

bool grants(const List& list, mode_t wanted, const Access& access) {
  const auto allows = [&](mode_t permissions) { return (permissions & wanted) == wanted; };
  if (access.uid == access.owner) return allows(find(list, Tag::user_object)->permissions);
  const Entry* mask = find(list, Tag::mask);
  const mode_t masked = mask != nullptr ? mask->permissions : kAll;
  for (const Entry& entry : list) {
    if (entry.tag == Tag::user && entry.id == access.uid) return allows(entry.permissions & masked);
  }
  bool in_a_group = false;
  for (const Entry& entry : list) {
    const bool own = entry.tag == Tag::group_object;
    if (!own && entry.tag != Tag::group) continue;
    if (!is_member(access, own ? access.group : entry.id)) continue;
    if (allows(entry.permissions & masked)) return true;
    in_a_group = true;
  }
  return !in_a_group && allows(find(list, Tag::other)->permissions);
}

}  // namespace commitfs::acl
