#include <algorithm>

#include "txn/validation/context.h"

namespace commitfs::validation {
namespace {

/// The directory that a path of the session leads to at the head; empty when none does.
Result<std::optional<InodeId>> directory_at_head(Context& context, const std::string& path) {
  InodeId directory = InodeId::root;
  if (path == ".") return directory;
  for (std::size_t from = 0; from <= path.size();) {
    const std::size_t slash = std::min(path.find('/', from), path.size());
    const auto child = TRY(context.head.child(directory, path.substr(from, slash - from)));
    if (!child || !child->is_directory()) return std::nullopt;
    directory = child->id;
    from = slash + 1;
  }
  return directory;
}

/// Somebody put something into the directory since, or took something out of it. Rewrites do not
/// count: what they rewrote the session replaced, and they met there.
Result<void> check_entries(Context& context, InodeId directory, const std::string& path) {
  const SeqNo changed = TRY(context.head.directory(directory)).entries_seq_no;
  if (!context.head.is_new(changed)) return {};
  const bool replaced_too = TRY(context.head.version(changed))->operation == "replace";
  return context.conflicts.add_path(
      replaced_too ? Category::update_update : Category::replace_append, path, changed);
}

}  // namespace

/// Rows 25 and 27: whoever replaces a directory as a whole says that there is nothing else in it,
/// so that what others put there meanwhile has no place. Names that the session itself changed were
/// judged before.
Result<void> check_replaced_directories(Context& context) {
  if (context.delta.empty()) return {};
  for (const std::string& path : context.delta.replaced_directories) {
    const auto directory = TRY(directory_at_head(context, path));
    if (!directory) continue;
    TRY(check_entries(context, *directory, path));
    for (const auto& [below, ancestors] : context.delta.base_ancestors) {
      if (below == *directory || std::ranges::find(ancestors, *directory) == ancestors.end())
        continue;
      TRY(check_entries(context, below, context.delta.directory_paths.at(below)));
    }
  }
  return {};
}

}  // namespace commitfs::validation
