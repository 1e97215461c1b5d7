#include <nlohmann/json.hpp>

#include "tests/support/mount_fixture.h"
#include "tests/support/tree_listing.h"

namespace commitfs::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class Require : public MountedTest {
 protected:
  std::string adopted() const override { return "echo 1 > a.csv"; }
};
INSTANTIATE_IN_BOTH_MODES(Require);

TEST_P(Require, OnceOnlyWorkIsDoneOnce) {
  for (const char* name : {"nightly", "second"}) {
    session(name, "touch done; echo " + std::string(name) + " > out");
    ok("echo \"attribute_not_exists('done') AND size('a.csv') < 1000\" > sessions/" +
       std::string(name) + "/.commitfs/require");
  }
  ok("mv sessions/nightly commit/");
  EXPECT_THAT(sh("mv sessions/second commit/"), FailedWith("Operation not permitted"));
  EXPECT_EQ(brief_tree(at("live")), "a.csv=1 done= out=nightly");
  EXPECT_EQ(read("sessions/second/out"), "second\n");
  EXPECT_EQ(read("sessions/second/.commitfs/check"), read("sessions/second/.commitfs/conflicts"));
  EXPECT_THAT(
      read("sessions/second/.commitfs/conflicts"),
      AllOf(HasSubstr("FALSE  attribute_not_exists('done')"), HasSubstr("it does not exist"),
            HasSubstr("it exists, last changed in version 2")));
  const auto json = nlohmann::json::parse(read("sessions/second/.commitfs/conflicts.json"));
  EXPECT_EQ(json.at("condition").at("failed").at(0).at("part"), "attribute_not_exists('done')");
}

TEST_P(Require, ABadConditionIsRefusedByTheWriteAndStatusSaysWhere) {
  session("s", "echo \"size('a.csv') > 0\" > .commitfs/require");
  EXPECT_THAT(sh("echo \"size('a.csv') > 'x'\" > sessions/s/.commitfs/require"),
              FailedWith("Invalid argument"));
  EXPECT_THAT(read("sessions/s/.commitfs/status"),
              HasSubstr("require refused: column 17: expected a number, found 'x'\n"));
  EXPECT_EQ(read("sessions/s/.commitfs/require"), "size('a.csv') > 0\n");
  ok("echo > sessions/s/.commitfs/require");
  EXPECT_EQ(read("sessions/s/.commitfs/require"), "");
}

TEST_P(Require, IfSeqNoAndIfPrimaryTermAreElasticsearchs) {
  ok("seq=$(getfattr --only-values -n user.commitfs.seq_no live/a.csv);"
     "term=$(getfattr --only-values -n user.commitfs.primary_term live/a.csv);"
     "for s in one two; do mkdir sessions/$s; echo $s > sessions/$s/$s;"
     "echo \"seq_no('a.csv') = $seq AND primary_term('a.csv') = $term\""
     " > sessions/$s/.commitfs/require; done");
  ok("mv sessions/one commit/");
  commit("change", "echo 2 > a.csv");
  EXPECT_THAT(sh("mv sessions/two commit/"), FailedWith("Operation not permitted"));
  EXPECT_EQ(brief_tree(at("live")), "a.csv=2 one=one");
}

TEST_P(Require, OutlivesTheDaemon) {
  session("s", "echo \"head_seq_no = 7\" > .commitfs/require; echo 2 > a.csv; sync a.csv");
  remount_after_kill();
  EXPECT_EQ(read("sessions/s/.commitfs/require"), "head_seq_no = 7\n");
  EXPECT_THAT(sh("mv sessions/s commit/"), FailedWith("Operation not permitted"));
}

}  // namespace
}  // namespace commitfs::test
