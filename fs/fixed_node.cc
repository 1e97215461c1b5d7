#include "fs/fixed_node.h"

#include "fs/mount_state.h"

namespace commitfs::fs {

Result<Entry> FixedNode::lookup(std::string_view) {
  return fail(ENOTDIR);
}
Result<std::vector<FixedName>> FixedNode::list() {
  return fail(ENOTDIR);
}
Result<std::string> FixedNode::target() {
  return fail(EINVAL);
}
Error FixedNode::refusal(std::string_view) {
  return Error{EPERM, {}};
}

Result<Entry> FixedNode::make_directory(std::string_view name, const Caller&) {
  return std::unexpected(refusal(name));
}
Result<void> FixedNode::remove_directory(std::string_view name, const Caller&) {
  return std::unexpected(refusal(name));
}
Result<Entry> FixedNode::create_file(std::string_view name) {
  return std::unexpected(refusal(name));
}
Result<void> FixedNode::remove_file(std::string_view name) {
  return std::unexpected(refusal(name));
}

Result<Entry> FixedNode::make_symlink(std::string_view name, std::string_view, const Caller&) {
  return std::unexpected(refusal(name));
}
Result<void> FixedNode::rename(std::string_view from, std::string_view, unsigned) {
  return std::unexpected(refusal(from));
}

Result<struct stat> FixedLink::attributes() {
  struct stat link = mount_.own_attributes(S_IFLNK | 0777);
  link.st_size = static_cast<off_t>(TRY(target()).size());
  return link;
}

}  // namespace commitfs::fs
