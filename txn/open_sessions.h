#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "meta/base/mutex.h"
#include "txn/session.h"

namespace commitfs {

/// The names in `sessions/`. A name is claimed before its session is made or renamed, so that no
/// lock is held meanwhile; a claimed name is taken but has no session yet. Thread-safe; its lock is
/// a leaf.
class OpenSessions {
 public:
  /// A name taken for one who is about to fill it; given back when it goes unfilled.
  class Claim {
   public:
    Claim(Claim&& other) noexcept
        : sessions_(std::exchange(other.sessions_, nullptr)), name_(std::move(other.name_)) {}
    Claim& operator=(Claim&&) = delete;
    ~Claim();
    /// The name is the session's from now on, and only this name.
    void fill(std::shared_ptr<Session> session) &&;

   private:
    friend class OpenSessions;
    Claim(OpenSessions* sessions, std::string name) : sessions_(sessions), name_(std::move(name)) {}
    OpenSessions* sessions_;
    std::string name_;
  };

  /// EEXIST.
  Result<Claim> claim(std::string_view name) EXCLUDES(mutex_);
  std::shared_ptr<Session> find(std::string_view name) const EXCLUDES(mutex_);
  /// Also true for a claimed name.
  bool contains(std::string_view name) const EXCLUDES(mutex_);
  std::vector<std::shared_ptr<Session>> list() const EXCLUDES(mutex_);  ///< by name
  /// False when it was not there any more.
  bool erase(const Session& session) EXCLUDES(mutex_);

  /// The base of one of them was taken away by force, or is about to be; see txn/lost_base.h.
  void note_lost_base() const { lost_bases_ = true; }
  bool may_have_lost_bases() const { return lost_bases_; }

 private:
  bool erase_locked(const Session& session) REQUIRES(mutex_);

  mutable std::atomic<bool> lost_bases_ = false;
  mutable Mutex mutex_;
  std::map<std::string, std::shared_ptr<Session>, std::less<>> sessions_
      GUARDED_BY(mutex_);  ///< null: claimed
};

}  // namespace commitfs
