// Databases keep their files in a session, and find them again in what was committed.
#include "tests/mounted/programs.h"

namespace commitfs::test {
namespace {

using ::testing::HasSubstr;

class DatabasePrograms : public ProgramTest {};
INSTANTIATE_IN_BOTH_MODES(DatabasePrograms);

constexpr auto kLong = std::chrono::seconds(120);

/// Three processes insert side by side, each row in a transaction of its own.
std::string insert_from_three(const std::string& database) {
  return "for w in 1 2 3; do (for i in $(seq 15); do sqlite3 -cmd '.timeout 20000' " + database +
         " \"INSERT INTO t VALUES($w * 100 + $i)\" || exit 1; done) & pids=\"$pids $!\"; done; "
         "for p in $pids; do wait $p || exit 1; done";
}

TEST_P(DatabasePrograms, SqliteWithARollbackJournalAndThreeProcesses) {
  SKIP_WITHOUT("sqlite3");
  for (const std::string mode : {"DELETE", "TRUNCATE", "PERSIST"}) {
    session(mode, "sqlite3 db 'PRAGMA journal_mode=" + mode + "; CREATE TABLE t(a);' > /dev/null");
    ok("cd sessions/" + mode + "; " + insert_from_three("db"), kLong);
    EXPECT_EQ(ok("sqlite3 sessions/" + mode +
                 "/db 'PRAGMA integrity_check; SELECT count(*), count(DISTINCT a) FROM t'"),
              "ok\n45|45");
    ok("mv sessions/" + mode + " discard/");
  }
}

TEST_P(DatabasePrograms, SqliteRollsBackWhatAKilledProcessLeft) {
  SKIP_WITHOUT("sqlite3");
  session("s",
          "sqlite3 db 'PRAGMA journal_mode=DELETE; CREATE TABLE t(a); INSERT INTO t VALUES(1)'");
  // The cache spills to the file, so that there is something to take back.
  ok("cd sessions/s; sqlite3 db 'PRAGMA cache_size=5; PRAGMA synchronous=OFF; BEGIN; WITH "
     "RECURSIVE "
     "n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<20000) INSERT INTO t SELECT "
     "hex(randomblob(50)) FROM n;' '.shell kill -9 $PPID' || test -s db-journal");
  EXPECT_EQ(ok("sqlite3 sessions/s/db 'PRAGMA integrity_check; SELECT count(*) FROM t'"), "ok\n1");
}

TEST_P(DatabasePrograms, SqliteKeepsAWalOverACommit) {
  SKIP_WITHOUT("sqlite3");
  session("s", "sqlite3 db 'PRAGMA journal_mode=WAL; CREATE TABLE t(a);' > /dev/null");
  ok("cd sessions/s; " + insert_from_three("db"), kLong);
  ok("mv sessions/s commit/");
  session("t", "sqlite3 db 'DELETE FROM t WHERE a < 200; VACUUM;'");
  ok("mv sessions/t commit/; cp live/db* $SCRATCH/");
  EXPECT_EQ(ok("sqlite3 $SCRATCH/db 'PRAGMA integrity_check; SELECT count(*) FROM t'"), "ok\n30");
}

TEST_P(DatabasePrograms, LmdbLoadsAndDumps) {
  SKIP_WITHOUT("mdb_load");
  ok("for i in $(seq 2000); do echo \"key$i\"; echo \"value of $i\"; done > $SCRATCH/pairs");
  session("s", "mkdir db; mdb_load -T -f $SCRATCH/pairs db; mdb_stat db > /dev/null");
  const std::string sum = ok("mdb_dump sessions/s/db | md5sum");
  ok("mv sessions/s commit/; cp -r live/db $SCRATCH/db");
  EXPECT_EQ(ok("mdb_dump $SCRATCH/db | md5sum"), sum);
  session("t", "printf 'key1\\nchanged\\n' | mdb_load -T db");
  EXPECT_THAT(ok("mdb_dump -p sessions/t/db"), HasSubstr("changed"));
  ok("mv sessions/t commit/");
}

TEST_P(DatabasePrograms, PostgresMakesAClusterAndWorksInIt) {
  SKIP_WITHOUT("initdb");
  SKIP_WITHOUT("setpriv");
  const std::string as_owner = "setpriv --reuid=postgres --regid=postgres --clear-groups ";
  if (sh("id postgres").exit_code != 0) GTEST_SKIP() << "there is no user postgres";
  session("s", "mkdir pg; chown postgres: pg; chmod 700 pg");
  ok("cd sessions/s; " + as_owner + "initdb -D pg > /dev/null", kLong);
  const std::string postgres =
      as_owner + "$(dirname $(readlink -f $(command -v initdb)))/postgres --single -D pg postgres";
  ok("cd sessions/s; printf 'CREATE TABLE t(a int)\\nINSERT INTO t SELECT generate_series(1, "
     "5000)\\n' | " +
         postgres + " > /dev/null",
     kLong);
  ok("mv sessions/s commit/");
  session("t", "");
  EXPECT_THAT(ok("cd sessions/t; echo 'SELECT sum(a) FROM t' | " + postgres, kLong),
              HasSubstr("12502500"));
}

}  // namespace
}  // namespace commitfs::test
