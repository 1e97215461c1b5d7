// Programs that know nothing of commitfs work in a session; what they wrote is committed, read back
// and compared.
#include "tests/mounted/programs.h"

#include "tests/support/tree_listing.h"

namespace commitfs::test {
namespace {

using ::testing::HasSubstr;

class Programs : public ProgramTest {
 protected:
  /// Makes a tree with everything a copy can meet, at $SCRATCH/from.
  void make_source_tree() {
    ok("mkdir $SCRATCH/from; cd $SCRATCH/from; mkdir -p a/b/c empty 'odd name'; "
       "seq 1 50000 > a/numbers; head -c 300000 /dev/urandom > a/b/random; : > a/b/c/nothing; "
       "truncate -s 10M sparse; echo x >> sparse; ln a/numbers hard; ln -s ../a/numbers "
       "empty/link; "
       "ln -s /nowhere dangling; echo n > $'odd name/new\\nline'; mkfifo pipe; "
       "chmod 640 a/numbers; chmod 2750 a/b; chown 3:4 a/b/random; chmod 4711 a/b/random; "
       "setfattr -n user.colour -v blue a/numbers; setfattr -n user.dir -v yes a; "
       "touch -d '2001-02-03 04:05:06.789012345' a/b/random; touch -h -d 1999-09-09 dangling; "
       // rsync leaves the time of what it made within the same second.
       "touch -h -d 2000-01-01 pipe empty/link");
  }
};
INSTANTIATE_IN_BOTH_MODES(Programs);

TEST_P(Programs, CpArchiveKeepsEverything) {
  make_source_tree();
  commit("s", "cp -a $SCRATCH/from to");
  EXPECT_EQ(detailed_tree(at("live/to")), detailed_tree(scratch() / "from"));
}

TEST_P(Programs, CpArchiveOutOfLiveKeepsEverything) {
  make_source_tree();
  commit("s", "cp -a $SCRATCH/from to");
  ok("cp -a live/to $SCRATCH/back");
  EXPECT_EQ(detailed_tree(scratch() / "back"), detailed_tree(scratch() / "from"));
}

TEST_P(Programs, TarExtracts) {
  make_source_tree();
  ok("tar -C $SCRATCH --xattrs -cf $SCRATCH/a.tar from");
  commit("s", "tar --xattrs -xpf $SCRATCH/a.tar");
  // tar keeps whole seconds in this format.
  EXPECT_EQ(detailed_tree(at("live/from"), {.times = false}),
            detailed_tree(scratch() / "from", {.times = false}));
  ok("tar -C $SCRATCH --xattrs -df $SCRATCH/a.tar; tar -cf - live | tar -tf - | wc -l");
}

TEST_P(Programs, RsyncWithHardLinksAndAttributes) {
  SKIP_WITHOUT("rsync");
  make_source_tree();
  session("s", "rsync -aHX $SCRATCH/from/ to/");
  EXPECT_EQ(ok("rsync -aHXni --delete $SCRATCH/from/ sessions/s/to/"), "");
  ok("mv sessions/s commit/");
  EXPECT_EQ(detailed_tree(at("live/to")), detailed_tree(scratch() / "from"));
  EXPECT_EQ(ok("rsync -aHXnic --delete $SCRATCH/from/ live/to/"), "");

  ok("cd $SCRATCH/from; echo more >> a/numbers; rm hard; mv empty moved; echo new > new");
  commit("t", "rsync -aHX --delete $SCRATCH/from/ to/");
  EXPECT_EQ(detailed_tree(at("live/to")), detailed_tree(scratch() / "from"));
}

TEST_P(Programs, GitCloneAndCommit) {
  SKIP_WITHOUT("git");
  ok("git config --global user.email a@b.c; git config --global user.name n; "
     "git config --global init.defaultBranch main; git init -q $SCRATCH/origin; cd "
     "$SCRATCH/origin; "
     "for i in $(seq 50); do mkdir -p d$((i % 7)); seq $i 500 > d$((i % 7))/$i; done; "
     "git add .; git commit -qm first; for i in $(seq 10); do echo $i >> d1/1; git commit -qam $i; "
     "done");
  session("s",
          "git clone -q $SCRATCH/origin clone; cd clone; echo more >> d1/1; "
          "git add d1/1; git commit -qm 'from the session'; git gc -q; git fsck --strict");
  ok("mv sessions/s commit/");
  ok("cp -r live/clone $SCRATCH/back; cd $SCRATCH/back; git fsck --strict; git diff --exit-code "
     "HEAD");
  EXPECT_EQ(ok("git -C $SCRATCH/back log --oneline | wc -l"), "12");
  EXPECT_EQ(ok("git --no-optional-locks -c safe.directory='*' -C live/clone status --porcelain"),
            "");

  session("t",
          "cd clone; git checkout -q -b topic HEAD~3; echo t > t; git add t; git commit -qm t; "
          "git merge -q --no-edit main; git fsck --strict");
  ok("mv sessions/t commit/");
  EXPECT_EQ(read("live/clone/t"), "t\n");
}

TEST_P(Programs, SqliteInWalMode) {
  SKIP_WITHOUT("sqlite3");
  session("s",
          "sqlite3 db 'PRAGMA journal_mode=WAL; CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT);' "
          "> /dev/null; for i in $(seq 20); do sqlite3 db \"INSERT INTO t(b) "
          "VALUES(hex(randomblob(500)))\"; "
          "done; sqlite3 db 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE "
          "i<5000) "
          "INSERT INTO t(b) SELECT hex(randomblob(100)) FROM n;'");
  const std::string sum = ok("sqlite3 sessions/s/db .dump | md5sum");
  ok("mv sessions/s commit/; cp live/db* $SCRATCH/");
  EXPECT_EQ(ok("sqlite3 $SCRATCH/db 'PRAGMA integrity_check'"), "ok");
  EXPECT_EQ(ok("sqlite3 $SCRATCH/db .dump | md5sum"), sum);
}

TEST_P(Programs, SqliteWithTwoProcessesInOneSession) {
  SKIP_WITHOUT("sqlite3");
  session("s", "sqlite3 db 'PRAGMA journal_mode=WAL; CREATE TABLE t(a);' > /dev/null");
  ok("cd sessions/s; for w in 1 2 3; do (for i in $(seq 20); do sqlite3 -cmd '.timeout 10000' db "
     "\"INSERT INTO t VALUES($i)\" || exit 1; done) & pids=\"$pids $!\"; done; "
     "for p in $pids; do wait $p || exit 1; done",
     std::chrono::seconds(40));
  ok("mv sessions/s commit/; cp live/db* $SCRATCH/");
  EXPECT_EQ(ok("sqlite3 $SCRATCH/db 'SELECT count(*) FROM t'"), "60");
}

TEST_P(Programs, SedInPlaceAndSortOntoItself) {
  commit("s", "seq 1 1000 | shuf > f; chmod 640 f");
  commit("t", "sed -i s/^/x/ f; sort -o f f");
  EXPECT_EQ(ok("md5sum < live/f"), ok("seq 1 1000 | sed s/^/x/ | LC_ALL=C sort | md5sum"));
  EXPECT_EQ(ok("stat -c %a live/f"), "640");
}

TEST_P(Programs, EditorsWayOfSavingKeepsTheFile) {
  commit("s", "echo one > f");
  commit("t", "cp -p f f~; echo two > .f.swp; ln f f.lock; rm f.lock; mv .f.swp f");
  EXPECT_EQ(brief_tree(at("live")), "f=two f~=one");
}

TEST_P(Programs, DdAndTeeAndTailSeeWhatIsWritten) {
  session("s",
          "dd if=/dev/zero of=z bs=64k count=32 oflag=direct status=none || "
          "dd if=/dev/zero of=z bs=64k count=32 status=none; "
          "echo tail | tee -a z > /dev/null; tail -c 5 z");
  ok("mv sessions/s commit/");
  EXPECT_EQ(ok("stat -c %s live/z; tail -c 5 live/z"), "2097157\ntail");
}

TEST_P(Programs, ProgramsRunFromLive) {
  commit("s",
         "cp $(command -v seq) myseq; printf '#!/bin/sh\\necho script\\n' > run; chmod 755 run");
  EXPECT_EQ(ok("live/myseq 3 | tail -1; live/run"), "3\nscript");
}

TEST_P(Programs, ZipAndUnzip) {
  SKIP_WITHOUT("zip");
  make_source_tree();
  commit("s", "cp -r $SCRATCH/from/a a; zip -qr a.zip a; rm -r a; unzip -q a.zip");
  EXPECT_EQ(ok("diff -r live/a $SCRATCH/from/a && echo same"), "same");
}

}  // namespace
}  // namespace commitfs::test
