// Table services beside writers: rewrites that yield, directories replaced as a whole.
#include "tests/support/mount_fixture.h"
#include "tests/support/tree_listing.h"

namespace commitfs::test {
namespace {

using ::testing::HasSubstr;

class Rewrite : public MountedTest {
 protected:
  std::string adopted() const override { return "mkdir p; echo 1 > p/a; echo 2 > p/b"; }

  /// Packs p/a and p/b into p/packed.
  void begin_compaction(const std::string& name) {
    session(name, "echo rewrite > .commitfs/operation; cat p/a p/b > p/packed; rm p/a p/b");
  }
};
INSTANTIATE_IN_BOTH_MODES(Rewrite);

TEST_P(Rewrite, LandsBesideAnIngestAndLeavesItsMarkInTheLog) {
  begin_compaction("compaction");
  commit("ingest", "echo 3 > p/c");
  ok("mv sessions/compaction commit/");
  EXPECT_EQ(brief_tree(at("live")), "p/ p/c=3 p/packed=1\n2");
  EXPECT_THAT(ok("head -1 .commitfs/log"), HasSubstr("rewrite"));
}

TEST_P(Rewrite, LosesAgainstAWriterOfWhatItRewrites) {
  begin_compaction("compaction");
  commit("writer", "echo 9 > p/a");
  EXPECT_THAT(sh("mv sessions/compaction commit/"), FailedWith("Operation canceled"));
  EXPECT_THAT(read("sessions/compaction/.commitfs/conflicts"), HasSubstr("REWRITE_WRITE"));
  EXPECT_EQ(brief_tree(at("live")), "p/ p/a=9 p/b=2");
}

TEST_P(Rewrite, WaitsForOpenWritersIfTheTableSaysSo) {
  ok("echo 'prefer_writer = on' >> .commitfs/config");
  session("writer", "echo 9 > p/a");
  begin_compaction("compaction");
  EXPECT_THAT(sh("mv sessions/compaction commit/"), FailedWith("Resource temporarily unavailable"));
  EXPECT_THAT(read("sessions/compaction/.commitfs/conflicts"), HasSubstr("session writer"));
  ok("mv sessions/writer discard/; mv sessions/compaction commit/");
  EXPECT_EQ(brief_tree(at("live")), "p/ p/packed=1\n2");
}

TEST_P(Rewrite, ADeclaredReplacementMindsWhatWasPutThere) {
  session("replace", "echo p > .commitfs/replace; rm p/*; echo all > p/new");
  session("elsewhere", "echo p > .commitfs/replace; rm p/*; echo all > p/new2");
  commit("append", "echo 3 > p/c");
  EXPECT_THAT(sh("mv sessions/replace commit/"), FailedWith("Operation canceled"));
  EXPECT_THAT(read("sessions/replace/.commitfs/conflicts"), HasSubstr("REPLACE_APPEND"));
  ok("mv sessions/replace sessions/elsewhere discard/");
  commit("again", "echo p > .commitfs/replace; rm p/*; echo all > p/new");
  EXPECT_EQ(brief_tree(at("live")), "p/ p/new=all");
}

}  // namespace
}  // namespace commitfs::test
