#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "meta/base/error.h"
#include "meta/base/turn.h"
#include "meta/sqlite/database.h"
#include "meta/sqlite/schema.h"

namespace commitfs::sqlite {

/// The one writing connection of this process, kept with its prepared statements, and the queue for
/// it. Thread-safe.
class Writer {
 public:
  /// Opens the file and brings its schema up to date. Errors as open_writer.
  static Result<std::unique_ptr<Writer>> open(std::filesystem::path path, const Schema& schema,
                                              Synchronous synchronous,
                                              std::chrono::milliseconds lock_limit);

  /// A write transaction: threads of this process get it in the order they asked, then BEGIN
  /// IMMEDIATE keeps other processes out. Rolled back when destroyed before `commit`. Must not
  /// outlive the writer. Move-only; used by one thread.
  class Open {
   public:
    Open(Open&& other) noexcept
        : writer_(other.writer_),
          turn_(std::exchange(other.turn_, std::nullopt)),
          transaction_(std::move(other.transaction_)) {}
    Open& operator=(Open&&) = delete;
    ~Open();
    Connection& connection() const { return *writer_->connection_; }
    bool is_open() const { return transaction_.is_open(); }
    /// Ends it in any case and lets the next one in. Errors as Transaction::commit; EINVAL when it
    /// has ended before.
    Result<void> commit();
    /// Undoes everything and lets the next one in.
    void rollback();

   private:
    friend class Writer;
    Open(Writer* writer, TurnQueue::Turn turn, Transaction transaction)
        : writer_(writer), turn_(std::move(turn)), transaction_(std::move(transaction)) {}

    Writer* writer_;
    std::optional<TurnQueue::Turn> turn_;
    Transaction transaction_;
  };

  /// Errors: EAGAIN when it takes longer than the lock limit; as Connection. `synchronous` holds
  /// for this transaction.
  Result<Open> begin(Synchronous synchronous);
  Result<Open> begin() { return begin(synchronous_); }

 private:
  Writer(std::filesystem::path path, const Schema& schema, Synchronous synchronous,
         std::chrono::milliseconds lock_limit, std::unique_ptr<Connection> connection);

  Result<void> prepare(Synchronous synchronous, TurnQueue::Deadline deadline);

  const std::filesystem::path path_;
  const Schema& schema_;
  const Synchronous synchronous_;
  const std::chrono::milliseconds lock_limit_;
  TurnQueue queue_;
  // Both belong to whoever has the turn.
  std::unique_ptr<Connection> connection_;
  Synchronous current_synchronous_;
};

}  // namespace commitfs::sqlite
