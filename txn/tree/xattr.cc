#include <fmt/format.h>
#include <sys/xattr.h>

#include <cerrno>

#include "txn/tree/acl.h"
#include "txn/tree_operations.h"

namespace commitfs::tree {
namespace {

constexpr std::size_t kXattrNameMaxBytes = 255;
constexpr std::size_t kXattrValueMaxBytes = 64 * 1024;

Result<bool> has_xattr(const SessionData& data, InodeId inode, std::string_view name) {
  if (!TRY(data.find_inode(inode)))
    return fail(ENOENT, fmt::format("xattr {} of {}", name, raw(inode)));
  return TRY(data.find_xattr(inode, name)).has_value();
}

/// Is it there once the session has forgotten its own?
Result<bool> is_in_base(const SessionData& data, InodeId inode, std::string_view name) {
  if (data.is_made_here(inode)) return false;
  return TRY(data.context.catalog->find_xattr(data.base, inode, name)).has_value();
}

void drop_xattr(SessionData& data, InodeId inode, std::string_view name, bool in_base) {
  const XattrKey key{inode, std::string(name)};
  if (in_base) {
    data.changes.put_xattr(key, std::nullopt);
  } else {
    data.changes.forget_xattr(key);
  }
}

}  // namespace

Result<void> setxattr(Session& session, InodeId inode, std::string_view name,
                      std::string_view value, int flags) {
  if ((flags & ~(XATTR_CREATE | XATTR_REPLACE)) != 0) return fail(EINVAL, "setxattr flags");
  if (name.empty() || name.size() > kXattrNameMaxBytes) return fail(ERANGE, "setxattr name");
  if (value.size() > kXattrValueMaxBytes) return fail(E2BIG, "setxattr value");
  return session.mutate([&](SessionData& data) -> Result<void> {
    const bool exists = TRY(has_xattr(data, inode, name));
    if (exists && (flags & XATTR_CREATE) != 0)
      return fail(EEXIST, fmt::format("setxattr {}", name));
    if (!exists && (flags & XATTR_REPLACE) != 0)
      return fail(ENODATA, fmt::format("setxattr {}", name));
    if (exists && *TRY(data.find_xattr(inode, name)) == value) return {};
    ChangedInode* changed = TRY(data.edit_inode(inode));
    data.changes.put_xattr({inode, std::string(name)}, std::string(value));
    changed->record.ctime_ns = data.now_ns();
    return {};
  });
}

Result<void> removexattr(Session& session, InodeId inode, std::string_view name) {
  return session.mutate([&](SessionData& data) -> Result<void> {
    const bool exists = TRY(has_xattr(data, inode, name));
    if (!exists && acl::is_name(name)) return {};
    if (!exists) return fail(ENODATA, fmt::format("removexattr {}", name));
    const bool in_base = TRY(is_in_base(data, inode, name));
    ChangedInode* changed = TRY(data.edit_inode(inode));
    drop_xattr(data, inode, name, in_base);
    changed->record.ctime_ns = data.now_ns();
    return {};
  });
}

Result<void> set_acl(Session& session, InodeId inode, std::string_view name, std::string_view value,
                     bool drop_setgid) {
  const acl::List list = TRY(acl::parse(value));
  const bool is_access = name == acl::kAccess;
  return session.mutate([&](SessionData& data) -> Result<void> {
    const bool in_base = TRY(is_in_base(data, inode, name));
    ChangedInode* changed = TRY(data.edit_inode(inode));
    InodeRecord& record = changed->record;
    if (is_access) {
      const mode_t special = drop_setgid ? S_ISUID | S_ISVTX : S_ISUID | S_ISGID | S_ISVTX;
      record.mode = (record.mode & (S_IFMT | special)) | acl::mode_of(list);
      changed->mode_set = true;
    }
    if (is_access && acl::is_minimal(list)) {
      drop_xattr(data, inode, name, in_base);
    } else {
      data.changes.put_xattr({inode, std::string(name)}, acl::format(list));
    }
    record.ctime_ns = data.now_ns();
    return {};
  });
}

}  // namespace commitfs::tree
