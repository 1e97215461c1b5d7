#pragma once

#include <memory>

#include "meta/catalog.h"
#include "meta/staging.h"

namespace commitfs {

/// A catalog that lives in memory: the specification in code, the model for tests. Nothing is
/// durable. Thread-safe.
std::unique_ptr<Catalog> make_memory_catalog();

/// Staging that lives in memory; `load` answers what was written. Thread-safe.
std::unique_ptr<Staging> make_memory_staging();

}  // namespace commitfs
