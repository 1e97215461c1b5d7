// Random sessions on a table and on its model: every outcome and every head are the model's.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include "meta/sqlite/sqlite_catalog.h"
#include "tests/support/model_history.h"
#include "tests/support/result.h"
#include "tests/support/temporary_directory.h"

namespace commitfs::testing {
namespace {

using ::commitfs::test::must;
using ::commitfs::test::TemporaryDirectory;

/// The same histories each time, so that what fails is what was changed; COMMITFS_SEED plays others.
/// One of these found that a delete met a write that came after it, through another link.
constexpr std::size_t kFirstSeed = 2452929858;

std::size_t number(const char* variable, std::size_t otherwise) {
  const char* given = std::getenv(variable);
  return given != nullptr ? std::strtoul(given, nullptr, 10) : otherwise;
}

class TableModel : public ::testing::Test {
 protected:
  TableModel() { spdlog::set_level(spdlog::level::err); }

  /// Histories of seeds that follow upon each other, so that one that differs can be played alone.
  template <typename MakeCatalog>
  void play(std::size_t histories, MakeCatalog make_catalog) {
    const std::size_t steps = number("COMMITFS_HISTORY_STEPS", 120);
    Played sum;
    for (std::size_t i = 0; i < histories && !HasFailure(); ++i) {
      const auto seed = static_cast<std::uint32_t>(first_seed_ + i);
      const Played played = play_random(make_catalog(), seed, steps);
      if (!played.difference.empty()) {
        ADD_FAILURE() << "COMMITFS_SEED=" << seed << " COMMITFS_HISTORIES=1\n"
                      << played.difference << "\nin short\n"
                      << shrink(played.steps);
      }
      EXPECT_FALSE(HasFailure()) << "COMMITFS_SEED=" << seed << " COMMITFS_HISTORIES=1";
      sum.landed += played.landed;
      sum.refused += played.refused;
      sum.merged += played.merged;
      sum.bases_moved += played.bases_moved;
    }
    fmt::print(
        "{} histories from seed {}: {} commits landed ({} merged), {} refused, {} bases moved\n",
        histories, first_seed_, sum.landed, sum.merged, sum.refused, sum.bases_moved);
    // Else it would show nothing.
    if (histories >= 100) {
      EXPECT_GT(sum.landed, sum.refused / 10);
      EXPECT_GT(sum.refused, sum.landed / 10);
      EXPECT_GT(sum.merged, 0);
      EXPECT_GT(sum.bases_moved, 0);
    }
  }

  const std::size_t first_seed_ = number("COMMITFS_SEED", kFirstSeed);
};

TEST_F(TableModel, EveryOutcomeOnAMemoryCatalogIsTheModels) {
  play(number("COMMITFS_HISTORIES", COMMITFS_HISTORIES), [] { return make_memory_catalog(); });
}

TEST_F(TableModel, EveryOutcomeOnACatalogOnDiskIsTheModels) {
  const TemporaryDirectory directory;
  int catalogs = 0;
  play(number("COMMITFS_HISTORIES", COMMITFS_HISTORIES / 10), [&] {
    return std::shared_ptr<Catalog>(
        must(open_sqlite_catalog(directory / fmt::format("{}.db", ++catalogs))));
  });
}

}  // namespace
}  // namespace commitfs::testing
