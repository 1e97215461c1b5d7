#pragma once

#include "meta/base/unique_fd.h"

namespace commitfs {

/// Some space of the file system that is set aside as the file `.commitfs/reserve`, so that on a
/// full disk there is enough to write down that a session is over, after which its bodies give back
/// more. Best effort throughout: a file system without room, or without fallocate(2), has no
/// reserve. Nothing of it need survive anything. Used by one thread at a time.
class SpaceReserve {
 public:
  /// In `control_directory`, the open `.commitfs`. Sets nothing aside yet.
  explicit SpaceReserve(UniqueFd control_directory) : directory_(std::move(control_directory)) {}

  /// Sets aside what is missing: a sixty-fourth of the file system, but 256 KiB to 4 MiB. False
  /// when there is no room for all of it, and then it sets nothing more aside.
  bool fill();
  /// Gives half of it back, or the rest of it if that is little, so that whoever else fills the
  /// disk does not get all at once. False when there is nothing left.
  bool release_some();

 private:
  UniqueFd directory_;
};

}  // namespace commitfs
