#include <algorithm>
#include <cerrno>

#include "txn/condition/condition.h"
#include "txn/session.h"

namespace commitfs {

std::shared_ptr<const SessionSettings> Session::settings() const {
  MutexLock lock(mutex_);
  return settings_;
}

void Session::put_settings(SessionSettings settings) {
  row_.extra = settings_to_json(settings, row_.extra);
  row_dirty_ = true;
  settings_ = std::make_shared<const SessionSettings>(std::move(settings));
}

Result<void> Session::takes_settings() const {
  if (state_ != SessionState::open) return fail(EROFS, "change a session that is not open");
  if (is_fenced()) return fail(EROFS, "change a session that another mount has taken over");
  if (settings_->expired) return fail(EROFS, "change an expired session");
  return {};
}

template <typename Edit>
Result<void> Session::edit_settings(Edit edit) {
  AfterUnlock after(*this);
  MutexLock lock(mutex_);
  TRY(takes_settings());
  lease_.touch();
  SessionSettings settings = *settings_;
  TRY(edit(settings, data_));
  put_settings(std::move(settings));
  settle(after);
  return {};
}

Result<void> Session::set_isolation(Isolation isolation) {
  return edit_settings([&](SessionSettings& settings, SessionData& data) -> Result<void> {
    if (isolation < settings.isolation) return fail(EINVAL, "isolation can only be strengthened");
    if (isolation == Isolation::serializable) TRY(data.reads.track());
    settings.isolation = isolation;
    return {};
  });
}

Result<void> Session::set_operation(Operation operation) {
  return edit_settings([&](SessionSettings& settings, SessionData&) -> Result<void> {
    settings.operation = operation;
    return {};
  });
}

Result<void> Session::set_keeps(SeqNo version) {
  return edit_settings([&](SessionSettings& settings, SessionData& data) -> Result<void> {
    if (!data.changes.dirents().empty() || !data.changes.inodes().empty())
      return fail(EBUSY, "the session has changes of its own");
    settings.keeps = version;
    return {};
  });
}

Result<void> Session::set_early_detection(EarlyDetection early) {
  return edit_settings([&](SessionSettings& settings, SessionData&) -> Result<void> {
    settings.early = early;
    return {};
  });
}

Result<void> Session::set_require(std::string text) {
  const bool is_none = text.find_first_not_of(" \t\n\r") == std::string::npos;
  std::string error;
  if (!is_none) {
    // Parsed again where it is needed: what is kept is the text.
    const auto condition = condition::parse(text);
    if (!condition) error = condition.error().describe();
  }
  if (is_none) text.clear();
  AfterUnlock after(*this);
  MutexLock lock(mutex_);
  TRY(takes_settings());
  lease_.touch();
  require_error_ = error;
  if (!error.empty()) return fail(EINVAL, "require: " + error);
  SessionSettings settings = *settings_;
  settings.require = std::move(text);
  put_settings(std::move(settings));
  settle(after);
  return {};
}

std::string Session::require_error() const {
  MutexLock lock(mutex_);
  return require_error_;
}

void Session::note_early(std::string what) {
  MutexLock lock(mutex_);
  if (early_notes_.size() == ConflictReport::kMaxInFull) return;
  if (std::ranges::find(early_notes_, what) == early_notes_.end()) {
    early_notes_.push_back(std::move(what));
  }
}

std::vector<std::string> Session::early_notes() const {
  MutexLock lock(mutex_);
  return early_notes_;
}

Result<void> Session::set_replace(std::string_view lines) {
  auto paths = TRY(parse_replace(lines));
  return edit_settings([&](SessionSettings& settings, SessionData&) -> Result<void> {
    settings.replace = std::move(paths);
    return {};
  });
}

Result<void> Session::set_frozen() {
  AfterUnlock after(*this);
  MutexLock lock(mutex_);
  if (!is_alive() || is_fenced() || settings_->expired)
    return fail(EROFS, "freeze a session that is over");
  if (!linked_with_writers().empty()) return fail(EBUSY, "freeze a session with open files");
  SessionSettings settings = *settings_;
  settings.frozen = true;
  audited_ = true;
  put_settings(std::move(settings));
  settle(after);
  return {};
}

bool Session::audited() const {
  MutexLock lock(mutex_);
  return audited_ && settings_->frozen;
}

bool Session::expired() const {
  MutexLock lock(mutex_);
  return settings_->expired;
}

bool Session::expire_if_unused(std::chrono::nanoseconds time_to_live) {
  AfterUnlock after(*this);
  MutexLock lock(mutex_);
  if (state_ != SessionState::open || is_fenced() || settings_->expired) return false;
  if (!data_.open_for_writing.empty() || lease_.unused_ns() < time_to_live.count()) return false;
  SessionSettings settings = *settings_;
  settings.expired = true;
  put_settings(std::move(settings));
  lease_.touch();  // from here on it waits to be removed
  settle(after);
  return true;
}

Result<void> Session::unfreeze() {
  return edit_settings([](SessionSettings& settings, SessionData&) -> Result<void> {
    settings.frozen = false;
    return {};
  });
}

}  // namespace commitfs
