#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "meta/types.h"
#include "txn/config/glob.h"

/// File groups: which files of a directory are one unit of conflict.
///
/// Each name that is not a directory has a head of its own in the catalog (`GroupHead`), by which
/// it is validated as if it were alone. A rule may put several names into one *group*: the group
/// then has heads too, and writers of different names of it meet there. A name that no rule takes
/// is a group of its own and pays nothing. Directories are in no group.
namespace commitfs {

/// From a file name to the name of its group. Immutable, cheap to copy, thread-safe.
class GroupRule {
 public:
  GroupRule() = default;  ///< `path`

  /// EINVAL, with what is wrong as the context. A rule is one of
  ///   path         every name is a group of its own
  ///   regex EXPR   the group is what `(?<group>…)` in EXPR took. RE2's syntax; EXPR may match
  ///                anywhere in the name: say ^ and $ where that matters. A name it does not match,
  ///                or of which the group took nothing, is a group of its own
  ///   hudi         Apache Hudi's file ids: of base files FILEID_TOKEN_INSTANT.EXT and of log files
  ///                .FILEID_INSTANT.log.N_TOKEN
  ///   partition    all files of a directory are one group
  /// Source: Hudi's FSUtils (file name layout), `getFileId` and `LOG_FILE_PATTERN`.
  static Result<GroupRule> parse(std::string_view text);

  /// Empty for a name that is a group of its own. The group of `partition` is "".
  std::optional<std::string> group_of(std::string_view name) const;
  bool is_path() const { return expressions_.empty() && !partition_; }

 private:
  struct Expression {
    std::shared_ptr<const re2::RE2> compiled;
    int group = 0;  ///< the number of the capture
  };
  static Result<Expression> compile(std::string_view text);

  bool partition_ = false;
  std::vector<Expression> expressions_;  ///< the first that matches decides
};

/// The rules of a table. Thread-safe once made.
class GroupRules {
 public:
  void set_default(GroupRule rule) { default_ = std::move(rule); }
  /// Behind those there are: the first pattern that matches a directory decides.
  void add(Glob directories, GroupRule rule) {
    by_directory_.emplace_back(std::move(directories), std::move(rule));
  }

  /// True when every name of every directory is a group of its own.
  bool all_path() const;
  /// False when the rule is the same wherever a directory stands.
  bool depend_on_directory() const { return !by_directory_.empty(); }
  /// `directory` is a path in the table, "" for its root.
  const GroupRule& rule_for(std::string_view directory) const;
  /// A file's group as users read it: directory path and group name, joined by '/'; of `partition`
  /// the directory's path, "." for the root.
  std::string text_of(std::string_view directory, std::string_view name) const;

 private:
  GroupRule default_;
  std::vector<std::pair<Glob, GroupRule>> by_directory_;
};

// The heads of a group of several names. Their keys begin with '/', which no name does, so that a
// group and a file of the same name are two. Only `content_seq_no` and `content_change` are used:
// `deleted` when the version took names away and did nothing else to the group.

/// The last version that changed the group, but for those that did nothing but delete.
GroupKey group_changes_key(InodeId partition, std::string_view group);
/// The last version that took a name of the group away and did nothing but delete (row 9).
GroupKey group_deletes_key(InodeId partition, std::string_view group);

}  // namespace commitfs
