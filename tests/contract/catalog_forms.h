#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "meta/catalog.h"
#include "meta/memory_catalog.h"
#include "meta/sqlite/sqlite_catalog.h"
#include "tests/support/result.h"
#include "tests/support/temporary_directory.h"

namespace commitfs::test {

enum class CatalogForm { memory, sqlite };

/// A catalog of the form under test, in a directory of its own.
class CatalogTest : public ::testing::TestWithParam<CatalogForm> {
 protected:
  CatalogTest() { open(); }

  /// Opens it again where it outlives its process; a catalog in memory stays as it is.
  void reopen() {
    if (GetParam() == CatalogForm::sqlite) open();
  }

  Catalog& catalog() { return *catalog_; }
  std::unique_ptr<CatalogTransaction> begin() { return must(catalog_->begin()); }

  /// Makes version `seq_no` out of what `change` puts into the transaction.
  template <typename Change>
  void commit_version(std::uint64_t seq_no, Change change) {
    auto transaction = begin();
    change(*transaction);
    must(transaction->add_version(version(seq_no), {}));
    must(transaction->commit());
  }

  static VersionRecord version(std::uint64_t seq_no) {
    VersionRecord record;
    record.seq_no = SeqNo{seq_no};
    record.term = Term{1};
    record.session_id = SessionId{seq_no};
    record.session = "session";
    record.base = SeqNo{seq_no - 1};
    record.time_ns = static_cast<TimeNs>(seq_no) * 1000;
    return record;
  }

  /// A regular file that differs from others of the same id by `size_bytes`.
  static InodeRecord file(std::uint64_t id, std::uint64_t size_bytes = 0) {
    InodeRecord record;
    record.id = InodeId{id};
    record.mode = S_IFREG | 0644;
    record.nlink = 1;
    record.size_bytes = size_bytes;
    return record;
  }

 private:
  void open() {
    catalog_.reset();
    catalog_ = GetParam() == CatalogForm::memory
                   ? make_memory_catalog()
                   : must(open_sqlite_catalog(directory_ / "catalog.db"));
  }

  TemporaryDirectory directory_;
  std::unique_ptr<Catalog> catalog_;
};

/// The names of a listing.
inline std::vector<std::string> names_of(const std::vector<ListedDirent>& entries) {
  std::vector<std::string> names;
  for (const auto& entry : entries)
    names.push_back(entry.name);
  return names;
}

#define INSTANTIATE_FOR_EVERY_CATALOG(suite)                                                      \
  INSTANTIATE_TEST_SUITE_P(Catalog, suite,                                                        \
                           ::testing::Values(::commitfs::test::CatalogForm::memory,               \
                                             ::commitfs::test::CatalogForm::sqlite),              \
                           [](const ::testing::TestParamInfo<::commitfs::test::CatalogForm>& p) { \
                             return p.param == ::commitfs::test::CatalogForm::memory ? "memory"   \
                                                                                     : "sqlite";  \
                           })

}  // namespace commitfs::test
