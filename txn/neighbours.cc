#include "txn/neighbours.h"

#include <fmt/format.h>

#include "txn/open_sessions.h"
#include "txn/text.h"

namespace commitfs {

bool is_changing(Session& other, const DirentKey& key, InodeId inode) {
  const auto changes = other.read([&](const SessionData& data) -> Result<bool> {
    if (data.changes.find_dirent(key) != nullptr) return true;
    const ChangedInode* changed = data.changes.find_inode(inode);
    return changed != nullptr && changed->body_staged;
  });
  return changes.value_or(false);
}

namespace {

/// The first path of the base that both change.
std::optional<std::string> common_change(Session& other, const Delta& delta) {
  for (const DirentDelta& change : delta.dirents) {
    if (change.before != InodeId::none && is_changing(other, change.key, change.before))
      return delta.path_of(change.key);
  }
  for (const InodeDelta& inode : delta.inodes) {
    if (!inode.before || !inode.content) continue;
    for (const DirentKey& key : inode.base_links) {
      if (is_changing(other, key, inode.mine.id)) return delta.path_of(key);
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> writer_in_the_way(Session& session, const Delta& delta) {
  const auto sessions = session.context().neighbours.lock();
  if (sessions == nullptr) return std::nullopt;
  for (const auto& other : sessions->list()) {
    const auto settings = other->settings();
    if (other->id() == session.id() || settings->operation != Operation::write) continue;
    if (settings->expired) continue;  // it will never be committed
    if (const auto path = common_change(*other, delta)) {
      return fmt::format("{} is being changed by session {}: this rewrite waits for writers",
                         quote_name(*path), quote_name(other->name()));
    }
  }
  return std::nullopt;
}

}  // namespace commitfs
