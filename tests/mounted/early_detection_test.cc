#include "tests/support/mount_fixture.h"

namespace commitfs::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class Early : public MountedTest {
 protected:
  std::string adopted() const override { return "echo 1 > a; echo 1 > b"; }
};
INSTANTIATE_IN_BOTH_MODES(Early);

TEST_P(Early, FailRefusesTheOpenOfWhatALaterCommitHas) {
  session("s", "echo fail > .commitfs/early");
  commit("first", "echo 2 > a; echo 2 > n");
  EXPECT_THAT(sh("echo 3 >> sessions/s/a"), FailedWith("Operation canceled"));
  EXPECT_THAT(sh("echo 3 > sessions/s/n"), FailedWith("Operation canceled"));
  EXPECT_EQ(ok("cat sessions/s/.commitfs/early sessions/s/a; echo 3 > sessions/s/b"), "fail\n1");
}

TEST_P(Early, WarnTellsOfALaterCommitAndOfAnOlderSession) {
  session("older", "echo older > b");
  session("s", "echo warn > .commitfs/early");
  commit("first", "echo 2 > a");
  ok("cd sessions/s; echo mine > a; echo mine > b");
  for (const char* file : {"status", "check"}) {
    EXPECT_THAT(read(std::string("sessions/s/.commitfs/") + file),
                AllOf(HasSubstr("a was changed in version 2 by session first"),
                      HasSubstr("b is being changed by the older session older")));
  }
  EXPECT_THAT(read("sessions/older/.commitfs/status"), Not(HasSubstr("early")));
}

}  // namespace
}  // namespace commitfs::test
