#pragma once

#include <filesystem>

#include "tests/crash/model.h"

namespace commitfs::test {

/// Opens the table of a run that died, as the next mount does, and compares it with the model; then
/// once more, after its garbage was collected; then commits what is left open. fsck has nothing to
/// say before and after, and at the end nothing is left behind. Reports by GoogleTest's
/// expectations. `progress` is how far the run came. A run that died before its table was made is
/// begun anew first.
void expect_recovers(const Model& model, const Progress& progress,
                     const std::filesystem::path& directory);

/// The same after the power failed: of an open session only what was synced must be as it was, and
/// fsck is asked when all sessions are discarded.
void expect_survives_power_loss(const Model& model, const Progress& progress,
                                const std::filesystem::path& directory);

}  // namespace commitfs::test
