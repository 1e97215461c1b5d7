#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>

namespace commitfs::test {

/// The seed of a random test: COMMITFS_SEED when it is set, else a new one; printed with every
/// failure.
struct Seed {
  Seed()
      : value(choose()),
        engine(value),
        trace(__FILE__, __LINE__, "COMMITFS_SEED=" + std::to_string(value)) {
    ::testing::Test::RecordProperty("seed", std::to_string(value));
  }

  static std::uint32_t choose() {
    const char* given = std::getenv("COMMITFS_SEED");
    return given != nullptr ? static_cast<std::uint32_t>(std::strtoul(given, nullptr, 10))
                            : std::random_device()();
  }

  const std::uint32_t value;
  std::mt19937 engine;
  ::testing::ScopedTrace trace;
};

}  // namespace commitfs::test
