#include "fs/mount_state.h"

#include <unistd.h>

#include "fs/attributes.h"
#include "fs/control.h"
#include "fs/fixed/directories.h"

namespace commitfs::fs {
namespace {

constexpr unsigned kExecutorThreads = 4;
constexpr unsigned kAuditThreads = 4;

/// Of the mount's own directories a session's root can be in; empty for another.
std::string_view directory_name(NodeId directory) {
  if (directory == kSessionsNode) return "sessions";
  if (directory == kCommitNode) return "commit";
  if (directory == kDiscardNode) return "discard";
  return {};
}

}  // namespace

Mount::Mount(Table& its_table, const MountOptions& its_options)
    : table(its_table),
      options(its_options),
      mounted_ns(table.context().clock->now_ns()),
      views(table.context().catalog),
      passthrough(options.passthrough),
      live_invalidator(nodes, *views.live(), kernel),
      events(table.context().catalog),
      executor(kExecutorThreads),
      notifier(1),
      audits(kAuditThreads) {
  pin_fixed_nodes();
}

void Mount::pin_fixed_nodes() {
  const auto pin = [this](NodeId id, std::shared_ptr<FixedNode> fixed) {
    nodes.pin(id, views.own(), fixed_inode(raw(id)), std::move(fixed));
  };
  pin(NodeId::root, make_mount_root(*this));
  pin(kSessionsNode, make_sessions_directory(*this));
  pin(kCommitNode, make_commit_directory(*this));
  pin(kDiscardNode, make_discard_directory(*this));
  pin(kSnapshotsNode, make_snapshots_directory(*this));
  pin(kTagsNode, make_tags_directory(*this));
  pin(kControlNode, make_root_control(*this));
  nodes.pin(kLiveNode, views.live(), InodeId::root, nullptr);
}

Result<std::shared_ptr<Node>> Mount::find(NodeId id) const {
  auto node = nodes.find(id);
  if (node == nullptr) return fail(ESTALE, "a node that was forgotten");
  return node;
}

void Mount::release_if_last(const std::shared_ptr<Node>& node) {
  if (node == nullptr || node->fixed != nullptr || node->view->session == nullptr) return;
  tree::release_inode(*node->view->session, node->inode);
}

void Mount::forget(NodeId id, std::uint64_t count) {
  release_if_last(nodes.forget(id, count));
}

void Mount::drop_handle(const Node& node) {
  release_if_last(nodes.drop_handle(node));
}

struct stat Mount::own_attributes(mode_t mode) const {
  struct stat result{};
  result.st_mode = mode;
  result.st_nlink = S_ISDIR(mode) ? 2 : 1;
  result.st_uid = ::geteuid();
  result.st_gid = ::getegid();
  result.st_blksize = 4096;
  result.st_atim = result.st_mtim = result.st_ctim = to_timespec(mounted_ns);
  return result;
}

void Mount::drop_names(const Node& node) {
  auto places = nodes.take_places(node);
  if (places.size() < 2) return;
  notifier.post([this, places = std::move(places)] {
    for (const NodePlace& place : places)
      kernel.drop_entry(place.parent, place.name);
  });
}

void Mount::drop_receipt_entries(std::string name) {
  notifier.post([this, name = std::move(name)] {
    kernel.drop_entry(kCommitNode, name);
    kernel.drop_entry(kDiscardNode, name);
  });
}

void Mount::refresh_session(const std::shared_ptr<View>& view, NodeId parent,
                            const std::string& name) {
  ++view->epoch;
  // Takes everything below along that is not in use; what is in use is looked at again when it is
  // opened.
  kernel.drop_entry(parent, name);
  if (const std::string_view place = directory_name(parent); !place.empty()) {
    kernel.look_up(std::filesystem::path(place) / name);
  }
  for (const auto& node : nodes.open_nodes(*view))
    kernel.drop_attributes(node->id);
}

std::vector<Holder> Mount::holders_of(const Session& session) const {
  if (mounted_at.empty()) return {};
  return find_holders(mounted_at / directory_name(kSessionsNode) / session.name(), "/proc",
                      std::string(kControlName), "the session");
}

void Mount::drop_session_entry(const std::shared_ptr<Session>& session) {
  notifier.post([this, name = session->name()] {
    if (sessions().find(name) == nullptr) kernel.drop_entry(kSessionsNode, name);
  });
}

bool Mount::is_read(SeqNo version) {
  const auto shown = views.of_version(version);
  if (shown.empty()) return false;
  for (const auto& view : shown) {
    if (!nodes.open_nodes(*view).empty()) return true;
  }
  if (mounted_at.empty()) return false;
  const auto is_held = [this](const std::filesystem::path& place) {
    return !find_holders(mounted_at / place, "/proc", std::string(kControlName)).empty();
  };
  if (is_held(std::filesystem::path("snapshots") / std::to_string(raw(version)))) return true;
  const auto record = catalog().find_version(version);
  return record && *record && !(*record)->session.empty() &&
         is_held(std::filesystem::path("commit") / (*record)->session);
}

void Mount::drop_versions(const std::set<SeqNo>& versions) {
  std::vector<SeqNo> remembered;
  for (const SeqNo version : versions) {
    if (!views.of_version(version).empty()) remembered.push_back(version);
  }
  notifier.post([this, remembered = std::move(remembered)] {
    for (const SeqNo version : remembered)
      kernel.drop_entry(kSnapshotsNode, std::to_string(raw(version)));
  });
}

void Mount::move_session_to_receipt(const std::shared_ptr<View>& view, const std::string& name,
                                    const std::string& receipt, bool differs) {
  // A directory has one place in the kernel: found in commit/, it is taken along from sessions/,
  // with all below it. It is not there when its receipt was removed, or when a session of its name
  // began: that has taken its place in sessions/ then, and must be left alone.
  const bool is_moved = kernel.look_up(std::filesystem::path("commit") / receipt);
  if (!is_moved && sessions().find(name) == nullptr) kernel.drop_entry(kSessionsNode, name);
  if (differs) refresh_session(view, kCommitNode, receipt);
}

}  // namespace commitfs::fs
