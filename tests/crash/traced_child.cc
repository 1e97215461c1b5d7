#include "tests/crash/traced_child.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <map>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

namespace commitfs::test {
namespace {

/// All calls that this project, SQLite and the C library may change a file with, but for openat,
/// which mostly does not.
const std::map<int, std::string>& changing_calls() {
  static const std::map<int, std::string> calls = {
      {__NR_openat2, "openat2"},     {__NR_write, "write"},
      {__NR_pwrite64, "pwrite64"},   {__NR_writev, "writev"},
      {__NR_pwritev, "pwritev"},     {__NR_copy_file_range, "copy_file_range"},
      {__NR_sendfile, "sendfile"},   {__NR_ftruncate, "ftruncate"},
      {__NR_fallocate, "fallocate"}, {__NR_mkdirat, "mkdirat"},
      {__NR_unlinkat, "unlinkat"},   {__NR_linkat, "linkat"},
      {__NR_symlinkat, "symlinkat"}, {__NR_renameat2, "renameat2"},
      {__NR_utimensat, "utimensat"}, {__NR_fchmod, "fchmod"},
      {__NR_fchmodat, "fchmodat"},   {__NR_fchown, "fchown"},
      {__NR_fchownat, "fchownat"},   {__NR_fsetxattr, "fsetxattr"},
      {__NR_fsync, "fsync"},         {__NR_fdatasync, "fdatasync"},
      {__NR_syncfs, "syncfs"},
#ifdef __NR_unlink
      {__NR_unlink, "unlink"},       {__NR_rmdir, "rmdir"},
      {__NR_mkdir, "mkdir"},         {__NR_rename, "rename"},
      {__NR_link, "link"},
#endif
  };
  return calls;
}

/// Those besides that may fail for want of something.
const std::map<int, std::string>& asking_calls() {
  static const std::map<int, std::string> calls = {
      {__NR_openat, "openat"},      {__NR_read, "read"},     {__NR_pread64, "pread64"},
      {__NR_fstat, "fstat"},        {__NR_lseek, "lseek"},   {__NR_getdents64, "getdents64"},
      {__NR_mmap, "mmap"},          {__NR_statx, "statx"},   {__NR_fcntl, "fcntl"},
      {__NR_fstatfs, "fstatfs"},    {__NR_mremap, "mremap"}, {__NR_socketpair, "socketpair"},
#ifdef __NR_newfstatat
      {__NR_newfstatat, "fstatat"},
#endif
#ifdef __NR_open
      {__NR_open, "open"},          {__NR_stat, "stat"},     {__NR_lstat, "lstat"},
#endif
  };
  return calls;
}

constexpr sock_filter statement(unsigned code, unsigned value) {
  return {static_cast<__u16>(code), 0, 0, value};
}
constexpr sock_filter jump(unsigned code, unsigned value, unsigned if_true, unsigned if_false) {
  return {static_cast<__u16>(code), static_cast<__u8>(if_true), static_cast<__u8>(if_false), value};
}
sock_filter load(std::size_t offset) {
  return statement(BPF_LD | BPF_W | BPF_ABS, static_cast<unsigned>(offset));
}

/// The low half of an argument; both halves lie low first on the machines there are.
std::size_t argument(unsigned index) {
  return offsetof(seccomp_data, args) + index * sizeof(__u64);
}

/// Stops at the calls above, at open with O_CREAT or O_TRUNC, and at FICLONE.
std::vector<sock_filter> filter(CallsOf which) {
  const sock_filter stop = statement(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
  const sock_filter pass = statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  std::vector<sock_filter> program = {load(offsetof(seccomp_data, nr))};
  for (const auto& [number, name] : changing_calls()) {
    program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(number), 0, 1));
    program.push_back(stop);
  }
  if (which == CallsOf::files) {
    for (const auto& [number, name] : asking_calls()) {
      program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(number), 0, 1));
      program.push_back(stop);
    }
  }
  program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, __NR_openat, 0, 4));
  program.push_back(load(argument(2)));
  program.push_back(jump(BPF_JMP | BPF_JSET | BPF_K, O_CREAT | O_TRUNC, 0, 1));
  program.push_back(stop);
  program.push_back(pass);
  program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, __NR_ioctl, 0, 3));
  program.push_back(load(argument(1)));
  program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, FICLONE, 0, 1));
  program.push_back(stop);
  program.push_back(pass);
  return program;
}

[[noreturn]] void be_traced(const std::function<int()>& work, CallsOf which) {
  std::vector<sock_filter> instructions = filter(which);
  const sock_fprog program{static_cast<unsigned short>(instructions.size()), instructions.data()};
  if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(120);
  ::raise(SIGSTOP);
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) ::_exit(121);
  if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) ::_exit(121);
  int status = 122;
  try {
    status = work();
  } catch (...) {
  }
  ::_exit(status);
}

void must_trace(long result, const char* what) {
  if (result != 0) throw std::system_error(errno, std::generic_category(), what);
}

__ptrace_syscall_info info_of(pid_t thread) {
  __ptrace_syscall_info info = {};
  ::ptrace(static_cast<__ptrace_request>(PTRACE_GET_SYSCALL_INFO), thread, sizeof info, &info);
  return info;
}

Call call_of(pid_t thread) {
  const __ptrace_syscall_info info = info_of(thread);
  Call call{.thread = thread, .number = static_cast<long>(info.seccomp.nr), .arguments = {}};
  std::copy_n(info.seccomp.args, call.arguments.size(), call.arguments.begin());
  return call;
}

