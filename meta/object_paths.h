#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>

#include "meta/types.h"

/// How the object store lays out its directory: 4,096 bodies to a shard, names in lower-case
/// hexadecimal with leading zeros. On disk: never changes.
namespace commitfs::object_paths {

inline constexpr std::uint64_t kBodiesPerShard = 4096;
inline constexpr std::size_t kShardDigits = 8;
inline constexpr std::size_t kBodyDigits = 16;

inline std::uint64_t shard_of(std::uint64_t body) {
  return body / kBodiesPerShard;
}
inline std::string number(std::uint64_t value, std::size_t digits) {
  return fmt::format("{:0{}x}", value, digits);
}
inline std::string shard(std::uint64_t shard) {
  return number(shard, kShardDigits);
}
inline std::string body(ObjectId id) {
  return shard(shard_of(raw(id))) + '/' + number(raw(id), kBodyDigits);
}

}  // namespace commitfs::object_paths
