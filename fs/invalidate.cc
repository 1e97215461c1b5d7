#include "fs/invalidate.h"

namespace commitfs::fs {

void LiveInvalidator::drop_entry(const DirentKey& key) {
  const auto parent = nodes_.find_current(live_, key.parent);
  if (parent != nullptr) kernel_.drop_entry(parent->id, key.name);
}

/// A name that appeared is none the kernel could drop.
std::set<InodeId> LiveInvalidator::drop_listings(std::span<const DirentKey> changed) {
  std::set<InodeId> dropped;
  for (const DirentKey& key : changed) {
    if (dropped.contains(key.parent)) continue;
    const auto directory = nodes_.find_current(live_, key.parent);
    if (directory == nullptr || directory->listed_at == Node::kNeverListed) continue;
    dropped.insert(key.parent);
    // First, so that a listing that is being read now is not kept either.
    ++directory->names_epoch;
    kernel_.drop_listing(directory->id);
  }
  return dropped;
}

void LiveInvalidator::publish(const Publication& publication) {
  // Before the names are dropped: whoever looks them up then must not be given the node with the
  // old body.
  for (const InodeId inode : publication.contents) {
    if (const auto node = nodes_.find_current(live_, inode)) nodes_.make_stale(*node);
  }
  for (const DirentKey& key : publication.dirents)
    drop_entry(key);
  for (const DirentKey& key : publication.content_links)
    drop_entry(key);
  const std::set<InodeId> relisted = drop_listings(publication.dirents);
  for (const InodeId inode : publication.attributes) {
    if (relisted.contains(inode)) continue;  // its attributes went with its listing
    for (const NodeId node : nodes_.find_all(live_, inode))
      kernel_.drop_attributes(node);
  }
}

}  // namespace commitfs::fs
