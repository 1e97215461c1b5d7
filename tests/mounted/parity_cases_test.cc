// Series of system calls, written as data, answer and do the same in a session as on a native file
// system: with all that they work on made in the session, and over what was committed before.
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

#include "tests/mounted/parity/runner.h"
#include "tests/mounted/parity/script.h"
#include "tests/support/mount_fixture.h"

namespace commitfs::test {
namespace {

namespace fs = std::filesystem;
using parity::Case;
using parity::Runner;

std::string run_lines(Runner& runner, const std::vector<std::string>& lines) {
  std::string seen;
  for (const std::string& line : lines)
    seen += runner.run(line) + "\n";
  return seen;
}

std::string observe_before(const fs::path& directory, const Case& one) {
  Runner runner(directory);
  return run_lines(runner, one.before);
}

std::string observe_calls(const fs::path& directory, const Case& one) {
  Runner runner(directory);
  std::string seen = run_lines(runner, one.calls) + runner.tree();
  runner.close_all();
  return seen + "after all was closed:\n" + runner.tree();
}

class ParityCases : public MountFixture,
                    public ::testing::WithParamInterface<std::tuple<IoMode, std::string>> {
 protected:
  IoMode mode() const override { return std::get<IoMode>(GetParam()); }
  std::string adopted() const override { return "chmod 755 ."; }

  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can act as other users";
    MountFixture::SetUp();
    if (IsSkipped() || HasFailure()) return;
    cases_ = parity::read_cases(fs::path(COMMITFS_PARITY_CASES) / std::get<1>(GetParam()));
    RecordProperty("cases", static_cast<int>(cases_.size()));
    native_ = scratch() / "native";
    make_directories(native_);
  }

  void make_directories(const fs::path& top) const {
    fs::create_directory(top);
    for (std::size_t i = 0; i < cases_.size(); ++i)
      fs::create_directory(top / std::to_string(i));
  }

  /// What the native file system answers, by case. First, for it must not be asked twice.
  struct Expected {
    std::string before;
    std::string calls;
  };
  const std::vector<Expected>& expected() {
    if (!expected_.empty()) return expected_;
    for (std::size_t i = 0; i < cases_.size(); ++i) {
      const fs::path directory = native_ / std::to_string(i);
      std::string before = observe_before(directory, cases_[i]);
      expected_.push_back({std::move(before), observe_calls(directory, cases_[i])});
    }
    return expected_;
  }

  void expect_before(const fs::path& top) {
    for (std::size_t i = 0; i < cases_.size(); ++i) {
      EXPECT_EQ(observe_before(top / std::to_string(i), cases_[i]), expected()[i].before)
          << "before " << cases_[i].name;
    }
  }
  void expect_calls(const fs::path& top) {
    for (std::size_t i = 0; i < cases_.size(); ++i) {
      EXPECT_EQ(observe_calls(top / std::to_string(i), cases_[i]), expected()[i].calls)
          << cases_[i].name;
    }
  }

 private:
  std::vector<Case> cases_;
  fs::path native_;
  std::vector<Expected> expected_;
};

std::string parity_name(const ::testing::TestParamInfo<ParityCases::ParamType>& parameter) {
  std::string name = std::get<1>(parameter.param) + "_" + to_string(std::get<0>(parameter.param));
  std::ranges::replace(name, '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(
    Mounted, ParityCases,
    ::testing::Combine(::testing::Values(IoMode::passthrough, IoMode::ordinary),
                       ::testing::Values("names", "errors", "attributes", "permissions", "files",
                                         "ranges", "xattrs", "acls")),
    parity_name);

TEST_P(ParityCases, InASessionThatMadeItAll) {
  session("s", "");
  make_directories(at("sessions/s"));
  expect_before(at("sessions/s"));
  expect_calls(at("sessions/s"));
}

TEST_P(ParityCases, OverWhatWasCommitted) {
  session("base", "");
  make_directories(at("sessions/base"));
  expect_before(at("sessions/base"));
  ok("mv sessions/base commit/");
  session("s", "");
  expect_calls(at("sessions/s"));
  ok("mv sessions/s commit/");
}

}  // namespace
}  // namespace commitfs::test
