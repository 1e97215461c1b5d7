#include "meta/sqlite/row_checks.h"

#include <chrono>
#include <iterator>
#include <memory>

#include "meta/sqlite/named_objects.h"
#include "meta/sqlite/row_rules.h"
#include "meta/sqlite/schema.h"

namespace commitfs::sqlite {
namespace {

constexpr char kNoteChecksum[] = "UPDATE object SET checksum = ?2 WHERE id = ?1";

Result<void> check_file(const std::filesystem::path& path,
                        const std::function<void(std::string)>& visit) {
  const auto connection = TRY(open_reader(path, kLockLimit));
  auto row = TRY(connection->use("PRAGMA integrity_check(100)"));
  while (TRY(row.step())) {
    const auto text = row.get<std::string>(0);
    if (text != "ok") visit(path.filename().native() + ": " + text);
  }
  return {};
}

Result<void> check_rule(Connection& connection, const RowRule& rule, std::size_t limit,
                        const std::function<void(const RowFinding&)>& visit) {
  auto row = TRY(connection.use(rule.query));
  for (std::size_t found = 0; found < limit && TRY(row.step()); ++found)
    visit({rule.name, row.get<std::string>(0), rule.has_repair()});
  return {};
}

}  // namespace

Result<void> check_integrity(const std::filesystem::path& catalog,
                             const std::filesystem::path& staging,
                             const std::function<void(std::string)>& visit) {
  TRY(check_file(catalog, visit));
  return check_file(staging, visit);
}

Result<void> check_rows(const std::filesystem::path& catalog, const std::filesystem::path& staging,
                        std::size_t limit, const std::function<void(const RowFinding&)>& visit,
                        const std::function<void(std::size_t, std::size_t)>& progress) {
  const auto connection = TRY(open_both(catalog, staging));
  std::size_t done = 0;
  for (const RowRule& rule : kRowRules) {
    TRY(check_rule(*connection, rule, limit, visit));
    progress(++done, std::size(kRowRules));
  }
  return {};
}

Result<void> repair_rows(const std::filesystem::path& catalog) {
  const auto connection =
      TRY(open_writer(catalog, catalog_schema(), Synchronous::full, kLockLimit));
  auto transaction = TRY(Transaction::begin(*connection));
  for (const RowRule& rule : kRowRules) {
    if (rule.has_repair()) TRY(connection->execute(rule.repair));
  }
  return transaction.commit();
}

Result<void> note_checksums(const std::filesystem::path& catalog,
                            std::span<const std::pair<ObjectId, std::string>> checksums) {
  const auto connection =
      TRY(open_writer(catalog, catalog_schema(), Synchronous::full, kLockLimit));
  auto transaction = TRY(Transaction::begin(*connection));
  for (const auto& [id, checksum] : checksums)
    TRY(connection->run(kNoteChecksum, id, checksum));
  return transaction.commit();
}

}  // namespace commitfs::sqlite
