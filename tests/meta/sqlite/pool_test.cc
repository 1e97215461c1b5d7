#include "meta/sqlite/pool.h"

#include <vector>

#include "meta/sqlite/sqlite_catalog.h"
#include "tests/support/result.h"
#include "tests/support/temporary_directory.h"

namespace commitfs::sqlite {
namespace {

using ::commitfs::test::must;

class PoolTest : public ::testing::Test {
 protected:
  PoolTest() { must(open_sqlite_catalog(directory_ / "catalog.db")); }

  std::vector<Pool::Lease> take_all() {
    std::vector<Pool::Lease> leases;
    for (std::size_t i = 0; i < Pool::kConnectionsMax; ++i)
      leases.push_back(must(pool_.take()));
    return leases;
  }

  test::TemporaryDirectory directory_;
  Pool pool_{directory_ / "catalog.db", std::chrono::milliseconds(1)};
};

TEST_F(PoolTest, ConnectionThatCameBackIsLentAgain) {
  const Connection* first = &*must(pool_.take());
  EXPECT_EQ(&*must(pool_.take()), first);
}

TEST_F(PoolTest, NeverLendsMoreThanItsLimit) {
  for (int i = 0; i < 100; ++i)
    must(pool_.take());
  auto leases = take_all();
  EXPECT_ERRNO(pool_.take(), EAGAIN);
  leases.pop_back();
  EXPECT_OK(pool_.take());
}

TEST_F(PoolTest, ConnectionThatCannotBeOpenedIsNotCounted) {
  Pool broken(directory_ / "missing/catalog.db", std::chrono::milliseconds(1));
  for (std::size_t i = 0; i <= Pool::kConnectionsMax; ++i)
    EXPECT_ERRNO(broken.take(), ENOENT);
}

}  // namespace
}  // namespace commitfs::sqlite
