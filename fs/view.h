#pragma once

#include <sys/types.h>

#include <atomic>
#include <map>
#include <memory>
#include <vector>

#include "meta/base/mutex.h"
#include "txn/session.h"

namespace commitfs::fs {

enum class ViewKind {
  own,       ///< the mount's own directories and files, in no tree
  live,      ///< the head
  session,   ///< a session, also after its commit or discard
  snapshot,  ///< one version
  receipt,   ///< one version, shown as `commit/NAME` by a mount that did not make it
  audit,     ///< a frozen session, to be looked at beside the session's own place
};

/// One tree as it appears at one place of the mount. Two views never share nodes, for the kernel
/// knows a directory at one place only. Immutable but for `epoch`; thread-safe.
struct View {
  ViewKind kind = ViewKind::own;
  std::uint64_t tag = 0;             ///< the upper bits of its inode numbers
  std::shared_ptr<Tree> tree;        ///< null for `own`
  SeqNo version = SeqNo::none;       ///< of `snapshot` and `receipt`
  std::shared_ptr<Session> session;  ///< `tree` as a session, for `session` alone
  /// Grows when the tree changed otherwise than through the mount (commit onto a moved head, base
  /// moved forward): what a node remembers of its body, and the kernel of its names, has to be
  /// looked at again.
  std::atomic<std::uint64_t> epoch = 0;

  /// Nothing in it ever changes.
  bool immutable() const { return kind == ViewKind::snapshot || kind == ViewKind::receipt; }
  /// It changes otherwise than through its own nodes, and nobody tells the kernel.
  bool uncached() const { return kind == ViewKind::audit; }
  /// st_ino: tag above, the inode's id below. Views whose contents may differ never share a number,
  /// or cp and tar would take two files for one.
  ino_t number(InodeId inode) const { return (tag << kInodeBits) | raw(inode); }

  static constexpr unsigned kInodeBits = 40;
};

/// The id of something in a view that is in no tree: `slot` counts within the view. Trees number
/// below.
constexpr InodeId fixed_inode(std::uint64_t slot) {
  return InodeId{(std::uint64_t{1} << 39) | slot};
}

/// The views in use. A view lives as long as a node of it, or whoever asked for it, holds it.
/// Thread-safe.
class Views {
 public:
  explicit Views(std::shared_ptr<Catalog> catalog);

  const std::shared_ptr<View>& own() const { return own_; }
  const std::shared_ptr<View>& live() const { return live_; }
  std::shared_ptr<View> of_session(std::shared_ptr<Session> session) EXCLUDES(mutex_);
  /// The session's tree read-only, in nodes of its own: the kernel locks a directory while it is
  /// renamed, so that what runs inside a commit cannot go to the session's own.
  std::shared_ptr<View> audit(std::shared_ptr<Session> session) EXCLUDES(mutex_);
  std::shared_ptr<View> snapshot(SeqNo version) EXCLUDES(mutex_);
  std::shared_ptr<View> receipt(SeqNo version) EXCLUDES(mutex_);

  /// Views that show the version, as itself or as a receipt, and that somebody holds.
  std::vector<std::shared_ptr<View>> of_version(SeqNo version) EXCLUDES(mutex_);

 private:
  using Key = std::pair<ViewKind, std::uint64_t>;
  template <typename Make>
  std::shared_ptr<View> find_or_make(Key key, Make make) EXCLUDES(mutex_);
  std::shared_ptr<View> version_view(ViewKind kind, SeqNo version) EXCLUDES(mutex_);

  const std::shared_ptr<Catalog> catalog_;
  const std::shared_ptr<View> own_;
  const std::shared_ptr<View> live_;
  Mutex mutex_;
  std::map<Key, std::weak_ptr<View>> views_ GUARDED_BY(mutex_);
  std::size_t sweep_at_ GUARDED_BY(mutex_) =
      64;  ///< views_ grown to this size is searched for dead ones
};

}  // namespace commitfs::fs
