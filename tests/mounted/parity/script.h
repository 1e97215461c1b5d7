#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace commitfs::test::parity {

/// One series of system calls, one a line. What comes before `then` can be committed before the
/// rest is done.
struct Case {
  std::string name;
  std::vector<std::string> before;
  std::vector<std::string> calls;
};

/// Cases as text:
///
///   # comment
///   case RenameOverWhatIsThere KIND=file,dir,symlink
///     make $KIND old
///   then
///     rename old new
///
/// A case with lists of values (between commas, or semicolons where there is one) is as many cases
/// as there are combinations of them; `$KIND` is replaced by the value. Blank lines mean nothing.
/// Throws std::runtime_error on what it does not understand.
std::vector<Case> read_cases(const std::filesystem::path& file);

/// The words of a call. `"a b\n\x41"` is one word, with C's escapes; `{255:x}` is x 255 times.
std::vector<std::string> words_of(std::string_view line);

/// Bytes as words_of would read them; long ones as their number and a hash.
std::string readable(std::string_view bytes);

}  // namespace commitfs::test::parity
