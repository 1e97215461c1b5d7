#pragma once

#include <map>
#include <string>
#include <string_view>

#include "meta/base/error.h"

namespace commitfs::sqlite {

/// A map of any bytes as one value, for columns nobody queries: "3:key,5:value," for each pair, by
/// key. Source: D. J. Bernstein, Netstrings, 1997.
std::string encode_map(const std::map<std::string, std::string>& map);
/// Errors: EIO when it is not what encode_map makes.
Result<std::map<std::string, std::string>> decode_map(std::string_view text);

}  // namespace commitfs::sqlite
