#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/support/mount_fixture.h"
#include "tests/support/tree_listing.h"

namespace commitfs::test {
namespace {

using ::testing::HasSubstr;

class OpenFiles : public MountedTest {
 protected:
  std::string adopted() const override { return "echo 1 > a; echo 1 > b"; }
  int open(std::string_view path, int flags) {
    const int fd = ::open(at(path).c_str(), flags | O_CLOEXEC, 0644);
    EXPECT_GE(fd, 0) << path;
    return fd;
  }
};
INSTANTIATE_IN_BOTH_MODES(OpenFiles);

TEST_P(OpenFiles, ForWritingAnswerBusyAndAreNamed) {
  session("s", "mkdir d");
  const int fd = open("sessions/s/d/open one", O_CREAT | O_WRONLY);
  EXPECT_EQ(::write(fd, "x", 1), 1);
  EXPECT_THAT(sh("mv sessions/s commit/"), FailedWith("Device or resource busy"));
  EXPECT_THAT(read("sessions/s/.commitfs/status"), HasSubstr("d/open one"));
  EXPECT_THAT(read("sessions/s/.commitfs/conflicts"), HasSubstr("d/open one"));
  EXPECT_EQ(head(), "1");

  EXPECT_EQ(::write(fd, "y\n", 2), 2) << "the session takes writes again";
  ::close(fd);
  ok("mv sessions/s commit/");
  EXPECT_EQ(brief_tree(at("live")), "a=1 b=1 d/ d/open one=xy");
}

TEST_P(OpenFiles, ForReadingDoNotMatter) {
  session("s", "echo s > a");
  const int fd = open("sessions/s/a", O_RDONLY);
  ok("mv sessions/s commit/");
  char text[8] = {};
  EXPECT_EQ(::read(fd, text, sizeof text), 2);
  EXPECT_STREQ(text, "s\n");
  ::close(fd);
}

TEST_P(OpenFiles, ThatWereUnlinkedDoNotMatter) {
  session("s", "echo s > a");
  const int fd = open("sessions/s/tmp", O_CREAT | O_RDWR);
  ok("rm sessions/s/tmp");
  ok("mv sessions/s commit/");
  EXPECT_EQ(brief_tree(at("live")), "a=s b=1");
  ::close(fd);
}

TEST_P(OpenFiles, AreWaitedForWhenTheyCloseInTime) {
  session("s", "");
  auto writer = start(
      "exec 3> sessions/s/n; echo late >&3; touch $SCRATCH/open; "
      "until [ -e $SCRATCH/moving ]; do sleep 0.01; done; exec 3>&-");
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(scratch() / "open"); }));
  auto mover = start("touch $SCRATCH/moving; mv sessions/s commit/");
  EXPECT_THAT(mover->finish(), Succeeded());
  EXPECT_THAT(writer->finish(), Succeeded());
  EXPECT_EQ(read("live/n"), "late\n");
}

TEST_P(OpenFiles, ALivingSharedMappingIsBusy) {
  session("s", "printf aaaa > m");
  const int fd = open("sessions/s/m", O_RDWR);
  auto* map = static_cast<char*>(::mmap(nullptr, 4, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
  ASSERT_NE(map, MAP_FAILED);
  ::close(fd);
  map[0] = 'b';
  EXPECT_THAT(sh("mv sessions/s commit/"), FailedWith("Device or resource busy"));
  map[1] = 'b';
  ::munmap(map, 4);
  ok("mv sessions/s commit/");
  EXPECT_EQ(read("live/m"), "bbaa");
}

TEST_P(OpenFiles, WritesThatRaceWithTheRenameAreAllThereOrRefused) {
  session("s", "");
  auto writer = start(
      "cd sessions/s; for i in $(seq 100000); do echo $i > f$i || break; "
      "echo $i >> $SCRATCH/done; done 2>/dev/null");
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(scratch() / "done"); }));
  ASSERT_TRUE(eventually([&] { return sh("mv sessions/s commit/").exit_code == 0; }));
  writer->finish();
  ok("for i in $(cat $SCRATCH/done); do [ $(cat live/f$i) = $i ]; done");
}

TEST_P(OpenFiles, ReadOfAnOpenCommittedFileSurvivesAWriteInTheSameSession) {
  session("s", "");
  const int reader = open("sessions/s/a", O_RDONLY);
  ok("echo changed >> sessions/s/a");
  EXPECT_EQ(read("sessions/s/a"), "1\nchanged\n");
  char text[32] = {};
  EXPECT_EQ(::pread(reader, text, sizeof text, 0), 2);
  EXPECT_STREQ(text, "1\n");
  ::close(reader);
}

TEST_P(OpenFiles, SameInodeNumberBeforeAndAfterTheFirstWrite) {
  session("s", "");
  const int reader = open("sessions/s/a", O_RDONLY);
  const std::string before = ok("stat -c %i sessions/s/a");
  ok("echo changed >> sessions/s/a");
  EXPECT_EQ(ok("stat -c %i sessions/s/a"), before);
  ::close(reader);
}

TEST_P(OpenFiles, ReaderAndWriterOfOneStagedFileSeeEachOther) {
  session("s", "echo x > n");
  const int reader = open("sessions/s/n", O_RDONLY);
  ok("echo y >> sessions/s/n");
  char text[32] = {};
  EXPECT_EQ(::pread(reader, text, sizeof text, 0), 4);
  EXPECT_STREQ(text, "x\ny\n");
  ::close(reader);
}

TEST_P(OpenFiles, LocksAreServedByTheKernel) {
  session("s", "touch l");
  EXPECT_EQ(ok("cd sessions/s; exec 3>>l; flock 3; flock -n l true && echo free || echo held"),
            "held");
}

}  // namespace
}  // namespace commitfs::test
