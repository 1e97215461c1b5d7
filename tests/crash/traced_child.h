#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <functional>
#include <string>

namespace commitfs::test {

/// A system call that changes a file system, of some thread of a traced child.
struct Call {
  pid_t thread = 0;
  long number = 0;
  std::array<std::uint64_t, 6> arguments{};

  std::string name() const;
};

/// What is to become of a call that a thread is about to make.
struct Verdict {
  enum class What {
    go_on,
    report,  ///< go on, and CallObserver::left when it has ended
    fail,    ///< it is not made, and answers `error`; only where can_fail_calls()
    kill,    ///< SIGKILL to the whole child
  };
  What what = What::go_on;
  int error = 0;
};

/// Decides on and hears of the calls of a child. The thread in question stands still meanwhile,
/// others may run.
class CallObserver {
 public:
  virtual ~CallObserver() = default;
  virtual Verdict entered(const Call& call) = 0;
  virtual void left(const Call& /*call*/, std::int64_t /*result*/) {}
};

/// Which calls are heard of.
enum class CallsOf {
  changes,  ///< those that change a file system
  files,    ///< those that ask something of one too, and those that get memory
};

/// Runs `work` in a forked child and shows its calls to `observer`. `work` answers the exit status.
/// What is answered is that, -1 when the child died of something else, or -2 when it was killed by
/// a verdict. By ptrace(2) and a seccomp(2) filter, so that other calls cost nothing. The caller
/// has one thread. Throws where either is not to be had.
int run_traced(const std::function<int()>& work, CallObserver& observer,
               CallsOf which = CallsOf::changes);

inline constexpr int kDiedOtherwise = -1;
inline constexpr int kDiedByVerdict = -2;

/// Whether calls can be made to fail on this kind of machine.
bool can_fail_calls();

/// How a child ended that was watched at its system calls.
struct Watched {
  bool killed = false;      ///< at the call asked for; else it ran to its end
  int exit_code = 0;        ///< when it ran to its end; -1: it died of something else
  std::uint64_t calls = 0;  ///< calls that change something, those of all its threads
  std::string last_call;    ///< the one it was killed at the entry of
};

/// Runs `work` as run_traced does and kills it at the entry of the `nth` call, from 1, that changes
/// a file system, made by whichever of its threads; 0: never. The calls before it have ended or, of
/// other threads, may be under way.
Watched run_watched(const std::function<int()>& work, std::uint64_t nth);

}  // namespace commitfs::test
