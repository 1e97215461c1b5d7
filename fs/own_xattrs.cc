#include "fs/own_xattrs.h"

#include "fs/mount_state.h"
#include "txn/config/config_store.h"
#include "txn/tree/acl.h"

namespace commitfs::fs {
namespace {

constexpr std::string_view kPrefix = "user.commitfs.";

Result<std::string> find_term(Mount& mount, SeqNo version) {
  if (version == SeqNo::none) return "0";
  const auto record = TRY(mount.catalog().find_version(version));
  if (!record) return fail(ENODATA);
  return std::to_string(raw(record->term));
}

Result<std::string> find_group(Mount& mount, const Node& node) {
  Tree& tree = *node.view->tree;
  const GroupKey key = TRY(tree.group_of(node.inode));
  const std::string directory = TRY(tree.path_of(key.partition));
  if (TRY(tree.attributes(node.inode)).inode.is_directory()) {  // in no group with others
    return directory.empty() ? key.group : directory + "/" + key.group;
  }
  return mount.table.context().config->current()->groups.text_of(directory, key.group);
}

}  // namespace

bool is_own_xattr(std::string_view name) {
  return name.starts_with(kPrefix);
}

bool is_foreign_xattr(std::string_view name) {
  return !acl::is_name(name) && !name.starts_with("user.") && !name.starts_with("trusted.") &&
         !name.starts_with("security.");
}

bool is_nameless_xattr(std::string_view name) {
  return name == "user." || name == "trusted." || name == "security.";
}

Result<std::string> find_own_xattr(Mount& mount, const Node& node, std::string_view name) {
  const std::string_view key = name.substr(kPrefix.size());
  if (key == "group") return find_group(mount, node);
  if (key != "seq_no" && key != "primary_term") return fail(ENODATA);
  const Attributes now = TRY(node.view->tree->attributes(node.inode));
  const SeqNo since = now.staged ? SeqNo::none : now.inode.since;
  return key == "seq_no" ? std::to_string(raw(since)) : find_term(mount, since);
}

}  // namespace commitfs::fs
