#include "fs/invalidate.h"

namespace commitfs::fs {

void LiveInvalidator::drop_entry(const DirentKey& key) {
  const auto parent = nodes_.find_current(live_, key.parent);
  if (parent != nullptr) kernel_.drop_entry(parent->id, key.name);
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
  for (const InodeId inode : publication.attributes) {
    for (const NodeId node : nodes_.find_all(live_, inode))
      kernel_.drop_attributes(node);
  }
}

}  // namespace commitfs::fs
