#include "txn/version_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>

namespace commitfs {
namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;

/// Reads text from its front; every step answers whether it could.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool digits(std::size_t count, int& value) {
    if (rest_.size() < count) return false;
    value = 0;
    for (const char c : rest_.substr(0, count)) {
      if (c < '0' || c > '9') return false;
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(count);
    return true;
  }

  /// One of `characters`, into `found`.
  bool one_of(std::string_view characters, char& found) {
    if (rest_.empty() || characters.find(rest_[0]) == std::string_view::npos) return false;
    found = rest_[0];
    rest_.remove_prefix(1);
    return true;
  }

  bool literal(std::string_view characters) {
    char ignored = 0;
    return one_of(characters, ignored);
  }

  /// Nothing, or a point and 1 to 9 digits.
  bool fraction(std::int64_t& nanoseconds) {
    nanoseconds = 0;
    if (!literal(".")) return true;
    std::int64_t unit = kSecondNs;
    char digit = 0;
    while (one_of("0123456789", digit)) {
      unit /= 10;
      if (unit == 0) return false;
      nanoseconds += unit * (digit - '0');
    }
    return unit != kSecondNs;
  }

  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

struct CivilTime {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  std::int64_t fraction_ns = 0;
  int offset_minutes = 0;  ///< local time minus UTC
};

bool read_offset(Reader& reader, int& minutes) {
  char sign = 0;
  if (reader.literal("Zz")) return true;
  int hour = 0;
  int minute = 0;
  if (!reader.one_of("+-", sign) || !reader.digits(2, hour) || !reader.literal(":") ||
      !reader.digits(2, minute) || hour > 23 || minute > 59) {
    return false;
  }
  minutes = (sign == '-' ? -1 : 1) * (hour * 60 + minute);
  return true;
}

std::optional<CivilTime> read_civil_time(std::string_view text) {
  Reader reader(text);
  CivilTime time;
  const bool read =
      reader.digits(4, time.year) && reader.literal("-") && reader.digits(2, time.month) &&
      reader.literal("-") && reader.digits(2, time.day) && reader.literal("Tt") &&
      reader.digits(2, time.hour) && reader.literal(":") && reader.digits(2, time.minute) &&
      reader.literal(":") && reader.digits(2, time.second) && reader.fraction(time.fraction_ns) &&
      read_offset(reader, time.offset_minutes) && reader.at_end();
  if (!read || time.hour > 23 || time.minute > 59 || time.second > 60) return std::nullopt;
  return time;
}

std::optional<SeqNo> existing(const std::optional<VersionRecord>& version) {
  if (!version) return std::nullopt;
  return version->seq_no;
}

/// `text` holds digits only.
Result<std::optional<SeqNo>> version_of_number(CatalogReader& catalog, std::string_view text) {
  std::uint64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc{} || number == 0) return std::nullopt;  // none, or too many digits
  return existing(TRY(catalog.find_version(SeqNo{number})));
}

Result<std::optional<SeqNo>> version_of_time(CatalogReader& catalog, TimeNs time_ns) {
  // The head's own time may lie ahead of a clock that was set back.
  const VersionRecord head = TRY(catalog.head());
  if (time_ns > std::max(head.time_ns, system_clock().now_ns())) return std::nullopt;
  const auto found = TRY(catalog.find_version_at(time_ns));
  if (!found) return std::nullopt;
  if (found->seq_no == head.seq_no || found->time_ns == time_ns) return found->seq_no;
  // What came next may have been the head at that time, and has expired.
  if (!TRY(catalog.find_version(SeqNo{raw(found->seq_no) + 1}))) return std::nullopt;
  return found->seq_no;
}

}  // namespace

Result<std::optional<SeqNo>> resolve_version(CatalogReader& catalog, std::string_view text) {
  if (text == "latest" || text == "previous") {
    const std::uint64_t head = raw(TRY(catalog.head_seq_no()));
    const std::uint64_t number = text == "latest" || head == 0 ? head : head - 1;
    if (number == 0) return std::nullopt;
    return existing(TRY(catalog.find_version(SeqNo{number})));
  }
  if (std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) {
    return version_of_number(catalog, text);
  }
  if (const std::optional<TimeNs> time_ns = parse_time(text)) {
    return version_of_time(catalog, *time_ns);
  }
  const auto tag = TRY(catalog.find_tag(text));
  if (!tag) return std::nullopt;
  return tag->seq_no;
}

std::optional<SeqNo> parse_version_number(std::string_view name) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  if (name.starts_with('0')) return std::nullopt;
  return SeqNo{number};
}

std::optional<TimeNs> parse_time(std::string_view text) {
  const std::optional<CivilTime> time = read_civil_time(text);
  if (!time) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{time->year},
                                         std::chrono::month{static_cast<unsigned>(time->month)},
                                         std::chrono::day{static_cast<unsigned>(time->day)}};
  if (!date.ok() || time->year < 1678 || time->year > 2261) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
  const std::int64_t seconds =
      ((days * 24 + time->hour) * 60 + time->minute - time->offset_minutes) * 60 + time->second;
  return seconds * kSecondNs + time->fraction_ns;
}

std::string format_time(TimeNs time_ns) {
  using std::chrono::days;
  using std::chrono::floor;
  using std::chrono::seconds;
  constexpr TimeNs kSecond_ns = 1'000'000'000;
  const TimeNs fraction_ns = (time_ns % kSecond_ns + kSecond_ns) % kSecond_ns;
  // In seconds: the midnight before the earliest time has no number of nanoseconds.
  const auto time = floor<seconds>(
      std::chrono::sys_time<std::chrono::nanoseconds>{std::chrono::nanoseconds{time_ns}});
  const auto midnight = floor<days>(time);
  const std::chrono::year_month_day date{midnight};
  const std::chrono::hh_mm_ss clock{time - midnight};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     fraction_ns);
}

}  // namespace commitfs
