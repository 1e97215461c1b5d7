#include "txn/file_group.h"

#include <re2/re2.h>

#include <algorithm>
#include <cerrno>

#include "txn/config/expression.h"

namespace commitfs {
namespace {

constexpr std::string_view kHudiBaseFile = R"(^(?P<group>[^_.][^_]*)_[^_]+_[^_.]+\.[^_]+$)";
constexpr std::string_view kHudiLogFile =
    R"(^\.(?P<group>[^_]+)_[^_]*\.(?:log|archive)\.[0-9]+(?:_.*)?$)";

}  // namespace

Result<GroupRule::Expression> GroupRule::compile(std::string_view text) {
  Expression expression;
  expression.compiled = TRY(compile_expression(with_named_groups(text)));
  const auto& names = expression.compiled->NamedCapturingGroups();
  const auto group = names.find("group");
  if (group == names.end()) return fail(EINVAL, "the expression has no (?<group>…)");
  const auto& numbers = expression.compiled->CapturingGroupNames();
  const auto is_group = [](const auto& entry) { return entry.second == "group"; };
  if (std::ranges::count_if(numbers, is_group) > 1)
    return fail(EINVAL, "more than one (?<group>…)");
  expression.group = group->second;
  return expression;
}

Result<GroupRule> GroupRule::parse(std::string_view text) {
  constexpr std::string_view kRegex = "regex";
  GroupRule rule;
  if (text == "path") return rule;
  if (text == "partition") {
    rule.partition_ = true;
  } else if (text == "hudi") {
    rule.expressions_.push_back(TRY(compile(kHudiBaseFile)));
    rule.expressions_.push_back(TRY(compile(kHudiLogFile)));
  } else if (text.starts_with(kRegex) && text.find_first_of(" \t") == kRegex.size()) {
    const std::size_t begin = text.find_first_not_of(" \t", kRegex.size());
    rule.expressions_.push_back(TRY(compile(text.substr(std::min(begin, text.size())))));
  } else {
    return fail(EINVAL, "a rule is path, regex EXPRESSION, hudi or partition");
  }
  return rule;
}

std::optional<std::string> GroupRule::group_of(std::string_view name) const {
  if (partition_) return std::string();
  for (const Expression& expression : expressions_) {
    std::vector<re2::StringPiece> captures(static_cast<std::size_t>(expression.group) + 1);
    const bool matches = expression.compiled->Match(name, 0, name.size(), re2::RE2::UNANCHORED,
                                                    captures.data(), expression.group + 1);
    if (!matches) continue;
    if (captures.back().empty()) return std::nullopt;
    return std::string(captures.back().data(), captures.back().size());
  }
  return std::nullopt;
}

bool GroupRules::all_path() const {
  return default_.is_path() && std::ranges::all_of(by_directory_, [](const auto& entry) {
           return entry.second.is_path();
         });
}

const GroupRule& GroupRules::rule_for(std::string_view directory) const {
  for (const auto& [directories, rule] : by_directory_) {
    if (directories.matches(directory)) return rule;
  }
  return default_;
}

std::string GroupRules::text_of(std::string_view directory, std::string_view name) const {
  const auto group = rule_for(directory).group_of(name);
  const std::string_view last = group ? std::string_view(*group) : name;
  if (last.empty()) return directory.empty() ? "." : std::string(directory);
  return directory.empty() ? std::string(last) : std::string(directory) + "/" + std::string(last);
}

GroupKey group_changes_key(InodeId partition, std::string_view group) {
  return {partition, "/" + std::string(group)};
}

GroupKey group_deletes_key(InodeId partition, std::string_view group) {
  return {partition, "//" + std::string(group)};
}

}  // namespace commitfs
