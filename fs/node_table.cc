#include "fs/node_table.h"

#include <algorithm>
#include <utility>

namespace commitfs::fs {

std::size_t NodeTable::KeyHash::operator()(const Key& key) const noexcept {
  return std::hash<const void*>{}(key.view) ^ (commitfs::raw(key.inode) * 0x9E3779B97F4A7C15ULL);
}

NodeTable::Slot& NodeTable::add(NodeId id, const std::shared_ptr<View>& view, InodeId inode,
                                std::shared_ptr<FixedNode> fixed) {
  Slot& slot = slots_[id];
  slot.node = std::make_shared<Node>(id, view, inode, std::move(fixed));
  Inode& entry = inodes_[Key{view.get(), inode}];
  entry.current = id;
  entry.nodes.push_back(id);
  return slot;
}

NodeTable::Slot* NodeTable::current(const View& view, InodeId inode) {
  const auto entry = inodes_.find(Key{&view, inode});
  if (entry == inodes_.end() || entry->second.current == NodeId::none) return nullptr;
  return &slots_.at(entry->second.current);
}

void NodeTable::make_stale(Slot& slot) {
  slot.content.stale = true;
  Inode& entry = inodes_.at(Key{slot.node->view.get(), slot.node->inode});
  if (entry.current == slot.node->id) entry.current = NodeId::none;
}

/// Lets the node stand for `object`, a copy of its body that nobody could write so far, if no
/// handle says otherwise.
bool NodeTable::rebind(Slot& slot, ObjectId object) {
  if (slot.content.object == object) return true;
  if (slot.handles > 0) {
    make_stale(slot);
    return false;
  }
  slot.content.object = object;
  slot.content.since = SeqNo::none;
  return true;
}

std::shared_ptr<Node> NodeTable::find(NodeId id) const {
  MutexLock lock(mutex_);
  const auto found = slots_.find(id);
  return found == slots_.end() ? nullptr : found->second.node;
}

std::shared_ptr<Node> NodeTable::find_current(const View& view, InodeId inode) const {
  MutexLock lock(mutex_);
  const auto entry = inodes_.find(Key{&view, inode});
  if (entry == inodes_.end() || entry->second.current == NodeId::none) return nullptr;
  return slots_.at(entry->second.current).node;
}

void NodeTable::note_place(Slot& slot, std::uint32_t links, const NodePlace& place) {
  if (std::ranges::find(slot.places, place) != slot.places.end()) return;
  if (links <= 1) slot.places.clear();
  slot.places.push_back(place);
}

std::vector<NodeId> NodeTable::find_all(const View& view, InodeId inode) const {
  MutexLock lock(mutex_);
  const auto entry = inodes_.find(Key{&view, inode});
  return entry == inodes_.end() ? std::vector<NodeId>() : entry->second.nodes;
}

std::shared_ptr<Node> NodeTable::remember(const std::shared_ptr<View>& view,
                                          const Attributes& found, const NodePlace& place) {
  const InodeRecord& inode = found.inode;
  MutexLock lock(mutex_);
  Slot* slot = current(*view, inode.id);
  if (slot != nullptr && slot->has_body && slot->content.object != inode.object) {
    if (!found.staged) make_stale(*slot);
    if (!found.staged || !rebind(*slot, inode.object)) slot = nullptr;
  }
  if (slot == nullptr) {
    slot = &add(NodeId{next_id_++}, view, inode.id, nullptr);
    slot->has_body = inode.is_regular();
    slot->content.object = inode.object;
  }
  slot->content.since = found.staged ? SeqNo::none : inode.since;
  ++slot->references;
  if (slot->has_body && view->kind == ViewKind::session) note_place(*slot, inode.nlink, place);
  return slot->node;
}

std::shared_ptr<Node> NodeTable::remember(const std::shared_ptr<View>& view, InodeId inode,
                                          std::shared_ptr<FixedNode> fixed) {
  MutexLock lock(mutex_);
  Slot* slot = current(*view, inode);
  if (slot == nullptr) slot = &add(NodeId{next_id_++}, view, inode, std::move(fixed));
  ++slot->references;
  return slot->node;
}

std::shared_ptr<Node> NodeTable::pin(NodeId id, const std::shared_ptr<View>& view, InodeId inode,
                                     std::shared_ptr<FixedNode> fixed) {
  MutexLock lock(mutex_);
  Slot& slot = add(id, view, inode, std::move(fixed));
  slot.handles = 1;
  return slot.node;
}

std::shared_ptr<Node> NodeTable::remove_if_unused(NodeId id) {
  const auto found = slots_.find(id);
  if (found->second.references > 0 || found->second.handles > 0) return nullptr;
  std::shared_ptr<Node> node = std::move(found->second.node);
  slots_.erase(found);
  const auto entry = inodes_.find(Key{node->view.get(), node->inode});
  if (entry->second.current == id) entry->second.current = NodeId::none;
  std::erase(entry->second.nodes, id);
  if (!entry->second.nodes.empty()) return nullptr;
  inodes_.erase(entry);
  return node;
}

std::shared_ptr<Node> NodeTable::forget(NodeId id, std::uint64_t count) {
  MutexLock lock(mutex_);
  const auto found = slots_.find(id);
  if (found == slots_.end()) return nullptr;
  found->second.references -= std::min(count, found->second.references);
  return remove_if_unused(id);
}

NodeContent NodeTable::content(const Node& node) const {
  MutexLock lock(mutex_);
  const auto found = slots_.find(node.id);
  return found == slots_.end() ? NodeContent{} : found->second.content;
}

std::optional<ObjectId> NodeTable::take_handle(const Node& node, bool even_if_stale) {
  MutexLock lock(mutex_);
  const auto found = slots_.find(node.id);
  if (found == slots_.end()) return std::nullopt;
  Slot& slot = found->second;
  if (slot.content.stale && !even_if_stale) return std::nullopt;
  ++slot.handles;
  return slot.content.object;
}

bool NodeTable::take_handle_on(const Node& node, ObjectId object) {
  MutexLock lock(mutex_);
  const auto found = slots_.find(node.id);
  if (found == slots_.end() || found->second.content.stale) return false;
  if (!rebind(found->second, object)) return false;
  ++found->second.handles;
  return true;
}

bool NodeTable::rebind(const Node& node, ObjectId object) {
  MutexLock lock(mutex_);
  const auto found = slots_.find(node.id);
  return found != slots_.end() && !found->second.content.stale && rebind(found->second, object);
}

void NodeTable::make_stale(const Node& node) {
  MutexLock lock(mutex_);
  if (const auto found = slots_.find(node.id); found != slots_.end()) make_stale(found->second);
}

std::shared_ptr<Node> NodeTable::drop_handle(const Node& node) {
  MutexLock lock(mutex_);
  const auto found = slots_.find(node.id);
  if (found == slots_.end()) return nullptr;
  --found->second.handles;
  return remove_if_unused(node.id);
}

std::vector<NodePlace> NodeTable::take_places(const Node& node) {
  MutexLock lock(mutex_);
  const auto found = slots_.find(node.id);
  if (found == slots_.end()) return {};
  return std::exchange(found->second.places, {});
}

std::size_t NodeTable::size() const {
  MutexLock lock(mutex_);
  return slots_.size();
}

std::vector<std::shared_ptr<Node>> NodeTable::open_nodes(const View& view) const {
  std::vector<std::shared_ptr<Node>> nodes;
  MutexLock lock(mutex_);
  for (const auto& [id, slot] : slots_) {
    if (slot.node->view.get() == &view && slot.handles > 0) nodes.push_back(slot.node);
  }
  return nodes;
}

}  // namespace commitfs::fs
