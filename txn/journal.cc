#include "txn/journal.h"

#include <spdlog/spdlog.h>

#include <exception>
#include <map>
#include <new>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "meta/base/fault.h"
#include "meta/base/mutex.h"
#include "txn/reserved_staging.h"

namespace commitfs {
namespace {

/// How long a failed lazy write rests: a full disk stays full for a while.
constexpr std::chrono::milliseconds kRetryInterval = std::chrono::seconds(1);

/// How long bodies wait for somebody else's sync before the journal makes its own, and how many at
/// most.
constexpr std::chrono::milliseconds kRemovalDelay = std::chrono::seconds(1);
constexpr std::size_t kUnusedBodiesMax = 1000;

using Bodies = std::vector<ObjectId>;

void append(Bodies& to, const Bodies& more) {
  to.insert(to.end(), more.begin(), more.end());
}

}  // namespace

/// Held by sessions' listeners too, so that a session that outlives the journal calls into nothing.
class Journal::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(std::shared_ptr<Staging> staging, std::shared_ptr<Fence> fence,
       std::chrono::milliseconds interval, RemoveBodies remove)
      : staging_(std::move(staging)),
        fence_(std::move(fence)),
        interval_(interval),
        remove_(std::move(remove)) {}

  void start() {
    thread_ = std::thread([this] { run(); });
  }

  void stop() EXCLUDES(mutex_) {
    {
      MutexLock lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  void add(const std::shared_ptr<Session>& session) EXCLUDES(mutex_) {
    {
      MutexLock lock(mutex_);
      sessions_.insert_or_assign(session->id(), session);
    }
    session->set_journal_listener([self = weak_from_this(), id = session->id()] {
      if (const auto journal = self.lock()) journal->note_dirty(id);
    });
    session->set_removal_listener([self = weak_from_this(), id = session->id()](Bodies unused) {
      const auto journal = self.lock();
      if (journal) journal->drop(id, std::move(unused));
      return journal != nullptr;
    });
    note_dirty(session->id());
  }

  void note_dirty(SessionId id) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (!sessions_.contains(id)) return;
    dirty_.insert(id);
    changed_.notify_all();
  }

  Result<void> flush(SessionId id) EXCLUDES(mutex_) {
    {
      MutexLock lock(mutex_);
      if (sessions_.contains(id)) dirty_.insert(id);
    }
    return sync();
  }

  Result<void> sync() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (stopping_) return fail(EAGAIN, "flush a journal that has stopped");
    Flush flush;
    flushes_.push_back(&flush);
    changed_.notify_all();
    while (!flush.result)
      flushed_.wait(mutex_);
    return *std::move(flush.result);
  }

