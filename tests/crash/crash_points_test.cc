// A run of a workload dies at one point after the other: at each system call that changes a file
// system, and at each named fault point; after each death the table is compared with the model.
// COMMITFS_CRASH_POINTS limits the deaths of one workload (0: all, some minutes for 2,500 and more
// of them), COMMITFS_SEED draws the workload anew.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <regex>
#include <set>
#include <utility>
#include <vector>

#include "meta/base/fault.h"
#include "meta/base/mutex.h"
#include "tests/crash/checker.h"
#include "tests/crash/crash_fixture.h"
#include "tests/crash/traced_child.h"
#include "tests/crash/workers.h"
#include "tests/support/result.h"
#include "tests/support/seed.h"
#include "tests/support/temporary_directory.h"
#include "txn/check/garbage.h"

namespace commitfs::test {
namespace {

constexpr std::size_t kDefaultPoints = 120;

std::size_t points_max() {
  const char* text = std::getenv("COMMITFS_CRASH_POINTS");
  return text == nullptr ? kDefaultPoints : std::strtoul(text, nullptr, 10);
}

class CrashPoints : public CrashFixture {
 protected:
  /// One run in a child, up to call `nth`, on a directory of its own, which is then recovered.
  Watched die_at_call(const Workload& workload, const Model& model, std::uint64_t nth) {
    const TemporaryDirectory scratch(fast_place());
    prepare_directory(scratch.path());
    shared() = {};
    const Watched watched = run_watched([&] { return run(workload, scratch.path()); }, nth);
    expect_survived(model, scratch.path());
    return watched;
  }

  /// Dies at call `at`, and then at the `nth` call of the recovery and the gc after that.
  Watched die_again_at_call(const Workload& workload, const Model& model, std::uint64_t at,
                            std::uint64_t nth) {
    const TemporaryDirectory scratch(fast_place());
    prepare_directory(scratch.path());
    shared() = {};
    run_watched([&] { return run(workload, scratch.path()); }, at);
    const Watched watched = run_watched([&] { return recover(scratch.path()); }, nth);
    expect_survived(model, scratch.path());
    return watched;
  }

  /// Dies at the `nth` arrival at a fault point; at none if `point` is empty. False when there were
  /// not so many.
  bool die_at_arrival(const Workload& workload, const Model& model, const std::string& point,
                      std::uint64_t nth) {
    const TemporaryDirectory scratch(fast_place());
    prepare_directory(scratch.path());
    shared() = {};
    point.copy(shared().deadly_point, sizeof shared().deadly_point - 1);
    shared().deadly_arrival = nth;
    add_hook(scratch.path());
    const bool died = run_and_arrive(workload, scratch.path());
    expect_survived(model, scratch.path());
    return died;
  }

 private:
  static void add_hook(const std::filesystem::path& directory) {
    const auto hooks = directory / ".commitfs/hooks/post-commit.d";
    std::filesystem::create_directories(hooks);
    std::ofstream(hooks / "hook") << "#!/bin/sh\nexit 0\n";
    std::filesystem::permissions(hooks / "hook", std::filesystem::perms::owner_all);
  }

  /// True when it died.
  bool run_and_arrive(const Workload& workload, const std::filesystem::path& directory) {
    const pid_t child = ::fork();
    if (child == 0) {
      fault::set_handler([this](std::string_view name) { return arrive(name); });
      ::_exit(run(workload, directory));
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status);
  }

  /// A mount that does nothing, and then a gc. Of what is no table yet, nothing.
  static int recover(const std::filesystem::path& directory) {
    if (!Table::is_table(directory)) return 0;
    if (!Table::open(directory)) return 1;
    const GarbageOptions all{.min_age = std::chrono::seconds(0)};
    return collect_garbage(directory, all, [](ObjectId, std::uint64_t) {}) ? 0 : 1;
  }

  Result<void> arrive(std::string_view name) {
    const MutexLock lock(arrivals_mutex_);
    auto* place = std::ranges::find_if(shared().arrivals, [&](const Arrivals& known) {
      return known.count == 0 || name == known.point;
    });
    if (place == std::end(shared().arrivals)) ::_exit(3);
    name.copy(place->point, sizeof place->point - 1);
    const std::string_view deadly = shared().deadly_point;
    if (++place->count == shared().deadly_arrival && name == deadly) ::raise(SIGKILL);
    if (deadly == "commit.before_undo" && name == "commit.before_apply")
      return fail(EIO, "so that there is something to undo");
    return {};
  }

  void expect_survived(const Model& model, const std::filesystem::path& directory) {
    ASSERT_NO_FATAL_FAILURE(expect_recovers(model, shared().progress, directory));
  }

