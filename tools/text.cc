#include "tools/text.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>

namespace commitfs {

std::string format_count(std::uint64_t count) {
  std::string digits = std::to_string(count);
  for (std::size_t from_end = 3; from_end < digits.size(); from_end += 4) {
    digits.insert(digits.size() - from_end, 1, ',');
  }
  return digits;
}

std::string format_count_of(std::uint64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", format_count(count), count == 1 ? one : many);
}

std::string format_size(std::uint64_t size_bytes) {
  constexpr std::array<std::string_view, 6> kUnits = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (size_bytes < 1024) return format_count_of(size_bytes, "byte", "bytes");
  double size = static_cast<double>(size_bytes) / 1024;
  std::size_t unit = 0;
  // 1023.95 would be shown as 1024.0.
  while (size >= 1023.95 && unit + 1 < kUnits.size()) {
    size /= 1024;
    ++unit;
  }
  return fmt::format("{:.1f} {}", size, kUnits.at(unit));
}

std::string format_age(std::int64_t age_s) {
  constexpr std::int64_t kMinute = 60, kHour = 60 * kMinute, kDay = 24 * kHour;
  if (age_s < 2 * kMinute) return fmt::format("{} s", age_s < 0 ? 0 : age_s);
  if (age_s < 2 * kHour) return fmt::format("{} min", age_s / kMinute);
  if (age_s < 2 * kDay) return fmt::format("{} h", age_s / kHour);
  return fmt::format("{} days", age_s / kDay);
}

std::string format_adoption(const AdoptionSummary& summary) {
  if (summary.files + summary.others + summary.directories == 0) {
    return "adopted an empty directory as version 1";
  }
  std::string text = fmt::format("adopted {} ({})", format_count_of(summary.files, "file", "files"),
                                 format_size(summary.bytes));
  if (summary.others > 0)
    text += fmt::format(" and {} of other kinds", format_count(summary.others));
  if (summary.directories > 0) {
    text += " in " + format_count_of(summary.directories, "directory", "directories");
  }
  return text + " as version 1; none copied";
}

std::unexpected<Error> fail_on(const std::filesystem::path& path, int code) {
  return fail(code, Error{code, path.native()}.describe());
}

std::unexpected<Error> fail_because(const Error& error) {
  // These two come as sentences, to which "Protocol error" would add nothing.
  const bool is_sentence = error.code == EPROTO || error.code == EBUSY;
  return fail(error.code, is_sentence && !error.context.empty() ? error.context : error.describe());
}

}  // namespace commitfs
