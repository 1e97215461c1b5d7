#include <fcntl.h>

#include "fs/fixed_node.h"
#include "fs/mount_state.h"
#include "fs/open_file.h"
#include "fs/ops.h"
#include "fs/writable.h"

namespace commitfs::fs::ops {
namespace {

struct Created {
  Entry entry;
  std::shared_ptr<FileHandle> handle;
};

Result<Created> create_in_tree(Mount& mount, const Request& request, const Node& directory,
                               const char* name, mode_t mode, fuse_file_info& info) {
  Session* session = TRY(writable_directory(directory, name));
  const bool writer = wants_to_write(info.flags);
  auto made = tree::create(*session, request.caller(), directory.inode, name, mode, writer);
  if (!made && made.error().code == EEXIST && (info.flags & O_EXCL) == 0) {
    return fail(ESTALE, "the kernel knew nothing of a file that is there");
  }
  tree::NewFile file = TRY(std::move(made));
  Created created;
  created.entry = make_entry(mount, directory.view, file.attributes, {directory.id, name});
  const auto& node = created.entry.node;
  const tree::Body body{
      .object = file.attributes.inode.object, .staged = true, .mode = file.attributes.inode.mode};
  if (!mount.nodes.take_handle_on(*node, body.object)) {
    if (writer) tree::release_writer(*session, node->inode);
    mount.forget(node->id, 1);
    return fail(ESTALE, "create");
  }
  auto handle = open_body(mount, request.raw(), node, body, writer, std::move(file.body), info);
  if (!handle) {
    mount.forget(node->id, 1);
    return std::unexpected(std::move(handle).error());
  }
  created.handle = *std::move(handle);
  return created;
}

/// Only `.commitfs/meta` takes new files: made, then opened as one that was there.
Result<Created> create_fixed(Mount& mount, const Request& request, const Node& directory,
                             const char* name, fuse_file_info& info) {
  Created created{.entry = TRY(directory.fixed->create_file(name)), .handle = nullptr};
  auto handle = open_control(mount, created.entry.node, request.caller(), info);
  if (!handle) {
    mount.forget(created.entry.node->id, 1);
    return std::unexpected(std::move(handle).error());
  }
  created.handle = *std::move(handle);
  return created;
}

Result<Created> create_anywhere(Mount& mount, const Request& request, NodeId parent,
                                const char* name, mode_t mode, fuse_file_info& info) {
  const auto directory = TRY(mount.find(parent));
  if (directory->fixed != nullptr) return create_fixed(mount, request, *directory, name, info);
  return create_in_tree(mount, request, *directory, name, mode, info);
}

}  // namespace

void create(Request request, NodeId parent, const char* name, mode_t mode, fuse_file_info* info) {
  Mount& mount = request.mount();
  const fuse_req_t raw = request.raw();
  auto created = create_anywhere(mount, request, parent, name, mode, *info);
  if (!created) return request.error(created.error());
  info->fh = mount.files.add(created->handle);
  const std::uint64_t id = info->fh;
  if (request.created(created->entry, *info)) return;
  mount.files.remove(id);
  close_file(mount, raw, *created->handle);
  mount.forget(created->entry.node->id, 1);
}

}  // namespace commitfs::fs::ops
