#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>

#include "tools/backoff.h"
#include "tools/command.h"
#include "tools/commit_status.h"
#include "tools/mount_point.h"
#include "tools/session_client.h"
#include "tools/text.h"
#include "tools/verb.h"
#include "txn/text.h"

namespace commitfs {
namespace {

namespace filesystem = std::filesystem;
using std::chrono::milliseconds;

constexpr milliseconds kFirstBound(20);
constexpr milliseconds kLongestPause(5000);
/// A commit that is to be tried again without the command being run again (EAGAIN).
constexpr int kCommitTries = 10;

struct RunArguments {
  filesystem::path place;
  std::vector<std::string> command;
  std::string name;
  std::string isolation;
  std::string require;
  std::string message;
  filesystem::path at;
  unsigned retries = 0;
  bool keep = false;
};

/// One `commitfs run`: a session, the command in it and its commit, as often as it takes.
class Run {
 public:
  Run(const RunArguments& arguments, filesystem::path mount)
      : arguments_(arguments), mount_(std::move(mount)) {}

  int run() {
    for (unsigned retried = 0;; ++retried) {
      auto session = begin();
      if (!session) return give_up(kExitOwnFailure, session.error().context);
      const std::optional<int> ended = try_once(*session, retried);
      if (ended) return *ended;
      discard(*session);
      if (!signals_.sleep(backoff_.next())) return kExitBySignal + *signals_.asked_to_end();
    }
  }

 private:
  static int give_up(int exit_status, const std::string& sentence) {
    fail_with(sentence);
    return exit_status;
  }

  /// The exit status, with the session dealt with; none when it is to be done again.
  std::optional<int> try_once(const SessionClient& session, unsigned retried) {
    if (const auto configured = configure(session); !configured) {
      leave(session);
      return give_up(kExitOwnFailure, configured.error().context);
    }
    const CommandEnd end = run_command(command_in(session), signals_);
    if (!end.failure.empty() || end.exit_status != 0 || signals_.asked_to_end()) {
      leave(session);
      if (!end.failure.empty()) return give_up(end.exit_status, end.failure);
      return end.exit_status != 0 ? end.exit_status : kExitBySignal + *signals_.asked_to_end();
    }
    const auto answer = commit(session);
    if (!answer) {
      leave(session);
      return give_up(kExitOwnFailure, answer.error().context);
    }
    if (answer->error == 0) return kSucceeded;
    if (answer->error == ECANCELED && retried < arguments_.retries) {
      fmt::print(stderr, "commitfs: {}: conflict; running it again ({} of {})\n",
                 quote_name(session.name()), retried + 1, arguments_.retries);
      return std::nullopt;
    }
    report(session, answer->error);
    leave(session);
    return verdict_of(answer->error, kExitOwnFailure).exit_status;
  }

  Result<SessionClient> begin() {
    constexpr int kMaxNamesDrawn = 10;
    for (int i = 1;; ++i) {
      const std::string name = arguments_.name.empty() ? draw_name() : arguments_.name;
      const filesystem::path path = mount_ / "sessions" / name;
      if (::mkdir(path.c_str(), 0777) == 0) return SessionClient::open(path);
      const int code = errno;
      const bool taken = code == EEXIST && arguments_.name.empty() && i < kMaxNamesDrawn;
      if (!taken) return fail(code, Error{code, "begin " + path.native()}.describe());
    }
  }

  /// Unlike any other: the receipts of all stand in one directory.
  std::string draw_name() {
    const auto drawn = static_cast<std::uint64_t>(random_() * 0x1p48);
    return fmt::format("run-{}-{:012x}", ::getpid(), drawn);
  }

  Result<void> configure(const SessionClient& session) const {
    const std::pair<const char*, const std::string*> values[] = {
        {"isolation", &arguments_.isolation},
        {"require", &arguments_.require},
        {"message", &arguments_.message}};
    for (const auto& [control, value] : values) {
      if (!value->empty()) TRY(session.set(control, *value));
    }
    return {};
  }

