#pragma once

#include <string>

#include "meta/object_store.h"

namespace commitfs {

/// The XXH3 128-bit hash of a body, 16 bytes in canonical (big-endian) order. Reads it once, in
/// pieces. Errors: ENOENT, EIO, EMFILE.
Result<std::string> checksum_of(const ObjectStore& store, ObjectId id);

}  // namespace commitfs
