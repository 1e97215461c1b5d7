#include "txn/sealer.h"

#include <algorithm>
#include <atomic>
#include <new>
#include <thread>

#include "meta/base/fault.h"
#include "tests/support/table_fixture.h"

namespace commitfs::test {
namespace {

class SealerTest : public TableFixture {
 protected:
  SealerTest() {
    context_.sealer = std::make_shared<Sealer>(context_.store);
    shell_.emplace(begin());
  }
  ~SealerTest() override {
    fault::set_handler({});
    context_.sealer->stop();
  }
  Session& session() { return shell_->session(); }
  template <typename Condition>
  void wait_until(Condition condition) {
    while (!condition())
      std::this_thread::yield();
  }

  std::optional<Shell> shell_;
};

TEST_F(SealerTest, SealsWhatItsLastWriterClosed) {
  ASSERT_OK(shell_->create("a", "1"));
  ASSERT_OK(shell_->create("b", "2"));
  wait_until([&] { return session().unsealed_bodies().empty(); });
}

TEST_F(SealerTest, OutlivesAnException) {
  std::atomic<bool> thrown = false;
  fault::set_handler([&](std::string_view point) -> Result<void> {
    if (point == "objects.seal" && !thrown.exchange(true)) throw std::bad_alloc();
    return {};
  });
  ASSERT_OK(shell_->create("a", "1"));
  wait_until([&] { return thrown.load(); });
  ASSERT_OK(shell_->create("b", "2"));
  wait_until([&] { return session().unsealed_bodies().size() == 1; });
  EXPECT_TRUE(session().damaged_bodies().empty());
}

TEST_F(SealerTest, LeavesOpenAndUnlinkedFilesAlone) {
  std::atomic<int> seals = 0;
  fault::set_handler([&](std::string_view point) -> Result<void> {
    seals += point == "objects.seal" ? 1 : 0;
    return {};
  });
  const auto open = must(tree::create(session(), {}, InodeId::root, "open", 0644, true));
  ASSERT_OK(shell_->create("temporary"));
  ASSERT_OK(shell_->unlink("temporary"));
  ASSERT_OK(shell_->create("closed"));
  const InodeId closed = must(shell_->find("closed"));
  wait_until([&] {
    const auto unsealed = session().unsealed_bodies();
    return std::ranges::none_of(unsealed, [&](const auto& body) { return body.first == closed; });
  });
  EXPECT_EQ(session().unsealed_bodies().front().first, open.attributes.inode.id);
}

TEST_F(SealerTest, LostBytesAreRemembered) {
  fault::set_handler([](std::string_view point) -> Result<void> {
    if (point == "objects.seal") return fail(EIO, "a broken disk");
    return {};
  });
  ASSERT_OK(shell_->create("a", "1"));
  wait_until([&] { return !session().damaged_bodies().empty(); });
  EXPECT_EQ(session().damaged_bodies().front().second, EIO);
  EXPECT_EQ(session().unsealed_bodies().size(), 1U);
}

TEST_F(SealerTest, WantOfDescriptorsIsNoDamage) {
  std::atomic<bool> failed = false;
  fault::set_handler([&](std::string_view point) -> Result<void> {
    if (point == "objects.seal" && !failed.exchange(true)) return fail(EMFILE, "too many files");
    return {};
  });
  ASSERT_OK(shell_->create("a", "1"));
  wait_until([&] { return failed.load(); });
  ASSERT_OK(shell_->create("b", "2"));
  wait_until([&] { return session().unsealed_bodies().size() == 1; });
  EXPECT_TRUE(session().damaged_bodies().empty());
}

}  // namespace
}  // namespace commitfs::test
