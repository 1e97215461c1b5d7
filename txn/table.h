#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "txn/adoption.h"
#include "txn/session_manager.h"
#include "txn/version_name.h"

namespace commitfs {

namespace past {
class Expiry;
}

/// A table directory, opened. One process may hold it for committing at a time (flock on
/// .commitfs/lock). Thread-safe.
class Table {
 public:
  /// Makes `.commitfs` in a plain directory and adopts what is there as version 1: files are
  /// hard-linked into the store, none copied, none touched. Crash-safe: an adoption that did not
  /// finish is begun anew. Errors: ENOENT, ENOTDIR, EEXIST (is a table already), EBUSY (another
  /// init is under way), EXDEV (a file on another file system: its path is in the context), EACCES,
  /// EPERM, ENOSPC, EPROTO (.commitfs holds bodies without a catalog). When it fails, what it made
  /// is removed. Durable when it returns.
  static Result<AdoptionSummary> init(const std::filesystem::path& directory);
  /// True when the directory is a table whose adoption finished; false also when that cannot be
  /// told.
  static bool is_table(const std::filesystem::path& directory);

  /// Opens a table for committing: takes the lock (EBUSY with the holder's pid in the context),
  /// raises the term, recovers sessions. Errors: ENOENT, ENOTDIR, EPROTO (foreign or newer
  /// catalog), EIO.
  static Result<std::unique_ptr<Table>> open(const std::filesystem::path& directory,
                                             CommitOptions options = {});
  /// Opens a table's catalog for reading beside whatever mount there is: it writes nothing, and
  /// what would answers EROFS. Errors: as open, but EBUSY; EPROTO with a sentence also for a
  /// catalog that an older commitfs wrote.
  static Result<std::shared_ptr<Catalog>> open_catalog(const std::filesystem::path& directory);

  /// Finishes every commit that was submitted, writes the journal, gives the lock back. Trees and
  /// sessions that were handed out stay readable.
  ~Table();

  const std::filesystem::path& directory() const;
  const TableContext& context() const;
  SessionManager& sessions();
  /// Takes old versions out of the table.
  past::Expiry& expiry();
  Term term() const;
  std::size_t recovered_sessions() const;

  /// The version that `text` names, see txn/version_name.h. An empty optional when it names none.
  Result<std::optional<SeqNo>> resolve_version(std::string_view text) const;

 private:
  class Impl;
  explicit Table(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// One version of the log, as `cat .commitfs/log` and `commitfs log` show it; without a newline.
/// Fields: see log_format.cc. `tags` as of tag_names.
std::string format_log_line(const VersionRecord& version, std::string_view tags = {});

}  // namespace commitfs
