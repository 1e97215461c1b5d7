// A streaming ingest, a backfill of old partitions and a compaction of small files on one table,
// all by DuckDB, and a reader that counts every row: what Hudi has table services for.
// COMMITFS_TABLE_SERVICES_S sets for how many seconds.
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <iostream>

#include "tests/mounted/duckdb.h"
#include "tests/support/mount_fixture.h"

namespace commitfs::test {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::IsEmpty;

using Json = nlohmann::json;

unsigned seconds_to_run() {
  const char* text = std::getenv("COMMITFS_TABLE_SERVICES_S");
  return text != nullptr ? static_cast<unsigned>(std::strtoul(text, nullptr, 10)) : 20;
}

class TableServices : public MountedTest {
 protected:
  void SetUp() override {
    MountedTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    if (sh(node_ + "-e \"require('@duckdb/node-api')\"").exit_code != 0) {
      GTEST_SKIP() << "DuckDB for Node is not installed (tools/setup installs it)";
    }
  }

  std::unique_ptr<Background> start_part(const std::string& part, unsigned seconds) {
    return start(
        "exec " + node_ + COMMITFS_TABLE_SERVICES " " + part + " " + std::to_string(seconds),
        std::chrono::seconds(seconds + 60));
  }

  /// What a part of the traffic says it did. It must end with 0: it watches the promises itself.
  static Json finish(const std::string& part, Background& program) {
    const Output output = program.finish();
    EXPECT_THAT(output, Succeeded()) << part;
    Json result = Json::parse(output.out, nullptr, false);
    std::cout << part << " " << result.dump() << std::endl;
    return result.is_object() ? result : Json::object();
  }

  Json run_part(const std::string& part, unsigned seconds) {
    return finish(part, *start_part(part, seconds));
  }

 private:
  const std::string node_ = "env NODE_PATH=" + node_modules() + " node ";
};
INSTANTIATE_IN_BOTH_MODES(TableServices);

std::vector<std::string> categories(const Json& result) {
  return result.value("categories", std::vector<std::string>{"none told"});
}

TEST_P(TableServices, LoseAndDoubleNoRowBesideAnIngestThatNeverFails) {
  const unsigned seconds = seconds_to_run();
  run_part("seed", 0);
  ASSERT_FALSE(HasFailure());

  const auto ingest = start_part("ingest", seconds);
  const auto backfill = start_part("backfill", seconds);
  const auto compaction = start_part("compaction", seconds);
  const auto reader = start_part("reader", seconds);
  const Json ingested = finish("ingest", *ingest);
  const Json backfilled = finish("backfill", *backfill);
  const Json compacted = finish("compaction", *compaction);
  const Json seen = finish("reader", *reader);
  const Json last = run_part("audit", 10);
  ASSERT_FALSE(HasFailure());

  const int landed = ingested.value("landed", 0);
  EXPECT_GT(landed, 0);
  EXPECT_EQ(last.value("ingested", -1), landed);
  EXPECT_GT(backfilled.value("landed", 0), 0);
  EXPECT_GT(compacted.value("landed", 0), 0);
  EXPECT_GT(seen.value("snapshots", 0), 0);
  EXPECT_GT(seen.value("live_days", 0), 0);
  EXPECT_GT(last.value("snapshots", 0), 0);
  // Version 1 is the empty table, 2 the seed; nobody else committed.
  EXPECT_EQ(last.value("head", 0),
            2 + landed + backfilled.value("landed", 0) + compacted.value("landed", 0));

  // The compaction yields, and neither it nor the backfill is refused for anything but the other.
  EXPECT_GT(compacted.value("overtaken", 0), 0);
  EXPECT_THAT(compacted.value("refused", 0), Ge(compacted.value("overtaken", 0)));
  EXPECT_THAT(categories(compacted), ElementsAre("REWRITE_WRITE"));
  EXPECT_THAT(categories(backfilled), AnyOf(IsEmpty(), ElementsAre("REWRITE_WRITE")));
}

}  // namespace
}  // namespace commitfs::test
