#include "meta/sqlite/database.h"

#include <spdlog/spdlog.h>
#include <sqlite3.h>

#include <cassert>
#include <cerrno>
#include <climits>

#include "meta/sqlite/storage_errno.h"

namespace commitfs::sqlite {
namespace {

/// The errno for what the operating system answered SQLite, when it is one that tells the user what
/// to do; else EIO.
int errno_of_storage(int system_errno) {
  switch (system_errno) {
    case ENOSPC:
    case EDQUOT:
    case EROFS:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
    case EACCES:
      return system_errno;
    default:
      return EIO;
  }
}

int errno_of(int extended_code, int system_errno) {
  switch (extended_code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return EAGAIN;
    case SQLITE_FULL:
      return system_errno == EDQUOT ? EDQUOT : ENOSPC;
    case SQLITE_NOMEM:
      return ENOMEM;
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return EROFS;
    case SQLITE_CONSTRAINT:
      return EEXIST;
    case SQLITE_TOOBIG:
      return EFBIG;
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
      return errno_of_storage(system_errno);
    default:
      return EIO;
  }
}

/// What just went wrong on a connection, logged if nothing but EIO can be said of it.
Error error_of(sqlite3* database, const char* context) {
  const int extended_code = sqlite3_extended_errcode(database);
  const int first = storage_errno();
  const int system_errno = first != 0 ? first : sqlite3_system_errno(database);
  const char* message = sqlite3_errmsg(database);
  const int mapped = errno_of(extended_code, system_errno);
  if (mapped == EIO)
    spdlog::error("sqlite: {} (code {}, errno {}) in {}", message, extended_code, system_errno,
                  context);
  return Error{mapped, std::string("sqlite: ") + message};
}

/// For a file that is to be made if it is missing.
bool has_directory(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(std::filesystem::absolute(path).parent_path(), error);
  return status.type() != std::filesystem::file_type::not_found;
}

/// An empty string with a null pointer would be bound as NULL.
const char* data_of(std::string_view value) {
  return value.empty() ? "" : value.data();
}

}  // namespace

Use::Use(Use&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}

Use::~Use() {
  if (statement_ == nullptr) return;
  // The code it returns is that of the last step, which was handled there.
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Result<bool> Use::step() {
  forget_storage_errno();
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return std::unexpected(error_of(sqlite3_db_handle(statement_), sqlite3_sql(statement_)));
}

Result<void> Use::run() {
  while (TRY(step())) {
  }
  return {};
}

bool Use::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

bool Use::bind_integer(int parameter, std::int64_t value) {
  return sqlite3_bind_int64(statement_, parameter, value) == SQLITE_OK;
}

bool Use::bind_bytes(int parameter, std::string_view value) {
  return sqlite3_bind_blob64(statement_, parameter, data_of(value), value.size(), SQLITE_STATIC) ==
         SQLITE_OK;
}

bool Use::bind_text(int parameter, std::string_view value) {
  return sqlite3_bind_text64(statement_, parameter, data_of(value), value.size(), SQLITE_STATIC,
                             SQLITE_UTF8) == SQLITE_OK;
}

std::int64_t Use::get_integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string Use::get_bytes(int column) const {
  // As a BLOB also where it is TEXT: the bytes are the same, and a damaged encoding is not looked
  // at.
  const void* bytes = sqlite3_column_blob(statement_, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return bytes == nullptr ? std::string() : std::string(static_cast<const char*>(bytes), size);
}

void Connection::Close::operator()(sqlite3* database) const {
  sqlite3_close(database);
}

Result<std::unique_ptr<Connection>> Connection::open(const std::filesystem::path& path,
                                                     std::chrono::milliseconds lock_limit) {
  watch_storage_errors();
  forget_storage_errno();
  sqlite3* database = nullptr;
  // NOMUTEX: one thread at a time uses a connection.
  const int flags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(path.c_str(), &database, flags, nullptr);
  if (database == nullptr) return fail(ENOMEM, "open " + path.string());
  std::unique_ptr<Connection> connection(new Connection(database));
  if (code != SQLITE_OK && !has_directory(path)) return fail(ENOENT, "open " + path.string());
  if (code != SQLITE_OK) return std::unexpected(connection->error(path.c_str()));
  connection->set_lock_limit(lock_limit);
  return connection;
}

Connection::~Connection() {
  for (const auto& [text, statement] : statements_)
    sqlite3_finalize(statement);
}

Result<sqlite3_stmt*> Connection::prepared(Sql sql) {
  auto& statement = statements_[sql.text()];
  if (statement == nullptr) {
    forget_storage_errno();
    const int code = sqlite3_prepare_v3(database_.get(), sql.text(), -1, SQLITE_PREPARE_PERSISTENT,
                                        &statement, nullptr);
    if (code != SQLITE_OK) return std::unexpected(error(sql.text()));
  }
  assert(!sqlite3_stmt_busy(statement));
  return statement;
}

Result<void> Connection::execute(Sql sql) {
  forget_storage_errno();
  if (sqlite3_exec(database_.get(), sql.text(), nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return std::unexpected(error(sql.text()));
}

Result<std::int64_t> Connection::query_integer(Sql sql) {
  auto row = TRY(use(sql));
  return TRY(row.step()) ? row.get<std::int64_t>(0) : 0;
}

std::int64_t Connection::changed_rows() const {
  return sqlite3_changes64(database_.get());
}

bool Connection::in_transaction() const {
  return sqlite3_get_autocommit(database_.get()) == 0;
}

void Connection::set_lock_limit(std::chrono::milliseconds limit) {
  sqlite3_busy_timeout(database_.get(),
                       static_cast<int>(std::min<std::int64_t>(limit.count(), INT_MAX)));
}

void Connection::set_checkpoint_on_close(bool enabled) {
  sqlite3_db_config(database_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, enabled ? 0 : 1, nullptr);
}

Error Connection::error(const char* context) const {
  return error_of(database_.get(), context);
}

Result<Transaction> Transaction::begin(Connection& connection) {
  TRY(connection.run("BEGIN IMMEDIATE"));
  return Transaction(connection);
}

Result<void> Transaction::commit() {
  assert(is_open());
  auto committed = connection_->run("COMMIT");
  if (committed) connection_ = nullptr;
  rollback();
  return committed;
}

void Transaction::rollback() {
  if (connection_ == nullptr) return;
  // After some errors SQLite has rolled back by itself; then there is nothing to end.
  if (connection_->in_transaction()) (void)connection_->run("ROLLBACK");
  connection_ = nullptr;
}

}  // namespace commitfs::sqlite
