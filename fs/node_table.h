#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "fs/shared_body.h"
#include "fs/view.h"

namespace commitfs::fs {

class FixedNode;

/// The number by which the kernel names an inode of ours. Never used twice in a mount.
enum class NodeId : std::uint64_t { none = 0, root = 1 };
constexpr std::uint64_t raw(NodeId id) {
  return static_cast<std::uint64_t>(id);
}

/// What the kernel may hold a reference to. A regular file's node stands for (inode, body): while
/// it is open its bytes never become another body's. So a file whose body is replaced gets a second
/// node, and the first one is stale: it serves those who have it open, and lookups find the second.
/// Directories keep their node. Immutable but for `body` and
/// the atomics; thread-safe.
struct Node {
  Node(NodeId its_id, std::shared_ptr<View> its_view, InodeId its_inode,
       std::shared_ptr<FixedNode> its_fixed)
      : id(its_id), view(std::move(its_view)), inode(its_inode), fixed(std::move(its_fixed)) {}

  const NodeId id;
  const std::shared_ptr<View> view;
  const InodeId inode;
  const std::shared_ptr<FixedNode> fixed;  ///< null for what is in a tree
  SharedBody body;
  // See fs/setuid.h.
  std::atomic<bool> may_be_setuid = false;
  std::atomic<TimeNs> setuid_body_ctime_ns = 0;
  /// Of a directory of the live view: grows when its names changed.
  std::atomic<std::uint64_t> names_epoch = 0;
  /// The listing the kernel keeps was read at this `listing_epoch` or before.
  std::atomic<std::uint64_t> listed_at = kNeverListed;

  static constexpr std::uint64_t kNeverListed = UINT64_MAX;
  /// What a directory's listing is good for: while it stays the same, only requests the kernel made
  /// itself changed the names.
  std::uint64_t listing_epoch() const { return view->epoch + names_epoch; }

  ino_t number() const { return view->number(inode); }
};

/// A program is about to read something of the node's base: see Session::note_read.
inline void note_read(const Node& node, ReadKind kind, std::string_view name = {}) {
  if (node.view->session != nullptr) node.view->session->note_read(kind, node.inode, name);
}

/// A directory's node and a name in it.
struct NodePlace {
  NodeId parent = NodeId::none;
  std::string name;
  bool operator==(const NodePlace&) const = default;
};

/// What a node remembers of its inode.
struct NodeContent {
  ObjectId object = ObjectId::none;
  SeqNo since =
      SeqNo::none;  ///< the version whose record of the inode has this body; none for a staged one
  bool stale = false;  ///< lookups find another node by now
};

/// All nodes the kernel knows. Thread-safe: one lock, held for the time of a map operation only.
/// Lock rank: fs tables.
class NodeTable {
 public:
  static constexpr NodeId kFirstDynamic{16};

  /// Null when the kernel should not know that id any more.
  std::shared_ptr<Node> find(NodeId id) const EXCLUDES(mutex_);
  /// The node that lookups find for an inode; null when the kernel knows none. Counts no reference.
  std::shared_ptr<Node> find_current(const View& view, InodeId inode) const EXCLUDES(mutex_);

  /// The ids of all nodes of an inode, stale ones too.
  std::vector<NodeId> find_all(const View& view, InodeId inode) const EXCLUDES(mutex_);

  /// The node for what a lookup found, made if need be; counts one reference of the kernel's. A
  /// file whose body is not the one its node stands for gets a new node, unless nobody has the old
  /// one open and the new body is a copy of it.
  std::shared_ptr<Node> remember(const std::shared_ptr<View>& view, const Attributes& found,
                                 const NodePlace& place) EXCLUDES(mutex_);
  /// The same for what is in no tree; `fixed` is used only if the node is made.
  std::shared_ptr<Node> remember(const std::shared_ptr<View>& view, InodeId inode,
                                 std::shared_ptr<FixedNode> fixed) EXCLUDES(mutex_);
  /// Makes a node with a chosen id that is never forgotten.
  std::shared_ptr<Node> pin(NodeId id, const std::shared_ptr<View>& view, InodeId inode,
                            std::shared_ptr<FixedNode> fixed) EXCLUDES(mutex_);

  /// Takes back `count` references. The node, if it was the last of its inode and is gone now.
  std::shared_ptr<Node> forget(NodeId id, std::uint64_t count) EXCLUDES(mutex_);

  NodeContent content(const Node& node) const EXCLUDES(mutex_);
  /// Counts a handle on the node's own body. Empty when the node is stale and `even_if_stale` is
  /// not set.
  std::optional<ObjectId> take_handle(const Node& node, bool even_if_stale) EXCLUDES(mutex_);
  /// Counts a handle on the body `object`, which may have taken the place of the node's. If others
  /// have that one open the node becomes stale instead, and the answer is false: whoever asked must
  /// look the name up again (ESTALE).
  bool take_handle_on(const Node& node, ObjectId object) EXCLUDES(mutex_);
  /// As take_handle_on, without counting a handle.
  bool rebind(const Node& node, ObjectId object) EXCLUDES(mutex_);
  /// Lookups shall not find this node any more.
  void make_stale(const Node& node) EXCLUDES(mutex_);
  /// Gives a handle back. The node, if it was the last of its inode and is gone now.
  std::shared_ptr<Node> drop_handle(const Node& node) EXCLUDES(mutex_);
  /// Forgets by which names the kernel got to a file in a session, and answers them.
  std::vector<NodePlace> take_places(const Node& node) EXCLUDES(mutex_);

  std::size_t size() const EXCLUDES(mutex_);
  /// Nodes of a view that are open.
  std::vector<std::shared_ptr<Node>> open_nodes(const View& view) const EXCLUDES(mutex_);

 private:
  struct Slot {
    std::shared_ptr<Node> node;
    std::uint64_t references = 0;
    std::uint64_t handles = 0;
    NodeContent content;
    bool has_body = false;
    std::vector<NodePlace> places;
  };
  struct Key {
    const View* view = nullptr;
    InodeId inode = InodeId::none;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const noexcept;
  };
  struct Inode {
    NodeId current = NodeId::none;  ///< none: all its nodes are stale
    std::vector<NodeId> nodes;
  };

  Slot& add(NodeId id, const std::shared_ptr<View>& view, InodeId inode,
            std::shared_ptr<FixedNode> fixed) REQUIRES(mutex_);
  Slot* current(const View& view, InodeId inode) REQUIRES(mutex_);
  void make_stale(Slot& slot) REQUIRES(mutex_);
  static void note_place(Slot& slot, std::uint32_t links, const NodePlace& place);
  bool rebind(Slot& slot, ObjectId object) REQUIRES(mutex_);
  std::shared_ptr<Node> remove_if_unused(NodeId id) REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::uint64_t next_id_ GUARDED_BY(mutex_) = raw(kFirstDynamic);
  std::unordered_map<NodeId, Slot> slots_ GUARDED_BY(mutex_);
  std::unordered_map<Key, Inode, KeyHash> inodes_ GUARDED_BY(mutex_);
};

}  // namespace commitfs::fs
