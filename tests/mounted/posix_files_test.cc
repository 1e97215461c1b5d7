// The bytes of a file in a session behave as on a native file system.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "tests/mounted/parity.h"

namespace commitfs::test {
namespace {

class PosixFiles : public ParityTest {};
INSTANTIATE_IN_BOTH_MODES(PosixFiles);

constexpr const char* kBase = "printf 0123456789 > ten; : > empty; seq 1 30000 > big; mkdir d";

int open_file(Transcript& t, const char* name, int flags) {
  return t.opened(name, ::open(t(name).c_str(), flags | O_CLOEXEC, 0644));
}

TEST_P(PosixFiles, OpenFlagsOnWhatIsThereAndWhatIsNot) {
  expect_parity_over_committed(kBase, [](Transcript& t) {
    for (const char* name : {"ten", "d", "new1", "absent/x", "ten/x"}) {
      for (const int flags :
           {O_RDONLY, O_WRONLY, O_RDWR, O_CREAT | O_EXCL | O_RDWR, O_CREAT | O_RDWR,
            O_RDONLY | O_DIRECTORY, O_TRUNC | O_RDWR, O_NOFOLLOW, O_PATH}) {
        const int fd = open_file(t, name, flags);
        if (fd >= 0) ::close(fd);
      }
    }
    t.tree();
  });
}

TEST_P(PosixFiles, ReadsAndWritesAtAnyPlace) {
  expect_parity_over_committed(kBase, [](Transcript& t) {
    const int fd = open_file(t, "ten", O_RDWR);
    char text[64] = {};
    t.call("read", ::read(fd, text, 4));
    t.call("write", ::write(fd, "AB", 2));
    t.call("pwrite beyond the end", ::pwrite(fd, "Z", 1, 20));
    t.call("seek", ::lseek(fd, -1, SEEK_END));
    t.call("read last", ::read(fd, text, 64));
    t.call("read at the end", ::read(fd, text, 64));
    iovec parts[2] = {{.iov_base = text, .iov_len = 3}, {.iov_base = text + 3, .iov_len = 30}};
    t.call("preadv", ::preadv(fd, parts, 2, 0));
    t.note("bytes", std::string(text, 21));
    t.call("negative offset", ::pread(fd, text, 1, -1));
    ::close(fd);
    t.content("ten");
    const int read_only = open_file(t, "ten", O_RDONLY);
    t.call("write on a read descriptor", ::write(read_only, "x", 1));
    t.call("ftruncate on a read descriptor", ::ftruncate(read_only, 0));
    ::close(read_only);
  });
}

TEST_P(PosixFiles, AppendGoesToTheEndAlsoOfTwoWriters) {
  expect_parity_over_committed(kBase, [](Transcript& t) {
    const int one = open_file(t, "ten", O_WRONLY | O_APPEND);
    const int two = open_file(t, "ten", O_RDWR | O_APPEND);
    for (int i = 0; i < 50; ++i) {
      t.call("one", ::write(one, "11", 2));
      t.call("two", ::write(two, "2", 1));
    }
    t.call("where", ::lseek(two, 0, SEEK_CUR));
    ::close(one);
    ::close(two);
    t.content("ten");
    t.stat("ten");
  });
}

TEST_P(PosixFiles, TruncateShrinksAndGrowsWithZeros) {
  expect_parity_over_committed(kBase, [](Transcript& t) {
    t.call("grow", ::truncate(t("ten").c_str(), 15));
    t.content("ten");
    t.call("shrink", ::truncate(t("ten").c_str(), 3));
    t.call("grow again", ::truncate(t("ten").c_str(), 6));
    t.content("ten");
    t.call("negative", ::truncate(t("ten").c_str(), -1));
    t.call("a directory", ::truncate(t("d").c_str(), 0));
    t.call("absent", ::truncate(t("absent").c_str(), 0));
    const int fd = open_file(t, "big", O_RDWR);
    t.call("ftruncate", ::ftruncate(fd, 100));
    struct stat status{};
    ::fstat(fd, &status);
    t.call("size", status.st_size);
    ::close(fd);
    t.content("big");
    const int truncating = open_file(t, "big", O_WRONLY | O_TRUNC);
    t.stat("big");
    ::close(truncating);
    t.stat("big");
  });
}

TEST_P(PosixFiles, SparseFilesReadAsZerosAndTakeNoSpace) {
  expect_parity([](Transcript& t) {
    const int fd = open_file(t, "sparse", O_CREAT | O_RDWR);
    t.call("pwrite", ::pwrite(fd, "end", 3, 1 << 30));
    char text[16] = {'x'};
    t.call("pread", ::pread(fd, text, sizeof text, 1 << 20));
    t.note("zeros", std::memcmp(text, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16) == 0 ? "yes" : "no");
    struct stat status{};
    ::fstat(fd, &status);
    t.call("size", status.st_size);
    t.note("few blocks", status.st_blocks < 100 ? "yes" : "no");
    ::close(fd);
  });
}

TEST_P(PosixFiles, FallocateReservesAndPunches) {
  expect_parity_over_committed(kBase, [](Transcript& t) {
    const int fd = open_file(t, "big", O_RDWR);
    t.call("reserve", ::fallocate(fd, 0, 0, 400000));
    t.stat("big");
    t.call("keep size", ::fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 800000));
    t.stat("big");
    t.call("punch", ::fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 8192));
    char text[4] = {};
    t.call("read", ::pread(fd, text, 4, 4096));
    t.note("zero", text[0] == 0 ? "yes" : "no");
    ::close(fd);
  });
}