  Command command_in(const SessionClient& session) const {
    Command command{
        .words = arguments_.command,
        .directory = session.path(),
        .at = std::nullopt,
        .environment = {{"COMMITFS_SESSION", session.path()}, {"COMMITFS_MOUNT", mount_}}};
    if (!arguments_.at.empty()) command.at = arguments_.at;
    return command;
  }

  Result<CommitAnswer> commit(const SessionClient& session) {
    Backoff pause(kFirstBound, kLongestPause, random_);
    for (int tried = 1;; ++tried) {
      const CommitAnswer answer = TRY(session.commit());
      if (answer.error != EAGAIN || tried == kCommitTries) return answer;
      if (!signals_.sleep(pause.next())) return answer;
    }
  }

  static void report(const SessionClient& session, int error) {
    fail_with(Error{error, "commit of " + quote_name(session.name())}.describe());
    if (has_report(error)) fmt::print(stderr, "{}", session.read("conflicts"));
  }

  /// Of a session that was not committed nothing stays, unless that is asked for.
  void leave(const SessionClient& session) const {
    if (!arguments_.keep) return discard(session);
    fmt::print(stderr, "commitfs: kept {}\n", printable(session.path().native()));
  }

  void discard(const SessionClient& session) const {
    const filesystem::path to = mount_ / "discard" / session.name();
    if (::rename(session.path().c_str(), to.c_str()) == 0) return;
    fail_with(Error{errno, "discard " + printable(session.path().native())}.describe());
  }

  const RunArguments& arguments_;
  const filesystem::path mount_;
  CommandSignals signals_;
  const Backoff::Random random_ = make_random();
  Backoff backoff_{kFirstBound, kLongestPause, random_};
};

int run(const RunArguments& arguments) {
  const auto mount = find_mount_root(arguments.place);
  if (!mount) {
    fail_with(mount.error().context);
    return kExitOwnFailure;
  }
  return Run(arguments, *mount).run();
}

void add_options(CLI::App& command, RunArguments& arguments) {
  command
      .add_option("TABLE|MOUNTPOINT", arguments.place, "A table that is mounted, or where it is")
      ->required();
  command.add_option("COMMAND", arguments.command, "The command and its arguments, after --")
      ->required();
  command
      .add_option("--retries", arguments.retries,
                  "How often to run it again, on a fresh session, after a conflict")
      ->capture_default_str();
  command.add_option("--isolation", arguments.isolation, "snapshot or serializable");
  command.add_option("--require", arguments.require, "What must hold of the newest version");
  command.add_option("-m,--message", arguments.message, "What it is, for the log");
  command.add_option("--at", arguments.at,
                     "Where the command, and nobody else, sees the session; its working directory");
  command.add_option("--name", arguments.name, "The session's; NAME@VERSION begins there");
  command.add_flag("--keep", arguments.keep, "Keep a session that was not committed");
}

}  // namespace

Verb make_run_verb(CLI::App& program) {
  CLI::App* command =
      program.add_subcommand("run", "Run a command in a session of its own and commit it");
  auto arguments = std::make_shared<RunArguments>();
  add_options(*command, *arguments);
  command->footer(
      R"(Begins a session, runs COMMAND with its working directory in it and commits if it exits with 0. If not, or if a
signal came, the session is discarded. With --retries a conflict is no end: the session is discarded and COMMAND runs
again, from the start, on what is the newest version by then, after a pause at random that doubles its bound (20 ms to
5 s). That is not done unasked, for a command may have done something outside of its session.

COMMAND finds its session in $COMMITFS_SESSION and the mount in $COMMITFS_MOUNT.

Exit status, when the command exited with 0:
)" + describe_commit_exits() +
      R"(otherwise the command's own, or
  2    the command line makes no sense
  125  commitfs itself could not do its part
  126  COMMAND could not be run
  127  COMMAND was not found
  128+N  signal N ended it, or told this program to end

Examples:
  commitfs run /mnt/sales -- cp ~/new.csv region=eu/
  commitfs run --isolation serializable --retries 100 /mnt/sales -- sh -c 'echo $(($(cat n) + 1)) > n'
  commitfs run --at /srv/sales ~/sales -- python3 compact.py /srv/sales)");
  return {.command = command, .run = [arguments] { return run(*arguments); }};
}

}  // namespace commitfs
