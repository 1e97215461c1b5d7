#pragma once

#include <sys/stat.h>

#include "meta/catalog.h"
#include "tests/support/result.h"

namespace commitfs::test {

/// Makes version 1 of an empty catalog, as the adoption of an empty directory does: a root.
inline void make_first_version(Catalog& catalog, TimeNs time_ns = 0) {
  constexpr SeqNo kFirst{1};
  const auto transaction = must(catalog.begin());
  must(transaction->put_inode(kFirst, {.id = InodeId::root, .mode = S_IFDIR | 0755, .nlink = 2}));
  must(transaction->add_version({.seq_no = kFirst, .operation = "adopt", .time_ns = time_ns}, {}));
  must(transaction->commit());
}

/// As a mount does.
inline Term raise_term(Catalog& catalog) {
  const auto transaction = must(catalog.begin());
  const Term term = must(transaction->raise_term());
  must(transaction->commit());
  return term;
}

}  // namespace commitfs::test
