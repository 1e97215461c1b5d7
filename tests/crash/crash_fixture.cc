#include "tests/crash/crash_fixture.h"

#include <sys/mman.h>
#include <unistd.h>

#include <iostream>
#include <stdexcept>

#include "meta/base/fault.h"
#include "tests/crash/workers.h"

#if defined(__SANITIZE_THREAD__)
#define COMMITFS_THREAD_SANITIZER 1
#elif defined(__has_feature)
#define COMMITFS_THREAD_SANITIZER __has_feature(thread_sanitizer)
#else
#define COMMITFS_THREAD_SANITIZER 0
#endif

namespace commitfs::test {
namespace {

Shared* make_shared_memory() {
  void* place =
      ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (place == MAP_FAILED) throw std::runtime_error("mmap");
  return new (place) Shared;
}

}  // namespace

CrashFixture::CrashFixture()
    : shared_(make_shared_memory()), owner_(::getpid()), level_(spdlog::get_level()) {
  spdlog::set_level(spdlog::level::off);
}
CrashFixture::~CrashFixture() {
  spdlog::set_level(level_);
  fault::set_handler({});
  ::munmap(shared_, sizeof(Shared));
}

void CrashFixture::SetUp() {
#if COMMITFS_THREAD_SANITIZER
  GTEST_SKIP() << "the thread sanitizer's own thread stands in the way of fork";
#endif
}

std::filesystem::path CrashFixture::fast_place() {
  const std::filesystem::path memory = "/dev/shm";
  return ::access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path();
}

int CrashFixture::run(const Workload& workload, const std::filesystem::path& directory,
                      int attempts) {
  try {
    run_workload(workload, directory, shared_->progress, attempts);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "in " << describe(workload[shared_->progress.answered]) << ": " << error.what()
              << std::endl;
    return 1;
  }
}

void CrashFixture::at_each(std::uint64_t points, const std::function<void(std::uint64_t)>& work) {
  share_out(points, [&](std::uint64_t index) {
    if (owner_ != ::getpid()) shared_ = make_shared_memory();
    owner_ = ::getpid();
    work(index + 1);
  });
}

}  // namespace commitfs::test
