#pragma once

#include <sys/ioctl.h>

#include <cstdint>

namespace commitfs {

/// ioctl(2) on a descriptor of the mount's root directory, for who is about to unmount it: those
/// who have `.commitfs/events` open read the end of the file once they were told what there is, as
/// they would when the mount goes; and a program like cat(1) closes it then. Writes how many have
/// it open. Whoever opens it later waits as ever. EPERM for who is neither root nor who mounted.
inline constexpr unsigned long kEndEventsIoctl = _IOR(0xCF, 2, std::uint64_t);

}  // namespace commitfs
