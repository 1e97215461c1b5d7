// Extended attributes and access control lists.
#include <fcntl.h>
#include <linux/posix_acl_xattr.h>
#include <sys/xattr.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "tests/mounted/parity/observe.h"
#include "tests/mounted/parity/runner.h"
#include "tests/mounted/parity/script.h"

namespace commitfs::test::parity {
namespace {

int set_flags(const Call& call, std::size_t i) {
  static const std::map<std::string, unsigned> names{
      {"0", 0}, {"CREATE", XATTR_CREATE}, {"REPLACE", XATTR_REPLACE}};
  return call.has(i) ? static_cast<int>(call.flags(i, names)) : 0;
}

std::string get(const Call& call) {
  std::vector<char> value(1 << 16);
  const std::size_t room = call.has(2) ? static_cast<std::size_t>(call.number(2)) : value.size();
  const ssize_t size = ::lgetxattr(call.path(0), call.path(1), value.data(), room);
  if (size < 0) return error_name();
  return room == 0 ? "size " + std::to_string(size)
                   : readable({value.data(), static_cast<std::size_t>(size)});
}

const std::map<std::string, std::uint16_t>& tags() {
  static const std::map<std::string, std::uint16_t> names{{"u:", 0x01}, {"u", 0x02},  {"g:", 0x04},
                                                          {"g", 0x08},  {"m:", 0x10}, {"o:", 0x20}};
  return names;
}

void append(std::string& bytes, std::uint32_t number, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i)
    bytes += static_cast<char>(number >> 8 * i & 0xff);
}

/// `u::rwx,u:5:rw-,g::r--,m::rwx,o::---` as the kernel takes it.
std::string list_of(const std::string& text) {
  std::string value;
  append(value, POSIX_ACL_XATTR_VERSION, 4);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    const std::string entry = text.substr(at, end - at);
    const auto id_end = entry.rfind(':');
    const std::string id = entry.substr(2, id_end - 2);
    std::uint32_t permissions = 0;
    for (const char letter : entry.substr(id_end + 1))
      permissions |= letter == 'r' ? 4U : letter == 'w' ? 2U : letter == 'x' ? 1U : 0U;
    append(value, tags().at(entry.substr(0, 1) + (id.empty() ? ":" : "")), 2);
    append(value, permissions, 2);
    append(value, id.empty() ? UINT32_MAX : static_cast<std::uint32_t>(std::stoul(id)), 4);
    at = end + 1;
  }
  return value;
}

const char* list_name(const std::string& kind) {
  if (kind == "access") return "system.posix_acl_access";
  if (kind == "default") return "system.posix_acl_default";
  throw std::runtime_error("no list " + kind);
}

}  // namespace

Calls xattr_calls() {
  return {
      {"setxattr",
       {3,
        [](const Call& c) {
          return outcome(::lsetxattr(c.path(0), c.path(1), c.text(2).data(), c.text(2).size(),
                                     set_flags(c, 3)));
        }}},
      {"fsetxattr",
       {3,
        [](const Call& c) {
          return outcome(::fsetxattr(c.descriptor(0), c.path(1), c.text(2).data(), c.text(2).size(),
                                     set_flags(c, 3)));
        }}},
      {"getxattr", {2, get}},
      {"removexattr",
       {2, [](const Call& c) { return outcome(::lremovexattr(c.path(0), c.path(1))); }}},
      {"xattrs", {1, [](const Call& c) { return describe_xattrs(c.text(0)); }}},
      {"setacl",
       {3,
        [](const Call& c) {
          const std::string value = list_of(c.text(2));
          return outcome(
              ::setxattr(c.path(0), list_name(c.text(1)), value.data(), value.size(), 0));
        }}},
      {"removeacl",
       {2, [](const Call& c) { return outcome(::removexattr(c.path(0), list_name(c.text(1)))); }}},
  };
}

}  // namespace commitfs::test::parity
