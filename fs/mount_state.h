#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <memory>
#include <set>

#include "fs/directory_handle.h"
#include "fs/event_feed.h"
#include "fs/executor.h"
#include "fs/file_handle.h"
#include "fs/handle_table.h"
#include "fs/holders.h"
#include "fs/in_flight.h"
#include "fs/invalidate.h"
#include "fs/kernel_caches.h"
#include "fs/metrics.h"
#include "fs/mount.h"
#include "fs/node_table.h"
#include "fs/passthrough.h"
#include "fs/view.h"

namespace commitfs::fs {

/// The ids of nodes that are always there.
inline constexpr NodeId kSessionsNode{2};
inline constexpr NodeId kCommitNode{3};
inline constexpr NodeId kDiscardNode{4};
inline constexpr NodeId kSnapshotsNode{5};
inline constexpr NodeId kTagsNode{6};
inline constexpr NodeId kLiveNode{7};
inline constexpr NodeId kControlNode{8};

/// The hidden control directory of the mount and of each session.
inline constexpr std::string_view kControlName = ".commitfs";
/// In the mount's control directory: sessions that take no writes now.
inline constexpr std::string_view kFrozenName = "frozen";

/// Everything one mount consists of; what every operation is given. Thread-safe.
class Mount {
 public:
  Mount(Table& table, const MountOptions& options);

  Table& table;
  const MountOptions options;
  const TimeNs mounted_ns;
  std::filesystem::path mounted_at;  ///< where it is mounted; set before serving, then left alone

  NodeTable nodes;
  HandleTable<FileHandle> files;
  HandleTable<DirectoryHandle> directories;
  Views views;
  Passthrough passthrough;
  bool clears_setuid = false;  ///< set when the connection is made; see fs/setuid.h
  FuseKernelCaches kernel;
  LiveInvalidator live_invalidator;
  EventFeed events;
  InFlight commits;
  Metrics metrics;

  /// For what may take long: copies of bodies, fsync, reports.
  Executor executor;
  /// One thread that tells the kernel what changed outside live/. Nothing may wait for it but a
  /// request that holds no directory's lock (a write to a control file).
  Executor notifier;
  /// For sessions that are being frozen: their hooks run as long as they like, and may read
  /// reports.
  Executor audits;

  SessionManager& sessions() { return table.sessions(); }
  const ObjectStore& store() const { return *table.context().store; }
  Catalog& catalog() { return *table.context().catalog; }
  TimeNs now_ns() const { return table.context().clock->now_ns(); }

  /// The node of a request. ESTALE when it was forgotten.
  Result<std::shared_ptr<Node>> find(NodeId id) const;
  /// Takes back references of the kernel's.
  void forget(NodeId id, std::uint64_t count);
  /// Gives back a handle that was counted on the node.
  void drop_handle(const Node& node);

  /// stat of something of the mount's own: mode, owned by who mounted, as old as the mount.
  struct stat own_attributes(mode_t mode) const;

  /// The node became stale: its names shall lead to the new one, a moment later. (The name it was
  /// opened by is looked up again at once; this is for hard links.)
  void drop_names(const Node& node);
  /// A session of that name began: what commit/ and discard/ still show of an older one goes, a
  /// moment later.
  void drop_receipt_entries(std::string name);
  /// The tree of a session changed behind the kernel's back. Called by the notifier; (parent, name)
  /// is where its root is. Programs whose working directory it is keep it.
  void refresh_session(const std::shared_ptr<View>& view, NodeId parent, const std::string& name);
  /// The processes that use an open session, best effort: see find_holders. Reads /proc.
  std::vector<Holder> holders_of(const Session& session) const;
  /// A session was removed for its age: its name goes, a moment later.
  void drop_session_entry(const std::shared_ptr<Session>& session);
  /// Whether a program reads in a version: has something of it open, in snapshots/ or in a receipt,
  /// or its working directory there. Reads /proc where the kernel remembers something of it.
  bool is_read(SeqNo version);
  /// Those versions are gone: so are their names, a moment later.
  void drop_versions(const std::set<SeqNo>& versions);
  /// `sessions/NAME` is `commit/RECEIPT` now, and no rename told the kernel so. Called by the
  /// notifier. Handles and working directories inside stay valid and keep their names.
  void move_session_to_receipt(const std::shared_ptr<View>& view, const std::string& name,
                               const std::string& receipt, bool differs);

 private:
  void release_if_last(const std::shared_ptr<Node>& node);
  void pin_fixed_nodes();
};

}  // namespace commitfs::fs
