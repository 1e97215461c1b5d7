#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "meta/base/clock.h"

namespace commitfs::condition {

/// An exact decimal: `whole` plus `nanos` billionths, whole rounded down (-1.5 is -2 and
/// 500,000,000).
struct Number {
  std::int64_t whole = 0;
  std::uint32_t nanos = 0;
  auto operator<=>(const Number&) const = default;
};

using Value = std::variant<Number, std::string>;

/// `text` is `[-] digits [ . 1 to 9 digits ]`, octal when it begins with 0 and has no fraction;
/// empty when it is not, or beyond 64 bits.
std::optional<Number> parse_number(std::string_view text);
/// Seconds since 1970.
Number number_of_time(TimeNs time_ns);
Number number_of(std::uint64_t value);

// How values are shown to people: one harmless line.
std::string show(const Number& number);
std::string show_time(const Number& seconds);
std::string show_mode(const Number& mode);  ///< 0644
/// In quotes; long ones are cut, with their size.
std::string show(std::string_view text);

}  // namespace commitfs::condition
