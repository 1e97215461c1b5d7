#include "txn/control_text.h"

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "meta/name.h"

namespace commitfs::control {
namespace {

void drop_last_newline(std::string& value) {
  if (value.ends_with('\n')) value.pop_back();
}

bool is_continuation(unsigned char byte) {
  return (byte & 0xC0) == 0x80;
}

bool is_control(char32_t character) {
  if (character == '\n' || character == '\t') return false;
  return character < 0x20 || (character >= 0x7F && character < 0xA0);
}

/// The first character of `text`, which is shortened by it; empty unless it is well-formed.
/// Source: Unicode 15, table 3-7 (no overlong forms, no surrogates, nothing above U+10FFFF).
bool take_character(std::string_view& text, char32_t& character) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead < 0x80   ? 1
                             : lead < 0xC2 ? 0
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                             : lead < 0xF5 ? 4
                                           : 0;
  if (length == 0 || text.size() < length) return false;
  character = length == 1 ? lead : lead & (0x7FU >> length);
  for (std::size_t index = 1; index < length; ++index) {
    const auto byte = static_cast<unsigned char>(text[index]);
    if (!is_continuation(byte)) return false;
    character = (character << 6) | (byte & 0x3FU);
  }
  if (length == 3 && character < 0x800) return false;
  if (length == 4 && character < 0x10000) return false;
  text.remove_prefix(length);
  return character <= 0x10FFFF && (character < 0xD800 || character > 0xDFFF);
}

}  // namespace

Result<std::string> checked_text(std::string value) {
  drop_last_newline(value);
  if (value.size() > kTextMaxBytes) return fail(E2BIG, "text of more than 64 KiB");
  std::string_view rest = value;
  while (!rest.empty()) {
    char32_t character = 0;
    if (!take_character(rest, character)) return fail(EINVAL, "text that is not UTF-8");
    if (is_control(character)) return fail(EINVAL, "text with a control character");
  }
  return value;
}

Result<std::string> checked_token(std::string value) {
  drop_last_newline(value);
  const bool printable = std::ranges::all_of(value, [](char c) { return c >= ' ' && c <= '~'; });
  if (value.empty() || value.size() > kTokenMaxBytes || !printable) return fail(EINVAL, "token");
  return value;
}

Result<std::string> checked_path(std::string_view path) {
  if (path == "." || path == "./") return std::string(".");
  if (path.ends_with('/')) path.remove_suffix(1);
  for (std::string_view rest = path; true;) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    if (!valid_name(rest.substr(0, end))) return fail(EINVAL, "a path that is none in the tree");
    if (end == rest.size()) return std::string(path);
    rest.remove_prefix(end + 1);
  }
}

Result<void> check_key(const std::string& key) {
  const auto is_allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  };
  if (key.empty() || key.size() > kKeyMaxBytes || !std::ranges::all_of(key, is_allowed)) {
    return fail(EINVAL, "metadata key");
  }
  return {};
}

}  // namespace commitfs::control
