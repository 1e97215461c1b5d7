#pragma once

#include <optional>

#include "meta/sqlite/named_objects.h"
#include "txn/check/offline_table.h"

namespace commitfs {

/// Asked about bodies in the order of their ids, tells which are named. Used by one thread.
class NamedBodies {
 public:
  /// Errors: EIO, ENOSPC (temporary files).
  static Result<NamedBodies> open(const OfflineTable& table) {
    NamedBodies bodies(
        TRY(sqlite::NamedObjects::open(table.control().catalog(), table.control().staging())));
    bodies.next_ = TRY(bodies.objects_.next());
    return bodies;
  }

  /// `id` is greater than at the call before.
  Result<bool> contains(ObjectId id) {
    while (next_ && next_->id < id)
      next_ = TRY(objects_.next());
    return next_ && next_->id == id;
  }

 private:
  explicit NamedBodies(sqlite::NamedObjects objects) : objects_(std::move(objects)) {}

  sqlite::NamedObjects objects_;
  std::optional<sqlite::NamedObject> next_;
};

}  // namespace commitfs
