// Names in a session behave as in a native directory: rename, link, symlink, unlink, mkdir, rmdir.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "tests/mounted/parity.h"

namespace commitfs::test {
namespace {

class PosixNames : public ParityTest {};
INSTANTIATE_IN_BOTH_MODES(PosixNames);

constexpr const char* kKinds =
    "echo f > file; echo g > file2; ln file hard; mkdir empty empty2 full full2 full/sub; "
    "echo x > full/x; echo y > full2/y; ln -s file link; ln -s nowhere dangling; mkfifo pipe";
constexpr const char* kKindNames[] = {"file", "file2",  "hard",     "empty",      "empty2",
                                      "full", "full2",  "full/sub", "link",       "dangling",
                                      "pipe", "absent", "full/new", "absent/new", "file/new"};

void rename_all_pairs(Transcript& t, unsigned flags) {
  for (const char* from : kKindNames) {
    for (const char* to : kKindNames) {
      const std::string what = std::string(from) + " -> " + to;
      // Not every pair leaves the tree as it was: what follows meets what came before, the same on
      // both sides.
      if (t.call(what, ::renameat2(AT_FDCWD, t(from).c_str(), AT_FDCWD, t(to).c_str(), flags)) ==
          0) {
        t.tree();
        t.call("back", ::renameat2(AT_FDCWD, t(to).c_str(), AT_FDCWD, t(from).c_str(), flags));
      }
    }
  }
  t.tree();
}

TEST_P(PosixNames, RenameOfEveryKindOverEveryKind) {
  expect_parity_over_committed(kKinds, [](Transcript& t) { rename_all_pairs(t, 0); });
}

TEST_P(PosixNames, RenameNoreplaceOfEveryKindOverEveryKind) {
  expect_parity_over_committed(kKinds,
                               [](Transcript& t) { rename_all_pairs(t, RENAME_NOREPLACE); });
}

TEST_P(PosixNames, RenameExchangeOfEveryKindWithEveryKind) {
  expect_parity_over_committed(kKinds, [](Transcript& t) { rename_all_pairs(t, RENAME_EXCHANGE); });
}

TEST_P(PosixNames, RenameWithUnknownFlagsIsEinval) {
  expect_parity_over_committed(kKinds, [](Transcript& t) {
    t.call("both", ::renameat2(AT_FDCWD, t("file").c_str(), AT_FDCWD, t("file2").c_str(),
                               RENAME_NOREPLACE | RENAME_EXCHANGE));
  });
}

TEST_P(PosixNames, RenameOfDotAndDotDot) {
  expect_parity_over_committed(kKinds, [](Transcript& t) {
    t.call("dot", ::rename(t("full/.").c_str(), t("new").c_str()));
    t.call("dot dot", ::rename(t("full/..").c_str(), t("new").c_str()));
    t.call("over dot", ::rename(t("empty").c_str(), t("full/.").c_str()));
    t.call("file with slash", ::rename(t("file/").c_str(), t("new").c_str()));
    t.call("directory with slash", ::rename(t("empty/").c_str(), t("new/").c_str()));
    t.tree();
  });
}

TEST_P(PosixNames, OpenFilesSurviveRenameAndReplacement) {
  expect_parity_over_committed(kKinds, [](Transcript& t) {
    const int fd = t.opened("open", ::open(t("file2").c_str(), O_RDWR | O_CLOEXEC));
    t.call("rename over it", ::rename(t("file").c_str(), t("file2").c_str()));
    char text[8] = {};
    t.call("read", ::read(fd, text, sizeof text));
    t.note("old bytes", text);
    t.call("write", ::write(fd, "zz", 2));
    struct stat status{};
    t.call("fstat", ::fstat(fd, &status));
    t.call("links", static_cast<int>(status.st_nlink));
    ::close(fd);
    t.content("file2");
    t.tree();
  });
}

TEST_P(PosixNames, Link) {
  expect_parity_over_committed(kKinds, [](Transcript& t) {
    for (const char* from : kKindNames) {
      t.call(std::string("link ") + from,
             ::link(t(from).c_str(), t(std::string(from) + "_l").c_str()));
    }
    t.call("onto itself", ::link(t("file").c_str(), t("file").c_str()));
    t.call("over another", ::link(t("file").c_str(), t("file2").c_str()));
    t.call("into", ::link(t("file").c_str(), t("full/in").c_str()));
    t.call("unlink first", ::unlink(t("file").c_str()));
    t.stat("hard");
    t.content("full/in");
    t.tree();
  });
}

TEST_P(PosixNames, LinksShareContentAndAttributes) {
  expect_parity_over_committed(kKinds, [](Transcript& t) {
    const int fd = t.opened("open", ::open(t("hard").c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
    t.call("write", ::write(fd, "more", 4));
    t.call("fchmod", ::fchmod(fd, 0640));
    ::close(fd);
    t.content("file");
    t.stat("file");
    t.stat("hard");
  });
}

TEST_P(PosixNames, Symlink) {
  expect_parity([](Transcript& t) {
    const std::string longest(4095, 'x');
    const std::string longer(4096, 'x');
    t.call("plain", ::symlink("target", t("a").c_str()));
    t.call("again", ::symlink("target", t("a").c_str()));
    t.call("empty", ::symlink("", t("b").c_str()));
    t.call("long", ::symlink(longest.c_str(), t("c").c_str()));
    t.call("too long", ::symlink(longer.c_str(), t("d").c_str()));
    t.call("odd bytes", ::symlink("a\n\xff b", t("e").c_str()));
    for (const char* name : {"a", "c", "e"}) {
      char target[5000] = {};
      t.call("readlink", ::readlink(t(name).c_str(), target, sizeof target));
      t.note("target", target);
    }
    t.call("loop", ::symlink("loop", t("loop").c_str()));
    t.opened("open loop", ::open(t("loop").c_str(), O_RDONLY | O_CLOEXEC));
    t.tree();
  });
}

TEST_P(PosixNames, UnlinkAndRmdirOfEveryKind) {
  expect_parity_over_committed(kKinds, [](Transcript& t) {
    for (const char* name : kKindNames) {
      t.call(std::string("rmdir ") + name, ::rmdir(t(name).c_str()));
    }
    for (const char* name : kKindNames) {
      t.call(std::string("unlink ") + name, ::unlink(t(name).c_str()));
    }
    t.tree();
  });
}

TEST_P(PosixNames, MkdirOverEveryKind) {
  expect_parity_over_committed(kKinds, [](Transcript& t) {
    for (const char* name : kKindNames) {
      t.call(std::string("mkdir ") + name, ::mkdir(t(name).c_str(), 0751));
    }
    t.call("sticky", ::mkdir(t("sticky").c_str(), 01777));
    t.call("setgid", ::mkdir(t("setgid").c_str(), 0755));
    t.call("chmod", ::chmod(t("setgid").c_str(), 02755));
    t.call("chown", ::chown(t("setgid").c_str(), 0, 12));
    t.call("inherits", ::mkdir(t("setgid/below").c_str(), 0755));
    ::close(t.opened("inherits",
                     ::open(t("setgid/file").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0644)));
    t.tree();
  });
}

TEST_P(PosixNames, LongAndOddNames) {
  expect_parity([](Transcript& t) {
    const std::string longest(255, 'n');
    const std::string longer(256, 'n');
    t.call("mkdir 255", ::mkdir(t(longest).c_str(), 0755));
    t.call("mkdir 256", ::mkdir(t(longer).c_str(), 0755));
    t.call("stat 256", ::access(t(longer).c_str(), F_OK));
    for (const char* name : {"\xff\xfe", "new\nline", " ", "007", "7", "...", "~", "'", "A", "a"}) {
      t.call("odd", ::mkdir(t(name).c_str(), 0755));
    }
    t.tree();
  });
}

TEST_P(PosixNames, AnUnlinkedOpenDirectoryTakesNoNames) {
  expect_parity_over_committed(kKinds, [](Transcript& t) {
    const int fd = t.opened("open", ::open(t("empty").c_str(), O_DIRECTORY | O_CLOEXEC));
    t.call("rmdir", ::rmdir(t("empty").c_str()));
    t.call("mkdirat", ::mkdirat(fd, "x", 0755));
    t.opened("openat", ::openat(fd, "y", O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
    t.call("renameat", ::renameat(AT_FDCWD, t("file").c_str(), fd, "z"));
    struct stat status{};
    t.call("fstat", ::fstat(fd, &status));
    t.call("links", static_cast<int>(status.st_nlink));
    ::close(fd);
  });
}

TEST_P(PosixNames, SpecialFiles) {
  expect_parity([](Transcript& t) {
    t.call("fifo", ::mkfifo(t("fifo").c_str(), 0640));
    t.call("socket", ::mknod(t("socket").c_str(), S_IFSOCK | 0600, 0));
    t.call("regular", ::mknod(t("regular").c_str(), S_IFREG | 0600, 0));
    t.call("again", ::mknod(t("regular").c_str(), S_IFREG | 0600, 0));
    t.tree();
  });
}

}  // namespace
}  // namespace commitfs::test
