#include "txn/early_detection.h"

#include <fmt/format.h>

#include <cerrno>

#include "txn/head_view.h"
#include "txn/neighbours.h"
#include "txn/open_sessions.h"
#include "txn/text.h"

namespace commitfs {
namespace {

/// The group's name in the session, for people.
std::string path_of(Session& session, const DirentKey& key) {
  const auto directory = session.path_of(key.parent);
  if (!directory) return quote_name(key.name);
  return quote_name(directory->empty() ? key.name : *directory + '/' + key.name);
}

Result<void> look_at_versions(Session& session, const DirentKey& key, bool refuses) {
  Catalog& catalog = *session.context().catalog;
  HeadView head(catalog, session.base(), TRY(catalog.head_seq_no()));
  const SeqNo last = TRY(head.group(key)).content_seq_no;
  if (!head.is_new(last)) return {};
  const VersionRecord* version = TRY(head.version(last));
  const std::string what =
      fmt::format("{} was changed in version {} by session {}", path_of(session, key), raw(last),
                  quote_name(version->session));
  session.note_early(what);
  if (refuses) return fail(ECANCELED, what);
  return {};
}

void look_at_older_sessions(Session& session, const DirentKey& key, InodeId inode) {
  const auto sessions = session.context().neighbours.lock();
  if (sessions == nullptr) return;
  for (const auto& other : sessions->list()) {
    // Ids grow: an older session has a smaller one.
    if (other->id() >= session.id() || !is_changing(*other, key, inode)) continue;
    session.note_early(fmt::format("{} is being changed by the older session {}",
                                   path_of(session, key), quote_name(other->name())));
  }
}

Result<void> look(Session& session, const DirentKey& key, InodeId inode, EarlyDetection early) {
  look_at_older_sessions(session, key, inode);
  return look_at_versions(session, key, early == EarlyDetection::fail);
}

}  // namespace

Result<void> detect_early(Session& session, InodeId inode) {
  const EarlyDetection early = session.settings()->early;
  if (early == EarlyDetection::off) return {};
  for (const DirentKey& key : TRY(session.context().catalog->links_of(session.base(), inode))) {
    TRY(look(session, key, inode, early));
  }
  return {};
}

Result<void> detect_early(Session& session, InodeId parent, std::string_view name) {
  const EarlyDetection early = session.settings()->early;
  if (early == EarlyDetection::off) return {};
  return look(session, {parent, std::string(name)}, InodeId::none, early);
}

}  // namespace commitfs
