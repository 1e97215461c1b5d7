#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <string_view>

#include "meta/base/mutex.h"
#include "meta/catalog.h"
#include "txn/config/config_text.h"

namespace commitfs {

/// The configuration of a table: kept in the catalog, cached here. Thread-safe.
///
/// A change of a key that decides validity is a version of its own, operation `config`, without
/// changes: sessions that begin afterwards have it or a later one as their base, those that began
/// before do not. A session at an older version (`mkdir sessions/fix@41`) counts as begun before:
/// what landed between its base and the change was recorded by the rules of then. Other changes
/// make no version.
class ConfigStore {
 public:
  /// What is stored. EPROTO when it makes no sense to this program: a later one wrote it.
  static Result<std::shared_ptr<ConfigStore>> open(std::shared_ptr<Catalog> catalog, Term term,
                                                   const Clock& clock);

  /// The configuration of the moment, from memory. Never null, never changed afterwards.
  std::shared_ptr<const TableConfig> current() const EXCLUDES(mutex_);
  /// As `reader` has it: for a commit, inside its transaction. EPROTO as above, EIO, EAGAIN.
  Result<std::shared_ptr<const TableConfig>> as_of(CatalogReader& reader) const EXCLUDES(mutex_);
  /// For users to read, defaults as comments.
  std::string shown() const EXCLUDES(mutex_);

  /// Who changes it.
  struct Author {
    uid_t uid = 0;
    gid_t gid = 0;
  };
  // Both: EACCES unless the author is root or owns the root directory; EINVAL and E2BIG as
  // ConfigText::parse, with a line in the log; ESTALE when another mount has taken over; EIO,
  // ENOSPC, EAGAIN. When it fails nothing is stored. Durable when it returns.

  enum class Mode { replace, merge };
  /// What either would answer, but for the errors of writing. Changes nothing.
  Result<void> check(std::string_view text, Mode mode, Author author) const EXCLUDES(mutex_);

  /// `text` is the configuration from now on.
  Result<void> replace(std::string_view text, Author author) EXCLUDES(mutex_);
  /// Sets the keys of `text`; the others stay.
  Result<void> merge(std::string_view text, Author author) EXCLUDES(mutex_);

 private:
  struct Loaded {
    std::string stored;  ///< the text in the catalog
    ConfigText text;
    std::shared_ptr<const TableConfig> values;
    std::uint64_t write = 0;  ///< the number of the write that made it, in this process
  };

  ConfigStore(std::shared_ptr<Catalog> catalog, Term term, const Clock& clock, Loaded loaded)
      : catalog_(std::move(catalog)), term_(term), clock_(clock), loaded_(std::move(loaded)) {}
  static Result<Loaded> load(CatalogReader& reader);
  Loaded loaded() const EXCLUDES(mutex_);
  /// `before`, with what the text says. `values` of it have no version yet.
  static Result<Loaded> edited(const Loaded& before, std::string_view text, Mode mode);
  Result<void> may_write(CatalogReader& reader, Author author) const;
  Result<void> write(std::string_view text, Mode mode, Author author) EXCLUDES(mutex_);
  /// Called inside the transaction, so that the numbers grow as the transactions follow.
  std::uint64_t next_write() EXCLUDES(mutex_);
  void keep(Loaded next) EXCLUDES(mutex_);
  Result<SeqNo> add_version(CatalogTransaction& transaction, Author author,
                            std::string message) const;

  const std::shared_ptr<Catalog> catalog_;
  const Term term_;
  const Clock& clock_;
  mutable Mutex mutex_;
  std::uint64_t writes_ GUARDED_BY(mutex_) = 0;
  Loaded loaded_ GUARDED_BY(mutex_);
};

// The same of a table that may have no store (see TableContext): then all defaults.
std::shared_ptr<const TableConfig> current_config(const std::shared_ptr<ConfigStore>& store);
Result<std::shared_ptr<const TableConfig>> config_as_of(const std::shared_ptr<ConfigStore>& store,
                                                        CatalogReader& reader);

}  // namespace commitfs
