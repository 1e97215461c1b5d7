#include "fs/writable.h"

#include "fs/control.h"
#include "fs/fixed_node.h"
#include "meta/name.h"

namespace commitfs::fs {

Result<Session*> writable_session(const Node& node) {
  if (node.fixed != nullptr) return fail(EPERM, "a fixed file or directory of the mount");
  if (node.view->session == nullptr) return fail(EROFS, "not in a session");
  return node.view->session.get();
}

Result<Session*> writable_directory(const Node& directory, std::string_view name) {
  if (directory.fixed != nullptr) return std::unexpected(directory.fixed->refusal(name));
  Session* session = TRY(writable_session(directory));
  TRY(valid_name(name));
  if (is_control_name(directory, name)) return fail(EPERM, "the control directory's name");
  return session;
}

}  // namespace commitfs::fs
