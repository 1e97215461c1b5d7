#pragma once

#include <atomic>
#include <memory>

#include "meta/catalog.h"

namespace commitfs {

/// Whether this mount may still write to the table: while no other has raised the term since. A
/// daemon that lost its lock (a file removed, a lease of a network file system) must neither commit
/// nor touch what the new one has taken over. Once broken it stays so. Thread-safe.
/// Source: Elasticsearch's primary terms; Gray & Cheriton 1989 (fencing of an old lease holder).
class Fence {
 public:
  Fence(std::shared_ptr<Catalog> catalog, Term term) : catalog_(std::move(catalog)), term_(term) {}

  /// What was found out so far; costs nothing.
  bool broken() const { return broken_.load(std::memory_order_relaxed); }
  /// Asks the catalog. EROFS when another mount has taken over; EIO, EAGAIN when that cannot be
  /// told.
  Result<void> check();
  /// The same, for whoever has just read the term. ESTALE when it is not ours.
  Result<void> admit(Term current);

 private:
  const std::shared_ptr<Catalog> catalog_;
  const Term term_;
  std::atomic<bool> broken_ = false;
};

}  // namespace commitfs
