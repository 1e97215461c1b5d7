#pragma once

#include <string>
#include <string_view>

#include "meta/types.h"

namespace commitfs {

/// `A`, `D`, `R`, or `M` for whatever else a version did to a path.
char letter_of(ChangeKind kind);

/// A line as in a session's `diff`: the letter, a tab, and the path, of a rename both; with a
/// newline. Names as quote_name tells them.
std::string change_line(ChangeKind kind, std::string_view path, std::string_view old_path);

}  // namespace commitfs
