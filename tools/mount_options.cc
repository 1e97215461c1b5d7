#include "tools/mount_options.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>
#include <ranges>

namespace commitfs {
namespace {

constexpr unsigned kMaxThreads = 64;
constexpr unsigned kMaxOpenWaitMs = 60'000;

struct Option {
  std::string_view name;
  std::string_view value;  ///< how its value is called in help; empty when it takes none
  std::string_view help;
  unsigned max;
  void (*apply)(MountSettings& settings, unsigned value);
};

constexpr std::array kOptions = {
    Option{"no_passthrough", "",
           "reads and writes of data pass the daemon, not the kernel's short way", 0,
           [](MountSettings& settings, unsigned) {
             settings.mount.passthrough = PassthroughMode::off;
           }},
    Option{"threads", "N", "threads that answer requests (default: what fits the machine)",
           kMaxThreads,
           [](MountSettings& settings, unsigned value) { settings.mount.threads = value; }},
    Option{"allow_other", "", "other users may enter; permissions are checked (default for root)",
           0, [](MountSettings& settings, unsigned) { settings.mount.allow_other = true; }},
    Option{"no_allow_other", "", "only the user who mounts may enter (default for others)", 0,
           [](MountSettings& settings, unsigned) { settings.mount.allow_other = false; }},
    Option{"open_wait_ms", "N",
           "how long a commit waits for files still open for writing (default 500)", kMaxOpenWaitMs,
           [](MountSettings& settings, unsigned value) {
             settings.commit.open_wait = std::chrono::milliseconds(value);
           }},
    Option{"debug", "", "every request on standard error; stays in the foreground", 0,
           [](MountSettings& settings, unsigned) { settings.mount.debug = true; }},
};

std::string usage_of(const Option& option) {
  if (option.value.empty()) return std::string(option.name);
  return fmt::format("{}={}", option.name, option.value);
}

std::string known_options() {
  std::string names;
  for (const Option& option : kOptions) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", usage_of(option));
  }
  return names;
}

Result<void> apply(const Option& option, std::optional<std::string_view> text,
                   MountSettings& settings) {
  if (option.value.empty()) {
    if (text) return fail(EINVAL, fmt::format("-o {} takes no value", option.name));
    option.apply(settings, 0);
    return {};
  }
  unsigned value = 0;
  const std::string_view digits = text.value_or("");
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (parsed.ec != std::errc{} || parsed.ptr != digits.data() + digits.size() ||
      value > option.max) {
    return fail(EINVAL, fmt::format("-o {} wants a number from 0 to {}, not \"{}\"", option.name,
                                    option.max, digits));
  }
  option.apply(settings, value);
  return {};
}

Result<void> apply_one(std::string_view word, MountSettings& settings) {
  const std::size_t equals = word.find('=');
  const std::string_view name = word.substr(0, equals);
  std::optional<std::string_view> value;
  if (equals != std::string_view::npos) value = word.substr(equals + 1);
  for (const Option& option : kOptions) {
    if (option.name == name) return apply(option, value, settings);
  }
  return fail(EINVAL, fmt::format("no mount option \"{}\"; known are {}", name, known_options()));
}

}  // namespace

Result<MountSettings> parse_mount_options(const std::vector<std::string>& lists,
                                          MountSettings defaults) {
  for (const std::string& list : lists) {
    for (const auto part : std::views::split(list, ',')) {
      const std::string_view word(part.begin(), part.end());
      if (!word.empty()) TRY(apply_one(word, defaults));
    }
  }
  return defaults;
}

std::string describe_mount_options() {
  std::string text;
  for (const Option& option : kOptions) {
    text += fmt::format("  {:<16} {}\n", usage_of(option), option.help);
  }
  return text;
}

}  // namespace commitfs
