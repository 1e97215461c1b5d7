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

/// The answer for a file that was just made, whose one writer, if it is one, is handed over.
Result<Created> open_new(Mount& mount, const Request& request, const Node& directory,
                         const char* name, tree::NewFile file, bool writer, fuse_file_info& info) {
  Created created;
  created.entry = make_entry(mount, directory.view, file.attributes, {directory.id, name});
  const auto& node = created.entry.node;
  const tree::Body body{
      .object = file.attributes.inode.object, .staged = true, .mode = file.attributes.inode.mode};
  if (!mount.nodes.take_handle_on(*node, body.object)) {
    if (writer) tree::release_writer(*node->view->session, node->inode);
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

Result<Created> create_in_tree(Mount& mount, const Request& request, const Node& directory,
                               const char* name, mode_t mode, fuse_file_info& info) {
  Session* session = TRY(writable_directory(directory, name));
  const bool writer = wants_to_write(info.flags);
  auto made = tree::create(*session, request.caller(), directory.inode, name, mode, writer);
  if (!made && made.error().code == EEXIST && (info.flags & O_EXCL) == 0) {
    return fail(ESTALE, "the kernel knew nothing of a file that is there");
  }
  tree::NewFile file = TRY(std::move(made));
  return open_new(mount, request, directory, name, std::move(file), writer, info);
}

Result<Created> create_unnamed(Mount& mount, const Request& request, NodeId parent, mode_t mode,
                               fuse_file_info& info) {
  const auto directory = TRY(mount.find(parent));
  if (directory->fixed != nullptr) return fail(EOPNOTSUPP, "a file without a name");
  Session* session = TRY(writable_session(*directory));
  auto file = TRY(tree::create_unnamed(*session, request.caller(), directory->inode, mode));
  return open_new(mount, request, *directory, "", std::move(file), true, info);
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

void answer(Request request, const Result<Created>& created, fuse_file_info& info) {
  Mount& mount = request.mount();
  const fuse_req_t raw = request.raw();
  if (!created) return request.error(created.error());
  info.fh = mount.files.add(created->handle);
  const std::uint64_t id = info.fh;
  if (request.created(created->entry, info)) return;
  mount.files.remove(id);
  close_file(mount, raw, *created->handle);
  mount.forget(created->entry.node->id, 1);
}

}  // namespace

void create(Request request, NodeId parent, const char* name, mode_t mode, fuse_file_info* info) {
  const auto created = create_anywhere(request.mount(), request, parent, name, mode, *info);
  answer(std::move(request), created, *info);
}

void tmpfile(Request request, NodeId parent, mode_t mode, fuse_file_info* info) {
  const auto created = create_unnamed(request.mount(), request, parent, mode, *info);
  answer(std::move(request), created, *info);
}

}  // namespace commitfs::fs::ops
