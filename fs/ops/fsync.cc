#include <array>

#include "fs/mount_state.h"
#include "fs/ops.h"
#include "txn/sealer.h"

namespace commitfs::fs::ops {
namespace {

/// What is in no session, or in one that is committed, is durable already. Not so while a commit is
/// prepared: it may be refused yet.
Session* open_session(const Node& node) {
  Session* session = node.view->session.get();
  if (session == nullptr) return nullptr;
  const SessionState state = session->state();
  return state == SessionState::open || state == SessionState::freezing ? session : nullptr;
}

Result<void> sync_file(Mount& mount, const Node& node) {
  Session* session = open_session(node);
  if (session == nullptr || node.fixed != nullptr) return {};
  const ObjectId object = mount.nodes.content(node).object;
  if (object == ObjectId::none) return mount.sessions().journal().flush(*session);
  const auto sealed = mount.store().seal(std::array{object});
  if (!sealed && means_lost_bytes(sealed.error().code)) {
    session->mark_damaged(node.inode, object, sealed.error().code);
  }
  TRY(sealed);
  return mount.sessions().journal().flush(*session);
}

Result<void> sync_directory(Mount& mount, const Node& node) {
  Session* session = open_session(node);
  if (session == nullptr) return {};
  return mount.sessions().journal().flush(*session);
}

using Sync = Result<void> (*)(Mount&, const Node&);

void on_executor(Request request, NodeId id, Sync sync) {
  auto node = request.mount().find(id);
  if (!node) return request.error(node.error());
  if (open_session(**node) == nullptr) return request.error(0);
  Mount& mount = request.mount();
  mount.executor.post([&mount, request = std::move(request), node = *std::move(node),
                       sync]() mutable { request.done(sync(mount, *node)); });
}

}  // namespace

void fsync(Request request, NodeId node, int, fuse_file_info*) {
  on_executor(std::move(request), node, sync_file);
}

void fsyncdir(Request request, NodeId node, int, fuse_file_info*) {
  on_executor(std::move(request), node, sync_directory);
}

}  // namespace commitfs::fs::ops
