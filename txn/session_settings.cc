#include "txn/session_settings.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "txn/control_text.h"

namespace commitfs {
namespace {

template <typename Value>
using Word = std::pair<Value, std::string_view>;

constexpr std::array kIsolations = {Word<Isolation>{Isolation::snapshot, "snapshot"},
                                    Word<Isolation>{Isolation::serializable, "serializable"}};
constexpr std::array kOperations = {Word<Operation>{Operation::write, "write"},
                                    Word<Operation>{Operation::rewrite, "rewrite"},
                                    Word<Operation>{Operation::restore, "restore"}};
constexpr std::array kEarly = {Word<EarlyDetection>{EarlyDetection::off, "off"},
                               Word<EarlyDetection>{EarlyDetection::warn, "warn"},
                               Word<EarlyDetection>{EarlyDetection::fail, "fail"}};

template <typename Words, typename Value>
std::string_view word_of(const Words& words, Value value) {
  const auto found = std::ranges::find(words, value, [](const auto& word) { return word.first; });
  return found == words.end() ? "unknown" : found->second;
}

template <typename Value, std::size_t kCount>
Result<Value> value_of(const std::array<Word<Value>, kCount>& words, std::string_view text,
                       const char* what) {
  const auto found = std::ranges::find(words, text, [](const auto& word) { return word.second; });
  if (found == words.end()) return fail(EINVAL, std::string(what));
  return found->first;
}

}  // namespace

std::string_view to_string(Isolation isolation) {
  return word_of(kIsolations, isolation);
}
std::string_view to_string(Operation operation) {
  return word_of(kOperations, operation);
}
std::string_view to_string(EarlyDetection early) {
  return word_of(kEarly, early);
}

Result<Isolation> parse_isolation(std::string_view word) {
  return value_of(kIsolations, word, "isolation is snapshot or serializable");
}
Result<Operation> parse_operation(std::string_view word) {
  constexpr const char* kWords = "operation is write or rewrite";
  const auto operation = TRY(value_of(kOperations, word, kWords));
  if (operation == Operation::restore) return fail(EINVAL, kWords);
  return operation;
}
Result<EarlyDetection> parse_early_detection(std::string_view word) {
  return value_of(kEarly, word, "early is off, warn or fail");
}

Result<std::vector<std::string>> parse_replace(std::string_view lines) {
  if (lines.size() > kReplaceMaxBytes) return fail(E2BIG, "replace: more than 64 KiB of paths");
  std::vector<std::string> paths;
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    if (!line.empty()) paths.push_back(TRY(control::checked_path(line)));
  }
  std::ranges::sort(paths);
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  return paths;
}

}  // namespace commitfs
