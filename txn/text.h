#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

namespace commitfs {

/// How names and users are shown to people and programs. All are thread-safe, none fails.

/// True when `text` is well-formed UTF-8 (no overlong forms, no surrogates, at most U+10FFFF).
bool is_utf8(std::string_view text);

/// A name as one harmless word on a terminal: itself where it holds only printable UTF-8 and no '"'
/// or '\'; otherwise in double quotes with C escapes, as git shows paths: \n, \t, \", \\, and \ooo
/// for every other byte that is a control character or not UTF-8. The result never holds a newline,
/// and no two names give the same one.
std::string quote_name(std::string_view name);

/// Free text for a terminal: control characters and what is not UTF-8 become \n, \t, \r, \ooo; the
/// rest stays as it is. The result is one line.
std::string printable(std::string_view text);

/// `text` where it is UTF-8; otherwise with \xNN for each byte that is not ASCII, and for '\', so
/// that it can be undone. `escaped` tells which.
struct Utf8Text {
  std::string text;
  bool escaped = false;
};
Utf8Text to_utf8(std::string_view bytes);

/// The user's name, or its number where none is known. Asks the system's user database: not for hot
/// paths.
std::string user_name(uid_t uid);

/// "1 conflict", "2 conflicts".
std::string count_of(std::uint64_t count, std::string_view singular, std::string_view plural);

}  // namespace commitfs
