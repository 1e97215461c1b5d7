#include <fmt/format.h>

#include "txn/session.h"

namespace commitfs {
namespace {

constexpr std::size_t kReportedPathsMax = 100;

/// The staged body of a file that has a name, if it is still `object`.
const ChangedInode* find_body(const ChangeSet& changes, InodeId inode, ObjectId object) {
  const ChangedInode* found = changes.find_inode(inode);
  if (found == nullptr || !found->body_staged || found->record.object != object ||
      found->record.nlink == 0) {
    return nullptr;
  }
  return found;
}

}  // namespace

void Session::release_writer(InodeId id) {
  ObjectId to_seal = ObjectId::none;
  {
    AfterUnlock after(*this);
    MutexLock lock(mutex_);
    ChangedInode* inode = data_.changes.find_inode_for_bookkeeping(id);
    if (inode == nullptr || inode->writers == 0) return;
    if (--inode->writers > 0) return;
    data_.open_for_writing.erase(id);
    if (is_alive() && inode->body_staged && inode->record.nlink > 0) to_seal = inode->record.object;
    data_.forget_if_unreachable(id);
    writers_released_.notify_all();
    settle(after);
  }
  if (to_seal != ObjectId::none && context_.sealer)
    context_.sealer->enqueue(weak_from_this(), id, to_seal);
}

void Session::release_inode(InodeId id) {
  AfterUnlock after(*this);
  MutexLock lock(mutex_);
  ChangedInode* inode = data_.changes.find_inode_for_bookkeeping(id);
  if (inode == nullptr || inode->record.nlink > 0) return;
  inode->released = true;
  data_.forget_if_unreachable(id);
  settle(after);
}

void Session::note_written(InodeId id) {
  MutexLock lock(mutex_);
  ChangedInode* inode = data_.changes.find_inode_for_bookkeeping(id);
  if (inode == nullptr) return;
  inode->sealed = false;
  ++inode->generation;
}

void Session::note_mappable(InodeId id) {
  MutexLock lock(mutex_);
  ChangedInode* inode = data_.changes.find_inode_for_bookkeeping(id);
  if (inode != nullptr) inode->maybe_mapped = true;
}

std::vector<std::pair<InodeId, ObjectId>> Session::mappable_bodies() const {
  MutexLock lock(mutex_);
  std::vector<std::pair<InodeId, ObjectId>> bodies;
  for (const auto& [id, inode] : data_.changes.inodes()) {
    if (inode.maybe_mapped && inode.body_staged && inode.record.nlink > 0)
      bodies.emplace_back(id, inode.record.object);
  }
  return bodies;
}

void Session::forget_mappable(InodeId id) {
  MutexLock lock(mutex_);
  ChangedInode* inode = data_.changes.find_inode_for_bookkeeping(id);
  if (inode != nullptr) inode->maybe_mapped = false;
}

std::vector<InodeId> Session::linked_with_writers() const {
  std::vector<InodeId> linked;
  for (const InodeId id : data_.open_for_writing) {
    const ChangedInode* inode = data_.changes.find_inode(id);
    if (inode != nullptr && inode->record.nlink > 0) linked.push_back(id);
  }
  return linked;
}

std::vector<std::string> Session::wait_for_writers(std::chrono::steady_clock::time_point deadline) {
  MutexLock lock(mutex_);
  std::vector<InodeId> remaining = linked_with_writers();
  while (!remaining.empty()) {
    const bool woken = writers_released_.wait_until(mutex_, deadline);
    remaining = linked_with_writers();
    if (!woken) break;
  }
  std::vector<std::string> paths;
  for (const InodeId id : remaining) {
    if (paths.size() == kReportedPathsMax) break;
    auto path = data_.path_of(id);
    paths.push_back(path ? *std::move(path) : fmt::format("inode {}", raw(id)));
  }
  return paths;
}

std::vector<std::pair<InodeId, ObjectId>> Session::unsealed_bodies() const {
  MutexLock lock(mutex_);
  std::vector<std::pair<InodeId, ObjectId>> bodies;
  for (const auto& [id, inode] : data_.changes.inodes()) {
    if (inode.body_staged && !inode.sealed && inode.record.nlink > 0)
      bodies.emplace_back(id, inode.record.object);
  }
  return bodies;
}

void Session::mark_sealed(InodeId id, ObjectId object) {
  MutexLock lock(mutex_);
  const ChangedInode* body = find_body(data_.changes, id, object);
  if (body == nullptr || body->writers > 0) return;
  data_.changes.find_inode_for_bookkeeping(id)->sealed = true;
}

std::optional<std::uint32_t> Session::begin_seal(InodeId id, ObjectId object) const {
  MutexLock lock(mutex_);
  if (!is_alive()) return std::nullopt;
  const ChangedInode* body = find_body(data_.changes, id, object);
  if (body == nullptr || body->writers > 0 || body->sealed) return std::nullopt;
  return body->generation;
}

void Session::mark_sealed(InodeId id, ObjectId object, std::uint32_t generation) {
  MutexLock lock(mutex_);
  const ChangedInode* body = find_body(data_.changes, id, object);
  if (body == nullptr || body->writers > 0 || body->generation != generation) return;
  if (body->maybe_mapped) return;  // bytes may still come; the commit syncs them
  data_.changes.find_inode_for_bookkeeping(id)->sealed = true;
}

void Session::mark_damaged(InodeId id, ObjectId object, int error) {
  MutexLock lock(mutex_);
  if (find_body(data_.changes, id, object) == nullptr) return;
  data_.changes.find_inode_for_bookkeeping(id)->seal_error = error;
}

std::vector<std::pair<InodeId, int>> Session::damaged_bodies() const {
  MutexLock lock(mutex_);
  std::vector<std::pair<InodeId, int>> damaged;
  for (const auto& [id, inode] : data_.changes.inodes()) {
    if (inode.seal_error != 0 && inode.record.nlink > 0) damaged.emplace_back(id, inode.seal_error);
  }
  return damaged;
}

}  // namespace commitfs
