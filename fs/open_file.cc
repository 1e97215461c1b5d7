#include "fs/open_file.h"

#include <fcntl.h>

#include "fs/mount_state.h"
#include "fs/setuid.h"
#include "fs/writable.h"
#include "txn/lost_base.h"
#include "txn/tree_operations.h"

namespace commitfs::fs {
namespace {

/// Copying less than this is not worth another thread.
constexpr std::uint64_t kSmallCopyBytes = 256 << 10;

void give_back_writer(const Node& node, bool writer) {
  if (writer) tree::release_writer(*node.view->session, node.inode);
}

Result<tree::Body> take_for_writing(Mount& mount, const Node& node, bool truncate, bool reads_too) {
  Session* session = TRY(writable_session(node));
  if (reads_too) note_read(node, ReadKind::file);
  const auto body = TRY(tree::open_for_writing(*session, node.inode, truncate));
  if (mount.nodes.take_handle_on(node, body.object)) return body;
  tree::release_writer(*session, node.inode);
  mount.drop_names(node);
  return fail(ESTALE, "open with its committed body elsewhere");
}

/// In a session's tree the body may have become another than the kernel's node stands for, when the
/// head was merged in.
Result<void> check_body(Mount& mount, const Node& node) {
  if (node.view->kind != ViewKind::session || node.view->epoch == 0) return {};
  auto now = node.view->tree->attributes(node.inode);
  if (!now || now->inode.object == mount.nodes.content(node).object) return {};
  mount.nodes.make_stale(node);
  return fail(ESTALE, "the body was replaced");
}

Result<tree::Body> take_for_reading(Mount& mount, const Node& node) {
  TRY(check_body(mount, node));
  note_read(node, ReadKind::file);
  const bool in_session = node.view->kind == ViewKind::session;
  const auto object = mount.nodes.take_handle(node, !in_session);
  if (!object) return fail(ESTALE, "the body was replaced");
  return tree::Body{.object = *object};
}

Result<std::shared_ptr<FileHandle>> open_in_tree(Mount& mount, fuse_req_t request,
                                                 const std::shared_ptr<Node>& node,
                                                 fuse_file_info& info) {
  const bool writer = wants_to_write(info.flags);
  const bool truncate = (info.flags & O_TRUNC) != 0;
  const bool reads_too = !truncate && (info.flags & O_ACCMODE) == O_RDWR;
  const auto body = writer ? TRY(take_for_writing(mount, *node, truncate, reads_too))
                           : TRY(take_for_reading(mount, *node));
  return open_body(mount, request, node, body, writer, UniqueFd(), info);
}

/// Where a body is not there any more, because the version that a session began at was expired.
Error as_lost(const Node& node, Error error) {
  if (error.code != ENOENT || node.view->session == nullptr) return error;
  const auto lost = node.view->session->read(
      [](const SessionData& data) -> Result<bool> { return has_lost_base(data); });
  if (lost.value_or(false)) error.code = ESTALE;
  return error;
}

void answer(Request request, const std::shared_ptr<Node>& node, fuse_file_info info) {
  Mount& mount = request.mount();
  const fuse_req_t raw = request.raw();
  auto handle = open_in_tree(mount, raw, node, info);
  if (!handle) return request.error(as_lost(*node, std::move(handle).error()));
  if ((info.flags & O_TRUNC) != 0) clear_setuid(request, *node);
  info.fh = mount.files.add(*handle);
  const std::uint64_t id = info.fh;
  if (request.opened(info)) return;
  mount.files.remove(id);
  close_file(mount, raw, **handle);
}

/// True when opening will copy a body that is large.
bool is_slow(const Node& node, int flags) {
  if (!wants_to_write(flags) || (flags & O_TRUNC) != 0 || node.view->session == nullptr)
    return false;
  const auto now = node.view->tree->attributes(node.inode);
  return now && !now->staged && now->inode.size_bytes > kSmallCopyBytes;
}

}  // namespace

Result<std::shared_ptr<FileHandle>> open_body(Mount& mount, fuse_req_t request,
                                              std::shared_ptr<Node> node, tree::Body body,
                                              bool writer, UniqueFd opened, fuse_file_info& info) {
  auto use = node->body.take(mount.store(), mount.passthrough, request, body.object, writer,
                             std::move(opened));
  if (!use) {
    give_back_writer(*node, writer);
    mount.drop_handle(*node);
    return std::unexpected(std::move(use).error());
  }
#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 17)
  info.backing_id = use->backing_id;
#endif
  if (writer && has_setuid(body.mode)) {
    node->may_be_setuid = true;  // an open with O_TRUNC the kernel always leaves to us
    if (mount.clears_setuid)
      info.direct_io = 1;  // takes reads and writes, but not mappings, away from the backing file
  }
  if (use->backing_id > 0 && writer && (info.flags & O_ACCMODE) == O_RDWR) {
    tree::note_mappable(*node->view->session, node->inode);
  }
  // A node's bytes change through the kernel only, which keeps its pages right itself.
  info.keep_cache = use->backing_id > 0 || node->view->uncached() ? 0 : 1;
  // There is nothing to do at close(2), but to write out what a shared mapping left in the kernel's
  // pages.
  info.noflush = use->backing_id > 0 || !writer ? 1 : 0;
  auto handle = std::make_shared<FileHandle>();
  handle->lease = LeaseHold(*node);
  handle->node = std::move(node);
  handle->body = *use;
  handle->writer = writer;
  handle->uid = fuse_req_ctx(request)->uid;
  return handle;
}

void close_file(Mount& mount, fuse_req_t request, FileHandle& handle) {
  Node& node = *handle.node;
  if (handle.control == nullptr) {
    clear_setuid_at_close(mount, handle);
    node.body.give_back(mount.passthrough, request, handle.writer);
    give_back_writer(node, handle.writer);
  }
  mount.drop_handle(node);
}

void open_tree_file(Request request, std::shared_ptr<Node> node, const fuse_file_info& info) {
  if (!is_slow(*node, info.flags)) return answer(std::move(request), node, info);
  Mount& mount = request.mount();
  mount.executor.post([request = std::move(request), node = std::move(node), info]() mutable {
    answer(std::move(request), node, info);
  });
}

}  // namespace commitfs::fs
