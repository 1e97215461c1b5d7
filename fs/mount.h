#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "meta/base/error.h"
#include "txn/table.h"

namespace commitfs {

enum class PassthroughMode { automatic, off };

struct MountOptions {
  PassthroughMode passthrough =
      PassthroughMode::automatic;  ///< automatic: where kernel, library and privilege allow it
  unsigned threads = 0;            ///< request threads; 0: the default, see fs/serve.h
  bool allow_other = false;        ///< other users may enter (the kernel checks permissions); the
                                   ///< program's default for root is on
  bool debug = false;              ///< libfuse's own trace on stderr
};

/// Mounts `table` at `mountpoint` and serves until it is unmounted or the process gets SIGTERM,
/// SIGINT or SIGHUP (which unmount). Calls `on_ready` once, when the mount answers. Errors before
/// that: ENOENT, ENOTDIR, EBUSY (something of ours is mounted there already), EPERM, EIO; the
/// context is a sentence for the user. When it returns, no commit is half-way and every open
/// session is journalled.
Result<void> serve_mount(Table& table, const std::filesystem::path& mountpoint,
                         const MountOptions& options, const std::function<void()>& on_ready);

}  // namespace commitfs
