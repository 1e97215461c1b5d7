#include <gmock/gmock.h>

#include "meta/sqlite/schema.h"
#include "meta/sqlite/statements.h"
#include "tests/support/result.h"
#include "tests/support/temporary_directory.h"

// No read of the tree may scan or sort a table: the cost would grow with the table, not with the
// answer.

namespace commitfs::sqlite {
namespace {

using ::commitfs::test::must;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

template <std::size_t N>
struct Joined {
  char text[N];
};

/// "EXPLAIN QUERY PLAN " and a statement as one literal.
template <std::size_t N>
consteval auto explain(const char (&statement)[N]) {
  constexpr char kPrefix[] = "EXPLAIN QUERY PLAN ";
  Joined<sizeof(kPrefix) - 1 + N> joined{};
  std::size_t end = 0;
  for (std::size_t i = 0; i + 1 < sizeof(kPrefix); ++i)
    joined.text[end++] = kPrefix[i];
  for (const char c : statement)
    joined.text[end++] = c;
  return joined;
}

template <const auto& statement>
constexpr auto kExplained = explain(statement);

class QueryPlanTest : public ::testing::Test {
 protected:
  std::string plan(Sql explained) {
    std::string text;
    auto row = must(connection_->use(explained));
    while (must(row.step()))
      text += row.get<std::string>(3) + "\n";
    return text;
  }

  test::TemporaryDirectory directory_;
  std::unique_ptr<Connection> connection_ =
      must(open_writer(directory_ / "catalog.db", catalog_schema(), Synchronous::full,
                       std::chrono::milliseconds(100)));
};

#define EXPECT_STREAMED(statement)                                                \
  EXPECT_THAT(plan(Sql(kExplained<statement>.text)),                              \
              AllOf(HasSubstr("SEARCH "), Not(HasSubstr("SCAN dirent")),          \
                    Not(HasSubstr("SCAN inode")), Not(HasSubstr("SCAN past")),    \
                    Not(HasSubstr("SCAN xattr")), Not(HasSubstr("SCAN version")), \
                    Not(HasSubstr("TEMP B-TREE")), Not(HasSubstr("AUTOMATIC"))))  \
      << #statement

TEST_F(QueryPlanTest, ReadsOfTheTreeAreSearchedAndNotSorted) {
  EXPECT_STREAMED(kFindInode);
  EXPECT_STREAMED(kFindDirent);
  EXPECT_STREAMED(kFindChild);
  EXPECT_STREAMED(kListChildren);
  EXPECT_STREAMED(kListLinks);
  EXPECT_STREAMED(kFindXattr);
  EXPECT_STREAMED(kListXattrs);
}

TEST_F(QueryPlanTest, VersionsAreSearched) {
  EXPECT_STREAMED(kFindHeadSeqNo);
  EXPECT_STREAMED(kFindVersion);
  EXPECT_STREAMED(kListVersions);
  EXPECT_STREAMED(kFindVersionAt);
  EXPECT_STREAMED(kFindVersionByToken);
  EXPECT_STREAMED(kFindVersionBySessionId);
  EXPECT_STREAMED(kFindVersionBySessionName);
  EXPECT_STREAMED(kListChanges);
  EXPECT_STREAMED(kListTouched);
  EXPECT_STREAMED(kFindTag);
  EXPECT_STREAMED(kListTags);
  EXPECT_STREAMED(kListTagsOf);
}

TEST_F(QueryPlanTest, WritesFindTheirRowsByKey) {
  EXPECT_STREAMED(kRetireInode);
  EXPECT_STREAMED(kRetireDirent);
  EXPECT_STREAMED(kRetireXattr);
  EXPECT_STREAMED(kRetireXattrs);
  EXPECT_STREAMED(kDeleteXattrs);
}

}  // namespace
}  // namespace commitfs::sqlite
