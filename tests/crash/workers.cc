#include "tests/crash/workers.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <iostream>
#include <stdexcept>
#include <vector>

namespace commitfs::test {
namespace {

constexpr std::uint64_t kWorkers = 8;

[[noreturn]] void be_worker(std::uint64_t first, std::uint64_t count,
                            const std::function<void(std::uint64_t)>& work,
                            const SharedCounter& failed) {
  for (std::uint64_t one = first; one < count && failed.value() == 0; one += kWorkers) {
    try {
      work(one);
    } catch (const std::exception& error) {
      ADD_FAILURE() << "point " << one << ": " << error.what();
    }
    if (::testing::Test::HasFailure()) failed.add(1);
  }
  std::cout.flush();
  std::fflush(nullptr);
  ::_exit(::testing::Test::HasFailure() ? 1 : 0);
}

/// How many workers failed.
std::size_t run_workers(std::uint64_t count, const std::function<void(std::uint64_t)>& work) {
  std::cout.flush();
  std::fflush(nullptr);
  const SharedCounter failed_so_far;
  std::vector<pid_t> workers;
  for (std::uint64_t first = 0; first < std::min(kWorkers, count); ++first) {
    const pid_t worker = ::fork();
    if (worker < 0) throw std::runtime_error("fork");
    if (worker == 0) be_worker(first, count, work, failed_so_far);
    workers.push_back(worker);
  }
  std::size_t failed = 0;
  for (const pid_t worker : workers) {
    int status = 0;
    ::waitpid(worker, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) ++failed;
  }
  return failed;
}

bool be_silent() {
  return std::freopen("/dev/null", "w", stdout) != nullptr &&
         std::freopen("/dev/null", "w", stderr) != nullptr;
}

}  // namespace

SharedCounter::SharedCounter() {
  void* place =
      ::mmap(nullptr, sizeof *value_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (place == MAP_FAILED) throw std::runtime_error("mmap");
  value_ = new (place) std::uint64_t(0);
}
SharedCounter::~SharedCounter() {
  ::munmap(value_, sizeof *value_);
}
void SharedCounter::add(std::uint64_t count) const {
  std::atomic_ref(*value_) += count;
}
std::uint64_t SharedCounter::value() const {
  return std::atomic_ref(*value_).load();
}

void share_out(std::uint64_t count, const std::function<void(std::uint64_t)>& work) {
  EXPECT_EQ(run_workers(count, work), 0U) << "workers failed; what failed is printed above";
}

bool any_fails(std::uint64_t count, const std::function<void(std::uint64_t)>& work) {
  return run_workers(count, [&](std::uint64_t one) {
           static const bool silent = be_silent();
           if (silent) work(one);
         }) > 0;
}

}  // namespace commitfs::test
