#include "txn/condition/value.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "txn/text.h"
#include "txn/version_name.h"

namespace commitfs::condition {
namespace {

constexpr std::int64_t kNanos = 1'000'000'000;
constexpr std::size_t kFractionDigitsMax = 9;
constexpr std::size_t kShownBytesMax = 200;

/// All of `digits` as a number, of which there must be some.
bool read_digits(std::string_view digits, int base, std::int64_t& value) {
  const char* last = digits.data() + digits.size();
  const auto [end, error] = std::from_chars(digits.data(), last, value, base);
  return error == std::errc() && end == last && digits.front() != '-';
}

}  // namespace

std::optional<Number> parse_number(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const std::size_t point = text.find('.');
  const std::string_view digits = text.substr(0, point);
  const bool octal = point == std::string_view::npos && digits.size() > 1 && digits[0] == '0';
  Number number;
  if (digits.empty() || !read_digits(digits, octal ? 8 : 10, number.whole)) return std::nullopt;
  if (point != std::string_view::npos) {
    std::string fraction(text.substr(point + 1));
    std::int64_t nanos = 0;
    if (fraction.empty() || fraction.size() > kFractionDigitsMax) return std::nullopt;
    fraction.resize(kFractionDigitsMax, '0');
    if (!read_digits(fraction, 10, nanos)) return std::nullopt;
    number.nanos = static_cast<std::uint32_t>(nanos);
  }
  if (!negative) return number;
  number.whole = -number.whole;
  if (number.nanos == 0) return number;
  return Number{number.whole - 1, static_cast<std::uint32_t>(kNanos - number.nanos)};
}

Number number_of_time(TimeNs time_ns) {
  const std::int64_t nanos = ((time_ns % kNanos) + kNanos) % kNanos;
  return {(time_ns - nanos) / kNanos, static_cast<std::uint32_t>(nanos)};
}

Number number_of(std::uint64_t value) {
  constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();
  return {static_cast<std::int64_t>(std::min(value, kMax)), 0};
}

std::string show(const Number& number) {
  if (number.nanos == 0) return std::to_string(number.whole);
  const bool negative = number.whole < 0;
  const std::int64_t whole = negative ? -(number.whole + 1) : number.whole;
  const std::int64_t nanos = negative ? kNanos - number.nanos : std::int64_t{number.nanos};
  std::string text = fmt::format("{}{}.{:09}", negative ? "-" : "", whole, nanos);
  text.erase(text.find_last_not_of('0') + 1);
  return text;
}

std::string show_time(const Number& seconds) {
  constexpr std::int64_t kWholeMax = std::numeric_limits<TimeNs>::max() / kNanos - 1;
  if (seconds.whole < -kWholeMax || seconds.whole > kWholeMax) return show(seconds);
  return format_time(seconds.whole * kNanos + seconds.nanos);
}

std::string show_mode(const Number& mode) {
  return fmt::format("{:#o}", mode.whole);
}

std::string show(std::string_view text) {
  if (text.size() <= kShownBytesMax) return fmt::format("'{}'", printable(text));
  std::size_t end = kShownBytesMax;
  // No character is cut in two.
  while (end > kShownBytesMax - 4 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
    --end;
  return fmt::format("'{}…' ({} bytes)", printable(text.substr(0, end)), text.size());
}

}  // namespace commitfs::condition
