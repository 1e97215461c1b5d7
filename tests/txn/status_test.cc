#include "txn/status.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <fstream>
#include <future>
#include <set>
#include <sstream>

#include "tests/support/result.h"
#include "tests/support/temporary_directory.h"
#include "txn/tree_operations.h"

namespace commitfs {
namespace {

using test::must;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr Caller kCaller{.uid = 0, .gid = 0, .pid = 1, .umask = 022};

/// A table that adopted files a, b and c, and its session "s".
class Status : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"a", "b", "c"})
      std::ofstream(directory_ / name) << name;
    must(Table::init(directory_.path()));
    table_ = must(Table::open(directory_.path()));
    session_ = must(table_->sessions().begin("s", kCaller));
  }
  InodeId find(std::string_view name) {
    return must(session_->lookup(InodeId::root, name)).inode.id;
  }
  void create(std::string_view name) {
    const InodeId inode =
        must(tree::create(*session_, kCaller, InodeId::root, name, 0644, true)).attributes.inode.id;
    tree::release_writer(*session_, inode);
  }
  /// One change of each kind.
  void change_everything() {
    create("new");
    tree::SetAttributes empty;
    empty.size_bytes = 0;
    must(tree::setattr(*session_, find("a"), empty));
    must(tree::unlink(*session_, InodeId::root, "b"));
    must(tree::rename(*session_, InodeId::root, "c", InodeId::root, "d", 0));
  }
  int commit(std::string_view name = "s") {
    std::promise<int> answer;
    table_->sessions().commit(name, name, kCaller, [&](const CommitOutcome& outcome) {
      answer.set_value(outcome.error);
    });
    return answer.get_future().get();
  }

  test::TemporaryDirectory directory_;
  std::unique_ptr<Table> table_;
  std::shared_ptr<Session> session_;
};

TEST_F(Status, DiffNamesEachPathWithItsLetter) {
  EXPECT_EQ(session_diff_text(*session_), "");
  change_everything();
  EXPECT_EQ(session_diff_text(*session_), "M\ta\nD\tb\nR\tc -> d\nA\tnew\n");
}

TEST_F(Status, DiffOfACommittedSessionIsWhatItsVersionDid) {
  change_everything();
  const std::string before = session_diff_text(*session_);
  ASSERT_EQ(commit(), 0);
  EXPECT_EQ(session_diff_text(*session_), before);
}

TEST_F(Status, DiffOfACommittedSessionThatChangedNothingIsEmpty) {
  ASSERT_EQ(commit(), 0);
  EXPECT_EQ(session_diff_text(*session_), "");
}

TEST_F(Status, DiffQuotesOddNames) {
  create("x\ny");
  create("z\xff");
  create("plain name");
  must(tree::rename(*session_, InodeId::root, "a", InodeId::root, "to -> fro", 0));
  EXPECT_EQ(session_diff_text(*session_),
            "A\tplain name\n"
            "R\ta -> \"to -> fro\"\n"
            "A\t\"x\\ny\"\n"
            "A\t\"z\\377\"\n");
}

TEST_F(Status, OfASessionIsKeysAndValues) {
  change_everything();
  const std::string text = session_status_text(*session_);
  EXPECT_THAT(text, AllOf(HasSubstr("session: s\n"), HasSubstr("state: open\n"),
                          HasSubstr("base: 1\n"), HasSubstr("head: 1\n"), HasSubstr("user: root\n"),
                          HasSubstr("added: 1\n"), HasSubstr("modified: 1\n"),
                          HasSubstr("deleted: 1\n"), HasSubstr("renamed: 1\n")));
  EXPECT_THAT(text, AllOf(Not(HasSubstr("error")), Not(HasSubstr("open for writing")),
                          Not(HasSubstr("recovered"))));
}

TEST_F(Status, NamesFilesOpenForWritingAndTheLastError) {
  const auto made = must(tree::create(*session_, kCaller, InodeId::root, "open\nfile", 0644, true));
  session_->set_last_report(nullptr, ECANCELED);
  EXPECT_THAT(session_status_text(*session_),
              AllOf(HasSubstr("open for writing: \"open\\nfile\"\n"),
                    HasSubstr("last error: ECANCELED (Operation canceled)\n")));
  tree::release_writer(*session_, made.attributes.inode.id);
}

TEST_F(Status, OfACommittedSessionNamesItsVersion) {
  change_everything();
  ASSERT_EQ(commit(), 0);
  EXPECT_THAT(
      session_status_text(*session_),
      AllOf(HasSubstr("state: committed\n"), HasSubstr("version: 2\n"), HasSubstr("added: 1\n")));
}

