#pragma once

#include <dirent.h>
#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace commitfs::test::parity {

/// What a call is given, and what it may use.
struct Call {
  std::span<const std::string> arguments;
  std::map<std::string, int>& descriptors;

  const std::string& text(std::size_t i) const { return arguments[i]; }
  const char* path(std::size_t i) const { return arguments[i].c_str(); }
  long long number(std::size_t i, int base = 10) const;
  mode_t mode(std::size_t i) const { return static_cast<mode_t>(number(i, 8)); }
  bool has(std::size_t i) const { return i < arguments.size(); }
  /// -1 for one that was never opened.
  int descriptor(std::size_t i) const;
  /// `A|B`, by the names of a table. Throws std::runtime_error on another.
  unsigned flags(std::size_t i, const std::map<std::string, unsigned>& names) const;
};

/// The observation of one call: what it answered.
using Function = std::function<std::string(const Call&)>;
struct Definition {
  std::size_t arguments;  ///< at least so many
  Function function;
};
using Calls = std::map<std::string, Definition>;

Calls name_calls();
Calls attribute_calls();
Calls file_calls();
Calls range_calls();
Calls xattr_calls();

/// "ok", "ok 5" for a positive result, or the error's name.
std::string outcome(long long result);
/// The current errno's name.
std::string error_name();

/// Does calls in a directory, and in those it changes to, as the working directory of the process.
/// A line is `[as UID[:GID[:GROUP…]]] [NAME =] CALL ARGUMENT…`. Not thread-safe, but several
/// runners can take turns.
class Runner {
 public:
  explicit Runner(const std::filesystem::path& directory);
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;
  ~Runner();

  /// Answers "line -> what was seen". Throws std::runtime_error on a line that makes no sense.
  std::string run(const std::string& line);
  void close_all();
  /// All names below, with all that stat(2), listxattr(2) and read(2) tell of them, but for times.
  std::string tree() const;

 private:
  void keep_opened(const std::string& name);

  int previous_directory_;
  int top_;
  int here_;
  std::map<std::string, int> descriptors_;
};

}  // namespace commitfs::test::parity
