#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "meta/staging.h"

namespace commitfs {

/// The ways to depend on what one's base holds. On disk in staging: never renumber.
enum class ReadKind : std::uint8_t {
  file = 1,       ///< opened for reading, or a symbolic link read: its bytes
  directory = 2,  ///< listed: which names it has
  absent = 3,     ///< a name looked up and not found
  xattr = 4,      ///< one extended attribute, asked for by its name
  table = 5,      ///< anything may have been read
};

/// One thing read. `name` is that of an absent entry of the directory `inode`, or of an attribute
/// of the inode; empty otherwise.
struct ReadItem {
  ReadKind kind = ReadKind::table;
  InodeId inode = InodeId::none;
  std::string_view name;
};

/// What a session depended on. Everything is named as in its base: the session's own doings are
/// left out by whoever records (SessionData). Not thread-safe: Session guards it.
///
/// A session may turn serializable after it has read. So every set begins `undecided` and records
/// from the start, up to kUndecidedMax items; beyond that the session can only be a snapshot one,
/// the set is `off`, empty, and costs nothing any more. `track` decides otherwise: from then on
/// all is kept, and journalled too.
///
/// Memory: 16 bytes an item, 5 to 11 more of index, and the bytes of names; no allocation of an
/// item's own. Items stand in the order of recording, so that a copy is three memcpy's. Beyond
/// kItemsMax items, or kNamesMaxBytes of names, the set says only that anything may have been read.
class ReadSet {
 public:
  enum class Tracking : std::uint8_t { off, undecided, on };

  static constexpr std::size_t kUndecidedMax = 4096;
  static constexpr std::size_t kItemsMax = std::size_t{1} << 24;
  static constexpr std::size_t kNamesMaxBytes = std::size_t{1} << 30;

  explicit ReadSet(Tracking tracking = Tracking::undecided, std::size_t items_max = kItemsMax)
      : tracking_(tracking), items_max_(items_max) {}

  Tracking tracking() const { return tracking_; }
  /// From now on everything is kept. EBUSY when something was read that is not known any more.
  Result<void> track();

  void record(ReadKind kind, InodeId inode, std::string_view name = {});
  /// A lookup that found nothing. False the first time: whether a program asked, or the kernel did
  /// to make the name, is told by what comes next, so the kernel must ask again for the next use.
  bool record_absent(InodeId directory, std::string_view name);
  /// The session makes the name. Of an absence looked up only once that lookup was part of the
  /// making and is forgotten; one looked up before stays: a program saw it.
  void forget_absence_of_made(InodeId directory, std::string_view name);

  bool empty() const { return live_ == 0; }
  std::size_t size() const { return live_; }
  /// Calls `visit(ReadItem)` for each, in the order of their recording.
  template <typename Visit>
  void for_each(Visit visit) const;

  // The journal's. Only what is tracked is journalled.
  bool dirty() const { return !dirty_.empty(); }
  void take_dirty(StagingBatch& batch);
  /// What was taken last could not be written.
  void mark_dirty_again();
  /// As recovery found it; `on` when `serializable`, otherwise what was read is not known.
  static ReadSet from_staged(const std::vector<StagedRead>& reads, bool serializable);

 private:
  struct Item {
    InodeId inode = InodeId::none;
    std::uint32_t name_at = 0;
    std::uint8_t name_bytes = 0;
    ReadKind kind = ReadKind::table;
    bool live = false;
    bool journalled : 1 = false;
    bool asked_twice : 1 = false;
  };
  static_assert(sizeof(Item) == 16);
  static constexpr std::uint32_t kFree = ~std::uint32_t{0};

  ReadItem item(const Item& item) const;
  std::uint32_t* slot_of(ReadKind kind, InodeId inode, std::string_view name);
  Item* find(ReadKind kind, InodeId inode, std::string_view name);
  /// The item, dead or alive; made dead when it is new. Null when the set is full.
  Item* find_or_add(ReadKind kind, InodeId inode, std::string_view name);
  void revive(Item& item);
  void note_change(const Item& item);
  void grow();
  void overflow();
  void clear();

  Tracking tracking_;
  std::size_t items_max_;
  std::size_t live_ = 0;
  std::vector<Item> items_;
  std::vector<std::uint32_t> index_;  ///< open addressing: places in items_, at most 3/4 full
  std::vector<char> names_;
  std::vector<std::uint32_t> dirty_;
  std::vector<std::uint32_t> taken_;
};

template <typename Visit>
void ReadSet::for_each(Visit visit) const {
  for (const Item& each : items_) {
    if (each.live) visit(item(each));
  }
}

}  // namespace commitfs
