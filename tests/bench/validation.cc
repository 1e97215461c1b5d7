// What the validation of a commit costs, in processor time: by the size of the change set, of the
// table, and of the history since the session's base. Only the first may matter. Without a mount;
// `commitfs_validation_bench [LARGEST_TABLE [LONGEST_HISTORY]]`.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <stdexcept>
#include <vector>

#include "meta/sqlite/sqlite_catalog.h"
#include "tests/bench/measure.h"
#include "tests/support/temporary_directory.h"
#include "txn/config/table_config.h"
#include "txn/delta.h"
#include "txn/tree_operations.h"
#include "txn/validator.h"

namespace commitfs::bench {
namespace {

constexpr int kRepeats = 21;
constexpr std::uint64_t kFilesADirectory = 1000;
constexpr std::uint64_t kChanges = 100;
constexpr std::uint64_t kVersionsATransaction = 1000;

template <typename T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().describe());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

/// Files in directories of a thousand; directory d is inode 2 + d, below the root.
class Table {
 public:
  explicit Table(std::uint64_t files)
      : files_(files), directories_((files + kFilesADirectory - 1) / kFilesADirectory) {
    catalog_ = must(open_sqlite_catalog(directory_ / "catalog.db"));
    store_ = std::make_shared<ObjectStore>(must(ObjectStore::open(directory_ / "objects")));
    auto transaction = must(catalog_->begin());
    must(transaction->put_inode(kFirst, record(1, S_IFDIR | 0755)));
    for (std::uint64_t d = 0; d < directories_; ++d) {
      must(transaction->put_inode(kFirst, record(2 + d, S_IFDIR | 0755)));
      must(transaction->put_dirent(kFirst, {InodeId::root, std::to_string(d)}, InodeId{2 + d}));
    }
    for (std::uint64_t f = 0; f < files_; ++f) {
      must(transaction->put_inode(kFirst, file(f)));
      must(transaction->put_dirent(kFirst, name(f), file(f).id));
      must(transaction->put_group_head({name(f).parent, name(f).name}, {.content_seq_no = kFirst}));
    }
    must(transaction->add_version({.seq_no = kFirst, .operation = "adopt"}, {}));
    must(transaction->commit());
  }

  /// Versions up to `last`, each an update of one file of the last tenth.
  void write_until(std::uint64_t last) {
    while (written_ < last) {
      auto transaction = must(catalog_->begin());
      for (std::uint64_t i = 0; i < kVersionsATransaction && written_ < last; ++i)
        write(*transaction, SeqNo{++written_});
      must(transaction->commit());
    }
  }

  /// Of a session that began at version 1, removed a file and changed the mode of another, and so
  /// on: `changes` files of the first nine tenths, as close to each other in every table.
  Delta delta(std::uint64_t changes) {
    TableContext context;
    context.catalog = catalog_;
    context.store = store_;
    context.clock = &system_clock();
    StagedSession row;
    row.id = SessionId{1};
    row.base = kFirst;
    const auto session = std::make_shared<Session>(context, row, ChangeSet());
    const std::uint64_t stride = std::min<std::uint64_t>((files_ - files_ / 10) / changes, 9);
    for (std::uint64_t i = 0; i < changes; ++i) {
      const std::uint64_t f = i * stride;
      if (i % 2 == 0) {
        must(tree::unlink(*session, name(f).parent, name(f).name));
      } else {
        must(tree::setattr(*session, file(f).id, {.mode = 0600}));
      }
    }
    return must(compute_delta(*session, *store_));
  }

  /// Milliseconds of the processor, not of the clock: what others do on the machine does not count.
  Samples validate_ms(const Delta& delta) {
    Samples samples;
    for (int i = 0; i < kRepeats; ++i) {
      auto transaction = must(catalog_->begin());
      const std::clock_t before = std::clock();
      const Validation validation =
          must(validate(*transaction, delta, BodyComparisons(), TableConfig()));
      samples.add(1e3 * static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC);
      if (validation.report.refused()) throw std::runtime_error(validation.report.to_text());
    }
    return samples;
  }

 private:
  static constexpr SeqNo kFirst{1};

  static InodeRecord record(std::uint64_t id, mode_t mode) {
    InodeRecord inode;
    inode.id = InodeId{id};
    inode.mode = mode;
    inode.nlink = S_ISDIR(mode) ? 2 : 1;
    return inode;
  }
  InodeRecord file(std::uint64_t f) const { return record(2 + directories_ + f, S_IFREG | 0644); }
  static DirentKey name(std::uint64_t f) {
    return {InodeId{2 + f / kFilesADirectory}, fmt::format("part-{:08}", f)};
  }

  void write(CatalogTransaction& transaction, SeqNo seq_no) {
    const std::uint64_t tenth = std::max<std::uint64_t>(files_ / 10, 1);
    const std::uint64_t f = files_ - 1 - raw(seq_no) % tenth;
    InodeRecord inode = file(f);
    inode.object = ObjectId{raw(seq_no)};
    must(transaction.put_inode(seq_no, inode));
    must(transaction.put_group_head(
        {name(f).parent, name(f).name},
        {.content_seq_no = seq_no, .content_change = ChangeKind::modified}));
    for (const InodeId directory : {name(f).parent, InodeId::root})
      must(transaction.put_directory_head(directory, {.subtree_seq_no = seq_no}));
    must(transaction.add_version({.seq_no = seq_no, .session_id = SessionId{raw(seq_no)}}, {}));
  }

  const std::uint64_t files_;
  const std::uint64_t directories_;
  test::TemporaryDirectory directory_;
  std::shared_ptr<Catalog> catalog_;
  std::shared_ptr<ObjectStore> store_;
  std::uint64_t written_ = 1;
};

/// A row, and how it stands to the first of its kind.
void print(const std::string& what, const Samples& samples, double& first_ms) {
  if (first_ms == 0) first_ms = samples.median();
  fmt::print("  {:<40} {:>30} ms  {:8.2f} of the first\n", what, samples.describe(3),
             samples.median() / first_ms);
  std::fflush(stdout);
}

void by_change_set() {
  fmt::print(
      "by the size of the change set: a table of 100,000 files, 10 versions since the base\n");
  Table table(100'000);
  table.write_until(11);
  double first_ms = 0;
  for (const std::uint64_t changes : {1U, 10U, 100U, 1000U, 10'000U}) {
    const Delta delta = table.delta(changes);
    print(fmt::format("{} changes", changes), table.validate_ms(delta), first_ms);
  }
}

void by_table(std::uint64_t largest) {
  fmt::print("by the size of the table: {} changes, 10 versions since the base\n", kChanges);
  double first_ms = 0;
  for (std::uint64_t files = 1000; files <= largest; files *= 10) {
    Table table(files);
    table.write_until(11);
    const Delta delta = table.delta(kChanges);
    print(fmt::format("{} files", files), table.validate_ms(delta), first_ms);
  }
}

void by_history(std::uint64_t longest) {
  fmt::print("by the history since the base: {} changes, a table of 10,000 files\n", kChanges);
  Table table(10'000);
  const Delta delta = table.delta(kChanges);
  double first_ms = 0;
  for (std::uint64_t versions = 1; versions <= longest; versions *= 10) {
    table.write_until(1 + versions);
    print(fmt::format("{} versions", versions), table.validate_ms(delta), first_ms);
  }
}

}  // namespace
}  // namespace commitfs::bench

int main(int argc, char** argv) {
  const std::uint64_t largest = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  const std::uint64_t longest = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 100'000;
  commitfs::bench::by_change_set();
  commitfs::bench::by_table(largest);
  commitfs::bench::by_history(longest);
}
