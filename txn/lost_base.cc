#include "txn/lost_base.h"

#include <fmt/format.h>

#include <cerrno>
#include <set>
#include <vector>

#include "txn/open_sessions.h"

namespace commitfs {

Result<bool> is_base_lost(CatalogReader& catalog, SeqNo base) {
  return !TRY(catalog.find_version(base)).has_value();
}

bool has_lost_base(const SessionData& data) {
  const auto sessions = data.context.neighbours.lock();
  if (sessions == nullptr || !sessions->may_have_lost_bases()) return false;
  return is_base_lost(*data.context.catalog, data.base).value_or(false);
}

Result<std::optional<InodeRecord>> find_in_base(const SessionData& data, InodeId inode) {
  Catalog& catalog = *data.context.catalog;
  auto record = TRY(catalog.find_inode(data.base, inode));
  if (record || !has_lost_base(data)) return record;
  // What it was is forgotten once a later version changed it; but what is in it must be found.
  auto now = TRY(catalog.find_inode(kNewest, inode));
  if (now && now->is_directory()) return now;
  return fail(ESTALE, fmt::format("inode {} of a base that is gone", raw(inode)));
}

namespace {

/// What the session changed and did not make, and the directories it changed names in.
std::vector<InodeId> changed_in_base(const SessionData& data) {
  std::vector<InodeId> ids;
  for (const auto& [id, changed] : data.changes.inodes()) {
    if (!changed.made_here && changed.record.nlink > 0) ids.push_back(id);
  }
  for (const auto& [key, inode] : data.changes.dirents()) {
    if (!data.is_made_here(key.parent)) ids.push_back(key.parent);
  }
  return ids;
}

Result<void> keep_names_of(SessionData& data) {
  std::vector<InodeId> left = changed_in_base(data);
  std::set<InodeId> done;
  while (!left.empty()) {
    const InodeId id = left.back();
    left.pop_back();
    if (!done.insert(id).second || !TRY(data.find_inode(id))) continue;
    [[maybe_unused]] const ChangedInode* kept = TRY(data.edit_inode(id));
    for (const DirentKey& key : TRY(data.context.catalog->links_of(data.base, id))) {
      if (data.changes.find_dirent(key) != nullptr) continue;
      data.changes.put_dirent(key, id);
      left.push_back(key.parent);
    }
  }
  return {};
}

}  // namespace

Result<void> keep_names(Session& session) {
  return session.mutate([](SessionData& data) { return keep_names_of(data); });
}

std::string explain_lost_base(SeqNo base) {
  return fmt::format(
      "version {}, which the session began at, was expired by force: begin again (what the session "
      "wrote can still be copied from it)",
      raw(base));
}

}  // namespace commitfs
