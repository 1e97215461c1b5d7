#include "txn/check/checksum.h"

#include <fcntl.h>

#include <cerrno>
#include <memory>
#include <span>
#include <vector>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "meta/base/posix.h"

namespace commitfs {
namespace {

constexpr std::size_t kPieceBytes = 256 * 1024;

struct FreeState {
  void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
};

}  // namespace

Result<std::string> checksum_of(const ObjectStore& store, ObjectId id) {
  const UniqueFd body = TRY(store.open_body(id, O_RDONLY));
  const std::unique_ptr<XXH3_state_t, FreeState> state(XXH3_createState());
  if (state == nullptr || XXH3_128bits_reset(state.get()) == XXH_ERROR)
    return fail(ENOMEM, "checksum");
  std::vector<std::byte> piece(kPieceBytes);
  for (off_t offset = 0;;) {
    const std::size_t count = TRY(posix::read_at(body.get(), piece, offset));
    if (count == 0) break;
    if (XXH3_128bits_update(state.get(), piece.data(), count) == XXH_ERROR)
      return fail(EIO, "checksum");
    offset += static_cast<off_t>(count);
  }
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state.get()));
  return std::string(reinterpret_cast<const char*>(canonical.digest), sizeof canonical.digest);
}

}  // namespace commitfs
