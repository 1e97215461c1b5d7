#include "txn/table_lock.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <utility>

#include "meta/base/fault.h"
#include "meta/base/posix.h"
#include "tests/support/result.h"
#include "tests/support/temporary_directory.h"

namespace commitfs {
namespace {

using test::must;

class TableLocks : public ::testing::Test {
 protected:
  Result<TableLock> take() { return TableLock::take(control_.get(), "/x"); }

  /// A process that holds the lock until it is killed. If there is an `heir`, another runs that
  /// with the holder's descriptors.
  pid_t start_holder(const std::function<void()>& heir = {}) {
    int ready[2];
    EXPECT_EQ(::pipe(ready), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      const auto lock = take();
      if (heir && ::fork() == 0) heir();
      (void)::write(ready[1], lock ? "y" : "n", 1);
      ::pause();
    }
    char answer = 0;
    EXPECT_EQ(::read(ready[0], &answer, 1), 1);
    EXPECT_EQ(answer, 'y');
    ::close(ready[0]);
    ::close(ready[1]);
    return child;
  }

  static void kill(pid_t process) {
    ::kill(process, SIGKILL);
    ::waitpid(process, nullptr, 0);
  }

  test::TemporaryDirectory directory_;
  UniqueFd control_ = must(posix::open_at(AT_FDCWD, directory_.path(), O_RDONLY | O_DIRECTORY));
};

TEST_F(TableLocks, HeldByAnotherProcessIsEbusyAndNamesIt) {
  const pid_t holder = start_holder();
  const auto refused = take();
  EXPECT_ERRNO(refused, EBUSY);
  EXPECT_EQ(refused.error().context,
            "table /x is mounted for committing by process " + std::to_string(holder));
  kill(holder);
}

TEST_F(TableLocks, IsFreeOnceItsHolderDied) {
  kill(start_holder());
  EXPECT_OK(take());
}

TEST_F(TableLocks, WaitsForTheHeirOfAHolderThatDied) {
  int until[2];
  ASSERT_EQ(::pipe(until), 0);
  const pid_t heir_of = start_holder([&] {
    ::close(until[1]);
    char byte = 0;
    (void)::read(until[0], &byte, 1);
    ::_exit(0);
  });
  ::close(until[0]);
  kill(heir_of);
  fault::set_handler([&](std::string_view point) -> Result<void> {
    if (point == "table_lock.holder_died" && until[1] >= 0) ::close(std::exchange(until[1], -1));
    return {};
  });
  EXPECT_OK(take());
  fault::set_handler({});
  EXPECT_EQ(until[1], -1) << "it did not wait";
}

TEST_F(TableLocks, IsHeldAgainstThisProcessToo) {
  const auto held = take();
  ASSERT_OK(held);
  EXPECT_ERRNO(take(), EBUSY);
}

TEST_F(TableLocks, IsGivenBackWhenDestroyed) {
  {
    ASSERT_OK(take());
  }
  EXPECT_OK(take());
}

TEST_F(TableLocks, RemovedLeavesNoFileAndCanBeTakenAnew) {
  must(take()).remove(control_.get());
  EXPECT_FALSE(std::filesystem::exists(directory_ / "lock"));
  EXPECT_OK(take());
}

TEST_F(TableLocks, DoesNotFollowASymbolicLink) {
  std::filesystem::create_symlink("elsewhere", directory_ / "lock");
  EXPECT_ERRNO(take(), ELOOP);
  EXPECT_FALSE(std::filesystem::exists(directory_ / "elsewhere"));
}

}  // namespace
}  // namespace commitfs
