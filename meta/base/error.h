#pragma once

#include <expected>
#include <string>
#include <utility>

namespace commitfs {

/// A failure as a value: a positive errno and what was attempted on what ("open objects/1f").
/// `code` is what a FUSE reply carries; `context` is for the log and for reports.
struct Error {
  int code = 0;
  std::string context;

  /// "context: strerror(code)".
  std::string describe() const;
};

template <typename T>
using Result = std::expected<T, Error>;

/// The failure value to return: `return fail(ENOENT, "lookup 12/a");`.
inline std::unexpected<Error> fail(int code, std::string context = {}) {
  return std::unexpected(Error{code, std::move(context)});
}

/// The failure value of a system call that just failed: reads errno first, so call it at once.
std::unexpected<Error> fail_errno(std::string context);

}  // namespace commitfs

// TRY(expr) is the value of a Result, or returns its error from the enclosing function.
// After SerenityOS' AK/Try.h: errors travel as values, the happy path stays one line.
#define COMMITFS_TRY_JOIN2(a, b) a##b
#define COMMITFS_TRY_JOIN(a, b) COMMITFS_TRY_JOIN2(a, b)
#define COMMITFS_TRY_IMPL(result, expr)                             \
  __extension__({                                                   \
    auto&& result = (expr);                                         \
    if (!result) return std::unexpected(std::move(result).error()); \
    *std::move(result);                                             \
  })
#define TRY(expr) COMMITFS_TRY_IMPL(COMMITFS_TRY_JOIN(try_result_, __COUNTER__), expr)
