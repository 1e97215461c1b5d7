#include "txn/validator.h"

namespace commitfs {
namespace {

std::pair<ObjectId, ObjectId> ordered(ObjectId a, ObjectId b) {
  return a < b ? std::pair(a, b) : std::pair(b, a);
}

}  // namespace

std::optional<bool> BodyComparisons::find(ObjectId a, ObjectId b) const {
  if (a == b) return true;
  const auto found = known_.find(ordered(a, b));
  if (found == known_.end()) return std::nullopt;
  return found->second;
}

void BodyComparisons::put(ObjectId a, ObjectId b, bool identical) {
  known_[ordered(a, b)] = identical;
}

Result<void> BodyComparisons::compare(const ObjectStore& store,
                                      const std::vector<std::pair<ObjectId, ObjectId>>& pairs) {
  for (const auto& [a, b] : pairs) {
    if (!find(a, b)) put(a, b, TRY(store.identical(a, b)));
  }
  return {};
}

}  // namespace commitfs
