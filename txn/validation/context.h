#pragma once

#include <set>
#include <vector>

#include "txn/config/table_config.h"
#include "txn/group_names.h"
#include "txn/head_view.h"
#include "txn/validator.h"

namespace commitfs::validation {

using Category = ConflictCategory;

/// One validation under way: what is asked, what is known, what came out. Not thread-safe.
struct Context {
  Context(CatalogReader& catalog, SeqNo head_seq_no, const Delta& session_delta,
          const BodyComparisons& known_bodies, const TableConfig& table_config)
      : head(catalog, session_delta.base, head_seq_no),
        delta(session_delta),
        bodies(known_bodies),
        config(table_config),
        groups(config.groups, catalog, head_seq_no),
        conflicts(head, delta, config.groups, result.report) {}
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  HeadView head;
  const Delta& delta;
  const BodyComparisons& bodies;
  const TableConfig& config;
  GroupNames groups;  ///< as the head has its directories
  Validation result;
  ConflictCollector conflicts;
  /// Directories of mine whose place was lost: row 18 spoke of them, no name in them is looked at
  /// again.
  std::set<InodeId> lost_directories;

  /// True when the session gave `key` another meaning: its name is judged, not its inode.
  bool changed_name(const DirentKey& key) const;
  /// Sizes, then bytes as far as they are known; an unknown pair counts as different and is noted
  /// for comparison.
  Result<bool> same_bytes(const InodeRecord& mine, const InodeRecord& theirs);
  /// Same type, bytes, permissions, owner and extended attributes, and no second name that would be
  /// lost; `theirs` is as version `at` has it.
  Result<bool> identical(const InodeDelta& mine, const InodeRecord& theirs, SeqNo at);
  /// The change is not applied: the head's inode stands for mine.
  void settle(const DirentDelta& change, InodeId theirs);
  /// Row 33: settles a file of the base that I replaced by one like it. False when it is another.
  Result<bool> settle_unchanged(const DirentDelta& change,
                                const std::optional<InodeRecord>& theirs);
};

// The steps, in the order in which `validate` takes them. Each adds its conflicts to the context.
// Errors: EIO, EAGAIN.
Result<void> check_configuration(Context& context);
Result<void> check_ancestors(Context& context);
Result<void> check_names(Context& context);
Result<void> check_directories(Context& context);
Result<void> check_contents(Context& context);
Result<void> check_groups(Context& context);
Result<void> check_attributes(Context& context);
/// What the session read, when it is serializable. Last: it leaves out paths that others spoke of.
Result<void> check_reads(Context& context);
Result<void> check_replaced_directories(Context& context);
/// Row 28 for a file that I replaced by a new one (as editors save), row 31 for one that I removed.
Result<void> check_attributes_of_replaced(Context& context, const DirentDelta& change,
                                          const GroupHead& group);

// Row 40. True when nothing is to be said of the name any more: it is ignored.
Result<bool> take_ignored_name(Context& context, const DirentDelta& change,
                               const std::optional<InodeRecord>& theirs);
/// Of a file whose bytes I changed in place, under one of its names in the base.
Result<bool> take_ignored_content(Context& context, const InodeDelta& inode, const DirentKey& key,
                                  const std::optional<InodeRecord>& theirs);
/// True for a file that has only such names: its attributes are the later commit's too.
bool all_ignored(const Context& context, const std::vector<DirentKey>& links);

}  // namespace commitfs::validation
