// Many clients at once, each a program in a session of its own, record what they read and wrote.
// What all of them saw together is checked for anomalies: none under serializable isolation, none
// but write skew under snapshot isolation.
//
// COMMITFS_HISTORY_CLIENTS and COMMITFS_HISTORY_TRANSACTIONS (of each client) make it longer;
// COMMITFS_SEED plays the same transactions again, though not in the same order.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <thread>

#include "meta/base/mutex.h"
#include "tests/support/history_checker.h"
#include "tests/support/mount_fixture.h"
#include "tests/support/seed.h"

namespace commitfs::test {
namespace {

using Kind = HistoryOperation::Kind;
using Outcome = HistoryTransaction::Outcome;

constexpr int kConflict = 80;  // what `commitfs run` exits with
constexpr auto kLong = std::chrono::seconds(120);

unsigned number(const char* variable, unsigned otherwise) {
  const char* given = std::getenv(variable);
  return given != nullptr ? static_cast<unsigned>(std::strtoul(given, nullptr, 10)) : otherwise;
}

/// What the client printed.
std::vector<HistoryOperation> parse(const std::string& lines) {
  const std::map<std::string, Kind> kinds{{"list", Kind::see_list},
                                          {"append", Kind::append},
                                          {"read", Kind::read},
                                          {"write", Kind::write}};
  std::vector<HistoryOperation> operations;
  std::istringstream stream(lines);
  for (std::string line; std::getline(stream, line);) {
    std::istringstream words(line);
    std::string kind;
    HistoryOperation operation;
    words >> kind >> operation.key;
    operation.kind = kinds.at(kind);
    for (std::uint64_t value = 0; words >> value;)
      operation.values.push_back(value);
    operations.push_back(std::move(operation));
  }
  return operations;
}

/// Transactions as all clients recorded them. Thread-safe.
class Recorder {
 public:
  void add(HistoryTransaction transaction) {
    MutexLock lock(mutex_);
    // A refused session saw one version all the same, as one that only read.
    if (transaction.outcome == Outcome::aborted) {
      HistoryTransaction saw{transaction.name + " (refused)", {}, Outcome::committed};
      for (const HistoryOperation& operation : transaction.operations) {
        const bool read = operation.kind == Kind::see_list || operation.kind == Kind::read;
        if (read && !written_before(transaction, operation)) saw.operations.push_back(operation);
      }
      history_.push_back(std::move(saw));
    }
    history_.push_back(std::move(transaction));
  }
  std::vector<HistoryTransaction> take() {
    MutexLock lock(mutex_);
    return std::move(history_);
  }

 private:
  /// What it wrote itself is nobody's.
  static bool written_before(const HistoryTransaction& transaction,
                             const HistoryOperation& operation) {
    return std::ranges::any_of(transaction.operations, [&](const HistoryOperation& other) {
      return &other < &operation && other.key == operation.key &&
             (other.kind == Kind::append || other.kind == Kind::write);
    });
  }

  Mutex mutex_;
  std::vector<HistoryTransaction> history_ GUARDED_BY(mutex_);
};

class Histories : public MountedTest {
 protected:
  using Draw = std::vector<std::string> (*)(std::mt19937&, const std::function<std::string()>&);

  std::string run_command(const std::string& isolation) {
    return fmt::format("$COMMITFS run --isolation {} $MOUNT -- {}", isolation,
                       COMMITFS_HISTORY_CLIENT);
  }

  /// Runs one transaction and records it.
  int transact(const std::string& name, const std::string& isolation,
               const std::vector<std::string>& operations) {
    std::string command = run_command(isolation);
    for (const std::string& word : operations)
      command += ' ' + word;
    const Output output = sh(command, kLong);
    HistoryTransaction transaction{name, parse(output.out), Outcome::unknown};
    if (output.exit_code == 0) transaction.outcome = Outcome::committed;
    if (output.exit_code == kConflict) transaction.outcome = Outcome::aborted;
    EXPECT_NE(transaction.outcome, Outcome::unknown) << name << ": " << output;
    recorder_.add(std::move(transaction));
    return output.exit_code;
  }

  /// Clients that run transactions side by side, until each had its number of them.
  void run_clients(const std::string& isolation, Draw draw) {
    const unsigned clients = number("COMMITFS_HISTORY_CLIENTS", 6);
    const unsigned transactions = number("COMMITFS_HISTORY_TRANSACTIONS", 12);
    std::vector<std::thread> threads;
    for (unsigned client = 0; client < clients; ++client) {
      threads.emplace_back([&, client] {
        std::mt19937 engine(seed_.value + client);
        const auto next_value = [this] { return std::to_string(++last_value_); };
        for (unsigned at = 0; at < transactions && !HasFatalFailure(); ++at) {
          const std::string name = fmt::format("c{}t{}", client, at);
          const int exit_code = transact(name, isolation, draw(engine, next_value));
          exit_code == 0 ? ++committed_ : ++refused_;
        }
      });
    }
    for (std::thread& thread : threads)
      thread.join();
  }

  /// All keys, by a session after all others.
  std::vector<HistoryFinding> check(const std::vector<std::string>& last_reads) {
    EXPECT_EQ(transact("end", "serializable", last_reads), 0);
    const auto findings = check_history(recorder_.take(), "end");
    fmt::print("seed {}: {} committed, {} refused;", seed_.value, committed_.load(),
               refused_.load());
    for (const auto& [anomaly, times] : count(findings))
      fmt::print(" {} {}", to_string(anomaly), times);
    fmt::print("\n");
    return findings;
  }

