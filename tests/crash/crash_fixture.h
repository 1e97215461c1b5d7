#pragma once

#include <gtest/gtest.h>
#include <spdlog/spdlog.h>
#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>

#include "tests/crash/workload.h"

namespace commitfs::test {

/// How often a run came to a fault point.
struct Arrivals {
  char point[48] = {};
  std::uint64_t count = 0;
};

/// Shared with the runs, which die.
struct Shared {
  Progress progress;
  Arrivals arrivals[64] = {};
  char deadly_point[48] = {};  ///< where to die; empty: nowhere
  std::uint64_t deadly_arrival = 0;
};

/// For tests that run workloads in children. Skips under the thread sanitizer. Logs nothing.
class CrashFixture : public ::testing::Test {
 protected:
  CrashFixture();
  ~CrashFixture() override;
  void SetUp() override;

  /// A directory on memory where there is some: what a death of the process leaves is the same, and
  /// syncs cost nothing.
  static std::filesystem::path fast_place();

  /// In the child: the workload, up to its end or its first step that fails as often as may be.
  /// Answers the exit status: 0, or 1 and the reason on standard error.
  int run(const Workload& workload, const std::filesystem::path& directory, int attempts = 1);

  /// `work` for each point, from 1, in processes of their own.
  void at_each(std::uint64_t points, const std::function<void(std::uint64_t)>& work);

  Shared& shared() { return *shared_; }

 private:
  Shared* shared_ = nullptr;
  pid_t owner_ = 0;  ///< of the memory
  spdlog::level::level_enum level_ = spdlog::level::info;
};

}  // namespace commitfs::test
