#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>

#include <fstream>
#include <future>
#include <string>

#include "meta/sqlite/database.h"
#include "tests/support/result.h"
#include "tests/support/table_fixture.h"
#include "tests/support/temporary_directory.h"
#include "txn/table.h"

namespace commitfs::test {

/// A table with three versions and an open session, not mounted.
class CheckedTable : public ::testing::Test {
 protected:
  CheckedTable() {
    std::filesystem::create_directory(path() / "d");
    std::ofstream(path() / "a") << "adopted";
    std::ofstream(path() / "kept") << "never changed";
    std::ofstream(path() / "d/b") << "adopted too";
    must(Table::init(path()));
    const auto table = must(Table::open(path()));
    Shell one = begin(*table, "one");
    must(one.append("a", " and changed"));
    must(one.create("d/new", "made by one"));
    must(one.mkdir("e"));
    must(one.unlink("d/b"));
    commit(*table, "one");
    Shell two = begin(*table, "two");
    must(two.setxattr("a", "user.k", "v"));
    must(two.create("d/newer", "made by two"));
    commit(*table, "two");
    Shell open = begin(*table, "open");
    must(open.create("staged", "not committed"));
  }

  const std::filesystem::path& path() const { return directory_.path(); }
  std::filesystem::path catalog() const { return path() / ".commitfs/catalog.db"; }
  std::filesystem::path staging() const { return path() / ".commitfs/staging.db"; }
  std::filesystem::path body(ObjectId id) const {
    char name[64];
    std::snprintf(name, sizeof name, "%08llx/%016llx",
                  static_cast<unsigned long long>(raw(id) / 4096),
                  static_cast<unsigned long long>(raw(id)));
    return path() / ".commitfs/objects" / name;
  }

  static Shell begin(Table& table, const std::string& name) {
    return Shell(must(table.sessions().begin(name, kRoot)), kRoot);
  }
  static void commit(Table& table, const std::string& name) {
    std::promise<CommitOutcome> answer;
    table.sessions().commit(name, name, kRoot,
                            [&](const CommitOutcome& outcome) { answer.set_value(outcome); });
    ASSERT_EQ(answer.get_future().get().error, 0);
  }

  /// Runs SQL as nobody should.
  static void change(const std::filesystem::path& database, sqlite::Sql sql) {
    const auto connection =
        must(sqlite::Connection::open(database, std::chrono::milliseconds(1000)));
    must(connection->execute(sql));
  }
  static ObjectId object(const std::filesystem::path& database, sqlite::Sql sql) {
    const auto connection =
        must(sqlite::Connection::open(database, std::chrono::milliseconds(1000)));
    return ObjectId{static_cast<std::uint64_t>(must(connection->query_integer(sql)))};
  }
  ObjectId staged_body() const {
    return object(staging(), "SELECT object FROM staged_inode WHERE object <> 0");
  }
  /// One that a session made, so that it has no name outside.
  ObjectId committed_body() const {
    return object(catalog(),
                  "SELECT object FROM inode JOIN dirent ON dirent.inode = inode.id WHERE "
                  "name = CAST('new' AS BLOB)");
  }
  /// A body that nothing names.
  ObjectId add_orphan(ObjectId id) {
    std::filesystem::create_directories(body(id).parent_path());
    std::ofstream(body(id)) << "left behind";
    return id;
  }

  static constexpr Caller kRoot{.uid = 0, .gid = 0, .pid = 1, .umask = 022};
  TemporaryDirectory directory_;
};

}  // namespace commitfs::test
