#include "txn/text.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <vector>

namespace commitfs {
namespace {

/// The length of the well-formed UTF-8 character at the start of `text`; 0 when there is none.
/// Source: Unicode 15, table 3-7.
std::size_t utf8_character_bytes(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  std::size_t length = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3;
    if (first == 0xE0) low = 0xA0;
    if (first == 0xED) high = 0x9F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    if (first == 0xF0) low = 0x90;
    if (first == 0xF4) high = 0x8F;
  }
  if (length == 0 || text.size() < length) return 0;
  if (byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xBF) return 0;
  }
  return length;
}

/// Control characters: ASCII's, and U+0080 to U+009F, which terminals obey too.
bool is_control(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first < 0x20 || first == 0x7F;
  return character.size() == 2 && first == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0;
}

void append_octal(std::string& out, std::string_view bytes) {
  for (const char c : bytes) {
    fmt::format_to(std::back_inserter(out), "\\{:03o}", static_cast<unsigned char>(c));
  }
}

void append_escaped(std::string& out, std::string_view character) {
  switch (character[0]) {
    case '\n':
      out += "\\n";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\r':
      out += "\\r";
      return;
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    default:
      append_octal(out, character);
      return;
  }
}

}  // namespace

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_character_bytes(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string quote_name(std::string_view name) {
  std::string quoted = "\"";
  bool needed = name.empty();
  while (!name.empty()) {
    const std::size_t length = utf8_character_bytes(name);
    const std::string_view character = name.substr(0, std::max<std::size_t>(length, 1));
    if (length == 0 || is_control(character) || character == "\"" || character == "\\") {
      append_escaped(quoted, character);
      needed = true;
    } else {
      quoted += character;
    }
    name.remove_prefix(character.size());
  }
  if (!needed) return quoted.substr(1);
  return quoted + '"';
}

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = utf8_character_bytes(text);
    const std::string_view character = text.substr(0, std::max<std::size_t>(length, 1));
    if (length == 0 || is_control(character)) {
      append_escaped(out, character);
    } else {
      out += character;
    }
    text.remove_prefix(character.size());
  }
  return out;
}

Utf8Text to_utf8(std::string_view bytes) {
  if (is_utf8(bytes)) return {.text = std::string(bytes), .escaped = false};
  Utf8Text out{.text = {}, .escaped = true};
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 || c == '\\') {
      fmt::format_to(std::back_inserter(out.text), "\\x{:02x}", byte);
    } else {
      out.text += c;
    }
  }
  return out;
}

std::string user_name(uid_t uid) {
  constexpr std::size_t kMaxBytes = std::size_t{1} << 20;
  std::vector<char> buffer(1024);
  while (true) {
    passwd entry{};
    passwd* found = nullptr;
    const int error = ::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found);
    if (error == EINTR) continue;
    if (error == ERANGE && buffer.size() < kMaxBytes) {
      buffer.resize(buffer.size() * 2);
      continue;
    }
    return found == nullptr ? std::to_string(uid) : std::string(found->pw_name);
  }
}

std::string count_of(std::uint64_t count, std::string_view singular, std::string_view plural) {
  return fmt::format("{} {}", count, count == 1 ? singular : plural);
}

}  // namespace commitfs
