// Histories made by hand, each with one anomaly: the checker tells that one and no other, and of a
// good history it tells nothing.
#include "tests/support/history_checker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace commitfs::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using Kind = HistoryOperation::Kind;
using Outcome = HistoryTransaction::Outcome;
using Values = std::vector<std::uint64_t>;

HistoryOperation append(std::string key, std::uint64_t value) {
  return {Kind::append, std::move(key), {value}};
}
HistoryOperation list(std::string key, Values values) {
  return {Kind::see_list, std::move(key), std::move(values)};
}
HistoryOperation write(std::string key, std::uint64_t value) {
  return {Kind::write, std::move(key), {value}};
}
HistoryOperation read(std::string key, Values values) {
  return {Kind::read, std::move(key), std::move(values)};
}

HistoryTransaction committed(std::string name, std::vector<HistoryOperation> operations) {
  return {std::move(name), std::move(operations), Outcome::committed};
}
HistoryTransaction aborted(std::string name, std::vector<HistoryOperation> operations) {
  return {std::move(name), std::move(operations), Outcome::aborted};
}

std::vector<Anomaly> anomalies(const std::vector<HistoryTransaction>& history,
                               const std::string& last = "") {
  std::vector<Anomaly> kinds;
  for (const auto& [kind, number] : count(check_history(history, last)))
    kinds.push_back(kind);
  return kinds;
}

TEST(HistoryChecker, TellsNothingOfTransactionsOneAfterTheOther) {
  EXPECT_THAT(anomalies({committed("a", {list("x", {}), append("x", 1)}),
                         committed("b", {list("x", {1}), append("x", 2), list("x", {1, 2})}),
                         aborted("c", {list("x", {1}), append("x", 3)}),
                         committed("d", {list("x", {1, 2}), append("y", 4), append("y", 5)}),
                         committed("e", {list("y", {4, 5}), read("r", {}), write("r", 6)}),
                         committed("f", {read("r", {6}), write("r", 7), read("r", {7})}),
                         committed("end", {list("x", {1, 2}), list("y", {4, 5}), read("r", {7})})},
                        "end"),
              IsEmpty());
}

TEST(HistoryChecker, TellsNothingOfReadersOfAnOldSnapshot) {
  EXPECT_THAT(anomalies({committed("a", {append("x", 1), append("y", 2)}),
                         committed("old", {list("x", {}), list("y", {})}),
                         committed("new", {list("x", {1}), list("y", {2})})}),
              IsEmpty());
}

TEST(HistoryChecker, TellsADirtyWrite) {
  EXPECT_THAT(anomalies({committed("a", {append("x", 1), append("y", 2)}),
                         committed("b", {append("x", 3), append("y", 4)}),
                         committed("end", {list("x", {1, 3}), list("y", {4, 2})})}),
              UnorderedElementsAre(Anomaly::dirty_write));
}

TEST(HistoryChecker, TellsAnAbortedRead) {
  EXPECT_THAT(anomalies({aborted("a", {append("x", 1)}), committed("b", {list("x", {1})})}),
              UnorderedElementsAre(Anomaly::aborted_read));
  EXPECT_THAT(anomalies({aborted("a", {write("r", 1)}), committed("b", {read("r", {1})})}),
              UnorderedElementsAre(Anomaly::aborted_read));
}

TEST(HistoryChecker, TellsAnIntermediateRead) {
  EXPECT_THAT(anomalies({committed("a", {append("x", 1), append("x", 2)}),
                         committed("b", {list("x", {1})}), committed("end", {list("x", {1, 2})})}),
              ::testing::Contains(Anomaly::intermediate_read));
  EXPECT_THAT(
      anomalies({committed("a", {write("r", 1), write("r", 2)}), committed("b", {read("r", {1})})}),
      ::testing::Contains(Anomaly::intermediate_read));
}

TEST(HistoryChecker, TellsCircularInformation) {
  EXPECT_THAT(anomalies({committed("a", {append("x", 1), list("y", {2})}),
                         committed("b", {append("y", 2), list("x", {1})})}),
              UnorderedElementsAre(Anomaly::circular_information));
}

