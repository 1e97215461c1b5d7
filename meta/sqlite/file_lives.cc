#include "meta/sqlite/file_lives.h"

#include <chrono>

#include "meta/sqlite/schema.h"

namespace commitfs::sqlite {
namespace {

constexpr char kListVersionNumbers[] = "SELECT seq_no FROM version ORDER BY seq_no";
// 61440 is S_IFMT, 32768 S_IFREG.
constexpr char kListFileLives[] =
    "SELECT object, size_bytes, since, until FROM ("
    "SELECT object, size_bytes, since, 9223372036854775807 AS until FROM inode "
    "WHERE mode & 61440 = 32768 "
    "UNION ALL SELECT object, size_bytes, since, until FROM inode_history "
    "WHERE mode & 61440 = 32768"
    ") ORDER BY object";

}  // namespace

Result<FileLives> FileLives::open(const std::filesystem::path& catalog) {
  auto connection = TRY(open_reader(catalog, kLockLimit));
  connection->set_checkpoint_on_close(false);
  TRY(connection->execute("PRAGMA temp_store = FILE"));
  // What is read from here on is of one moment.
  TRY(connection->execute("BEGIN"));
  std::vector<SeqNo> versions;
  {
    auto row = TRY(connection->use(kListVersionNumbers));
    while (TRY(row.step()))
      versions.push_back(row.get<SeqNo>(0));
  }
  Use rows = TRY(connection->use(kListFileLives));
  return FileLives(std::move(connection), std::move(versions), std::move(rows));
}

Result<std::optional<FileLife>> FileLives::next() {
  if (!TRY(rows_.step())) return std::nullopt;
  return FileLife{.object = rows_.get<ObjectId>(0),
                  .size_bytes = rows_.get<std::uint64_t>(1),
                  .since = rows_.get<SeqNo>(2),
                  .until = rows_.get<SeqNo>(3)};
}

}  // namespace commitfs::sqlite