/// The thread stands at the entry of a call, which it skips.
void make_fail([[maybe_unused]] pid_t thread, [[maybe_unused]] int error) {
#if defined(__x86_64__)
  user_regs_struct registers{};
  must_trace(::ptrace(PTRACE_GETREGS, thread, nullptr, &registers), "PTRACE_GETREGS");
  registers.orig_rax = ~0ULL;
  registers.rax = static_cast<unsigned long long>(-static_cast<long long>(error));
  must_trace(::ptrace(PTRACE_SETREGS, thread, nullptr, &registers), "PTRACE_SETREGS");
#endif
}

void kill_and_reap(pid_t child) {
  ::kill(child, SIGKILL);
  // Its threads go first, each with a notice of its own.
  while (true) {
    int status = 0;
    const pid_t one = ::waitpid(-1, &status, __WALL);
    if (one < 0 && errno == EINTR) continue;
    if (one < 0) return;
    if (one == child && (WIFSIGNALED(status) || WIFEXITED(status))) return;
    if (WIFSTOPPED(status)) ::ptrace(PTRACE_CONT, one, nullptr, nullptr);
  }
}

bool is_event(int status, int event) {
  return status >> 8 == (SIGTRAP | (event << 8));
}

/// The signal to hand on to a thread that stopped for `status`.
int signal_of(int status) {
  const int signal = WSTOPSIG(status);
  if (status >> 16 != 0 || (signal & 0x7f) == SIGTRAP || signal == SIGSTOP) return 0;
  return signal;
}

/// One child, from its first stop to its end.
class Tracer {
 public:
  Tracer(pid_t child, CallObserver& observer) : child_(child), observer_(observer) {}

  int run() {
    int status = 0;
    if (::waitpid(child_, &status, 0) != child_ || !WIFSTOPPED(status))
      throw std::runtime_error("the child may not be traced");
    constexpr long kOptions =
        PTRACE_O_TRACESECCOMP | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD;
    must_trace(::ptrace(PTRACE_SETOPTIONS, child_, nullptr, kOptions), "PTRACE_SETOPTIONS");
    must_trace(::ptrace(PTRACE_CONT, child_, nullptr, nullptr), "PTRACE_CONT");
    while (true) {
      const pid_t thread = ::waitpid(-1, &status, __WALL);
      if (thread < 0 && errno == EINTR) continue;
      if (thread < 0) throw std::system_error(errno, std::generic_category(), "waitpid");
      if (WIFSTOPPED(status)) {
        if (!handle(thread, status)) return kDiedByVerdict;
      } else if (thread == child_) {
        return WIFEXITED(status) ? WEXITSTATUS(status) : kDiedOtherwise;
      } else {
        reported_.erase(thread);
      }
    }
  }

 private:
  /// False when the child was killed.
  bool handle(pid_t thread, int status) {
    if (is_event(status, PTRACE_EVENT_SECCOMP)) {
      const Call call = call_of(thread);
      const Verdict verdict = observer_.entered(call);
      if (verdict.what == Verdict::What::kill) {
        kill_and_reap(child_);
        return false;
      }
      if (verdict.what == Verdict::What::fail) make_fail(thread, verdict.error);
      if (verdict.what == Verdict::What::report) reported_[thread] = call;
    } else if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
      if (const auto found = reported_.find(thread); found != reported_.end()) {
        const Call call = found->second;
        reported_.erase(found);
        observer_.left(call, info_of(thread).exit.rval);
      }
    }
    // One that was killed meanwhile is not there to go on.
    const auto how = reported_.contains(thread) ? PTRACE_SYSCALL : PTRACE_CONT;
    ::ptrace(how, thread, nullptr, signal_of(status));
    return true;
  }

  const pid_t child_;
  CallObserver& observer_;
  std::map<pid_t, Call> reported_;  ///< those whose end is waited for, by thread
};

class KillAtCall final : public CallObserver {
 public:
  KillAtCall(std::uint64_t nth, Watched& watched) : nth_(nth), watched_(watched) {}
  Verdict entered(const Call& call) override {
    if (++watched_.calls != nth_) return {};
    watched_.last_call = call.name();
    return {.what = Verdict::What::kill};
  }

 private:
  const std::uint64_t nth_;
  Watched& watched_;
};

}  // namespace

std::string Call::name() const {
  for (const auto* calls : {&changing_calls(), &asking_calls()}) {
    const auto found = calls->find(static_cast<int>(number));
    if (found != calls->end()) return found->second;
  }
  return number == __NR_ioctl ? "ioctl" : std::to_string(number);
}

bool can_fail_calls() {
#if defined(__x86_64__)
  return true;
#else
  return false;
#endif
}

int run_traced(const std::function<int()>& work, CallObserver& observer, CallsOf which) {
  const pid_t child = ::fork();
  if (child < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (child == 0) be_traced(work, which);
  return Tracer(child, observer).run();
}

Watched run_watched(const std::function<int()>& work, std::uint64_t nth) {
  Watched watched;
  KillAtCall observer(nth, watched);
  const int ended = run_traced(work, observer);
  watched.killed = ended == kDiedByVerdict;
  watched.exit_code = watched.killed ? 0 : ended;
  return watched;
}

}  // namespace commitfs::test
