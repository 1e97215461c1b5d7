// Leases through the mount: what holds a session, and what becomes of one that nobody uses.
#include "tests/support/mount_fixture.h"

namespace commitfs::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class Lease : public MountedTest {
 protected:
  std::string adopted() const override { return "mkdir d; echo 1 > d/a"; }
  std::string status(const std::string& session) {
    return read("sessions/" + session + "/.commitfs/status");
  }
  bool becomes(const std::string& session, const std::string& what) {
    return eventually([&] { return status(session).find(what) != std::string::npos; },
                      std::chrono::seconds(60));
  }
};
INSTANTIATE_IN_BOTH_MODES(Lease);

TEST_P(Lease, AForgottenSessionExpiresAndGoesWhileOneInUseStays) {
  session("forgotten", "echo 2 > d/b");
  session("held", "echo 2 > d/c");
  const auto holder = start("exec 3< sessions/held/d/c; touch $SCRATCH/open; exec sleep 600",
                            std::chrono::seconds(300));
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(scratch() / "open"); }));
  // Expires soon, and is then left alone until all was looked at.
  ok("echo 'session_ttl = 3s' >> .commitfs/config; "
     "until grep -q 'state: expired' sessions/forgotten/.commitfs/status; do sleep 0.05; done; "
     "echo 'session_ttl = 1h' >> .commitfs/config",
     std::chrono::seconds(60));
  EXPECT_THAT(sh("echo 3 > sessions/forgotten/d/b"), FailedWith("Read-only file system"));
  EXPECT_THAT(sh("mv sessions/forgotten commit/"), FailedWith("Stale file handle"));
  EXPECT_THAT(read("sessions/forgotten/.commitfs/conflicts"),
              AllOf(HasSubstr("expired"), HasSubstr("begin again")));
  ok("echo 'session_ttl = 1s' >> .commitfs/config");
  EXPECT_TRUE(eventually([&] { return !std::filesystem::exists(at("sessions/forgotten")); },
                         std::chrono::seconds(60)));
  EXPECT_EQ(ok("ls sessions"), "held");
  EXPECT_THAT(status("held"), HasSubstr("state: open"));
  EXPECT_TRUE(becomes("held", "\nheld: 1 open\n")) << status("held");
  EXPECT_THAT(read(".commitfs/metrics"), HasSubstr("commitfs_reaped_sessions_total 1\n"));
  ok("mv sessions/held commit/");
  EXPECT_EQ(head(), "2");
  holder->process().signal(SIGKILL);
  holder->finish();
}

TEST_P(Lease, StatusNamesWhoHoldsASession) {
  session("s", "echo 2 > d/b");
  EXPECT_EQ(status("s").find("holder"), std::string::npos) << status("s");
  const auto inside =
      start("cd sessions/s/d; touch $SCRATCH/in; exec sleep 600", std::chrono::seconds(300));
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(scratch() / "in"); }));
  EXPECT_TRUE(becomes("s", "has its working directory in d\n")) << status("s");
  EXPECT_THAT(status("s"), AllOf(HasSubstr("holder: "), HasSubstr("\nage: "), HasSubstr("unused")));
  inside->process().signal(SIGKILL);
  inside->finish();
}

TEST_P(Lease, AWorkingDirectoryHoldsItToo) {
  session("s", "echo 2 > d/b");
  session("t", "echo 2 > d/c");
  const auto inside =
      start("cd sessions/s/d; touch $SCRATCH/in; exec sleep 600", std::chrono::seconds(300));
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(scratch() / "in"); }));
  ok("echo 'session_ttl = 1s' >> .commitfs/config");
  EXPECT_TRUE(eventually([&] { return !std::filesystem::exists(at("sessions/t")); },
                         std::chrono::seconds(60)));
  EXPECT_THAT(status("s"), HasSubstr("state: open"));
  inside->process().signal(SIGKILL);
  inside->finish();
}

TEST_P(Lease, ABadTimeIsRefused) {
  for (const char* value : {"0s", "1", "s", "-1s", "1w", "1.5h", "99999999999d", "soon"}) {
    EXPECT_THAT(sh(std::string("echo 'session_ttl = ") + value + "' >> .commitfs/config"),
                FailedWith("Invalid argument"))
        << value;
  }
  ok("echo 'session_ttl = never' >> .commitfs/config");
}

}  // namespace
}  // namespace commitfs::test
