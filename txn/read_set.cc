#include "txn/read_set.h"

#include <cerrno>
#include <functional>
#include <string>
#include <utility>

namespace commitfs {
namespace {

constexpr std::size_t kFirstSlots = 64;

std::size_t hash_of(ReadKind kind, InodeId inode, std::string_view name) {
  std::uint64_t hash = raw(inode) * 0x9E3779B97F4A7C15ULL + static_cast<std::uint64_t>(kind);
  if (!name.empty()) hash ^= std::hash<std::string_view>{}(name);
  // The index takes the low bits, which a product of small numbers leaves alike.
  hash ^= hash >> 32;
  hash *= 0xD6E8FEB86659FD93ULL;
  return hash ^ (hash >> 32);
}

}  // namespace

Result<void> ReadSet::track() {
  if (tracking_ == Tracking::off) return fail(EBUSY, "reads before this were not recorded");
  if (tracking_ == Tracking::on) return {};
  tracking_ = Tracking::on;
  for (const Item& each : items_) {
    if (each.live) note_change(each);
  }
  return {};
}

void ReadSet::record(ReadKind kind, InodeId inode, std::string_view name) {
  if (tracking_ == Tracking::off) return;
  Item* found = find_or_add(kind, inode, name);
  if (found != nullptr && !found->live) revive(*found);
}

bool ReadSet::record_absent(InodeId directory, std::string_view name) {
  if (tracking_ == Tracking::off) return true;
  Item* found = find_or_add(ReadKind::absent, directory, name);
  if (found == nullptr) return true;
  if (found->live) {
    found->asked_twice = true;
    return true;
  }
  found->asked_twice = false;
  revive(*found);
  return false;
}

void ReadSet::forget_absence_of_made(InodeId directory, std::string_view name) {
  if (empty()) return;
  Item* found = find(ReadKind::absent, directory, name);
  if (found == nullptr || !found->live || found->asked_twice) return;
  found->live = false;
  --live_;
  if (found->journalled) note_change(*found);
}

void ReadSet::take_dirty(StagingBatch& batch) {
  taken_ = std::exchange(dirty_, {});
  for (const std::uint32_t place : taken_) {
    Item& changed = items_[place];
    if (!changed.live && !changed.journalled) continue;  // it came and went in between
    const ReadItem read = item(changed);
    auto& rows = changed.live ? batch.reads : batch.forget_reads;
    rows.push_back({static_cast<std::uint8_t>(read.kind), read.inode, std::string(read.name)});
    changed.journalled = changed.live;
  }
}

void ReadSet::mark_dirty_again() {
  for (const std::uint32_t place : taken_)
    items_[place].journalled = true;  // perhaps: whoever dies from here on is forgotten there too
  dirty_.insert(dirty_.end(), taken_.begin(), taken_.end());
  taken_.clear();
}

ReadSet ReadSet::from_staged(const std::vector<StagedRead>& reads, bool serializable) {
  if (!serializable) return ReadSet(Tracking::off);
  ReadSet set(Tracking::on);
  for (const StagedRead& read : reads) {
    const auto kind = static_cast<ReadKind>(read.kind);
    if (read.kind < static_cast<std::uint8_t>(ReadKind::file) || kind >= ReadKind::table) {
      set.overflow();  // of a kind that only another version of the program knows
      break;
    }
    set.record(kind, read.inode, read.name);
  }
  for (Item& each : set.items_)
    each.journalled = true;
  set.dirty_.clear();
  return set;
}

ReadItem ReadSet::item(const Item& item) const {
  return {item.kind, item.inode, {names_.data() + item.name_at, item.name_bytes}};
}

/// The slot that holds the item's place, or the free one where it belongs.
std::uint32_t* ReadSet::slot_of(ReadKind kind, InodeId inode, std::string_view name) {
  const std::size_t mask = index_.size() - 1;
  for (std::size_t at = hash_of(kind, inode, name) & mask;; at = (at + 1) & mask) {
    if (index_[at] == kFree) return &index_[at];
    const Item& there = items_[index_[at]];
    if (there.inode == inode && there.kind == kind && item(there).name == name) return &index_[at];
  }
}

ReadSet::Item* ReadSet::find(ReadKind kind, InodeId inode, std::string_view name) {
  if (index_.empty()) return nullptr;
  const std::uint32_t* slot = slot_of(kind, inode, name);
  return *slot == kFree ? nullptr : &items_[*slot];
}

ReadSet::Item* ReadSet::find_or_add(ReadKind kind, InodeId inode, std::string_view name) {
  if (Item* found = find(kind, inode, name)) return found;
  if (!items_.empty() && items_.front().kind == ReadKind::table) return nullptr;
  const bool undecided = tracking_ == Tracking::undecided;
  const std::size_t items_max = undecided ? kUndecidedMax : items_max_;
  if (items_.size() >= items_max || names_.size() + name.size() > kNamesMaxBytes) {
    overflow();
    return nullptr;
  }
  if (4 * (items_.size() + 1) > 3 * index_.size()) grow();
  *slot_of(kind, inode, name) = static_cast<std::uint32_t>(items_.size());
  Item added;
  added.inode = inode;
  added.kind = kind;
  added.name_at = static_cast<std::uint32_t>(names_.size());
  added.name_bytes = static_cast<std::uint8_t>(name.size());
  names_.insert(names_.end(), name.begin(), name.end());
  return &items_.emplace_back(added);
}

void ReadSet::revive(Item& item) {
  item.live = true;
  ++live_;
  note_change(item);
}

void ReadSet::note_change(const Item& item) {
  if (tracking_ == Tracking::on) dirty_.push_back(static_cast<std::uint32_t>(&item - &items_[0]));
}

void ReadSet::grow() {
  index_.assign(index_.empty() ? kFirstSlots : 2 * index_.size(), kFree);
  for (std::size_t place = 0; place < items_.size(); ++place) {
    const ReadItem read = item(items_[place]);
    *slot_of(read.kind, read.inode, read.name) = static_cast<std::uint32_t>(place);
  }
}

void ReadSet::overflow() {
  const bool undecided = tracking_ == Tracking::undecided;
  clear();
  if (undecided) {
    tracking_ = Tracking::off;
    return;
  }
  revive(items_.emplace_back(Item{.kind = ReadKind::table}));
}

void ReadSet::clear() {
  *this = ReadSet(tracking_, items_max_);
}

}  // namespace commitfs
