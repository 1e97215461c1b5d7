#include "fs/root_rules.h"

#include "fs/mount_state.h"
#include "fs/permission.h"
#include "fs/request.h"

namespace commitfs::fs {
namespace {

bool is_session_root(const Node& node) {
  return node.fixed == nullptr && node.inode == InodeId::root && node.view->session != nullptr;
}

Result<void> check_readable(const Request& request, SeqNo version) {
  const auto root = TRY(request.mount().catalog().find_inode(version, InodeId::root));
  if (!root) return {};
  struct stat attributes{};
  attributes.st_mode = root->mode;
  attributes.st_uid = root->uid;
  attributes.st_gid = root->gid;
  const auto value =
      TRY(request.mount().catalog().find_xattr(version, InodeId::root, acl::kAccess));
  acl::List list;
  if (value) list = TRY(acl::parse(*value));
  if (may_access(attributes, S_IROTH | S_IXOTH, request.caller(), request.supplementary_groups(),
                 value ? &list : nullptr))
    return {};
  return fail(EACCES, "begin a session in a table that is private");
}

/// The root as the table has it, or as a program in the session changed it.
Result<InodeRecord> root_of(Session& session) {
  return session.read([](const SessionData& data) -> Result<InodeRecord> {
    auto root = TRY(data.find_inode(InodeId::root));
    if (!root) return fail(EIO, "a session without a root");
    return *std::move(root);
  });
}

}  // namespace

Result<void> check_begin(const Request& request, std::string_view name) {
  Mount& mount = request.mount();
  TRY(check_readable(request, TRY(mount.catalog().head_seq_no())));
  const auto at = name.rfind('@');
  if (at == std::string_view::npos) return {};
  const auto version = TRY(mount.table.resolve_version(name.substr(at + 1)));
  return version ? check_readable(request, *version) : Result<void>();
}

Result<void> check_attributes(const Node& node, const Caller& caller) {
  if (caller.uid == 0 || !is_session_root(node)) return {};
  if (TRY(root_of(*node.view->session)).uid == caller.uid) return {};
  return fail(EPERM, "attributes of a root that is another's");
}

Result<void> check_sticky(const Node& directory, std::string_view name, const Caller& caller) {
  if (caller.uid == 0 || !is_session_root(directory)) return {};
  Session& session = *directory.view->session;
  const InodeRecord root = TRY(root_of(session));
  if ((root.mode & S_ISVTX) == 0 || root.uid == caller.uid) return {};
  const auto child = TRY(
      session.read([&](const SessionData& data) { return data.find_child(InodeId::root, name); }));
  if (!child || child->uid == caller.uid) return {};
  return fail(EPERM, "a name of another's in a sticky directory");
}

}  // namespace commitfs::fs
