#include "txn/check/table_check.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "tests/txn/check/checked_table.h"

namespace commitfs::test {
namespace {

using sqlite::Sql;
using ::testing::Contains;
using ::testing::IsEmpty;

class TableCheck : public CheckedTable {
 protected:
  /// The rules that were broken, notes included.
  std::vector<std::string> check(CheckOptions options = {}) {
    std::vector<std::string> rules;
    const CheckListener listener{
        .found = [&](const Finding& finding) { rules.push_back(finding.rule); },
        .progress = [](std::string_view, std::uint64_t, std::uint64_t) {}};
    summary_ = must(check_table(path(), options, listener));
    return rules;
  }
  /// It is found, and mending leaves nothing.
  void expect_mended(const char* rule) {
    EXPECT_THAT(check({.repair = true}), Contains(rule));
    EXPECT_EQ(summary_.repaired, summary_.found);
    EXPECT_THAT(check(), IsEmpty());
  }
  /// It is found, and mending changes nothing.
  void expect_left(const char* rule) {
    EXPECT_THAT(check(), Contains(rule));
    check({.repair = true});
    EXPECT_THAT(check(), Contains(rule));
    EXPECT_GT(summary_.found, 0U);
  }

  static void overwrite(const std::filesystem::path& path, std::uintmax_t offset,
                        std::size_t size_bytes) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(offset));
    file << std::string(size_bytes, 'Z');
  }

  CheckSummary summary_;
};

TEST_F(TableCheck, AWholeTableHasNothingToFind) {
  EXPECT_THAT(check(), IsEmpty());
  EXPECT_EQ(summary_.found, 0U);
  EXPECT_EQ(summary_.bodies, 7U);
}

TEST_F(TableCheck, AMountedTableIsRefused) {
  const auto table = must(Table::open(path()));
  const CheckListener deaf{.found = [](const Finding&) {},
                           .progress = [](std::string_view, std::uint64_t, std::uint64_t) {}};
  EXPECT_ERRNO(check_table(path(), {}, deaf), EBUSY);
}

/// Damage to a row, and the rule that it breaks.
struct RowDamage {
  const char* rule;
  Sql sql;
  bool mended = false;
  bool in_staging = false;
};

constexpr RowDamage kRowDamages[] = {
    {"no-root", "DELETE FROM inode WHERE id = 1"},
    {"name-without-inode",
     "DELETE FROM inode WHERE id = (SELECT inode FROM dirent WHERE name = CAST('a' AS BLOB))"},
    {"name-without-directory", "UPDATE dirent SET parent = 999 WHERE name = CAST('a' AS BLOB)"},
    {"inode-without-name", "DELETE FROM dirent WHERE name = CAST('a' AS BLOB)"},
    {"wrong-link-count", "UPDATE inode SET nlink = nlink + 3", true},
    {"directory-with-two-names",
     "INSERT INTO dirent (parent, name, inode, since) SELECT parent, CAST('x' AS BLOB), inode, "
     "since FROM dirent WHERE name = CAST('d' AS BLOB)"},
    {"root-with-a-name",
     "INSERT INTO dirent (parent, name, inode, since) VALUES (1, CAST('x' AS BLOB), 1, 1)"},
    {"unreachable-directory", "UPDATE dirent SET parent = inode WHERE name = CAST('d' AS BLOB)"},
    {"attribute-without-inode", "UPDATE xattr SET inode = 999"},
    {"body-not-listed", "DELETE FROM object", true},
    {"size-not-of-body", "UPDATE object SET size_bytes = size_bytes + 1"},
    {"past-overlaps", "UPDATE inode_history SET since = until"},
    {"past-overlaps-head", "UPDATE inode SET since = 1"},
    {"past-name-without-inode", "DELETE FROM inode_history"},
    {"ahead-of-head", "UPDATE inode SET since = 77 WHERE id = 1"},
    {"group-head-ahead", "UPDATE group_head SET content_seq_no = 77", true},
    {"directory-head-ahead", "UPDATE directory_head SET subtree_seq_no = 77", true},
    {"directory-head-behind", "DELETE FROM directory_head", true},
    {"change-without-version", "UPDATE change SET seq_no = 77 WHERE seq_no = 3", true},
    {"tag-without-version", "INSERT INTO tag VALUES (CAST('x' AS BLOB), 77, 0, 0)"},
    {"term-behind", "DELETE FROM term", true},
    {"id-used-already", "UPDATE next_id SET id = 2", true},
    {"session-without-base", "UPDATE session SET base = 77", false, true},
    {"staged-without-session", "DELETE FROM session", false, true},
};

