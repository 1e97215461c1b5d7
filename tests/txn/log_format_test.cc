#include <gtest/gtest.h>

#include "txn/table.h"

namespace commitfs {
namespace {

VersionRecord version() {
  VersionRecord version;
  version.seq_no = SeqNo{43};
  version.session = "nightly";
  version.uid = 4'000'000'123U;
  version.time_ns = 1'795'197'600'000'000'005;
  version.added = 3;
  version.modified = 1;
  version.attributes = 1;
  version.message = "nightly load";
  return version;
}

TEST(LogLine, HasSevenFieldsSeparatedByTabs) {
  EXPECT_EQ(format_log_line(version()),
            "43\t2026-11-20T18:00:00.000000005Z\t4000000123\tnightly\twrite\tA3 M2\tnightly load");
}

TEST(LogLine, OfATaggedVersionHasOneMore) {
  EXPECT_EQ(format_log_line(version(), "v1 v2"),
            "43\t2026-11-20T18:00:00.000000005Z\t4000000123\tnightly\twrite\tA3 M2\tnightly load"
            "\tv1 v2");
}

TEST(LogLine, OfTheAdoptionHasADashForTheSession) {
  VersionRecord adoption;
  adoption.seq_no = SeqNo{1};
  adoption.operation = "adopt";
  adoption.message = "adopted 0 files";
  EXPECT_EQ(format_log_line(adoption),
            "1\t1970-01-01T00:00:00.000000000Z\troot\t-\tadopt\t-\tadopted 0 files");
}

TEST(LogLine, StaysOneLineOfSevenFieldsWhateverNamesHold) {
  VersionRecord odd = version();
  odd.session = "a\tb\nc\xff";
  odd.message = "one\ntwo\tthree\x1b[2J";
  odd.added = odd.modified = odd.attributes = 0;
  odd.deleted = 2;
  odd.renamed = 4;
  EXPECT_EQ(format_log_line(odd),
            "43\t2026-11-20T18:00:00.000000005Z\t4000000123\t\"a\\tb\\nc\\377\"\twrite\tD2 "
            "R4\tone\\ntwo\\tthree\\033[2J");
}

}  // namespace
}  // namespace commitfs