  Mutex arrivals_mutex_;  ///< of the run
};

/// Dies at the calls of one workload, evenly chosen if there are more than the limit, and prints
/// how many there were.
class CrashPointsOf : public CrashPoints {
 protected:
  void die_at_each_call(const std::string& what, const Workload& workload) {
    const Model model(workload);
    const Watched whole = die_at_call(workload, model, 0);
    ASSERT_EQ(whole.exit_code, 0) << "the workload does not even run without a death";
    const std::uint64_t limit = points_max();
    const std::uint64_t stride = limit == 0 ? 1 : (whole.calls + limit - 1) / limit;
    const SharedCounter deaths;
    at_each(whole.calls / stride, [&](std::uint64_t index) {
      const std::uint64_t nth = index * stride;
      const Watched watched = die_at_call(workload, model, nth);
      // Now and then there are fewer calls, for what is done together is done by fewer.
      deaths.add(watched.killed ? 1 : 0);
      EXPECT_EQ(watched.exit_code, 0);
      if (!HasFailure()) return;
      const auto& step = workload[shared().progress.begun - 1];
      FAIL() << what << ": death at call " << nth << ", " << watched.last_call << ", in step "
             << shared().progress.begun << ": " << describe(step);
    });
    EXPECT_GT(deaths.value(), whole.calls / stride / 2);
    std::cout << what << ": " << deaths.value() << " crash points of " << whole.calls
              << " calls in " << workload.size() << " steps" << std::endl;
  }
};

TEST_F(CrashPointsOf, TheStandardWorkloadLosesNothing) {
  die_at_each_call("standard", standard_workload());
}

TEST_F(CrashPointsOf, ARandomWorkloadLosesNothing) {
  const Seed seed;
  die_at_each_call("random, COMMITFS_SEED=" + std::to_string(seed.value),
                   random_workload(seed.value, 120));
}

/// What comes after a death dies too.
TEST_F(CrashPointsOf, ARecoveryAndAGcThatDieLoseNothing) {
  const Workload workload = standard_workload();
  const Model model(workload);
  const std::uint64_t calls = die_at_call(workload, model, 0).calls;
  // Not all pairs, which would be half a million: each second death after another first one.
  constexpr std::uint64_t kCallsOfRecovery = 40;
  const std::uint64_t count = points_max() == 0 ? 400 : points_max() / 3;
  const SharedCounter deaths;
  at_each(count, [&](std::uint64_t index) {
    const std::uint64_t at = 1 + index * 7919 % calls;
    const std::uint64_t nth = 1 + index % kCallsOfRecovery;
    if (die_again_at_call(workload, model, at, nth).killed) deaths.add(1);
    ASSERT_FALSE(HasFailure()) << "death at call " << at << ", then at call " << nth
                               << " of recovery and gc";
  });
  EXPECT_GT(deaths.value(), count / 3);
  std::cout << "recovery and gc: " << deaths.value() << " crash points" << std::endl;
}

/// The names in the sources, so that a new one is not forgotten.
std::set<std::string> points_in_sources() {
  const std::filesystem::path sources = std::getenv("COMMITFS_SOURCE_DIR");
  const std::regex call(R"re(fault::point\("([^"]+)"\))re");
  std::set<std::string> points;
  for (const char* layer : {"meta", "txn"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(sources / layer)) {
      if (entry.path().extension() != ".cc") continue;
      std::ifstream file(entry.path());
      const std::string text(std::istreambuf_iterator<char>(file), {});
      for (std::sregex_iterator at(text.begin(), text.end(), call), end; at != end; ++at)
        points.insert((*at)[1]);
    }
  }
  points.erase("table_lock.holder_died");  // nobody comes there but after a death, by chance
  points.erase("commit.before_undo");      // nor there but after another fault, see arrive()
  points.erase("commit.queued");  // nor there, while one commits after the other, but by chance
  for (const char* point : {"export.copied", "export.placed", "pin.held"})
    points.erase(point);  // an export's, which writes to no table: tests/mounted/export_test.cc
  return points;
}

TEST_F(CrashPointsOf, EveryNamedFaultPointIsSurvived) {
  const Workload workload = standard_workload();
  const Model model(workload);
  ASSERT_FALSE(die_at_arrival(workload, model, "", 0));
  std::map<std::string, std::uint64_t> arrivals;
  for (const Arrivals& one : shared().arrivals)
    arrivals[one.point] = one.count;
  arrivals.erase("");
  for (const std::string& point : points_in_sources())
    EXPECT_TRUE(arrivals.contains(point)) << point << " is never reached";
  arrivals["commit.before_undo"] = 1;
  arrivals.erase("commit.queued");
  // All, or the first, the last and one between.
  std::vector<std::pair<std::string, std::uint64_t>> chosen;
  for (const auto& [point, count] : arrivals) {
    const std::uint64_t stride = points_max() == 0 ? 1 : std::max<std::uint64_t>(1, count / 2);
    for (std::uint64_t nth = 1; nth <= count; nth += stride)
      chosen.emplace_back(point, nth);
  }
  const SharedCounter deaths;
  at_each(chosen.size(), [&](std::uint64_t index) {
    const auto& [point, nth] = chosen[index - 1];
    const bool died = die_at_arrival(workload, model, point, nth);
    if (died) deaths.add(1);
    EXPECT_TRUE(died || nth > 1) << point;
    ASSERT_FALSE(HasFailure()) << "death at arrival " << nth << " at " << point << ", in step "
                               << describe(workload[shared().progress.begun - 1]);
  });
  std::cout << arrivals.size() << " fault points: " << deaths.value() << " deaths" << std::endl;
}

}  // namespace
}  // namespace commitfs::test
