#include "meta/sqlite/writer.h"

#include <algorithm>
#include <cerrno>

namespace commitfs::sqlite {

Writer::Writer(std::filesystem::path path, const Schema& schema, Synchronous synchronous,
               std::chrono::milliseconds lock_limit, std::unique_ptr<Connection> connection)
    : path_(std::move(path)),
      schema_(schema),
      synchronous_(synchronous),
      lock_limit_(lock_limit),
      connection_(std::move(connection)),
      current_synchronous_(synchronous) {}

Result<std::unique_ptr<Writer>> Writer::open(std::filesystem::path path, const Schema& schema,
                                             Synchronous synchronous,
                                             std::chrono::milliseconds lock_limit) {
  auto connection = TRY(open_writer(path, schema, synchronous, lock_limit));
  return std::unique_ptr<Writer>(
      new Writer(std::move(path), schema, synchronous, lock_limit, std::move(connection)));
}

Result<Writer::Open> Writer::begin(Synchronous synchronous) {
  const auto deadline = std::chrono::steady_clock::now() + lock_limit_;
  auto turn = TRY(queue_.take(deadline));
  TRY(prepare(synchronous, deadline));
  auto transaction = TRY(Transaction::begin(*connection_));
  return Open(this, std::move(turn), std::move(transaction));
}

/// Makes the connection fit for the next transaction.
Result<void> Writer::prepare(Synchronous synchronous, TurnQueue::Deadline deadline) {
  if (!connection_) {
    connection_ = TRY(open_writer(path_, schema_, synchronous, lock_limit_));
    current_synchronous_ = synchronous;
  }
  if (current_synchronous_ != synchronous) {
    TRY(set_synchronous(*connection_, synchronous));
    current_synchronous_ = synchronous;
  }
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      deadline - std::chrono::steady_clock::now());
  connection_->set_lock_limit(std::max(left, std::chrono::milliseconds(1)));
  return {};
}

Writer::Open::~Open() {
  if (turn_) rollback();
}

Result<void> Writer::Open::commit() {
  if (!is_open()) return fail(EINVAL, "commit a transaction that has ended");
  auto committed = transaction_.commit();
  rollback();
  return committed;
}

void Writer::Open::rollback() {
  transaction_.rollback();
  // A connection that cannot even roll back is not trusted again: the next turn opens a new one.
  if (writer_->connection_->in_transaction()) writer_->connection_.reset();
  turn_.reset();
}

}  // namespace commitfs::sqlite
