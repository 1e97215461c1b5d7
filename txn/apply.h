#pragma once

#include <vector>

#include "meta/catalog.h"
#include "txn/delta.h"
#include "txn/publication.h"
#include "txn/validator.h"

namespace commitfs {

struct Applied {
  Publication publication;
  std::vector<ChangeRecord> changes;
  /// Staged bodies that no inode came to own, because the head had the same bytes already.
  std::vector<ObjectId> unused;
};

/// Writes a validated delta over the head as version `version.seq_no`, and the version itself.
/// Bytes of files and attributes of files meet here: each inode starts from the head's record and
/// takes only what this session changed. Link counts are recounted from the names. `version`'s
/// counts, bytes and only_deletes are filled in. Groups of several names get their heads by the
/// rules of `config`. Durable only with the transaction's commit. Errors: those of the catalog; the
/// caller rolls back.
Result<Applied> apply(CatalogTransaction& transaction, const Delta& delta,
                      const Validation& validation, VersionRecord version,
                      const TableConfig& config);

}  // namespace commitfs