  void expect_only(const std::vector<HistoryFinding>& findings, const std::set<Anomaly>& allowed) {
    for (const HistoryFinding& finding : findings) {
      EXPECT_TRUE(allowed.contains(finding.anomaly))
          << to_string(finding.anomaly) << ": " << finding.text;
    }
    EXPECT_GT(committed_, 0U);
  }

  Seed seed_;
  Recorder recorder_;
  std::atomic<std::uint64_t> last_value_ = 0;
  std::atomic<unsigned> committed_ = 0;
  std::atomic<unsigned> refused_ = 0;
};
INSTANTIATE_IN_BOTH_MODES(Histories);

constexpr unsigned kKeys = 5;

std::string draw_key(std::mt19937& engine) {
  return "k" + std::to_string(engine() % kKeys);
}

std::vector<std::string> all_keys(const std::string& verb) {
  std::vector<std::string> words;
  for (unsigned key = 0; key < kKeys; ++key)
    words.insert(words.end(), {verb, "k" + std::to_string(key)});
  return words;
}

/// Reads some keys, appends to one or two.
std::vector<std::string> draw_appends(std::mt19937& engine,
                                      const std::function<std::string()>& next_value) {
  std::vector<std::string> words;
  for (auto reads = engine() % 3; reads > 0; --reads)
    words.insert(words.end(), {"list", draw_key(engine)});
  for (auto appends = 1 + engine() % 2; appends > 0; --appends)
    words.insert(words.end(), {"append", draw_key(engine), next_value()});
  if (engine() % 2 == 0) words.insert(words.end(), {"list", draw_key(engine)});
  return words;
}

/// Reads some registers, and one more that it then writes.
std::vector<std::string> draw_writes(std::mt19937& engine,
                                     const std::function<std::string()>& next_value) {
  std::vector<std::string> words;
  for (auto reads = 1 + engine() % 2; reads > 0; --reads)
    words.insert(words.end(), {"read", draw_key(engine)});
  const std::string key = draw_key(engine);
  words.insert(words.end(), {"read", key, "write", key, next_value()});
  return words;
}

TEST_P(Histories, ListsShowNoAnomalyUnderSerializable) {
  run_clients("serializable", draw_appends);
  expect_only(check(all_keys("list")), {});
}

TEST_P(Histories, ListsShowNoneButWriteSkewUnderSnapshot) {
  run_clients("snapshot", draw_appends);
  expect_only(check(all_keys("list")), {Anomaly::write_skew});
}

TEST_P(Histories, RegistersShowNoAnomalyUnderSerializable) {
  run_clients("serializable", draw_writes);
  expect_only(check(all_keys("read")), {});
}

TEST_P(Histories, RegistersShowNoneButWriteSkewUnderSnapshot) {
  run_clients("snapshot", draw_writes);
  expect_only(check(all_keys("read")), {Anomaly::write_skew});
}

/// Two that each read what the other writes, both begun before either commits.
class Race : public Histories {
 protected:
  /// What the commit of the second ended with.
  int run(const std::string& isolation) {
    for (const std::string name : {"one", "two"}) {
      ok(fmt::format("mkdir sessions/{0}; echo {1} > sessions/{0}/.commitfs/isolation", name,
                     isolation));
    }
    HistoryTransaction one = in_session("one", "list x append y 1");
    HistoryTransaction two = in_session("two", "list y append x 2");
    EXPECT_THAT(sh("$COMMITFS commit --mount $MOUNT one"), Succeeded());
    const int exit_code = sh("$COMMITFS commit --mount $MOUNT two").exit_code;
    two.outcome = exit_code == 0 ? Outcome::committed : Outcome::aborted;
    ++committed_;
    recorder_.add(std::move(one));
    recorder_.add(std::move(two));
    return exit_code;
  }

  HistoryTransaction in_session(const std::string& name, const std::string& operations) {
    const std::string out =
        ok("cd sessions/" + name + "; " + COMMITFS_HISTORY_CLIENT + " " + operations);
    return {name, parse(out + "\n"), Outcome::committed};
  }
};
INSTANTIATE_IN_BOTH_MODES(Race);

TEST_P(Race, WriteSkewUnderSnapshotIsFound) {
  EXPECT_EQ(run("snapshot"), 0);
  const auto found = count(check({"list", "x", "list", "y"}));
  EXPECT_TRUE(found.contains(Anomaly::write_skew));
  EXPECT_EQ(found.size(), 1U);
}

TEST_P(Race, WriteSkewUnderSerializableIsRefused) {
  EXPECT_EQ(run("serializable"), kConflict);
  expect_only(check({"list", "x", "list", "y"}), {});
}

/// Retrying writers that each add one to a number; whose line says who they are, so that no two of
/// them write the same bytes.
TEST_P(Histories, ACounterEndsAtTheNumberOfSuccesses) {
  const unsigned clients = number("COMMITFS_HISTORY_CLIENTS", 6);
  const unsigned times = number("COMMITFS_HISTORY_TRANSACTIONS", 5);
  ok("mkdir sessions/s; echo 0 > sessions/s/n; mv sessions/s commit/");
  const Output written = sh(
      fmt::format("for w in $(seq {}); do {{ for i in $(seq {}); do "
                  "$COMMITFS run --retries 1000 $MOUNT -- sh -c "
                  "'read -r count by writer < n; echo $((count + 1)) by $0 > n' $w && echo done; "
                  "done; }} & done 2> $SCRATCH/conflicts; wait",
                  clients, times),
      kLong);
  const auto successes = std::ranges::count(written.out, '\n');
  EXPECT_EQ(successes, clients * times) << written;
  EXPECT_THAT(read("live/n"), ::testing::StartsWith(std::to_string(successes) + " by "));
  EXPECT_EQ(head(), std::to_string(successes + 2));
}

}  // namespace
}  // namespace commitfs::test
