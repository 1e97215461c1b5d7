#include <cerrno>

#include "txn/control_text.h"
#include "txn/session.h"

namespace commitfs {

std::string Session::name() const {
  MutexLock lock(mutex_);
  return row_.name;
}

Result<void> Session::rename(std::string name) {
  AfterUnlock after(*this);
  MutexLock lock(mutex_);
  if (state_ != SessionState::open || is_fenced()) return fail(EROFS, "rename a session");
  row_.name = std::move(name);
  row_dirty_ = true;
  settle(after);
  return {};
}

std::string Session::message() const {
  MutexLock lock(mutex_);
  return row_.message;
}

Result<void> Session::set_message(std::string value) {
  std::string message = TRY(control::checked_text(std::move(value)));
  return edit_row([&](StagedSession& row) -> Result<void> {
    row.message = std::move(message);
    return {};
  });
}

std::optional<std::string> Session::token() const {
  MutexLock lock(mutex_);
  return row_.token;
}

Result<void> Session::set_token(std::string value) {
  std::string token = TRY(control::checked_token(std::move(value)));
  return edit_row([&](StagedSession& row) -> Result<void> {
    row.token = std::move(token);
    return {};
  });
}

std::map<std::string, std::string> Session::metadata() const {
  MutexLock lock(mutex_);
  return row_.metadata;
}

Result<void> Session::set_metadata(const std::string& key, std::optional<std::string> value) {
  TRY(control::check_key(key));
  if (value) value = TRY(control::checked_text(*std::move(value)));
  return edit_row([&](StagedSession& row) -> Result<void> {
    if (!value) {
      if (row.metadata.erase(key) == 0) return fail(ENODATA, "remove metadata " + key);
      return {};
    }
    if (!row.metadata.contains(key) && row.metadata.size() == control::kKeysMax) {
      return fail(E2BIG, "more than 256 metadata keys");
    }
    row.metadata.insert_or_assign(key, *std::move(value));
    return {};
  });
}

std::shared_ptr<const ConflictReport> Session::last_report() const {
  MutexLock lock(mutex_);
  return last_report_;
}

void Session::set_last_report(std::shared_ptr<const ConflictReport> report, int error) {
  MutexLock lock(mutex_);
  last_report_ = std::move(report);
  last_error_ = error;
}

int Session::last_error() const {
  MutexLock lock(mutex_);
  return last_error_;
}

}  // namespace commitfs
