#include "txn/validation/context.h"

namespace commitfs::validation {

/// Row 35: what decides validity changed since the session began, and it was not known to whoever
/// wrote in it.
Result<void> check_configuration(Context& context) {
  const SeqNo changed = context.config.validity_seq_no;
  if (context.delta.empty() || !context.head.is_new(changed)) return {};
  return context.conflicts.add_path(Category::config, ".commitfs/config", changed);
}

}  // namespace commitfs::validation