  void drop(SessionId id, Bodies unused) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    sessions_.erase(id);
    dirty_.erase(id);
    append(dropped_[id], unused);
    changed_.notify_all();
  }

 private:
  /// One caller that waits.
  struct Flush {
    std::optional<Result<void>> result;
  };

  /// What one round has to write.
  struct Work {
    std::set<SessionId> dirty;
    std::map<SessionId, Bodies> dropped;  ///< with what to remove then
    std::vector<Flush*> flushes;
    std::vector<std::shared_ptr<Session>> sessions;
    bool last = false;

    std::vector<StagingBatch> batches;  ///< those of the writers first
    std::vector<std::shared_ptr<Session>> writers;
  };

  void run() {
    while (true) {
      Work work;
      auto written = caught([&]() -> Result<void> {
        wait_for_work(work);
        return {};
      });
      // Whoever waits is answered, whatever there is memory for.
      if (written) written = caught([&] { return write(work); });
      if (!written) give_back(work, written.error());
      answer(work, std::move(written));
      if (work.last) return;
    }
  }

  /// What the standard library throws, as an error.
  template <typename Step>
  static Result<void> caught(Step step) {
    try {
      return step();
    } catch (const std::bad_alloc&) {
      return fail(ENOMEM, "journal");
    } catch (const std::exception& error) {
      return fail(EIO, error.what());
    }
  }

  void wait_for_work(Work& work) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    while (!stopping_ && flushes_.empty() && dirty_.empty() && dropped_.empty()) {
      if (forgotten_.empty()) {
        changed_.wait(mutex_);
      } else if (!changed_.wait_until(mutex_, removal_due_)) {
        break;
      }
    }
    const auto due = std::chrono::steady_clock::now() + (failing_ ? kRetryInterval : interval_);
    while (!stopping_ && flushes_.empty() && changed_.wait_until(mutex_, due)) {
    }
    work.dirty = std::exchange(dirty_, {});
    work.dropped = std::exchange(dropped_, {});
    work.flushes = std::exchange(flushes_, {});
    work.last = stopping_;
    for (const SessionId id : work.dirty) {
      const auto found = sessions_.find(id);
      auto session = found == sessions_.end() ? nullptr : found->second.lock();
      if (session) work.sessions.push_back(std::move(session));
    }
  }

  Result<void> write(Work& work) EXCLUDES(mutex_) {
    work.batches.reserve(work.sessions.size() + work.dropped.size());
    work.writers.reserve(work.sessions.size());
    if (lost_) return fail(EIO, "write a journal that has lost something");
    for (const auto& session : work.sessions) {
      lost_ = true;  // what a take that throws had in hand is nowhere
      auto batch = session->take_journal();
      lost_ = false;
      if (!batch) continue;
      work.batches.push_back(*std::move(batch));
      work.writers.push_back(session);
    }
    for (const auto& [id, unused] : work.dropped) {
      StagingBatch& batch = work.batches.emplace_back();
      batch.session = id;
      batch.drop = true;
      batch.unused = unused;
    }
    for (const StagingBatch& batch : work.batches) {
      if (!batch.unused.empty()) append(unforgotten_[batch.session], batch.unused);
    }
    const bool durable = !work.flushes.empty() || work.last || removal_is_due(work.batches);
    const auto written = write_batches(work.batches, durable ? Durability::now : Durability::lazy);
    if (!written && means_no_space(written.error().code)) forget_at_least(work);
    TRY(written);
    note_forgotten(work.batches);
    if (durable) remove_forgotten();
    return {};
  }

  /// The disk is full: to write only what is dropped, at once, takes less space, some of which is
  /// set aside for it, and gives back the space of bodies.
  void forget_at_least(Work& work) {
    if (work.dropped.empty() && forgotten_.empty()) return;
    const auto dropped = static_cast<std::ptrdiff_t>(work.writers.size());
    std::vector<StagingBatch> batches(work.batches.begin() + dropped, work.batches.end());
    // It drops nobody: what lazy writes have forgotten before becomes durable with it.
    batches.emplace_back().drop = true;
    if (!write_batches(batches, Durability::now)) return;
    note_forgotten(batches);
    remove_forgotten();
    work.dropped.clear();
  }

  /// Nothing of `work` was written, or perhaps not: all of it is to be written again.
  void give_back(Work& work, const Error& error) noexcept EXCLUDES(mutex_) {
    try {
      spdlog::error("journal of {} sessions: {}", work.batches.size(), error.describe());
      removal_due_ = std::chrono::steady_clock::now() + kRetryInterval;
      for (std::size_t index = 0; index < work.writers.size(); ++index) {
        work.writers[index]->return_journal(work.batches[index]);
      }
      MutexLock lock(mutex_);
      const bool fenced = fence_ != nullptr && fence_->broken();
      if (fenced) return forgotten_.clear();  // the other mount's
      dirty_.insert(work.dirty.begin(), work.dirty.end());
      // What they remove is noted already, unless that failed; then it stays behind.
      for (const auto& [id, unused] : work.dropped)
        dropped_.try_emplace(id);
    } catch (const std::exception& thrown) {
      spdlog::error("journal: {}", thrown.what());
      lost_ = true;
    }
    if (lost_)
      spdlog::critical("the journal has lost what a session did; every fsync fails from now on");
  }

  void answer(Work& work, Result<void> written) noexcept EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    failing_ = !written && !(fence_ != nullptr && fence_->broken());
    for (Flush* flush : work.flushes) {
      try {
        flush->result = written;
      } catch (const std::bad_alloc&) {
        flush->result = fail(written.error().code, {});
      }
    }
    flushed_.notify_all();
  }

  bool removal_is_due(const std::vector<StagingBatch>& batches) const {
    std::size_t waiting = forgotten_.size();
    for (const StagingBatch& batch : batches) {
      const auto found = unforgotten_.find(batch.session);
      if (found != unforgotten_.end()) waiting += found->second.size();
    }
    if (waiting >= kUnusedBodiesMax) return true;
    return !forgotten_.empty() && std::chrono::steady_clock::now() >= removal_due_;
  }

  /// The batches were written: what their sessions did not need before is not named any more.
  void note_forgotten(const std::vector<StagingBatch>& batches) {
    for (const StagingBatch& batch : batches) {
      const auto found = unforgotten_.find(batch.session);
      if (found == unforgotten_.end()) continue;
      if (forgotten_.empty()) removal_due_ = std::chrono::steady_clock::now() + kRemovalDelay;
      append(forgotten_, found->second);
      unforgotten_.erase(found);
    }
  }

  void remove_forgotten() {
    Bodies bodies = std::exchange(forgotten_, {});
    if (remove_ && !bodies.empty()) remove_(std::move(bodies));
  }

  Result<void> write_batches(const std::vector<StagingBatch>& batches, Durability durability) {
    if (batches.empty() && durability == Durability::lazy) return {};
    if (fence_ != nullptr) TRY(fence_->check());
    TRY(fault::point("journal.before_write"));
    TRY(staging_->write(batches, durability));
    return fault::point("journal.after_write");
  }

  const std::shared_ptr<Staging> staging_;
  const std::shared_ptr<Fence> fence_;
  const std::chrono::milliseconds interval_;
  const RemoveBodies remove_;

  // The thread's own. A body goes from the first to the second when a batch of its session was
  // written, and is removed after the next write that is durable.
  std::map<SessionId, Bodies> unforgotten_;  ///< staging may name them
  Bodies forgotten_;  ///< staging names them no more, but power loss might undo that
  std::chrono::steady_clock::time_point removal_due_;
  bool lost_ = false;  ///< changes were taken from a session and neither written nor given back

  Mutex mutex_;
  ConditionVariable changed_;
  ConditionVariable flushed_;
  std::map<SessionId, std::weak_ptr<Session>> sessions_ GUARDED_BY(mutex_);
  std::set<SessionId> dirty_ GUARDED_BY(mutex_);
  std::map<SessionId, Bodies> dropped_ GUARDED_BY(mutex_);
  std::vector<Flush*> flushes_ GUARDED_BY(mutex_);
  bool failing_ GUARDED_BY(mutex_) = false;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

Journal::Journal(std::shared_ptr<Staging> staging, std::shared_ptr<Fence> fence,
                 std::chrono::milliseconds interval, RemoveBodies remove)
    : impl_(std::make_shared<Impl>(std::move(staging), std::move(fence), interval,
                                   std::move(remove))) {
  impl_->start();
}

Journal::~Journal() {
  impl_->stop();
}

void Journal::add(const std::shared_ptr<Session>& session) {
  impl_->add(session);
}
Result<void> Journal::flush(Session& session) {
  return impl_->flush(session.id());
}
Result<void> Journal::sync() {
  return impl_->sync();
}
void Journal::drop(SessionId session, std::vector<ObjectId> unused) {
  impl_->drop(session, std::move(unused));
}

}  // namespace commitfs
