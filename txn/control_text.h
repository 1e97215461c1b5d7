#pragma once

#include <string>
#include <string_view>

#include "meta/base/error.h"

/// What may stand in a session's control files. Each answers the value as it is kept: without one
/// newline at its end.
namespace commitfs::control {

constexpr std::size_t kTextMaxBytes = 64 * 1024;
constexpr std::size_t kTokenMaxBytes = 256;
constexpr std::size_t kKeyMaxBytes = 64;
constexpr std::size_t kKeysMax = 256;

/// UTF-8 without control characters but newline and tab. EINVAL; E2BIG beyond kTextMaxBytes.
Result<std::string> checked_text(std::string value);
/// 1 to kTokenMaxBytes printable ASCII characters. EINVAL.
Result<std::string> checked_token(std::string value);
/// A path in the tree, "." for its root: names separated by one '/' each, none at either end (one
/// at the end goes). EINVAL.
Result<std::string> checked_path(std::string_view path);
/// 1 to kKeyMaxBytes of A-Z a-z 0-9 _ . - EINVAL.
Result<void> check_key(const std::string& key);

}  // namespace commitfs::control
