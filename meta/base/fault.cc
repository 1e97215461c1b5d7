#include "meta/base/fault.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <new>
#include <thread>
#include <vector>

#include "meta/base/mutex.h"
#include "meta/base/unique_fd.h"

namespace commitfs::fault {
namespace {

enum class Action { kill, fail, run_out_of_memory, wait };

/// One entry of COMMITFS_FAULTS.
struct Rule {
  std::string point;
  Action action = Action::kill;
  int code = 0;
  std::string path;
  std::uint64_t only_time = 0;  ///< act on this arrival only, from 1; 0: on every one
  std::atomic<std::uint64_t> arrivals{0};
};

std::atomic<bool> armed{false};
Mutex handler_mutex;
std::shared_ptr<const Handler> handler GUARDED_BY(handler_mutex);

bool parse_number(std::string_view text, std::uint64_t& value) {
  const char* end = text.data() + text.size();
  auto [stopped, code] = std::from_chars(text.data(), end, value);
  return code == std::errc{} && stopped == end && !text.empty();
}

bool parse_action(std::string_view text, Rule& rule) {
  if (text == "kill") {
    rule.action = Action::kill;
    return true;
  }
  if (text == "throw") {
    rule.action = Action::run_out_of_memory;
    return true;
  }
  if (text.starts_with("errno:")) {
    std::uint64_t code = 0;
    if (!parse_number(text.substr(6), code) || code == 0 || code > 4095) return false;
    rule.action = Action::fail;
    rule.code = static_cast<int>(code);
    return true;
  }
  if (text.starts_with("wait:") && text.size() > 5) {
    rule.action = Action::wait;
    rule.path = text.substr(5);
    return true;
  }
  return false;
}

std::unique_ptr<Rule> parse_rule(std::string_view text) {
  auto rule = std::make_unique<Rule>();
  const auto equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) return nullptr;
  rule->point = text.substr(0, equals);
  std::string_view action = text.substr(equals + 1);
  if (const auto at = action.rfind('@'); at != std::string_view::npos) {
    if (!parse_number(action.substr(at + 1), rule->only_time) || rule->only_time == 0)
      return nullptr;
    action = action.substr(0, at);
  }
  return parse_action(action, *rule) ? std::move(rule) : nullptr;
}

/// A rule nobody understands would make a test pass for nothing, so it ends the program.
std::vector<std::unique_ptr<Rule>> read_environment() {
  std::vector<std::unique_ptr<Rule>> rules;
  const char* text = std::getenv("COMMITFS_FAULTS");
  std::string_view rest = text == nullptr ? "" : text;
  while (!rest.empty()) {
    const auto comma = rest.find(',');
    const std::string_view one = rest.substr(0, comma);
    rest = comma == std::string_view::npos ? "" : rest.substr(comma + 1);
    auto rule = parse_rule(one);
    if (!rule) {
      spdlog::critical("COMMITFS_FAULTS: cannot read '{}'", one);
      std::_Exit(2);
    }
    rules.push_back(std::move(rule));
  }
  if (!rules.empty()) armed.store(true);
  return rules;
}

// Read before main, while there is one thread; never written again.
const std::vector<std::unique_ptr<Rule>> rules = read_environment();

void wait_for_go(const std::string& path) {
  UniqueFd reached(::open((path + ".reached").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  const std::string go = path + ".go";
  while (::access(go.c_str(), F_OK) != 0)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

Result<void> act(Rule& rule) {
  const auto arrival = rule.arrivals.fetch_add(1) + 1;
  if (rule.only_time != 0 && rule.only_time != arrival) return {};
  if (rule.action == Action::kill) ::raise(SIGKILL);
  if (rule.action == Action::run_out_of_memory) throw std::bad_alloc();
  if (rule.action == Action::wait) wait_for_go(rule.path);
  if (rule.action == Action::fail) return fail(rule.code, "fault " + rule.point);
  return {};
}

Result<void> armed_point(std::string_view name) {
  for (const auto& rule : rules) {
    if (rule->point == name) TRY(act(*rule));
  }
  std::shared_ptr<const Handler> current;
  {
    MutexLock lock(handler_mutex);
    current = handler;
  }
  // Called without the lock: a handler may block for as long as its test likes.
  return current ? (*current)(name) : Result<void>{};
}

}  // namespace

Result<void> point(std::string_view name) {
  if (!armed.load(std::memory_order_relaxed)) [[likely]]
    return {};
  return armed_point(name);
}

void set_handler(Handler next) {
  MutexLock lock(handler_mutex);
  handler = next ? std::make_shared<const Handler>(std::move(next)) : nullptr;
  armed.store(handler != nullptr || !rules.empty());
}

}  // namespace commitfs::fault
