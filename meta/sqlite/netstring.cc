#include "meta/sqlite/netstring.h"

#include <cerrno>
#include <charconv>

namespace commitfs::sqlite {
namespace {

void append(std::string& text, std::string_view value) {
  text += std::to_string(value.size());
  text += ':';
  text += value;
  text += ',';
}

/// Takes one string off the front of `text`.
Result<std::string> take(std::string_view& text) {
  std::size_t size = 0;
  const auto [colon, code] = std::from_chars(text.data(), text.data() + text.size(), size);
  const auto header = static_cast<std::size_t>(colon - text.data()) + 1;
  // Compared without sums, which a damaged length could make overflow.
  const bool fits = header <= text.size() && size < text.size() && size < text.size() - header;
  if (code != std::errc{} || !fits || *colon != ':' || text[header + size] != ',')
    return fail(EIO, "decode metadata");
  std::string value(text.substr(header, size));
  text.remove_prefix(header + size + 1);
  return value;
}

}  // namespace

std::string encode_map(const std::map<std::string, std::string>& map) {
  std::string text;
  for (const auto& [key, value] : map) {
    append(text, key);
    append(text, value);
  }
  return text;
}

Result<std::map<std::string, std::string>> decode_map(std::string_view text) {
  std::map<std::string, std::string> map;
  while (!text.empty()) {
    auto key = TRY(take(text));
    map[std::move(key)] = TRY(take(text));
  }
  return map;
}

}  // namespace commitfs::sqlite
