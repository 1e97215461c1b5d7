#include <fcntl.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "meta/base/posix.h"
#include "tests/support/result.h"
#include "tests/support/temporary_directory.h"
#include "txn/reserved_staging.h"

namespace commitfs {
namespace {

using test::must;

/// A staging on a disk that is full until so much of the reserve was given back.
class TightStaging final : public Staging {
 public:
  TightStaging(int& writes, int fits_after) : writes_(writes), fits_after_(fits_after) {}
  Result<void> write(const std::vector<StagingBatch>&, Durability) override {
    if (++writes_ <= fits_after_) return fail(ENOSPC, "staging");
    return {};
  }
  Result<std::vector<StagedState>> load() override { return std::vector<StagedState>(); }

 private:
  int& writes_;
  const int fits_after_;
};

class SpaceReserves : public ::testing::Test {
 protected:
  SpaceReserve reserve() const {
    return SpaceReserve(must(posix::open_at(AT_FDCWD, directory_.path(), O_RDONLY | O_DIRECTORY)));
  }
  std::uint64_t bytes_set_aside() const {
    struct stat found{};
    if (::stat((directory_ / "reserve").c_str(), &found) != 0) return 0;
    return static_cast<std::uint64_t>(found.st_blocks) * 512;
  }
  static StagingBatch drop() {
    StagingBatch batch;
    batch.session = SessionId{1};
    batch.drop = true;
    return batch;
  }

  test::TemporaryDirectory directory_;
  int writes_ = 0;
};

TEST_F(SpaceReserves, TakeBlocksAndGiveThemBackBitByBit) {
  SpaceReserve tested = reserve();
  EXPECT_FALSE(tested.release_some()) << "there is nothing yet";
  ASSERT_TRUE(tested.fill());
  std::uint64_t left = bytes_set_aside();
  EXPECT_GE(left, 256U * 1024);
  while (tested.release_some()) {
    EXPECT_LT(bytes_set_aside(), left);
    left = bytes_set_aside();
  }
  EXPECT_EQ(left, 0U);
  EXPECT_TRUE(tested.fill());
  EXPECT_GE(bytes_set_aside(), 256U * 1024);
}

TEST_F(SpaceReserves, AreThereForADurableWriteThatOnlyForgets) {
  ASSERT_TRUE(reserve().fill());
  const auto before = bytes_set_aside();
  const auto staging = make_reserved_staging(std::make_unique<TightStaging>(writes_, 2), reserve());
  EXPECT_OK(staging->write({drop(), drop()}, Durability::now));
  EXPECT_EQ(writes_, 3);
  EXPECT_LT(bytes_set_aside(), before);
}

TEST_F(SpaceReserves, AreNotThereForAnythingElse) {
  ASSERT_TRUE(reserve().fill());
  const auto before = bytes_set_aside();
  const auto staging =
      make_reserved_staging(std::make_unique<TightStaging>(writes_, 100), reserve());
  EXPECT_ERRNO(staging->write({drop(), StagingBatch()}, Durability::now), ENOSPC);
  EXPECT_ERRNO(staging->write({drop()}, Durability::lazy), ENOSPC);
  EXPECT_ERRNO(staging->write({}, Durability::now), ENOSPC);
  EXPECT_EQ(writes_, 3);
  EXPECT_EQ(bytes_set_aside(), before);
}

TEST_F(SpaceReserves, ThatAreUsedUpLeaveTheError) {
  const auto staging =
      make_reserved_staging(std::make_unique<TightStaging>(writes_, 100), reserve());
  EXPECT_ERRNO(staging->write({drop()}, Durability::now), ENOSPC);
  EXPECT_EQ(writes_, 1);
}

TEST_F(SpaceReserves, AreFilledByTheFirstWriteThatSucceeds) {
  const auto staging = make_reserved_staging(std::make_unique<TightStaging>(writes_, 0), reserve());
  EXPECT_EQ(bytes_set_aside(), 0U);
  EXPECT_OK(staging->write({StagingBatch()}, Durability::lazy));
  EXPECT_GE(bytes_set_aside(), 256U * 1024);
}

}  // namespace
}  // namespace commitfs
