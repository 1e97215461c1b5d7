#include "txn/past/revert.h"

#include <fmt/format.h>

#include <cerrno>

#include "txn/past/difference.h"
#include "txn/past/restore.h"
#include "txn/text.h"

namespace commitfs::past {
namespace {

/// What the version changed, backwards. `before` cannot be removed from here on; neither of the two
/// while they are compared.
Result<Difference> compare(SessionManager& sessions, Session& session, SeqNo version,
                           SeqNo before) {
  Difference difference;
  TRY(sessions.with_pinned_versions([&](const auto&) -> Result<void> {
    Catalog& catalog = *session.context().catalog;
    if (!TRY(catalog.find_version(version)) || !TRY(catalog.find_version(before)))
      return fail(ENOENT, "revert: no such version, or none before it");
    TRY(session.set_keeps(before));
    difference = TRY(compare_versions(catalog, version, before));
    return {};
  }));
  return difference;
}

}  // namespace

Result<void> revert_version(SessionManager& sessions, Session& session, SeqNo version) {
  if (version <= SeqNo{1}) return fail(ENOENT, "revert: there is no version before");
  const SeqNo before{raw(version) - 1};
  const auto difference = TRY(compare(sessions, session, version, before));
  const auto obstacles = TRY(stage_inverse(session, difference));
  if (obstacles.empty()) {
    if (!session.message().empty()) return {};
    return session.set_message(fmt::format("revert of version {}", raw(version)));
  }
  ConflictReport report;
  report.session = session.name();
  report.base = session.base();
  report.reason =
      fmt::format("changed since version {}, which cannot be taken back alone:", raw(version));
  for (const std::string& path : obstacles)
    report.reason += " " + quote_name(path);
  session.set_last_report(std::make_shared<const ConflictReport>(std::move(report)), ECANCELED);
  return fail(ECANCELED, fmt::format("revert version {}", raw(version)));
}

}  // namespace commitfs::past