TEST_F(TableCheck, EveryDamageToRowsIsFoundAndMendedWhereNothingIsLost) {
  for (const RowDamage& damage : kRowDamages) {
    SCOPED_TRACE(damage.rule);
    std::filesystem::copy_file(damage.in_staging ? staging() : catalog(), path() / "whole");
    change(damage.in_staging ? staging() : catalog(), damage.sql);
    damage.mended ? expect_mended(damage.rule) : expect_left(damage.rule);
    std::filesystem::rename(path() / "whole", damage.in_staging ? staging() : catalog());
    ASSERT_THAT(check(), IsEmpty());
  }
}

TEST_F(TableCheck, ABodyOfAVersionThatIsGoneIsFound) {
  std::filesystem::remove(body(committed_body()));
  expect_left("missing-body");
}

TEST_F(TableCheck, AStagedBodyThatIsGoneIsFound) {
  std::filesystem::remove(body(staged_body()));
  expect_left("missing-staged-body");
}

TEST_F(TableCheck, ABodyThatWasCutIsFound) {
  std::filesystem::resize_file(body(committed_body()), 3);
  expect_left("wrong-size");
}

TEST_F(TableCheck, ABodyThatIsNoFileIsFound) {
  const auto place = body(committed_body());
  std::filesystem::remove(place);
  std::filesystem::create_directory(place);
  expect_left("not-a-file");
}

TEST_F(TableCheck, AnAdoptedFileThatWasWrittenFromOutsideIsFound) {
  std::ofstream(path() / "kept", std::ios::in) << "NEVER";
  const timespec times[2] = {{.tv_sec = 5, .tv_nsec = 0}, {.tv_sec = 5, .tv_nsec = 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (path() / "kept").c_str(), times, 0), 0);
  expect_left("changed-from-outside");
}

TEST_F(TableCheck, AnAdoptedFileThatWasReplacedFromOutsideIsAllRight) {
  std::filesystem::remove(path() / "kept");
  std::ofstream(path() / "kept") << "another file";
  EXPECT_THAT(check(), IsEmpty());
}

TEST_F(TableCheck, ACatalogThatCannotBeOpenedIsFound) {
  // The first page stays: without it the file is nobody's.
  overwrite(catalog(), 4096, 10 * 4096);
  EXPECT_THAT(check({.repair = true}), Contains("damaged-database"));
  EXPECT_EQ(summary_.repaired, 0U);
}

TEST_F(TableCheck, DamagedPagesOfACatalogAreFound) {
  overwrite(catalog(), std::filesystem::file_size(catalog()) - 6 * 4096, 6 * 4096);
  EXPECT_THAT(check({.repair = true}), Contains("damaged-database"));
  EXPECT_EQ(summary_.repaired, 0U);
}

TEST_F(TableCheck, OneFlippedBitIsFoundOnceTheChecksumIsKnown) {
  EXPECT_THAT(check({.data = true}), IsEmpty());
  EXPECT_EQ(summary_.checksums_noted, 6U);
  EXPECT_THAT(check({.data = true}), IsEmpty());
  EXPECT_EQ(summary_.checksums_noted, 0U);
  std::fstream file(body(committed_body()), std::ios::in | std::ios::out | std::ios::binary);
  file.put('m' ^ 1);
  file.close();
  EXPECT_THAT(check(), IsEmpty());
  EXPECT_THAT(check({.data = true}), Contains("wrong-checksum"));
  EXPECT_THAT(check({.data = true, .repair = true}), Contains("wrong-checksum"));
  EXPECT_EQ(summary_.repaired, 0U);
}

TEST_F(TableCheck, WhatBelongsToNothingIsANoteAndGoes) {
  const ObjectId orphan = add_orphan(ObjectId{1'000'000'000});
  EXPECT_THAT(check(), Contains("orphan"));
  EXPECT_EQ(summary_.found, 0U);
  EXPECT_TRUE(std::filesystem::exists(body(orphan)));
  check({.repair = true});
  EXPECT_EQ(summary_.notes_cleared, 1U);
  EXPECT_FALSE(std::filesystem::exists(body(orphan)));
  EXPECT_THAT(check(), IsEmpty());
}

TEST_F(TableCheck, AFileOfOthersInTheStoreIsANoteAndStays) {
  const auto stranger = body(committed_body()).parent_path() / "README";
  std::ofstream(stranger) << "not ours";
  EXPECT_THAT(check({.repair = true}), Contains("stranger"));
  EXPECT_EQ(summary_.found, 0U);
  EXPECT_TRUE(std::filesystem::exists(stranger));
}

TEST_F(TableCheck, AMendedTableGoesOn) {
  change(catalog(), "DELETE FROM object; DELETE FROM directory_head; UPDATE inode SET nlink = 9");
  expect_mended("wrong-link-count");
  const auto table = must(Table::open(path()));
  Shell more = begin(*table, "more");
  must(more.append("d/new", "!"));
  commit(*table, "more");
  commit(*table, "open");
}

}  // namespace
}  // namespace commitfs::test
