#pragma once

#include <span>
#include <string_view>

#include "txn/config/table_config.h"

namespace commitfs {

/// One key of the configuration: its place in TableConfig and in the texts.
struct ConfigKey {
  std::string_view name;
  std::string_view fallback;  ///< what holds while it is not set, as text
  bool takes_pattern = false;
  bool decides_validity = false;
  /// EINVAL with the reason as context. `pattern` is empty unless the key takes one.
  Result<void> (*set)(TableConfig&, std::string_view pattern, std::string_view value) = nullptr;
};

/// All of them, in the order in which they are shown.
std::span<const ConfigKey> config_keys();
/// Null when there is none of that name.
const ConfigKey* find_config_key(std::string_view name);

}  // namespace commitfs
