#include "meta/base/fault.h"

#include <cstdlib>
#include <fstream>
#include <thread>

#include "tests/support/result.h"
#include "tests/support/temporary_directory.h"

namespace commitfs::test {
namespace {

class FaultTest : public ::testing::Test {
 protected:
  ~FaultTest() override { fault::set_handler({}); }
};

TEST_F(FaultTest, PointDoesNothingWhenNobodyListens) {
  EXPECT_OK(fault::point("a"));
}

TEST_F(FaultTest, HandlerDecidesByName) {
  fault::set_handler([](std::string_view name) -> Result<void> {
    if (name == "a") return fail(ENOSPC, "injected");
    return {};
  });

  EXPECT_ERRNO(fault::point("a"), ENOSPC);
  EXPECT_OK(fault::point("b"));
  fault::set_handler({});
  EXPECT_OK(fault::point("a"));
}

TEST_F(FaultTest, HandlerMayPutAnotherInItsPlace) {
  fault::set_handler([](std::string_view) -> Result<void> {
    fault::set_handler({});
    return fail(EIO);
  });

  EXPECT_ERRNO(fault::point("a"), EIO);
  EXPECT_OK(fault::point("a"));
}

// The environment is read at start: these run the test program anew, with it set.
class FaultEnvironmentDeathTest : public ::testing::Test {
 protected:
  FaultEnvironmentDeathTest() { ::testing::FLAGS_gtest_death_test_style = "threadsafe"; }
  ~FaultEnvironmentDeathTest() override { ::unsetenv("COMMITFS_FAULTS"); }
  static void set(const std::string& faults) { ::setenv("COMMITFS_FAULTS", faults.c_str(), 1); }
  static int code_of(const Result<void>& result) { return result ? 0 : result.error().code; }
};

TEST_F(FaultEnvironmentDeathTest, KillEndsTheProgramAtThePoint) {
  set("other=errno:5,a=kill");
  EXPECT_EXIT((void)fault::point("a"), ::testing::KilledBySignal(SIGKILL), "");
  EXPECT_EXIT(std::exit(code_of(fault::point("b"))), ::testing::ExitedWithCode(0), "");
}

TEST_F(FaultEnvironmentDeathTest, ErrnoIsReturnedEveryTime) {
  set("a=errno:28");
  EXPECT_EXIT(
      {
        (void)fault::point("a");
        std::exit(code_of(fault::point("a")));
      },
      ::testing::ExitedWithCode(28), "");
}

TEST_F(FaultEnvironmentDeathTest, ThrowIsWhatWantOfMemoryDoes) {
  set("a=throw");
  EXPECT_EXIT(
      {
        try {
          (void)fault::point("a");
        } catch (const std::bad_alloc&) {
          std::exit(7);
        }
      },
      ::testing::ExitedWithCode(7), "");
}

TEST_F(FaultEnvironmentDeathTest, AtActsOnThatArrivalOnly) {
  set("a=errno:28@2");
  EXPECT_EXIT(
      {
        const int first = code_of(fault::point("a"));
        const int second = code_of(fault::point("a"));
        std::exit(first + second + code_of(fault::point("a")));
      },
      ::testing::ExitedWithCode(28), "");
  EXPECT_EXIT(std::exit(code_of(fault::point("a"))), ::testing::ExitedWithCode(0), "");
}

TEST_F(FaultEnvironmentDeathTest, WaitGoesOnWhenToldTo) {
  const TemporaryDirectory directory;
  const std::string path = directory / "barrier";
  set("a=wait:" + path);
  std::ofstream(path + ".go").close();
  EXPECT_EXIT(std::exit(code_of(fault::point("a"))), ::testing::ExitedWithCode(0), "");
  EXPECT_TRUE(std::filesystem::exists(path + ".reached"));
}

TEST_F(FaultEnvironmentDeathTest, WhatCannotBeReadEndsTheProgram) {
  for (const auto* faults :
       {"a", "a=", "=kill", "a=errno:", "a=errno:x", "a=kill@", "a=kill@0", "a=sleep"}) {
    set(faults);
    EXPECT_EXIT(std::exit(0), ::testing::ExitedWithCode(2), "") << faults;
  }
}

}  // namespace
}  // namespace commitfs::test
