#include "meta/base/parallel.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <exception>
#include <new>
#include <optional>
#include <thread>
#include <vector>

#include "meta/base/mutex.h"

namespace commitfs {
namespace {

class Work {
 public:
  Work(std::size_t count, const std::function<Result<void>(std::size_t)>& work)
      : count_(count), work_(work) {}

  /// Takes indices until there are none.
  void run() noexcept EXCLUDES(mutex_) {
    while (!failed_) {
      const std::size_t index = next_.fetch_add(1);
      if (index >= count_) return;
      auto done = attempt(index);
      if (!done) note(index, std::move(done).error());
    }
  }

  Result<void> result() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (error_) return std::unexpected(*std::move(error_));
    return {};
  }

 private:
  Result<void> attempt(std::size_t index) const noexcept {
    try {
      return work_(index);
    } catch (const std::bad_alloc&) {
      return fail(ENOMEM);
    } catch (const std::exception&) {
      return fail(EIO);
    }
  }

  void note(std::size_t index, Error error) noexcept EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    failed_ = true;
    if (error_ && first_failed_ < index) return;
    first_failed_ = index;
    error_ = std::move(error);
  }

  const std::size_t count_;
  const std::function<Result<void>(std::size_t)>& work_;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<bool> failed_ = false;
  Mutex mutex_;
  std::size_t first_failed_ GUARDED_BY(mutex_) = 0;
  std::optional<Error> error_ GUARDED_BY(mutex_);
};

}  // namespace

Result<void> for_each_in_parallel(std::size_t count, std::size_t threads,
                                  const std::function<Result<void>(std::size_t)>& work) {
  Work shared(count, work);
  {
    std::vector<std::jthread> helpers;
    try {
      for (std::size_t i = 1; i < std::min(count, threads); ++i)
        helpers.emplace_back([&shared] { shared.run(); });
    } catch (const std::exception&) {
      // Those there are do it all.
    }
    shared.run();
  }
  return shared.result();
}

}  // namespace commitfs
