#include <malloc.h>

#include <atomic>
#include <span>

#include "fs/mount_state.h"
#include "fs/ops.h"

namespace commitfs::fs::ops {
namespace {

/// After so many references went, what they took is given back to the system: the library keeps
/// freed memory otherwise. The counter is the process's, as the memory is.
constexpr std::size_t kTrimAfter = 20'000;
std::atomic<std::size_t> forgotten_since_trim = 0;

void note_forgotten(Mount& mount, std::size_t count) {
  if (forgotten_since_trim.fetch_add(count, std::memory_order_relaxed) + count < kTrimAfter) return;
  forgotten_since_trim = 0;
  mount.executor.post([] { ::malloc_trim(0); });
}

}  // namespace

void forget(Request request, NodeId node, std::uint64_t count) {
  Mount& mount = request.mount();
  mount.forget(node, count);
  request.none();
  note_forgotten(mount, 1);
}

void forget_multi(Request request, std::size_t count, fuse_forget_data* forgets) {
  Mount& mount = request.mount();
  for (const fuse_forget_data& one : std::span(forgets, count)) {
    mount.forget(NodeId{one.ino}, one.nlookup);
  }
  request.none();
  note_forgotten(mount, count);
}

}  // namespace commitfs::fs::ops