TEST(HistoryChecker, TellsAFracturedReadAsSingleSkew) {
  const auto findings = check_history({committed("a", {append("x", 1), append("y", 2)}),
                                       committed("b", {list("x", {}), list("y", {2})}),
                                       committed("end", {list("x", {1}), list("y", {2})})});
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].anomaly, Anomaly::single_skew);
  EXPECT_EQ(findings[0].text, "b -rw-> a -wr-> b");
}

TEST(HistoryChecker, TellsALongForkAsNonadjacentSkew) {
  EXPECT_THAT(anomalies({committed("a", {append("x", 1)}), committed("b", {append("y", 2)}),
                         committed("c", {list("x", {1}), list("y", {})}),
                         committed("d", {list("x", {}), list("y", {2})})}),
              UnorderedElementsAre(Anomaly::nonadjacent_skew));
}

TEST(HistoryChecker, TellsWriteSkew) {
  EXPECT_THAT(anomalies({committed("a", {list("x", {}), append("y", 1)}),
                         committed("b", {list("y", {}), append("x", 2)}),
                         committed("end", {list("x", {2}), list("y", {1})})}),
              UnorderedElementsAre(Anomaly::write_skew));
  EXPECT_THAT(anomalies({committed("a", {read("x", {}), read("y", {}), write("y", 1)}),
                         committed("b", {read("x", {}), read("y", {}), write("x", 2)})}),
              UnorderedElementsAre(Anomaly::write_skew));
}

TEST(HistoryChecker, TellsWriteSkewOfThree) {
  EXPECT_THAT(anomalies({committed("a", {list("x", {}), append("y", 1)}),
                         committed("b", {list("y", {}), append("z", 2)}),
                         committed("c", {list("z", {}), append("x", 3)}),
                         committed("end", {list("x", {3}), list("y", {1}), list("z", {2})})}),
              UnorderedElementsAre(Anomaly::write_skew));
}

TEST(HistoryChecker, TellsTwoUpdatesOfOneVersion) {
  EXPECT_THAT(anomalies({committed("a", {list("x", {}), append("x", 1)}),
                         committed("b", {list("x", {}), append("x", 2)}),
                         committed("end", {list("x", {1, 2})})}),
              UnorderedElementsAre(Anomaly::lost_update, Anomaly::single_skew));
  EXPECT_THAT(anomalies({committed("a", {read("r", {}), write("r", 1)}),
                         committed("b", {read("r", {}), write("r", 2)})}),
              ::testing::Contains(Anomaly::lost_update));
}

TEST(HistoryChecker, TellsAnUpdateThatIsGoneAtTheEnd) {
  const auto findings =
      check_history({committed("a", {append("x", 1)}), committed("b", {append("x", 2)}),
                     committed("end", {list("x", {2})})},
                    "end");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].anomaly, Anomaly::lost_update);
  EXPECT_THAT(findings[0].text, HasSubstr("x=1 of a"));
}

TEST(HistoryChecker, TellsListsThatDoNotBeginAlike) {
  EXPECT_THAT(anomalies({committed("a", {append("x", 1)}), committed("b", {append("x", 2)}),
                         committed("c", {list("x", {1})}), committed("d", {list("x", {2, 1})})}),
              ::testing::Contains(Anomaly::incompatible_order));
}

TEST(HistoryChecker, TellsAValueSeenTwice) {
  EXPECT_THAT(anomalies({committed("a", {append("x", 1)}), committed("b", {list("x", {1, 1})})}),
              ::testing::Contains(Anomaly::incompatible_order));
}

TEST(HistoryChecker, TellsAValueThatNobodyWrote) {
  EXPECT_THAT(anomalies({committed("a", {list("x", {1})})}),
              UnorderedElementsAre(Anomaly::unwritten_read));
}

TEST(HistoryChecker, TakesWhatSomebodySawForCommitted) {
  const HistoryTransaction unknown{"a", {append("x", 1), append("y", 2)}, Outcome::unknown};
  EXPECT_THAT(anomalies({unknown, committed("b", {list("x", {1}), list("y", {})}),
                         committed("end", {list("x", {1}), list("y", {2})})}),
              UnorderedElementsAre(Anomaly::single_skew));
  EXPECT_THAT(anomalies({unknown, committed("b", {list("x", {}), list("y", {})})}, "b"), IsEmpty());
}

}  // namespace
}  // namespace commitfs::test
