#pragma once

namespace commitfs::fs {

/// How long the kernel may believe an answer, in seconds. For ever: it changes only through the
/// mount, or the kernel is told.
constexpr double kForever_s = 1e9;
/// Ask every time: it may change behind the kernel's back.
constexpr double kNever_s = 0;
/// A body that may be written through a shared mapping, which neither the kernel's attributes nor
/// we see.
constexpr double kWritable_s = 1;

}  // namespace commitfs::fs
