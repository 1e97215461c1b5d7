#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "meta/object_store.h"

namespace commitfs {

/// The store's shard directories, in order. Errors: EIO, EMFILE, ENOMEM.
Result<std::vector<std::uint64_t>> list_shards(const ObjectStore& store);

/// What lies in one shard directory.
struct Shard {
  std::vector<ObjectId> bodies;        ///< in order
  std::vector<std::string> strangers;  ///< paths below the store of what is no body of this shard
};
/// Reads one shard, at most 4,096 bodies and what others put there. Errors: ENOENT, EIO, EMFILE.
Result<Shard> list_shard(const ObjectStore& store, std::uint64_t shard);

}  // namespace commitfs
