// kill -9 in the middle of eight writers that commit in a loop, again and again.
// COMMITFS_SEED repeats a run, COMMITFS_CRASH_ROUNDS sets the number of rounds.
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <random>
#include <set>
#include <sstream>
#include <thread>

#include "tests/support/mount_fixture.h"
#include "tests/support/tree_listing.h"

namespace commitfs::test {
namespace {

constexpr int kWriters = 8;
constexpr int kFilesEach = 3;

unsigned number_from_environment(const char* name, unsigned otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? static_cast<unsigned>(std::strtoul(text, nullptr, 10)) : otherwise;
}

std::set<std::string> lines_of(const std::filesystem::path& path) {
  std::set<std::string> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);)
    lines.insert(line);
  return lines;
}

class CrashRounds : public MountedTest {
 protected:
  std::string adopted() const override { return "for i in $(seq 8); do mkdir w$i; done"; }

  /// $1 is the writer, $2 the round. Notes what it begins in tried.*, what mv answered 0 for in
  /// acknowledged.*.
  static constexpr const char* kWriter = R"(
    n=0
    while n=$((n + 1)); s=$1-$2-$n; echo $s >> $SCRATCH/tried.$1; mkdir sessions/$s; do
      for k in 1 2 3; do seq 1 $((n * 100)) > sessions/$s/w$1/$s.$k && echo $s >> sessions/$s/w$1/$s.$k || exit 0; done
      echo $s > sessions/$s/w$1/latest || exit 0
      mv sessions/$s commit/ && echo $s >> $SCRATCH/acknowledged.$1 || exit 0
    done 2>/dev/null)";

  std::size_t acknowledged() {
    std::size_t count = 0;
    for (int w = 1; w <= kWriters; ++w)
      count += lines_of(scratch() / ("acknowledged." + std::to_string(w))).size();
    return count;
  }

  void kill_amid_writers(unsigned round, std::mt19937& random) {
    const std::size_t before = acknowledged();
    std::vector<std::unique_ptr<Background>> writers;
    for (int w = 1; w <= kWriters; ++w) {
      writers.push_back(
          start("set -- " + std::to_string(w) + " " + std::to_string(round) + "\n" + kWriter,
                std::chrono::seconds(60)));
    }
    const std::size_t enough = before + 1 + random() % 12;
    ASSERT_TRUE(eventually([&] { return acknowledged() >= enough; }, std::chrono::seconds(30)));
    std::this_thread::sleep_for(
        std::chrono::microseconds(random() % 20000));  // where the kill falls, not a wait
    daemon().kill_hard();
    ASSERT_EQ(daemon().take_problems(), "");
    for (auto& writer : writers)
      EXPECT_FALSE(writer->finish().timed_out);
    mount();
  }

  /// A version is whole or not there, and those that were answered are there.
  void check_all() {
    std::set<std::string> logged;
    std::istringstream log(ok("$COMMITFS log $TABLE | cut -f 4"));
    for (std::string line; std::getline(log, line);)
      logged.insert(line);
    for (int w = 1; w <= kWriters; ++w) {
      const std::string writer = std::to_string(w);
      for (const auto& name : lines_of(scratch() / ("acknowledged." + writer))) {
        EXPECT_TRUE(logged.contains(name)) << name << " was answered 0 and is not in the log";
      }
      for (const auto& name : lines_of(scratch() / ("tried." + writer))) {
        check_whole_or_absent(writer, name, logged.contains(name));
      }
    }
  }

  void check_whole_or_absent(const std::string& writer, const std::string& name, bool is_logged) {
    const auto last = std::strtoul(name.substr(name.rfind('-') + 1).c_str(), nullptr, 10);
    std::string content;
    for (unsigned long i = 1; i <= last * 100; ++i)
      content += std::to_string(i) + "\n";
    content += name + "\n";
    for (int k = 1; k <= kFilesEach; ++k) {
      const std::string path = "live/w" + writer + "/" + name + "." + std::to_string(k);
      if (is_logged) {
        EXPECT_TRUE(read(path) == content)
            << path << " is in the log, and its bytes are not those written";
      } else {
        EXPECT_FALSE(std::filesystem::exists(at(path)))
            << path << " is there, and no version made it";
      }
    }
  }
};
INSTANTIATE_IN_BOTH_MODES(CrashRounds);

TEST_P(CrashRounds, LoseNothingThatWasAnsweredAndTearNothing) {
  const unsigned seed = number_from_environment("COMMITFS_SEED", std::random_device{}());
  const unsigned rounds = number_from_environment("COMMITFS_CRASH_ROUNDS", COMMITFS_CRASH_ROUNDS);
  std::cout << "COMMITFS_SEED=" << seed << " rounds " << rounds << std::endl;
  std::mt19937 random(seed);
  for (unsigned round = 1; round <= rounds; ++round) {
    SCOPED_TRACE("round " + std::to_string(round) + ", seed " + std::to_string(seed));
    kill_amid_writers(round, random);
    if (HasFatalFailure()) return;
    check_all();
    ok("shopt -s nullglob; for s in sessions/*; do mv $s discard/; done");
    for (const auto& entry : std::filesystem::directory_iterator(scratch())) {
      if (entry.path().filename().native().starts_with("tried.")) std::filesystem::remove(entry);
    }
    if (HasFailure()) return;
  }
  EXPECT_EQ(ok("for i in $(seq 8); do cat live/w$i/latest; done | wc -l"), "8");
}

}  // namespace
}  // namespace commitfs::test
