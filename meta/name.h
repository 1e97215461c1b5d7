#pragma once

#include <string_view>

#include "meta/base/error.h"

namespace commitfs {

/// The longest name of an entry, as NAME_MAX.
constexpr std::size_t kNameMaxBytes = 255;

/// Succeeds when `name` can be the name of an entry: 1 to 255 bytes of any kind but '/' and NUL,
/// and not "." or "..". Errors: ENAMETOOLONG, EINVAL. Thread-safe.
Result<void> valid_name(std::string_view name);

}  // namespace commitfs
