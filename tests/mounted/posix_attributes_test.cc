// Attributes, extended attributes and listings in a session behave as on a native file system.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <set>

#include "tests/mounted/parity.h"

namespace commitfs::test {
namespace {

class PosixAttributes : public ParityTest {
 protected:
  std::multiset<std::string> names(std::string_view directory) {
    std::multiset<std::string> result;
    DIR* stream = ::opendir(at(directory).c_str());
    if (stream == nullptr) return result;
    while (const dirent* entry = ::readdir(stream))
      result.insert(entry->d_name);
    ::closedir(stream);
    return result;
  }
};
INSTANTIATE_IN_BOTH_MODES(PosixAttributes);

constexpr const char* kBase = "echo f > f; mkdir d; ln -s f l; chmod 644 f; chmod 755 d";

TEST_P(PosixAttributes, ChmodOfAllBits) {
  expect_parity_over_committed(kBase, [](Transcript& t) {
    for (const mode_t mode : {0U, 0777U, 04755U, 02755U, 01755U, 07777U, 0640U}) {
      t.call("file", ::chmod(t("f").c_str(), mode));
      t.stat("f");
      t.call("directory", ::chmod(t("d").c_str(), mode));
      t.stat("d");
    }
    t.call("through a link", ::chmod(t("l").c_str(), 0600));
    t.stat("f");
    t.stat("l");
  });
}

TEST_P(PosixAttributes, ChownClearsSetuidAndWriteDoesToo) {
  expect_parity_over_committed(kBase, [](Transcript& t) {
    t.call("chmod", ::chmod(t("f").c_str(), 06755));
    t.call("chown", ::chown(t("f").c_str(), 5, 6));
    t.stat("f");
    t.call("only group", ::chown(t("f").c_str(), static_cast<uid_t>(-1), 7));
    t.stat("f");
    t.call("lchown", ::lchown(t("l").c_str(), 8, 9));
    t.stat("l");
    t.stat("f");
  });
}

TEST_P(PosixAttributes, UtimensSetsNanosecondsOmitsAndNow) {
  expect_parity_over_committed(kBase, [](Transcript& t) {
    const timespec both[2] = {{.tv_sec = 1000000000, .tv_nsec = 123456789},
                              {.tv_sec = 5, .tv_nsec = 999999999}};
    const timespec omit[2] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT}, {.tv_sec = 77, .tv_nsec = 1}};
    const timespec negative[2] = {{.tv_sec = -1, .tv_nsec = 0}, {.tv_sec = -2, .tv_nsec = 5}};
    const auto show = [&](const char* name) {
      struct stat status{};
      ::lstat(t(name).c_str(), &status);
      t.note(name, std::to_string(status.st_atim.tv_sec) + "." +
                       std::to_string(status.st_atim.tv_nsec) + " " +
                       std::to_string(status.st_mtim.tv_sec) + "." +
                       std::to_string(status.st_mtim.tv_nsec));
    };
    for (const char* name : {"f", "d"}) {
      t.call("both", ::utimensat(AT_FDCWD, t(name).c_str(), both, 0));
      show(name);
      t.call("omit", ::utimensat(AT_FDCWD, t(name).c_str(), omit, 0));
      show(name);
      t.call("negative", ::utimensat(AT_FDCWD, t(name).c_str(), negative, 0));
      show(name);
    }
    t.call("link itself", ::utimensat(AT_FDCWD, t("l").c_str(), both, AT_SYMLINK_NOFOLLOW));
    show("l");
  });
}

TEST_P(PosixAttributes, TimesSetThroughADescriptorStayAfterItsWritesAndClose) {
  expect_parity_over_committed(kBase, [](Transcript& t) {
    const int fd = t.opened("open", ::open(t("f").c_str(), O_WRONLY | O_CLOEXEC));
    t.call("write", ::write(fd, "zz", 2));
    const timespec times[2] = {{.tv_sec = 11, .tv_nsec = 1}, {.tv_sec = 22, .tv_nsec = 2}};
    t.call("futimens", ::futimens(fd, times));
    ::close(fd);
    struct stat status{};
    ::stat(t("f").c_str(), &status);
    t.call("mtime", status.st_mtim.tv_sec);
    t.call("ns", status.st_mtim.tv_nsec);
  });
}

TEST_P(PosixAttributes, WritingMovesTheTimesForward) {
  session("s", "echo x > f; touch -d 2001-01-01 f; mkdir d; touch -d 2001-01-01 d");
  ok("cd sessions/s; echo y >> f; touch d/new");
  EXPECT_EQ(ok("cd sessions/s; find f d -maxdepth 0 -newermt 2020-01-01 | wc -l"), "2");
}

