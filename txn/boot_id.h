#pragma once

#include <string>

namespace commitfs {

/// What the kernel calls this run of the machine (/proc/sys/kernel/random/boot_id); "unknown" where
/// it does not say. Read once. Thread-safe.
const std::string& boot_id();

}  // namespace commitfs
