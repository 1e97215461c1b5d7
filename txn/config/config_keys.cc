#include "txn/config/config_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

namespace commitfs {
namespace {

constexpr std::size_t kIgnoredMax = 100;
constexpr int kOpenWaitMax_ms = 600'000;
constexpr std::chrono::seconds kDurationMax = std::chrono::years(10);
constexpr std::uint64_t kKeepLastMax = 1'000'000'000'000;

Result<bool> choice(std::string_view value, std::string_view no, std::string_view yes) {
  if (value == yes) return true;
  if (value == no) return false;
  return fail(EINVAL, fmt::format("'{}' is neither {} nor {}", value, no, yes));
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

Result<void> set_isolation(TableConfig& config, std::string_view, std::string_view value) {
  config.isolation = TRY(parse_isolation(value));
  return {};
}

Result<void> set_group(TableConfig& config, std::string_view pattern, std::string_view value) {
  GroupRule rule = TRY(GroupRule::parse(value));
  if (pattern.empty()) {
    config.groups.set_default(std::move(rule));
  } else {
    config.groups.add(TRY(Glob::for_directories(pattern)), std::move(rule));
  }
  return {};
}

Result<void> set_identical(TableConfig& config, std::string_view, std::string_view value) {
  config.identical_conflicts = TRY(choice(value, "merge", "conflict"));
  return {};
}

Result<void> set_empty(TableConfig& config, std::string_view, std::string_view value) {
  config.record_empty = TRY(choice(value, "skip", "record"));
  return {};
}

Result<void> set_prefer_writer(TableConfig& config, std::string_view, std::string_view value) {
  config.prefer_writer = TRY(choice(value, "off", "on"));
  return {};
}

Result<void> set_ignore(TableConfig& config, std::string_view, std::string_view value) {
  std::vector<Glob> patterns;
  for (;;) {
    const std::size_t comma = value.find(',');
    const std::string_view pattern = trimmed(value.substr(0, comma));
    if (pattern.find('/') != std::string_view::npos) {
      return fail(EINVAL, fmt::format("'{}' is a path, not a name", pattern));
    }
    patterns.push_back(TRY(Glob::for_names(pattern)));
    if (patterns.size() > kIgnoredMax) return fail(EINVAL, "more than 100 patterns");
    if (comma == std::string_view::npos) break;
    value.remove_prefix(comma + 1);
  }
  config.ignored = std::move(patterns);
  return {};
}

Result<void> set_open_wait(TableConfig& config, std::string_view, std::string_view value) {
  int wait_ms = -1;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), wait_ms);
  const bool whole = error == std::errc() && end == value.data() + value.size();
  if (!whole || wait_ms < 0 || wait_ms > kOpenWaitMax_ms) {
    return fail(EINVAL, fmt::format("'{}' is no number from 0 to {}", value, kOpenWaitMax_ms));
  }
  config.open_wait = std::chrono::milliseconds(wait_ms);
  return {};
}

std::optional<std::chrono::seconds> unit_of(char letter) {
  switch (letter) {
    case 's':
      return std::chrono::seconds(1);
    case 'm':
      return std::chrono::minutes(1);
    case 'h':
      return std::chrono::hours(1);
    case 'd':
      return std::chrono::days(1);
    default:
      return std::nullopt;
  }
}

/// None for the word that means without end.
Result<std::optional<std::chrono::seconds>> duration(std::string_view value,
                                                     std::string_view without_end) {
  if (value == without_end) return std::nullopt;
  if (const auto unit = value.empty() ? std::nullopt : unit_of(value.back())) {
    const char* last = value.data() + value.size() - 1;
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(value.data(), last, count);
    const bool whole = error == std::errc() && end == last;
    if (whole && count >= 1 && count <= kDurationMax / *unit) {
      return count * *unit;
    }
  }
  return fail(EINVAL, fmt::format("'{}' is neither {} nor a time such as 90s, 15m, 12h or 7d",
                                  value, without_end));
}

Result<void> set_session_ttl(TableConfig& config, std::string_view, std::string_view value) {
  config.session_ttl = TRY(duration(value, "never"));
  return {};
}

Result<void> set_keep_for(TableConfig& config, std::string_view, std::string_view value) {
  config.keep_for = TRY(duration(value, "forever"));
  return {};
}

Result<void> set_keep_last(TableConfig& config, std::string_view, std::string_view value) {
  config.keep_last.reset();
  if (value == "all") return {};
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), count);
  const bool whole = error == std::errc() && end == value.data() + value.size();
  if (!whole || count == 0 || count > kKeepLastMax) {
    return fail(EINVAL, fmt::format("'{}' is neither all nor a number from 1", value));
  }
  config.keep_last = count;
  return {};
}

constexpr std::array kKeys = {
    ConfigKey{.name = "isolation",
              .fallback = "snapshot",
              .decides_validity = true,
              .set = set_isolation},
    ConfigKey{.name = "group",
              .fallback = "path",
              .takes_pattern = true,
              .decides_validity = true,
              .set = set_group},
    ConfigKey{.name = "identical", .fallback = "merge", .set = set_identical},
    ConfigKey{.name = "empty", .fallback = "skip", .set = set_empty},
    ConfigKey{.name = "prefer_writer", .fallback = "off", .set = set_prefer_writer},
    ConfigKey{.name = "ignore", .fallback = "", .set = set_ignore},
    ConfigKey{.name = "session_ttl", .fallback = "never", .set = set_session_ttl},
    ConfigKey{.name = "keep_last", .fallback = "all", .set = set_keep_last},
    ConfigKey{.name = "keep_for", .fallback = "forever", .set = set_keep_for},
    ConfigKey{.name = "commit.open_wait_ms", .fallback = "as mounted", .set = set_open_wait},
};

}  // namespace

std::span<const ConfigKey> config_keys() {
  return kKeys;
}

const ConfigKey* find_config_key(std::string_view name) {
  const auto found = std::ranges::find(kKeys, name, &ConfigKey::name);
  return found == kKeys.end() ? nullptr : &*found;
}

}  // namespace commitfs
