#include "txn/recovery.h"

#include <spdlog/spdlog.h>

namespace commitfs {

Result<std::vector<std::shared_ptr<Session>>> recover_sessions(const TableContext& context,
                                                               Staging& staging) {
  std::vector<std::shared_ptr<Session>> sessions;
  std::vector<StagingBatch> drops;
  const SeqNo head = TRY(context.catalog->head_seq_no());
  for (const StagedState& state : TRY(staging.load())) {
    const StagedSession& row = state.row;
    // The catalog alone says whether a commit happened.
    if (TRY(context.catalog->find_version_by_session_id(row.id))) {
      StagingBatch batch;
      batch.session = row.id;
      batch.drop = true;
      drops.push_back(std::move(batch));
      continue;
    }
    // One that is older than the head was expired by force: see txn/lost_base.h.
    if (row.base > head) {
      spdlog::error("session {} is left closed: its base, version {}, is not in the catalog",
                    raw(row.id), raw(row.base));
      continue;
    }
    auto settings = settings_from_json(row.extra);
    if (!settings) {
      // Without them it might commit what it was told not to.
      spdlog::error("session {} is left closed: {}", raw(row.id), settings.error().describe());
      continue;
    }
    ReadSet reads =
        ReadSet::from_staged(state.reads, settings->isolation == Isolation::serializable);
    sessions.push_back(std::make_shared<Session>(context, row, ChangeSet::from_staged(state),
                                                 *std::move(settings), std::move(reads)));
    sessions.back()->forget_unlinked();
  }
  if (!drops.empty()) TRY(staging.write(drops, Durability::lazy));
  return sessions;
}

}  // namespace commitfs
