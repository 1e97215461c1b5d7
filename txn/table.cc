#include "txn/table.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>

#include <cerrno>

#include "meta/base/posix.h"
#include "meta/sqlite/sqlite_catalog.h"
#include "meta/sqlite/sqlite_staging.h"
#include "txn/config/config_store.h"
#include "txn/control_directory.h"
#include "txn/past/expiry.h"
#include "txn/reserved_staging.h"
#include "txn/table_lock.h"

namespace commitfs {
namespace {

Result<void> check_finished(const ControlDirectory& control) {
  if (TRY(control.has_version())) return {};
  return fail(ENOENT, control.catalog().string() +
                          " has no version: `commitfs init` was not finished, run it again");
}

Result<Term> raise_term(Catalog& catalog) {
  const auto transaction = TRY(catalog.begin());
  const Term term = TRY(transaction->raise_term());
  TRY(transaction->commit());
  return term;
}

Result<TableContext> make_context(const ControlDirectory& control) {
  TRY(check_finished(control));
  TableContext context;
  context.catalog = TRY(open_sqlite_catalog(control.catalog()));
  context.store = std::make_shared<ObjectStore>(TRY(ObjectStore::open(control.objects())));
  context.ids = std::make_shared<IdSource>(context.catalog);
  context.sealer = std::make_shared<Sealer>(context.store);
  context.clock = &system_clock();
  return context;
}

/// What a table that is open works with.
struct Parts {
  TableContext context;
  std::unique_ptr<Staging> staging;
  Term term{};
};

/// May be tried again after an error.
Result<Parts> open_parts(const ControlDirectory& control, const std::filesystem::path& directory) {
  Parts parts;
  parts.context = TRY(make_context(control));
  // From here on the objects may be the only copy of something.
  TRY(control.unmark());
  parts.staging = TRY(open_sqlite_staging(control.staging()));
  parts.context.hooks = std::make_shared<hooks::Hooks>(
      hooks::HookPlaces{control.pre_commit_hooks(), control.post_commit_hooks(), directory});
  parts.term = TRY(raise_term(*parts.context.catalog));
  parts.context.fence = std::make_shared<Fence>(parts.context.catalog, parts.term);
  parts.context.config =
      TRY(ConfigStore::open(parts.context.catalog, parts.term, *parts.context.clock));
  return parts;
}

}  // namespace

/// Destroyed in reverse: the sealer ends, the manager finishes its commits (which seal for
/// themselves) and writes its journal, while all else is still there; the lock goes last.
class Table::Impl {
 public:
  Impl(std::filesystem::path table, UniqueFd control, TableLock held, TableContext shared,
       Term raised, std::shared_ptr<Staging> staging, CommitOptions options)
      : directory(std::move(table)),
        lock(std::move(held)),
        context(std::move(shared)),
        term(raised),
        sessions(context, term, std::move(staging), options),
        expiry(context, sessions, std::move(control)) {}
  ~Impl() { context.sealer->stop(); }

  const std::filesystem::path directory;
  const TableLock lock;
  const TableContext context;
  const Term term;
  SessionManager sessions;
  past::Expiry expiry;
  std::size_t recovered = 0;
};

Table::Table(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Table::~Table() = default;

Result<std::unique_ptr<Table>> Table::open(const std::filesystem::path& directory,
                                           CommitOptions options) {
  const ControlDirectory control = TRY(ControlDirectory::open(directory));
  TableLock lock = TRY(TableLock::take(control.fd(), directory));
  SpaceReserve reserve(TRY(posix::open_at(control.fd(), ".", O_RDONLY | O_DIRECTORY)));
  // On a full disk the mount is what a session can be discarded with.
  Parts parts = TRY(with_reserve(reserve, [&] { return open_parts(control, directory); }));
  auto staging = make_reserved_staging(std::move(parts.staging), std::move(reserve));

  UniqueFd control_fd = TRY(posix::open_at(control.fd(), ".", O_RDONLY | O_DIRECTORY));
  auto impl =
      std::make_unique<Impl>(directory, std::move(control_fd), std::move(lock),
                             std::move(parts.context), parts.term, std::move(staging), options);
  impl->recovered = TRY(impl->sessions.recover());
  spdlog::info("opened table {} in term {}: {} sessions recovered", directory.string(),
               raw(impl->term), impl->recovered);
  return std::unique_ptr<Table>(new Table(std::move(impl)));
}

Result<std::shared_ptr<Catalog>> Table::open_catalog(const std::filesystem::path& directory) {
  const ControlDirectory control = TRY(ControlDirectory::open(directory));
  TRY(check_finished(control));
  return TRY(open_sqlite_catalog_read_only(control.catalog()));
}

const std::filesystem::path& Table::directory() const {
  return impl_->directory;
}
const TableContext& Table::context() const {
  return impl_->context;
}
SessionManager& Table::sessions() {
  return impl_->sessions;
}
past::Expiry& Table::expiry() {
  return impl_->expiry;
}
Term Table::term() const {
  return impl_->term;
}
std::size_t Table::recovered_sessions() const {
  return impl_->recovered;
}

Result<std::optional<SeqNo>> Table::resolve_version(std::string_view text) const {
  return commitfs::resolve_version(*impl_->context.catalog, text);
}

}  // namespace commitfs
