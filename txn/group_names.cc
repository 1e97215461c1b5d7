#include "txn/group_names.h"

namespace commitfs {

Result<std::optional<std::string>> GroupNames::group_of(const DirentKey& key) {
  if (!in_use_) return std::nullopt;
  if (!rules_.depend_on_directory()) return rules_.rule_for({}).group_of(key.name);
  auto known = by_directory_.find(key.parent);
  if (known == by_directory_.end()) {
    const auto path = TRY(path_of(key.parent));
    known = by_directory_.emplace(key.parent, path ? &rules_.rule_for(*path) : nullptr).first;
  }
  if (known->second == nullptr) return std::nullopt;
  return known->second->group_of(key.name);
}

Result<std::optional<std::string>> GroupNames::path_of(InodeId directory) {
  std::string path;
  while (directory != InodeId::root) {
    const auto links = TRY(catalog_.links_of(at_, directory));
    if (links.empty()) return std::nullopt;
    path = path.empty() ? links.front().name : links.front().name + "/" + path;
    directory = links.front().parent;
  }
  return path;
}

}  // namespace commitfs
