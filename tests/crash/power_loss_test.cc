// The power fails at one moment after the other of a run of a workload: what was not synced is
// dropped, all of it or part of it, and what is left is compared with the model.
// COMMITFS_POWER_LOSSES limits the moments of one workload (0: all), COMMITFS_SEED draws workload
// and parts anew.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <future>
#include <iostream>
#include <thread>

#include "meta/base/unique_fd.h"
#include "tests/crash/checker.h"
#include "tests/crash/crash_fixture.h"
#include "tests/crash/disk_recorder.h"
#include "tests/crash/workers.h"
#include "tests/support/result.h"
#include "tests/support/seed.h"
#include "tests/support/temporary_directory.h"

namespace commitfs::test {
namespace {

constexpr std::uint64_t kDefaultMoments = 40;
constexpr std::uint64_t kCallsAbout = 1000;  ///< of a workload

std::uint64_t moments_max() {
  const char* text = std::getenv("COMMITFS_POWER_LOSSES");
  return text == nullptr ? kDefaultMoments : std::strtoul(text, nullptr, 10);
}

TEST(DiskRecorder, OfTwoSyncsAtOnceTheOneThatBeganLaterCounts) {
  const TemporaryDirectory scratch;
  const Progress progress;
  DiskRecorder recorder(scratch.path(), progress, 1'000'000);
  const UniqueFd directory(::open(scratch.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  std::promise<pid_t> id;
  std::promise<void> done;
  std::thread other([&] {
    id.set_value(::gettid());
    done.get_future().wait();
  });
  const auto descriptor = static_cast<std::uint64_t>(directory.get());
  const Call first{.thread = ::gettid(), .number = SYS_fsync, .arguments = {descriptor}};
  const Call second{
      .thread = id.get_future().get(), .number = SYS_fsync, .arguments = {descriptor}};

  recorder.entered(first);
  std::ofstream(scratch / "new") << "new";
  recorder.entered(second);
  recorder.left(second, 0);
  recorder.left(first, 0);
  recorder.note_moment("end");
  EXPECT_TRUE(recorder.moments().back().synced->names.at(recorder.root()).contains("new"));
  done.set_value();
  other.join();
}

class PowerLoss : public CrashFixture {
 protected:
  /// Every so many moments of a run. `ignores` is which syncs are missing.
  DiskRecorder record(const Workload& workload, std::uint64_t stride,
                      DiskRecorder::Ignores ignores = {}) {
    const TemporaryDirectory scratch(fast_place());
    prepare_directory(scratch.path());
    shared().progress = {};
    DiskRecorder recorder(scratch.path(), shared().progress, stride, std::move(ignores));
    EXPECT_EQ(run_traced([&] { return run(workload, scratch.path()); }, recorder), 0);
    recorder.note_moment("end");
    return recorder;
  }

  void lose_power(const DiskRecorder& recorder, const Model& model, const DiskMoment& moment,
                  const Survivors& survivors) {
    const TemporaryDirectory scratch(fast_place());
    restore(moment, recorder.root(), survivors, scratch / "table");
    expect_survives_power_loss(model, moment.progress, scratch / "table");
  }

  /// Each moment, or some, evenly chosen; each with what may survive of it.
  void lose_power_everywhere(const std::string& what, const Workload& workload, unsigned seed) {
    const Model model(workload);
    const std::uint64_t limit = moments_max();
    const std::uint64_t stride = limit == 0 ? 1 : std::max<std::uint64_t>(1, kCallsAbout / limit);
    const DiskRecorder recorder = record(workload, stride);
    const auto& moments = recorder.moments();
    share_out(moments.size() * 3, [&](std::uint64_t index) {
      const DiskMoment& moment = moments[index / 3];
      const Survivors survivors[] = {{}, {.names = true}, {.seed = seed + 1}};
      lose_power(recorder, model, moment, survivors[index % 3]);
      ASSERT_FALSE(HasFailure()) << what << ": power lost " << moment.call << ", in step "
                                 << moment.progress.begun << ", survivors " << index % 3;
    });
    std::cout << what << ": " << moments.size() * 3 << " power losses at " << moments.size()
              << " moments" << std::endl;
  }

  /// A program that left out these syncs would be caught.
  void expect_caught(const DiskRecorder::Ignores& ignores) {
    const Workload workload = standard_workload();
    const Model model(workload);
    const DiskRecorder recorder = record(workload, 10, ignores);
    const auto& moments = recorder.moments();
    ASSERT_GT(recorder.ignored(), 0U) << "there is no such sync";
    EXPECT_TRUE(any_fails(moments.size() * 2,
                          [&](std::uint64_t index) {
                            lose_power(recorder, model, moments[index / 2],
                                       {.names = index % 2 == 1});
                          }))
        << "nothing is lost without these " << recorder.ignored() << " syncs";
  }
};

TEST_F(PowerLoss, NothingSyncedIsLostFromTheStandardWorkload) {
  const Seed seed;
  lose_power_everywhere("standard, COMMITFS_SEED=" + std::to_string(seed.value),
                        standard_workload(), seed.value);
}

TEST_F(PowerLoss, NothingSyncedIsLostFromARandomWorkload) {
  const Seed seed;
  lose_power_everywhere("random, COMMITFS_SEED=" + std::to_string(seed.value),
                        random_workload(seed.value, 120), seed.value);
}

bool is_body(const std::string& path) {
  return path.starts_with(".commitfs/objects/") && std::ranges::count(path, '/') == 3;
}
bool is_shard(const std::string& path) {
  return path.starts_with(".commitfs/objects/") && std::ranges::count(path, '/') == 2;
}

TEST_F(PowerLoss, WithoutTheSyncsOfBodiesAVersionLosesBytes) {
  expect_caught([](const auto&, const auto& path) { return is_body(path); });
}
TEST_F(PowerLoss, WithoutTheSyncsOfTheirDirectoriesAVersionLosesBodies) {
  expect_caught([](const auto&, const auto& path) { return is_shard(path); });
}
TEST_F(PowerLoss, WithoutTheSyncOfTheStoreOfManyBodiesAVersionLosesThem) {
  expect_caught([](const auto& call, const auto&) { return call == "syncfs"; });
}
TEST_F(PowerLoss, WithoutTheSyncsOfTheCatalogsLogAVersionIsLost) {
  expect_caught([](const auto&, const auto& path) { return path == ".commitfs/catalog.db-wal"; });
}
TEST_F(PowerLoss, WithoutTheSyncsOfTheCatalogItselfACheckpointLosesVersions) {
  expect_caught([](const auto&, const auto& path) { return path == ".commitfs/catalog.db"; });
}
TEST_F(PowerLoss, WithoutTheSyncsOfTheJournalASessionIsLost) {
  expect_caught([](const auto&, const auto& path) { return path == ".commitfs/staging.db-wal"; });
}

}  // namespace
}  // namespace commitfs::test
