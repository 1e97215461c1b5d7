#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "txn/table.h"

namespace commitfs {

/// "1,234,567".
std::string format_count(std::uint64_t count);
/// "1 file", "1,234 files".
std::string format_count_of(std::uint64_t count, std::string_view one, std::string_view many);
/// "17 bytes", "5.6 MiB".
std::string format_size(std::uint64_t size_bytes);
/// "17 s", "5 min", "3 h", "12 days".
std::string format_age(std::int64_t age_s);
/// "adopted 1,234 files (5.6 MiB) in 12 directories as version 1; none copied".
std::string format_adoption(const AdoptionSummary& summary);

/// The convention of tools/: the context of an Error is the whole sentence for the user. These two
/// make such errors: "PATH: No such file or directory", and what a lower layer said with the
/// system's words for its number.
std::unexpected<Error> fail_on(const std::filesystem::path& path, int code);
std::unexpected<Error> fail_because(const Error& error);

}  // namespace commitfs