TEST_P(PosixFiles, MappingsWriteAndReadWhatDescriptorsDo) {
  expect_parity_over_committed(kBase, [](Transcript& t) {
    const int fd = open_file(t, "big", O_RDWR);
    auto* map =
        static_cast<char*>(::mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    t.note("mapped", map == MAP_FAILED ? "no" : "yes");
    t.note("first", std::string(map, 6));
    std::memcpy(map, "mapped", 6);
    t.call("msync", ::msync(map, 8192, MS_SYNC));
    char text[8] = {};
    t.call("pread", ::pread(fd, text, 6, 0));
    t.note("through the descriptor", text);
    t.call("pwrite", ::pwrite(fd, "written", 7, 100));
    t.note("through the mapping", std::string(map + 100, 7));
    ::close(fd);
    std::memcpy(map + 200, "closed", 6);
    ::munmap(map, 8192);
    t.content("big");
  });
}

TEST_P(PosixFiles, AnUnlinkedOpenFileLivesOn) {
  expect_parity_over_committed(kBase, [](Transcript& t) {
    for (const char* name : {"ten", "fresh"}) {
      const int fd = open_file(t, name, O_CREAT | O_RDWR);
      t.call("unlink", ::unlink(t(name).c_str()));
      t.call("write", ::pwrite(fd, "after", 5, 3));
      t.call("truncate", ::ftruncate(fd, 7));
      t.call("chmod", ::fchmod(fd, 0600));
      char text[16] = {};
      t.call("read", ::pread(fd, text, sizeof text, 0));
      t.note("bytes", std::string(text, 7));
      struct stat status{};
      t.call("fstat", ::fstat(fd, &status));
      t.call("links", static_cast<int>(status.st_nlink));
      t.call("size", status.st_size);
      ::close(fd);
    }
    t.tree();
  });
}

TEST_P(PosixFiles, FsyncAndFriendsAnswerZero) {
  expect_parity_over_committed(kBase, [](Transcript& t) {
    const int fd = open_file(t, "ten", O_RDWR);
    t.call("write", ::write(fd, "x", 1));
    t.call("fsync", ::fsync(fd));
    t.call("fdatasync", ::fdatasync(fd));
    t.call("sync_file_range", ::sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE));
    t.call("syncfs", ::syncfs(fd));
    ::close(fd);
    const int directory = open_file(t, "d", O_RDONLY | O_DIRECTORY);
    t.call("fsync directory", ::fsync(directory));
    ::close(directory);
  });
}

TEST_P(PosixFiles, CopyFileRangeAndSeekData) {
  expect_parity_over_committed(kBase, [](Transcript& t) {
    const int from = open_file(t, "big", O_RDONLY);
    const int to = open_file(t, "copy", O_CREAT | O_RDWR);
    off_t in = 100;
    off_t out = 10;
    ssize_t total = 0;
    while (true) {  // the call may copy less than asked for
      const ssize_t count =
          ::copy_file_range(from, &in, to, &out, 5000 - static_cast<size_t>(total), 0);
      if (count <= 0 || (total += count) == 5000) break;
    }
    t.call("copied", total);
    t.call("seek data", ::lseek(to, 0, SEEK_DATA));
    ::close(from);
    ::close(to);
    t.content("copy");
  });
}

TEST_P(PosixFiles, TemporaryFilesWithoutANameCanBeGivenOne) {
  session("s", "");
  const int fd = ::open(at("sessions/s").c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0644);
  // Optional: programs fall back to a file with a name.
  if (fd < 0 && errno == EOPNOTSUPP) GTEST_SKIP() << "no O_TMPFILE";
  EXPECT_EQ(::write(fd, "tmp", 3), 3);
  const std::string self = "/proc/self/fd/" + std::to_string(fd);
  EXPECT_EQ(
      ::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, at("sessions/s/named").c_str(), AT_SYMLINK_FOLLOW),
      0);
  ::close(fd);
  EXPECT_EQ(read("sessions/s/named"), "tmp");
}

}  // namespace
}  // namespace commitfs::test
