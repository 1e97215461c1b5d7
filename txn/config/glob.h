#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "meta/base/error.h"

namespace re2 {
class RE2;
}

namespace commitfs {

/// A pattern as shells have them: `*` any bytes, `?` one byte, `[a-z]` one of a class, `[!a-z]`
/// one not in it, `\` takes the next byte as it is. Matches whole names, bytewise, in time linear
/// in the name whatever the pattern. Cheap to copy. Immutable, so thread-safe.
class Glob {
 public:
  static constexpr std::size_t kMaxBytes = 1024;

  /// For one name of a directory. EINVAL: empty, too long, a class that makes no sense.
  static Result<Glob> for_names(std::string_view pattern);
  /// For directories, by their path in the table: matches a path and all that is below it. `*`, `?`
  /// and classes stay within one component; "." is the table's root alone. EINVAL as above, and
  /// for a '/' at either end.
  static Result<Glob> for_directories(std::string_view pattern);

  bool matches(std::string_view text) const;

 private:
  explicit Glob(std::shared_ptr<const re2::RE2> expression) : expression_(std::move(expression)) {}
  static Result<Glob> compile(const std::string& expression, std::string_view pattern);

  std::shared_ptr<const re2::RE2> expression_;
  bool skips_root_ = false;  ///< "" is the root, which only "." names
};

}  // namespace commitfs