TEST_P(PosixAttributes, ExtendedAttributes) {
  expect_parity_over_committed(kBase, [](Transcript& t) {
    const std::string big(2000, 'v');
    for (const char* name : {"f", "d"}) {
      const std::string path = t(name);
      char value[4096] = {};
      t.call("absent", ::getxattr(path.c_str(), "user.a", value, sizeof value));
      t.call("replace absent", ::setxattr(path.c_str(), "user.a", "1", 1, XATTR_REPLACE));
      t.call("create", ::setxattr(path.c_str(), "user.a", "one", 3, XATTR_CREATE));
      t.call("create again", ::setxattr(path.c_str(), "user.a", "1", 1, XATTR_CREATE));
      t.call("replace", ::setxattr(path.c_str(), "user.a", "other", 5, XATTR_REPLACE));
      t.call("empty value", ::setxattr(path.c_str(), "user.e", "", 0, 0));
      t.call("binary", ::setxattr(path.c_str(), "user.b", "a\0b", 3, 0));
      t.call("big", ::setxattr(path.c_str(), "user.big", big.data(), big.size(), 0));
      t.call("size only", ::getxattr(path.c_str(), "user.a", nullptr, 0));
      t.call("too small", ::getxattr(path.c_str(), "user.a", value, 2));
      t.call("get", ::getxattr(path.c_str(), "user.a", value, sizeof value));
      t.note("value", std::string(value, 5));
      t.call("get binary", ::getxattr(path.c_str(), "user.b", value, sizeof value));
      t.call("remove", ::removexattr(path.c_str(), "user.a"));
      t.call("remove again", ::removexattr(path.c_str(), "user.a"));
      t.call("list too small", ::listxattr(path.c_str(), value, 1));
      const ssize_t size = t.call("list", ::listxattr(path.c_str(), value, sizeof value));
      std::set<std::string> names;
      for (ssize_t i = 0; i < size; i += static_cast<ssize_t>(std::string(value + i).size()) + 1) {
        names.insert(value + i);
      }
      for (const auto& one : names)
        t.note("listed", one);
      t.call("long name",
             ::setxattr(path.c_str(), ("user." + std::string(300, 'n')).c_str(), "", 0, 0));
    }
    t.call("user on a symlink", ::lsetxattr(t("l").c_str(), "user.a", "1", 1, 0));
  });
}

TEST_P(PosixAttributes, AccessAsRootAndOwner) {
  expect_parity_over_committed(kBase, [](Transcript& t) {
    t.call("chmod", ::chmod(t("f").c_str(), 0));
    for (const int how : {F_OK, R_OK, W_OK, X_OK})
      t.call("access", ::access(t("f").c_str(), how));
  });
}

TEST_P(PosixAttributes, StatfsHasTheNumbersOfTheDiskBelow) {
  session("s", "");
  struct statvfs mounted{};
  struct statvfs native{};
  ASSERT_EQ(::statvfs(at("sessions/s").c_str(), &mounted), 0);
  ASSERT_EQ(::statvfs(daemon().table().c_str(), &native), 0);
  EXPECT_EQ(mounted.f_blocks * mounted.f_frsize, native.f_blocks * native.f_frsize);
  EXPECT_EQ(mounted.f_namemax, 255U);
  EXPECT_GT(mounted.f_bavail, 0U);
}

TEST_P(PosixAttributes, ReaddirGivesEachOfTenThousandNamesOnce) {
  commit("base", "mkdir d; cd d; seq 1 9000 | xargs touch");
  session("s", "cd d; seq 9001 10000 | xargs touch; rm 5");
  const auto found = names("sessions/s/d");
  EXPECT_EQ(found.size(), 10001U);  // with "." and ".."
  EXPECT_EQ((std::set<std::string>(found.begin(), found.end()).size()), found.size());
  EXPECT_EQ(names("live/d").size(), 9002U);
}

TEST_P(PosixAttributes, ReaddirDuringChangesMissesAndDoublesNothingThatStays) {
  session("s", "mkdir d; cd d; seq 1 5000 | xargs touch");
  DIR* stream = ::opendir(at("sessions/s/d").c_str());
  ASSERT_NE(stream, nullptr);
  std::multiset<std::string> found;
  for (int i = 0; i < 100; ++i)
    found.insert(::readdir(stream)->d_name);
  ok("cd sessions/s/d; seq 2 2 4000 | xargs rm; seq 6001 7000 | xargs touch");
  while (const dirent* entry = ::readdir(stream))
    found.insert(entry->d_name);
  ::closedir(stream);
  for (int i = 1; i < 5000; i += 2)
    ASSERT_EQ(found.count(std::to_string(i)), 1U) << i;
  for (int i = 4002; i <= 5000; i += 2)
    ASSERT_EQ(found.count(std::to_string(i)), 1U) << i;
}

TEST_P(PosixAttributes, RmRfWhileListingRemovesAll) {
  session("s", "mkdir d; cd d; seq 1 5000 | xargs touch; cd ..; rm -r d");
  EXPECT_EQ(ok("ls -A sessions/s"), "");
}

TEST_P(PosixAttributes, TelldirAndSeekdirComeBackToTheSameName) {
  session("s", "mkdir d; cd d; seq 1 1000 | xargs touch");
  DIR* stream = ::opendir(at("sessions/s/d").c_str());
  ASSERT_NE(stream, nullptr);
  for (int i = 0; i < 500; ++i)
    ASSERT_NE(::readdir(stream), nullptr);
  const long place = ::telldir(stream);
  const std::string next = ::readdir(stream)->d_name;
  while (::readdir(stream) != nullptr) {
  }
  ::seekdir(stream, place);
  EXPECT_EQ(::readdir(stream)->d_name, next);
  ::rewinddir(stream);
  int count = 0;
  while (::readdir(stream) != nullptr)
    ++count;
  EXPECT_EQ(count, 1002);
  ::closedir(stream);
}

}  // namespace
}  // namespace commitfs::test
