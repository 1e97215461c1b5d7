// What reads cost a serializable session: recording one, journalling them, and validating them all
// against a head that is newer, in processor time. Without a mount; `commitfs_read_set_bench [READS
// [DIRECTORIES]]`.
#include <fmt/format.h>

#include <cstdlib>
#include <ctime>
#include <functional>
#include <stdexcept>

#include "meta/sqlite/sqlite_catalog.h"
#include "meta/sqlite/sqlite_staging.h"
#include "tests/support/temporary_directory.h"
#include "txn/config/table_config.h"
#include "txn/reads.h"
#include "txn/validator.h"

namespace commitfs::bench {
namespace {

template <typename T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().describe());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

InodeRecord record(std::uint64_t id, mode_t mode) {
  InodeRecord inode;
  inode.id = InodeId{id};
  inode.mode = mode;
  inode.nlink = 1;
  return inode;
}

/// Version 1: `files` files, spread over `directories`; directory d is inode 2 + d.
void fill(Catalog& catalog, std::uint64_t files, std::uint64_t directories) {
  auto transaction = must(catalog.begin());
  const SeqNo first{1};
  must(transaction->put_inode(first, record(1, S_IFDIR | 0755)));
  for (std::uint64_t d = 0; d < directories; ++d) {
    must(transaction->put_inode(first, record(2 + d, S_IFDIR | 0755)));
    must(transaction->put_dirent(first, {InodeId::root, std::to_string(d)}, InodeId{2 + d}));
  }
  for (std::uint64_t f = 0; f < files; ++f) {
    const InodeId id{2 + directories + f};
    must(transaction->put_inode(first, record(raw(id), S_IFREG | 0644)));
    const InodeId directory{2 + f % directories};
    must(transaction->put_dirent(first, {directory, fmt::format("part-{:08}", f)}, id));
    must(transaction->put_group_head({directory, fmt::format("part-{:08}", f)},
                                     {.content_seq_no = first}));
  }
  must(transaction->add_version({.seq_no = first, .operation = "adopt"}, {}));
  must(transaction->commit());
}

/// Version 2 adds a file to each of the first `touched` directories.
void touch(Catalog& catalog, std::uint64_t touched) {
  auto transaction = must(catalog.begin());
  const SeqNo second{2};
  for (std::uint64_t d = 0; d < touched; ++d) {
    must(transaction->put_directory_head(InodeId{2 + d},
                                         {.entries_seq_no = second, .subtree_seq_no = second}));
  }
  must(transaction->add_version({.seq_no = second, .session_id = SessionId{99}}, {}));
  must(transaction->commit());
}

/// Of the processor, not of the clock: what others do on the machine does not count.
double cpu_seconds_of(const std::function<void()>& work) {
  const std::clock_t before = std::clock();
  work();
  return static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
}

double validate_ms(Catalog& catalog, const Delta& delta) {
  auto transaction = must(catalog.begin());
  Validation validation;
  const double seconds = cpu_seconds_of(
      [&] { validation = must(validate(*transaction, delta, BodyComparisons(), TableConfig())); });
  if (validation.report.refused()) throw std::runtime_error(validation.report.to_text());
  return 1e3 * seconds;
}

void run(std::uint64_t files, std::uint64_t directories) {
  const test::TemporaryDirectory directory;
  const std::shared_ptr<Catalog> catalog = must(open_sqlite_catalog(directory / "catalog.db"));
  const auto staging = must(open_sqlite_staging(directory / "staging.db"));
  fmt::print("{} files read in {} directories\n", files, directories);
  fmt::print("  filling the table           {:10.1f} s\n",
             cpu_seconds_of([&] { fill(*catalog, files, directories); }));
  TableContext context;
  context.catalog = catalog;
  StagedSession row;
  row.id = SessionId{1};
  row.base = SeqNo{1};
  const auto session = std::make_shared<Session>(context, row, ChangeSet());
  must(session->set_isolation(Isolation::serializable));
  const auto read_all = [&] {
    for (std::uint64_t f = 0; f < files; ++f)
      session->note_read(ReadKind::file, InodeId{2 + directories + f});
  };
  const double each_ns = 1e9 / static_cast<double>(files);
  fmt::print("  recording, each             {:10.0f} ns\n", each_ns * cpu_seconds_of(read_all));
  fmt::print("  recording again, each       {:10.0f} ns\n", each_ns * cpu_seconds_of(read_all));
  fmt::print("  journalling                 {:10.1f} ms\n",
             1e3 * cpu_seconds_of([&] {
               must(staging->write({*session->take_journal()}, Durability::lazy));
             }));
  Delta delta;
  delta.base = SeqNo{1};
  fmt::print("  finding their directories   {:10.1f} ms, before the catalog is locked\n",
             1e3 * cpu_seconds_of([&] { delta.reads = must(collect_reads(*session)); }));
  touch(*catalog, 1);
  fmt::print("  validating, 1 directory changed  {:5.1f} ms\n", validate_ms(*catalog, delta));
  fmt::print("  validating, all changed     {:10.1f} ms\n", [&] {
    auto transaction = must(catalog->begin());
    for (std::uint64_t d = 0; d < directories; ++d) {
      must(transaction->put_directory_head(
          InodeId{2 + d}, {.entries_seq_no = SeqNo{2}, .subtree_seq_no = SeqNo{2}}));
    }
    must(transaction->commit());
    return validate_ms(*catalog, delta);
  }());
}

}  // namespace
}  // namespace commitfs::bench

int main(int argc, char** argv) {
  const std::uint64_t files = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  const std::uint64_t directories = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1000;
  commitfs::bench::run(files, directories);
}
