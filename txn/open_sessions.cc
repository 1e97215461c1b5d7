#include "txn/open_sessions.h"

#include <algorithm>
#include <cerrno>

namespace commitfs {

OpenSessions::Claim::~Claim() {
  if (sessions_ == nullptr) return;
  MutexLock lock(sessions_->mutex_);
  sessions_->sessions_.erase(name_);
}

void OpenSessions::Claim::fill(std::shared_ptr<Session> session) && {
  OpenSessions* const sessions = std::exchange(sessions_, nullptr);
  MutexLock lock(sessions->mutex_);
  sessions->erase_locked(*session);
  sessions->sessions_[name_] = std::move(session);
}

Result<OpenSessions::Claim> OpenSessions::claim(std::string_view name) {
  MutexLock lock(mutex_);
  if (!sessions_.emplace(name, nullptr).second) return fail(EEXIST, "session " + std::string(name));
  return Claim(this, std::string(name));
}

std::shared_ptr<Session> OpenSessions::find(std::string_view name) const {
  MutexLock lock(mutex_);
  const auto found = sessions_.find(name);
  return found == sessions_.end() ? nullptr : found->second;
}

bool OpenSessions::contains(std::string_view name) const {
  MutexLock lock(mutex_);
  return sessions_.contains(name);
}

std::vector<std::shared_ptr<Session>> OpenSessions::list() const {
  MutexLock lock(mutex_);
  std::vector<std::shared_ptr<Session>> all;
  for (const auto& [name, session] : sessions_) {
    if (session) all.push_back(session);
  }
  return all;
}

bool OpenSessions::erase(const Session& session) {
  MutexLock lock(mutex_);
  return erase_locked(session);
}

bool OpenSessions::erase_locked(const Session& session) {
  const auto found = std::ranges::find_if(
      sessions_, [&](const auto& entry) { return entry.second.get() == &session; });
  if (found == sessions_.end()) return false;
  sessions_.erase(found);
  return true;
}

}  // namespace commitfs
