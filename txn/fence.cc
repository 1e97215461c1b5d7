#include "txn/fence.h"

#include <spdlog/spdlog.h>

#include <cerrno>

namespace commitfs {

Result<void> Fence::admit(Term current) {
  if (current == term_) return {};
  if (!broken_.exchange(true)) {
    spdlog::error(
        "another mount of this table took over in term {}: this one, of term {}, writes "
        "nothing any more",
        raw(current), raw(term_));
  }
  return fail(ESTALE, "another mount of this table has taken over since");
}

Result<void> Fence::check() {
  if (!broken() && admit(TRY(catalog_->current_term()))) return {};
  return fail(EROFS, "another mount of this table has taken over since");
}

}  // namespace commitfs
