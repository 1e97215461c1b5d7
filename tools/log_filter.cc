#include "tools/log_filter.h"

#include <fmt/format.h>

#include <cerrno>

#include "txn/version_name.h"

namespace commitfs {
namespace {

bool is_at_or_below(std::string_view path, std::string_view directory) {
  if (!path.starts_with(directory)) return false;
  return path.size() == directory.size() || path[directory.size()] == '/';
}

/// The group as user.commitfs.group tells it: its directory's path, then its name there.
std::string group_text(const ChangeRecord& change) {
  const auto slash = change.path.rfind('/');
  const std::string name = change.group.group;
  return slash == std::string::npos ? name : change.path.substr(0, slash + 1) + name;
}

}  // namespace

Result<void> LogFilter::resolve(CatalogReader& catalog) {
  while (path.size() > 1 && path.ends_with('/'))
    path.pop_back();
  if (since.empty()) return {};
  after_time = parse_time(since);
  if (after_time) return {};
  const auto version = TRY(resolve_version(catalog, since));
  if (!version) {
    return fail(EINVAL, fmt::format("--since: {} is neither a time nor a version", since));
  }
  after_version = *version;
  return {};
}

bool LogFilter::is_recent(const VersionRecord& version) const {
  if (after_time && version.time_ns < *after_time) return false;
  return version.seq_no > after_version;
}

Result<bool> LogFilter::matches(CatalogReader& catalog, const VersionRecord& version) const {
  if (path.empty() && group.empty()) return true;
  for (const ChangeRecord& change : TRY(catalog.list_changes(version.seq_no))) {
    const bool on_path = path.empty() || is_at_or_below(change.path, path) ||
                         (!change.old_path.empty() && is_at_or_below(change.old_path, path));
    const bool in_group = group.empty() || group_text(change) == group;
    if (on_path && in_group) return true;
  }
  return false;
}

}  // namespace commitfs
