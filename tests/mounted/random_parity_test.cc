// Random calls do in a session what they do on a native file system, which is the model.
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

#include "tests/mounted/parity/random_calls.h"
#include "tests/mounted/parity/runner.h"
#include "tests/support/mount_fixture.h"
#include "tests/support/seed.h"

namespace commitfs::test {
namespace {

namespace fs = std::filesystem;
using parity::RandomCalls;
using parity::Runner;

constexpr int kSteps = 10'000;
constexpr int kStepsBetweenLooks = 250;
constexpr int kRounds = 4;  ///< of which each begins over what the one before committed

/// One actor's calls, in a native directory and in a mounted one.
struct Actor {
  fs::path native;
  fs::path mounted;
  fs::path log;  ///< all its calls, and what was wrong
  std::uint32_t seed = 0;
  bool over_committed = false;
};

/// Empty, or what the two file systems disagree on.
std::string compare(const std::string& native, const std::string& mounted) {
  return native == mounted ? "" : "native\n" + native + "\nmounted\n" + mounted + "\n";
}

std::string act(const Actor& actor, int steps) {
  Runner native(actor.native);
  Runner mounted(actor.mounted);
  RandomCalls calls(actor.seed, !actor.over_committed);
  std::ofstream log(actor.log);
  for (int step = 1; step <= steps; ++step) {
    const std::string line = calls.next();
    log << line << std::endl;
    std::string difference = compare(native.run(line), mounted.run(line));
    if (difference.empty() && (step % kStepsBetweenLooks == 0 || step == steps))
      difference = compare(native.tree(), mounted.tree());
    if (!difference.empty()) return "step " + std::to_string(step) + "\n" + difference;
  }
  native.close_all();
  mounted.close_all();
  return compare(native.tree(), mounted.tree());
}

/// In a process of its own, as programs are.
pid_t start_actor(const Actor& actor, int steps) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  std::string problem;
  try {
    problem = act(actor, steps);
  } catch (const std::exception& error) {
    problem = error.what();
  }
  if (!problem.empty()) std::ofstream(actor.log.native() + ".problem") << problem;
  ::_exit(problem.empty() ? 0 : 1);
}

std::string read_all(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

class RandomParity : public MountedTest {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can act as other users";
    MountedTest::SetUp();
  }

  Actor make_actor(int number, int round) {
    const std::string name = std::to_string(number);
    return {.native = scratch() / name,
            .mounted = at("sessions/round" + std::to_string(round)) / name,
            .log = scratch() / (name + ".calls." + std::to_string(round)),
            .seed = static_cast<std::uint32_t>(seed_.engine()),
            .over_committed = round > 0};
  }

  void run_round(int actors, int round) {
    std::vector<std::pair<Actor, pid_t>> children;
    for (int i = 0; i < actors; ++i) {
      const Actor actor = make_actor(i, round);
      fs::create_directory(actor.native);
      fs::create_directory(actor.mounted);
      children.emplace_back(actor, start_actor(actor, kSteps / kRounds / actors));
    }
    for (const auto& [actor, child] : children) {
      int status = 0;
      ASSERT_EQ(::waitpid(child, &status, 0), child);
      EXPECT_EQ(status, 0) << "calls in " << actor.log << " with seed " << actor.seed << "\n"
                           << read_all(actor.log.native() + ".problem");
    }
  }

  void run_rounds(int actors) {
    for (int round = 0; round < kRounds && !HasFailure(); ++round) {
      session("round" + std::to_string(round), "");
      run_round(actors, round);
      if (!HasFailure()) ok("mv sessions/round" + std::to_string(round) + " commit/");
    }
    if (HasFailure()) return;
    for (int i = 0; i < actors; ++i) {
      const std::string name = std::to_string(i);
      EXPECT_EQ(Runner(at("live") / name).tree(), Runner(scratch() / name).tree());
    }
  }

 private:
  Seed seed_;
};
INSTANTIATE_IN_BOTH_MODES(RandomParity);

TEST_P(RandomParity, OfOneActor) {
  run_rounds(1);
}

TEST_P(RandomParity, OfFourActorsOnDisjointTrees) {
  run_rounds(4);
}

}  // namespace
}  // namespace commitfs::test
