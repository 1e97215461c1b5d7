#include "txn/check/table_check.h"

#include <cerrno>

#include "meta/sqlite/row_checks.h"
#include "txn/check/garbage.h"
#include "txn/check/offline_table.h"
#include "txn/check/store_check.h"

namespace commitfs {
namespace {

/// Enough to see what happened; a table can be damaged in millions of rows.
constexpr std::size_t kFindingsOfARule = 1000;

/// One look at everything.
class Look {
 public:
  Look(const OfflineTable& table, const CheckOptions& options, const CheckListener& listener)
      : table_(table), options_(options), listener_(listener) {}

  Result<CheckSummary> run() {
    const auto& control = table_.control();
    listener_.progress("databases", 0, 1);
    const auto read = sqlite::check_integrity(
        control.catalog(), control.staging(),
        [&](const std::string& text) { note({.rule = "damaged-database", .text = text}); });
    if (!read && read.error().code != EIO) return std::unexpected(read.error());
    if (!read) note({.rule = "damaged-database", .text = read.error().context});
    // Of what SQLite cannot read, rows say nothing.
    if (summary_.found > 0) return summary_;
    TRY(sqlite::check_rows(
        control.catalog(), control.staging(), kFindingsOfARule,
        [&](const sqlite::RowFinding& row) {
          note({.rule = std::string(row.rule), .text = row.text, .repairable = row.repairable});
        },
        [&](std::size_t done, std::size_t of) { listener_.progress("rows", done, of); }));
    TRY(check_store(
        table_, options_.data, summary_, [&](const Finding& finding) { note(finding); },
        [&](std::uint64_t done, std::uint64_t of) { listener_.progress("bodies", done, of); }));
    return summary_;
  }

  bool any_repairable() const { return repairable_; }

 private:
  void note(const Finding& finding) {
    ++(finding.note ? summary_.notes : summary_.found);
    repairable_ = repairable_ || finding.repairable;
    listener_.found(finding);
  }

  const OfflineTable& table_;
  const CheckOptions& options_;
  const CheckListener& listener_;
  CheckSummary summary_;
  bool repairable_ = false;
};

Result<void> repair(const OfflineTable& table) {
  // Names first, so that no body seems to belong to nobody that will have a name in a moment.
  TRY(sqlite::repair_rows(table.control().catalog()));
  TRY(remove_garbage(table, {.min_age = std::chrono::seconds(0)}, [](ObjectId, std::uint64_t) {}));
  return {};
}

}  // namespace

Result<CheckSummary> check_table(const std::filesystem::path& directory,
                                 const CheckOptions& options, const CheckListener& listener) {
  auto opened = OfflineTable::open(directory);
  if (!opened && opened.error().code == EIO) {
    listener.found({.rule = "damaged-database", .text = opened.error().context});
    return CheckSummary{.found = 1};
  }
  const OfflineTable table = TRY(std::move(opened));
  Look first(table, options, listener);
  CheckSummary summary = TRY(first.run());
  if (!options.repair || !first.any_repairable()) return summary;

  TRY(repair(table));
  const CheckListener silent{.found = [](const Finding&) {}, .progress = listener.progress};
  const CheckOptions rows_only{};
  const CheckSummary after = TRY(Look(table, rows_only, silent).run());
  // What reading found, reading alone finds again.
  const std::uint64_t left = after.found + summary.data_found;
  summary.repaired = summary.found > left ? summary.found - left : 0;
  summary.notes_cleared = summary.notes > after.notes ? summary.notes - after.notes : 0;
  return summary;
}

}  // namespace commitfs
