#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include "meta/base/error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace commitfs::sqlite {

/// The text of one or more SQL statements. Made only of string literals, so that no value can get
/// into it.
class Sql {
 public:
  template <std::size_t N>
  consteval Sql(const char (&text)[N]) : text_(text) {}
  const char* text() const { return text_; }

 private:
  const char* text_;
};

/// A string bound as TEXT; plain string views are bound as BLOB.
struct Text {
  std::string_view value;
};

/// One run of a prepared statement: parameters bound, rows to step through. Destroying it resets
/// the statement and ends its implicit read transaction. Strings bound must live as long as it
/// does. Used by one thread; not nested for one text.
class Use {
 public:
  Use(Use&& other) noexcept;
  Use& operator=(Use&&) = delete;
  ~Use();

  /// True when it stands on a row, false after the last. Errors as Connection.
  Result<bool> step();
  /// Runs it to its end, for statements without rows.
  Result<void> run();

  bool is_null(int column) const;
  /// The value of a column, from 0: an integer or enum (modulo 2^64, for ids), or std::string for
  /// BLOB and TEXT.
  template <typename T>
  T get(int column) const {
    if constexpr (std::is_same_v<T, std::string>) {
      return get_bytes(column);
    } else {
      static_assert(std::is_integral_v<T> || std::is_enum_v<T>);
      return static_cast<T>(get_integer(column));
    }
  }

 private:
  friend class Connection;
  explicit Use(sqlite3_stmt* statement) : statement_(statement) {}

  template <typename T>
  bool bind(int parameter, const T& value) {
    if constexpr (std::is_same_v<T, Text>) {
      return bind_text(parameter, value.value);
    } else if constexpr (std::is_integral_v<T> || std::is_enum_v<T>) {
      return bind_integer(parameter, static_cast<std::int64_t>(value));
    } else if constexpr (std::is_convertible_v<T, std::string_view>) {
      return bind_bytes(parameter, value);
    } else {
      return value ? bind(parameter, *value)
                   : true;  // std::optional; a parameter not bound is NULL
    }
  }
  bool bind_integer(int parameter, std::int64_t value);
  bool bind_bytes(int parameter, std::string_view value);
  bool bind_text(int parameter, std::string_view value);
  std::int64_t get_integer(int column) const;
  std::string get_bytes(int column) const;

  sqlite3_stmt* statement_;
};

/// One connection to a database file, with its prepared statements. Used by one thread at a time.
///
/// Errors of everything below: EAGAIN (locked for longer than the limit), ENOSPC, EDQUOT, EROFS,
/// ENOMEM, EEXIST (a constraint), EMFILE, ENOENT and EACCES when opening; EIO for the rest, with
/// SQLite's extended code in the log.
class Connection {
 public:
  /// Opens the file, making an empty one if it is missing. `lock_limit` is how long to wait for
  /// another's lock.
  static Result<std::unique_ptr<Connection>> open(const std::filesystem::path& path,
                                                  std::chrono::milliseconds lock_limit);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// The statement, prepared at the first use, with the parameters bound in order.
  template <typename... Parameters>
  Result<Use> use(Sql sql, const Parameters&... parameters) {
    Use bound(TRY(prepared(sql)));
    int parameter = 0;
    if (!(bound.bind(++parameter, parameters) && ...)) return std::unexpected(error(sql.text()));
    return bound;
  }
  /// use() and run() in one.
  template <typename... Parameters>
  Result<void> run(Sql sql, const Parameters&... parameters) {
    return TRY(use(sql, parameters...)).run();
  }
  /// Runs statements that are not worth keeping: PRAGMAs, DDL. Rows are ignored.
  Result<void> execute(Sql sql);
  /// The first column of the only row, e.g. of a PRAGMA. 0 when there is no row.
  Result<std::int64_t> query_integer(Sql sql);

  /// The rows the last statement inserted, changed or deleted.
  std::int64_t changed_rows() const;
  /// True between BEGIN and the COMMIT or ROLLBACK, whether that was asked for or SQLite's own.
  bool in_transaction() const;
  void set_lock_limit(std::chrono::milliseconds limit);
  /// Whether the last connection to the file may move its log into it when it closes. It may unless
  /// told otherwise.
  void set_checkpoint_on_close(bool enabled);

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  explicit Connection(sqlite3* database) : database_(database) {}

  Result<sqlite3_stmt*> prepared(Sql sql);
  Error error(const char* context) const;

  std::unique_ptr<sqlite3, Close> database_;
  std::unordered_map<const char*, sqlite3_stmt*> statements_;  ///< by the address of their text
};

/// A transaction on a connection; rolled back when it is destroyed before `commit`.
class Transaction {
 public:
  /// BEGIN IMMEDIATE: waits for other writers, also of other processes.
  static Result<Transaction> begin(Connection& connection);
  Transaction(Transaction&& other) noexcept
      : connection_(std::exchange(other.connection_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction() { rollback(); }

  bool is_open() const { return connection_ != nullptr; }
  /// Ends it in any case: after an error nothing was committed, except that after EIO the outcome
  /// is unknown.
  Result<void> commit();
  void rollback();

 private:
  explicit Transaction(Connection& connection) : connection_(&connection) {}
  Connection* connection_;
};

}  // namespace commitfs::sqlite
