#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <thread>
#include <vector>

#include "tools/commit_status.h"
#include "tools/mount_point.h"
#include "tools/session_client.h"
#include "tools/text.h"
#include "tools/verb.h"
#include "txn/text.h"

namespace commitfs {
namespace {

using Json = nlohmann::json;
namespace filesystem = std::filesystem;

/// As many as one transaction takes.
constexpr std::size_t kMaxAtOnce = 64;

struct CommitArguments {
  std::vector<std::string> sessions;
  filesystem::path mount = ".";
  std::string message;
  bool json = false;
};

/// A word with a slash, and "." and "..", are paths; any other is the name of a session.
Result<filesystem::path> find_session(const std::string& word, const filesystem::path& mount) {
  if (word.find('/') != std::string::npos || word == "." || word == "..") return word;
  return TRY(find_mount_root(mount)) / "sessions" / word;
}

Result<std::vector<SessionClient>> open_sessions(const CommitArguments& arguments) {
  std::vector<SessionClient> sessions;
  for (const std::string& word : arguments.sessions) {
    sessions.push_back(TRY(SessionClient::open(TRY(find_session(word, arguments.mount)))));
    if (arguments.message.empty()) continue;
    TRY(sessions.back().set("message", arguments.message));
  }
  return sessions;
}

/// All of them at once, for they share transactions so; answers in the order of `sessions`.
std::vector<Result<CommitAnswer>> commit_all(const std::vector<SessionClient>& sessions) {
  std::vector<Result<CommitAnswer>> answers(sessions.size());
  for (std::size_t first = 0; first < sessions.size(); first += kMaxAtOnce) {
    const std::size_t end = std::min(sessions.size(), first + kMaxAtOnce);
    std::vector<std::jthread> threads;
    for (std::size_t i = first; i < end; ++i) {
      threads.emplace_back([&, i] { answers[i] = sessions[i].commit(); });
    }
  }
  return answers;
}

void print_for_people(const SessionClient& session, const CommitAnswer& answer) {
  const std::string name = quote_name(session.name());
  if (answer.error != 0) {
    fail_with(Error{answer.error, "commit of " + name}.describe());
    if (has_report(answer.error)) fmt::print(stderr, "{}", session.read("conflicts"));
  } else if (answer.made_version) {
    fmt::print("committed {} as version {}\n", name, answer.version);
  } else {
    fmt::print("nothing to commit in {}: version {} stands\n", name, answer.version);
  }
}

void print_for_programs(const SessionClient& session, const CommitAnswer& answer) {
  Json line = {{"session", session.name()},
               {"outcome", verdict_of(answer.error, kFailed).word},
               {"errno", answer.error},
               {"version", answer.error == 0 ? Json(answer.version) : Json(nullptr)},
               {"made_version", answer.made_version}};
  if (has_report(answer.error)) {
    Json report = Json::parse(session.read("conflicts.json"), nullptr, false);
    line["report"] = report.is_discarded() ? Json(nullptr) : std::move(report);
  }
  fmt::print("{}\n", line.dump(-1, ' ', false, Json::error_handler_t::replace));
}

int run(const CommitArguments& arguments) {
  const auto sessions = open_sessions(arguments);
  if (!sessions) return fail_with(sessions.error().context);
  const auto answers = commit_all(*sessions);
  int status = kSucceeded;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    int ended = kFailed;
    if (!answers[i]) {
      fail_with(answers[i].error().context);
    } else {
      const auto print = arguments.json ? print_for_programs : print_for_people;
      print((*sessions)[i], *answers[i]);
      ended = verdict_of(answers[i]->error, kFailed).exit_status;
    }
    if (status == kSucceeded) status = ended;
  }
  return status;
}

}  // namespace

Verb make_commit_verb(CLI::App& program) {
  CLI::App* command = program.add_subcommand("commit", "Commit sessions, several at once");
  auto arguments = std::make_shared<CommitArguments>();
  command
      ->add_option("SESSION", arguments->sessions,
                   "Names, or paths (with a slash, or \".\") of session directories")
      ->required();
  command
      ->add_option("--mount", arguments->mount,
                   "The mount, or the mounted table, of sessions given by name")
      ->capture_default_str();
  command->add_option("-m,--message", arguments->message, "What it is, for the log");
  command->add_flag("--json", arguments->json,
                    "One JSON object a session, with the report if it was refused");
  command->footer(
      R"(The same as `mv sessions/NAME commit/`, by a way that holds no lock of the kernel's: commits run side by side and
share their fsync. A session that is refused stays as it was; the report is printed on standard error.

Exit status, of several sessions that of the first that was not committed:
)" + describe_commit_exits() +
      R"(  1    any other error
  2    the command line makes no sense

Examples:
  commitfs commit --mount /mnt/sales nightly
  cd /mnt/sales/sessions/nightly && commitfs commit -m 'nightly load' .
  commitfs commit --json /mnt/sales/sessions/*/)");
  return {.command = command, .run = [arguments] { return run(*arguments); }};
}

}  // namespace commitfs