TEST_F(Status, OfADiscardedSessionCanBeAsked) {
  must(table_->sessions().discard("s", kCaller));
  EXPECT_THAT(session_status_text(*session_), HasSubstr("state: discarded\n"));
  EXPECT_EQ(session_diff_text(*session_), "");
}

TEST_F(Status, OfTheTableIsJson) {
  must(table_->sessions().begin("odd\xff", kCaller));
  const auto json = nlohmann::json::parse(table_status_json(*table_));
  EXPECT_EQ(json["schema"], 1);
  EXPECT_EQ(json["table"], directory_.path().string());
  EXPECT_EQ(json["head"]["seq_no"], 1);
  EXPECT_EQ(json["term"], raw(table_->term()));
  ASSERT_EQ(json["sessions"].size(), 2U);
  EXPECT_EQ(json["sessions"][0]["name"], "odd\\xff");
  EXPECT_EQ(json["sessions"][0]["escaped"], true);
  EXPECT_EQ(json["sessions"][1]["name"], "s");
  EXPECT_EQ(json["sessions"][1]["state"], "open");
  EXPECT_EQ(json["sessions"][1]["base"], 1);
  EXPECT_EQ(json["sessions"][1]["uid"], 0);
  EXPECT_EQ(json["sessions"][1]["age_s"], 0);
  EXPECT_EQ(json["counts"]["open_sessions"], 2);
}

TEST_F(Status, MetricsCountCommitsByResult) {
  change_everything();
  ASSERT_EQ(commit(), 0);
  EXPECT_THAT(metrics_text(*table_),
              AllOf(HasSubstr("# TYPE commitfs_head_seq_no gauge\ncommitfs_head_seq_no 2\n"),
                    HasSubstr("\ncommitfs_open_sessions 0\n"),
                    HasSubstr("# TYPE commitfs_commits_total "
                              "counter\ncommitfs_commits_total{result=\"committed\"} 1\n"),
                    HasSubstr("commitfs_commits_total{result=\"conflict\"} 0\n")));
}

TEST_F(Status, MetricsCountConflictsByCategoryAndRefusalsByErrno) {
  change_everything();
  auto other = must(table_->sessions().begin("t", kCaller));
  session_.swap(other);
  change_everything();
  ASSERT_EQ(commit(), 0);
  EXPECT_EQ(commit("t"), ECANCELED);
  EXPECT_EQ(commit("t"), ECANCELED);
  EXPECT_EQ(commit("nobody"), ENOENT);
  const std::string metrics = metrics_text(*table_);
  EXPECT_THAT(metrics, AllOf(HasSubstr("# TYPE commitfs_conflicts_total counter\n"),
                             HasSubstr("commitfs_conflicts_total{category=\"UPDATE_UPDATE\"} 2\n"),
                             HasSubstr("commitfs_conflicts_total{category=\"PHANTOM\"} 0\n"),
                             HasSubstr("commitfs_refusals_total{errno=\"ECANCELED\"} 2\n"),
                             HasSubstr("commitfs_commits_total{result=\"conflict\"} 2\n")));
}

TEST_F(Status, MetricsTellHowLongCommitsTook) {
  change_everything();
  ASSERT_EQ(commit(), 0);
  const std::string metrics = metrics_text(*table_);
  EXPECT_THAT(metrics, AllOf(HasSubstr("# TYPE commitfs_commit_duration_seconds histogram\n"),
                             HasSubstr("commitfs_commit_duration_seconds_bucket{le=\"0.001\"} "),
                             HasSubstr("commitfs_commit_duration_seconds_bucket{le=\"10\"} "),
                             HasSubstr("commitfs_commit_duration_seconds_bucket{le=\"+Inf\"} 1\n"),
                             HasSubstr("commitfs_commit_duration_seconds_count 1\n"),
                             HasSubstr("commitfs_commit_duration_seconds_sum "),
                             Not(HasSubstr("commitfs_commit_duration_seconds_sum 0\n"))));
}

TEST_F(Status, EveryMetricIsDescribedOnceAndBeforeItsValues) {
  change_everything();
  ASSERT_EQ(commit(), 0);
  std::istringstream lines(metrics_text(*table_));
  std::string described;
  std::set<std::string> seen;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# TYPE ")) {
      described = line.substr(7, line.find(' ', 7) - 7);
      EXPECT_TRUE(seen.insert(described).second) << line;
    } else if (!line.starts_with("#")) {
      EXPECT_THAT(line, ::testing::StartsWith(described)) << line;
    }
  }
  EXPECT_GT(seen.size(), 8U);
}

}  // namespace
}  // namespace commitfs
