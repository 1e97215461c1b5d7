#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

namespace commitfs::test {

/// Numbers that processes share.
class SharedCounter {
 public:
  SharedCounter();
  ~SharedCounter();
  SharedCounter(const SharedCounter&) = delete;
  SharedCounter& operator=(const SharedCounter&) = delete;

  void add(std::uint64_t count) const;
  std::uint64_t value() const;

 private:
  std::uint64_t* value_;
};

/// Calls `work` with 0, 1, … below `count`, in several processes at once, for what is measured is
/// mostly the waiting for disks and timers. All end soon after the first expectation that failed,
/// which is printed and fails the test here too. The caller has one thread.
void share_out(std::uint64_t count, const std::function<void(std::uint64_t)>& work);

/// The same where something has to fail: prints nothing. True when an expectation failed.
bool any_fails(std::uint64_t count, const std::function<void(std::uint64_t)>& work);

}  // namespace commitfs::test
