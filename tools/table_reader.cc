#include "tools/table_reader.h"

#include <fmt/format.h>

#include "tools/text.h"
#include "txn/table.h"
#include "txn/version_name.h"

namespace commitfs {

Result<SeqNo> TableReader::version(std::string_view text) const {
  const auto found = resolve_version(*catalog, text);
  if (!found) return fail_because(found.error());
  if (!*found) return fail(ENOENT, fmt::format("{} has no version {}", table.native(), text));
  return **found;
}

Result<std::filesystem::path> find_table(const std::filesystem::path& place) {
  if (auto mount = find_our_mount(place)) return std::filesystem::path(mount->source);
  std::error_code error;
  const std::filesystem::path table = std::filesystem::canonical(place, error);
  if (error) return fail_on(place, error.value());
  if (!Table::is_table(table)) {
    return fail(EINVAL,
                fmt::format("{} is neither a table nor the mount point of one", table.native()));
  }
  return table;
}

Result<TableReader> open_table_reader(const std::filesystem::path& place) {
  TableReader reader;
  reader.table = TRY(find_table(place));
  if (auto mount = find_our_mount(place)) reader.mount = *std::move(mount);
  auto catalog = Table::open_catalog(reader.table);
  if (!catalog) return fail_because(catalog.error());
  reader.catalog = *std::move(catalog);
  return reader;
}

}  // namespace commitfs
