#include "txn/config/config_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "txn/config/config_keys.h"

namespace commitfs {
namespace {

constexpr std::string_view kBlanks = " \t\r";
constexpr char kTooManyLines[] = "more than 256 lines";

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

bool is_blank(std::string_view line, std::size_t at) {
  return at >= line.size() || kBlanks.find(line[at]) != std::string_view::npos;
}

/// Where key and value part; npos when nothing does.
std::size_t find_equals(std::string_view line) {
  for (std::size_t at = line.find('='); at != std::string_view::npos; at = line.find('=', at + 1)) {
    if (at > 0 && is_blank(line, at - 1) && is_blank(line, at + 1)) return at;
  }
  return line.find('=');
}

bool has_control_character(std::string_view line) {
  return std::ranges::any_of(line, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && byte != '\t' && byte != '\r') || byte == 0x7F;
  });
}

}  // namespace

Result<ConfigText::Line> ConfigText::parse_line(std::string_view text) {
  if (has_control_character(text)) return fail(EINVAL, "a control character");
  const std::size_t equals = find_equals(text);
  if (equals == std::string_view::npos) return fail(EINVAL, "no 'KEY = VALUE'");
  const std::string_view left = trimmed(text.substr(0, equals));
  const std::string_view key = left.substr(0, left.find_first_of(kBlanks));
  Line line;
  line.key = key;
  line.pattern = trimmed(left.substr(key.size()));
  line.value = trimmed(text.substr(equals + 1));
  const ConfigKey* known = find_config_key(key);
  if (known == nullptr) return fail(EINVAL, fmt::format("no key '{}'", key));
  if (!line.pattern.empty() && !known->takes_pattern) {
    return fail(EINVAL, fmt::format("'{}' takes no pattern", key));
  }
  TableConfig scratch;
  if (!line.value.empty()) TRY(known->set(scratch, line.pattern, line.value));
  return line;
}

Result<ConfigText> ConfigText::parse(std::string_view text, Repeated repeated) {
  if (text.size() > kMaxBytes) return fail(E2BIG, "a configuration of more than 64 KiB");
  ConfigText config;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view whole = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), whole.size() + 1));
    const std::string_view line = trimmed(whole);
    if (line.empty() || line.starts_with('#')) continue;
    const auto refuse = [&](std::string_view why) {
      return fail(EINVAL, fmt::format("line {}: {}", number, why));
    };
    const auto parsed = parse_line(line);
    if (!parsed) return refuse(parsed.error().context);
    if (repeated == Repeated::refused && config.find(parsed->name()) != nullptr) {
      return refuse(fmt::format("'{}' comes again", parsed->name()));
    }
    config.put(*parsed);
    if (config.lines_.size() > kMaxLines) return refuse(kTooManyLines);
  }
  return config;
}

const ConfigText::Line* ConfigText::find(std::string_view name) const {
  const auto found = std::ranges::find(lines_, name, &Line::name);
  return found == lines_.end() ? nullptr : &*found;
}

void ConfigText::put(const Line& line) {
  const auto found = std::ranges::find(lines_, line.name(), &Line::name);
  if (found == lines_.end()) {
    lines_.push_back(line);
  } else {
    *found = line;
  }
}

void ConfigText::merge(const ConfigText& added) {
  for (const Line& line : added.lines_)
    put(line);
}

Result<TableConfig> ConfigText::values() const {
  if (lines_.size() > kMaxLines) return fail(EINVAL, kTooManyLines);
  TableConfig config;
  for (const Line& line : lines_) {
    const ConfigKey* key = find_config_key(line.key);
    if (key == nullptr) return fail(EINVAL, fmt::format("no key '{}'", line.key));
    if (line.is_set()) TRY(key->set(config, line.pattern, line.value));
  }
  return config;
}

std::string ConfigText::stored() const {
  std::string out;
  for (const Line& line : lines_) {
    if (line.is_set()) out += line.text() + "\n";
  }
  return out;
}

std::string ConfigText::shown() const {
  std::string out;
  for (const ConfigKey& key : config_keys()) {
    const Line* set = find(key.name);
    if (set == nullptr || !set->is_set()) {
      out += fmt::format("# {} ={}{}\n", key.name, key.fallback.empty() ? "" : " ", key.fallback);
    }
    for (const Line& line : lines_) {
      if (line.key == key.name && line.is_set()) out += line.text() + "\n";
    }
  }
  return out;
}

std::vector<std::string> ConfigText::validity_lines() const {
  std::vector<std::string> texts;
  for (const ConfigKey& key : config_keys()) {
    if (!key.decides_validity) continue;
    for (const Line& line : lines_) {
      if (line.key == key.name && line.is_set()) texts.push_back(line.text());
    }
  }
  return texts;
}

std::string ConfigText::validity_changes(const ConfigText& next) const {
  const std::vector<std::string> before = validity_lines();
  const std::vector<std::string> after = next.validity_lines();
  if (before == after) return {};
  std::vector<std::string> changes;
  for (const std::string& line : after) {
    if (std::ranges::find(before, line) == before.end()) changes.push_back(line);
  }
  for (const Line& line : lines_) {
    const Line* other = next.find(line.name());
    const bool taken_back = line.is_set() && (other == nullptr || !other->is_set());
    if (taken_back && find_config_key(line.key)->decides_validity) {
      changes.push_back(line.name() + " =");
    }
  }
  return changes.empty() ? "group: another order" : fmt::format("{}", fmt::join(changes, "; "));
}

}  // namespace commitfs
