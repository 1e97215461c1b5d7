#pragma once

#include <memory>

#include "meta/staging.h"
#include "txn/space_reserve.h"

namespace commitfs {

/// True for what says that a disk, or somebody's share of it, is full.
bool means_no_space(int error);

/// Does `attempt` again as long as it fails for want of space and `reserve` has some to give back.
template <typename Attempt>
auto with_reserve(SpaceReserve& reserve, Attempt attempt) {
  auto result = attempt();
  while (!result && means_no_space(result.error().code) && reserve.release_some())
    result = attempt();
  return result;
}

/// `staging` on a disk that may be full: durable writes that do nothing but forget sessions may use
/// up the `reserve`, others never. It is filled when a write has succeeded, at the first and then
/// when it is not full, not oftener than once a second. Errors as of `staging`.
std::unique_ptr<Staging> make_reserved_staging(std::unique_ptr<Staging> staging,
                                               SpaceReserve reserve);

}  // namespace commitfs
