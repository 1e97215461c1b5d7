// DuckDB writes a Hive-partitioned Parquet table in a session and reads it through live/ with a
// glob.
#include "tests/mounted/duckdb.h"

#include <fstream>

#include "tests/support/mount_fixture.h"

namespace commitfs::test {
namespace {

/// Runs the statements of a file, prints each result's rows as JSON.
constexpr const char* kRunner = R"(
const { DuckDBInstance } = require('@duckdb/node-api');
const fs = require('fs');
(async () => {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  for (const statement of fs.readFileSync(process.argv[2], 'utf8').split(';')) {
    if (statement.trim() === '') continue;
    const rows = await connection.runAndReadAll(statement);
    const text = JSON.stringify(rows.getRowsJson());
    if (/^\s*select/i.test(statement)) console.log(text);
  }
})().catch((error) => { console.error(String(error)); process.exit(1); });
)";

class DuckDb : public MountedTest {
 protected:
  void SetUp() override {
    MountedTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    modules_ = node_modules();
    std::ofstream(scratch() / "run.js") << kRunner;
    if (sql(".", "SELECT 1").exit_code != 0) {
      GTEST_SKIP() << "DuckDB for Node is not installed (tools/setup installs it)";
    }
  }

  Output sql(std::string_view directory, std::string_view statements) {
    std::ofstream(scratch() / "statements.sql") << statements;
    return sh("cd " + std::string(directory) + "; NODE_PATH=" + modules_ +
                  " node $SCRATCH/run.js $SCRATCH/statements.sql",
              std::chrono::seconds(40));
  }

 private:
  std::string modules_;
};
INSTANTIATE_IN_BOTH_MODES(DuckDb);

constexpr const char* kWrite =
    "COPY (SELECT i AS id, i % 7 AS day, 'name ' || i AS name, i * 1.5 AS amount FROM range(20000) "
    "t(i)) "
    "TO 'sales' (FORMAT parquet, PARTITION_BY (day), OVERWRITE_OR_IGNORE)";
constexpr const char* kRead =
    "SELECT count(*)::INT, sum(id)::INT, count(DISTINCT day)::INT FROM "
    "read_parquet('sales/**/*.parquet', hive_partitioning = true)";

TEST_P(DuckDb, WritesAHivePartitionedTableAndReadsItThroughLive) {
  session("s", "");
  EXPECT_THAT(sql("sessions/s", kWrite), Succeeded());
  EXPECT_EQ(sql("sessions/s", kRead).out, "[[20000,199990000,7]]\n");
  ok("mv sessions/s commit/");
  EXPECT_EQ(sql("live", kRead).out, "[[20000,199990000,7]]\n");
  EXPECT_EQ(ok("ls live/sales | wc -l"), "7");
}

TEST_P(DuckDb, AppendsByTwoSessionsToDifferentPartitionsBothLand) {
  session("s", "");
  session("t", "");
  const auto write = [](int day) {
    return "COPY (SELECT i AS id, " + std::to_string(day) +
           " AS day FROM range(1000) t(i)) TO 'sales' (FORMAT parquet, PARTITION_BY (day), "
           "FILENAME_PATTERN 'part_{uuid}')";
  };
  EXPECT_THAT(sql("sessions/s", write(1)), Succeeded());
  EXPECT_THAT(sql("sessions/t", write(2)), Succeeded());
  ok("mv sessions/s sessions/t commit/");
  EXPECT_EQ(sql("live", kRead).out, "[[2000,999000,2]]\n");
}

TEST_P(DuckDb, KeepsADatabaseFileInASession) {
  session("s", "");
  EXPECT_THAT(sql("sessions/s",
                  "ATTACH 'my.db' AS d; CREATE TABLE d.t AS SELECT range AS i FROM range(1000); "
                  "CHECKPOINT d; INSERT INTO d.t VALUES (5); DETACH d"),
              Succeeded());
  ok("mv sessions/s commit/");
  EXPECT_EQ(sql("live", "ATTACH 'my.db' AS d (READ_ONLY); SELECT count(*)::INT FROM d.t").out,
            "[[1001]]\n");
}

}  // namespace
}  // namespace commitfs::test
