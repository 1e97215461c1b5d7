#include "tests/mounted/parity/random_calls.h"

#include <algorithm>

namespace commitfs::test::parity {

std::string RandomCalls::path() {
  static const std::vector<std::string> names{"a", "b", "c", "d"};
  std::string path = one_of(names);
  while (pick(5) < 2 && path.size() < 8)
    path += "/" + one_of(names);
  return path;
}

std::string RandomCalls::offset() {
  static const std::vector<std::string> offsets{"0",    "1",    "7",    "100",   "4095",
                                                "4096", "4097", "8192", "10000", "20000"};
  return one_of(offsets);
}

std::string RandomCalls::text() {
  static const std::vector<std::string> texts{"x", "hello", "{100:ab}", "{5000:z}", "{820:12345}"};
  return one_of(texts);
}

std::string RandomCalls::on_names() {
  switch (pick(14)) {
    case 0:
    case 1:
      return "mkdir " + path() + " 0755";
    case 2:
    case 3:
      return "file " + path() + " " + text();
    case 4:
      return "rmdir " + path();
    case 5:
      return "unlink " + path();
    case 6:
    case 7:
      return "rename " + path() + " " + path();
    case 8:
      return "renameat2 " + path() + " " + path() + " " + one_of({"EXCHANGE", "NOREPLACE"});
    case 9:
      return "link " + path() + " " + path();
    case 10:
      return "symlink " + path() + " " + path();
    case 11:
      return "mknod " + path() + " " + one_of({"fifo", "sock", "file"}) + " 0644 3";
    case 12:
      return "link_opened " + descriptor() + " " + path();
    default:
      return "readlink " + path();
  }
}

std::string RandomCalls::on_attributes() {
  switch (pick(12)) {
    case 0:
      return "chmod " + path() + " " + one_of({"0644", "0755", "0777", "02775", "06777", "01777"});
    case 1:
      return "lchown " + path() + " " + one_of({"0", "1000", "-1"}) + " " +
             one_of({"0", "1000", "-1"});
    case 2:
      return "utimens " + path() + " " + one_of({"5.5", "omit"}) + " " +
             one_of({"1000.000000001", "omit"});
    case 3:
      return "setxattr " + path() + " user." + one_of({"a", "b"}) + " " +
             one_of({"1", "{50:v}", "\"\""}) + " " + one_of({"0", "CREATE", "REPLACE"});
    case 4:
      return "removexattr " + path() + " user." + one_of({"a", "b"});
    case 5:
      return "xattrs " + path();
    case 6:
      return "setacl " + path() + " " + one_of({"access", "default"}) + " " +
             one_of({"u::rwx,g::r-x,o::r-x", "u::rwx,u:1000:rw-,g::r--,m::rwx,o::r--"});
    case 7:
      return "removeacl " + path() + " " + one_of({"access", "default"});
    case 8:
      return "stat " + path();
    case 9:
      return "access " + path() + " " + one_of({"r", "w", "x", "rw"});
    case 10:
      return "fchmod " + descriptor() + " " + one_of({"0600", "0666", "06755"});
    default:
      return "fstat " + descriptor();
  }
}

std::string RandomCalls::on_files() {
  switch (pick(14)) {
    case 0:
    case 1:
    case 2:
      return descriptor() + " = open " + path() + " NONBLOCK|" +
             one_of({"RDWR", "WRONLY", "RDWR|CREAT", "WRONLY|CREAT|EXCL", "RDWR|TRUNC",
                     "WRONLY|APPEND", "RDWR|CREAT|TRUNC", keeps_readers_ ? "RDONLY" : "RDWR",
                     keeps_readers_ ? "RDONLY|NOFOLLOW" : "RDWR|NOFOLLOW"});
    case 3:
      return descriptor() + " = open " + one_of({".", "a", "b"}) + " RDWR|TMPFILE 0666";
    case 4:
      return "close " + descriptor();
    case 5:
    case 6:
      return "write " + descriptor() + " " + text();
    case 7:
      return "pwrite " + descriptor() + " " + text() + " " + offset();
    case 8:
      return "read " + descriptor() + " 3000";
    case 9:
      return "pread " + descriptor() + " 5000 " + offset();
    case 10:
      return "content " + path();
    case 11:
      return "map_write " + descriptor() + " " + offset() + " mapped " +
             one_of({"shared", "private"});
    case 12:
      return "fsync " + descriptor();
    default:
      return descriptor() + " = reopen " + descriptor() + " NONBLOCK|" + one_of({"RDONLY", "RDWR"});
  }
}

std::string RandomCalls::on_ranges() {
  switch (pick(6)) {
    case 0:
      return "truncate " + path() + " " + offset();
    case 1:
      return "ftruncate " + descriptor() + " " + offset();
    case 2:
      return "fallocate " + descriptor() + " " +
             one_of({"0", "KEEP_SIZE", "PUNCH_HOLE|KEEP_SIZE", "ZERO_RANGE"}) + " " + offset() +
             " " + offset();
    case 3:
      return "copy_range " + descriptor() + " " + offset() + " " + descriptor() + " " + offset() +
             " 5000";
    case 4:
      return "seek " + descriptor() + " " + one_of({"SET", "END"}) + " " + offset();
    default:
      return "map_read " + descriptor() + " " + offset();
  }
}

std::string RandomCalls::next_of_root() {
  switch (pick(8)) {
    case 0:
    case 1:
    case 2:
      return on_names();
    case 3:
      return on_attributes();
    case 4:
      return on_ranges();
    default:
      return on_files();
  }
}

/// What takes no descriptor to a file's bytes, sets no times and no owner: who of several users
/// wrote through a descriptor is not known while set-ID bits depend on it (fs/differences.md).
bool RandomCalls::may_be_anybodys(const std::string& call) {
  static const std::vector<std::string> kinds{
      "mkdir ",   "file ",        "rmdir ",     "unlink ", "rename",    "link ",
      "symlink ", "mknod ",       "readlink ",  "chmod ",  "setxattr ", "xattrs ",
      "setacl ",  "removexattr ", "removeacl ", "stat ",   "access ",   "truncate "};
  return std::ranges::any_of(kinds,
                             [&](const std::string& kind) { return call.starts_with(kind); });
}

std::string RandomCalls::next() {
  const bool unprivileged = pick(8) == 0;
  const std::string call = next_of_root();
  return unprivileged && may_be_anybodys(call) ? "as 1000 " + call : call;
}

}  // namespace commitfs::test::parity
