#include "txn/journal.h"

#include <spdlog/spdlog.h>

#include <map>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "meta/base/fault.h"
#include "meta/base/mutex.h"

namespace commitfs {
namespace {

/// How long a failed lazy write rests: a full disk stays full for a while.
constexpr std::chrono::milliseconds kRetryInterval = std::chrono::seconds(1);

}  // namespace

/// Held by sessions' listeners too, so that a session that outlives the journal calls into nothing.
class Journal::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(std::shared_ptr<Staging> staging, std::shared_ptr<Fence> fence, std::chrono::milliseconds interval)
      : staging_(std::move(staging)), fence_(std::move(fence)), interval_(interval) {}

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
    note_dirty(session->id());
  }

  void note_dirty(SessionId id) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (!sessions_.contains(id)) return;
    dirty_.insert(id);
    changed_.notify_all();
  }

  Result<void> flush(SessionId id) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (stopping_) return fail(EAGAIN, "flush a journal that has stopped");
    if (sessions_.contains(id)) dirty_.insert(id);
    Flush flush;
    flushes_.push_back(&flush);
    changed_.notify_all();
    while (!flush.result) flushed_.wait(mutex_);
    return *std::move(flush.result);
  }

  void drop(SessionId id) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    sessions_.erase(id);
    dirty_.erase(id);
    dropped_.insert(id);
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
    std::set<SessionId> dropped;
    std::vector<Flush*> flushes;
    std::vector<std::shared_ptr<Session>> sessions;
    bool last = false;
  };

  void run() {
    while (true) {
      Work work = wait_for_work();
      const bool last = work.last;
      write(std::move(work));
      if (last) return;
    }
  }

  Work wait_for_work() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    while (!stopping_ && flushes_.empty() && dirty_.empty() && dropped_.empty()) changed_.wait(mutex_);
    const auto due = std::chrono::steady_clock::now() + (failing_ ? kRetryInterval : interval_);
    while (!stopping_ && flushes_.empty() && changed_.wait_until(mutex_, due)) {
    }
    Work work;
    work.dirty = std::exchange(dirty_, {});
    work.dropped = std::exchange(dropped_, {});
    work.flushes = std::exchange(flushes_, {});
    work.last = stopping_;
    for (const SessionId id : work.dirty) {
      const auto found = sessions_.find(id);
      auto session = found == sessions_.end() ? nullptr : found->second.lock();
      if (session) work.sessions.push_back(std::move(session));
    }
    return work;
  }

  void write(Work work) EXCLUDES(mutex_) {
    std::vector<StagingBatch> batches;
    std::vector<std::shared_ptr<Session>> writers;
    for (const auto& session : work.sessions) {
      auto batch = session->take_journal();
      if (!batch) continue;
      batches.push_back(*std::move(batch));
      writers.push_back(session);
    }
    for (const SessionId id : work.dropped) {
      StagingBatch batch;
      batch.session = id;
      batch.drop = true;
      batches.push_back(std::move(batch));
    }
    const bool durable = !work.flushes.empty() || work.last;
    const auto written = write_batches(batches, durable ? Durability::now : Durability::lazy);
    if (!written) {
      spdlog::error("journal of {} sessions: {}", batches.size(), written.error().describe());
      for (std::size_t index = 0; index < writers.size(); ++index) writers[index]->return_journal(batches[index]);
    }

    MutexLock lock(mutex_);
    const bool fenced = fence_ != nullptr && fence_->broken();
    failing_ = !written && !fenced;
    if (failing_) {
      for (const auto& session : writers) dirty_.insert(session->id());
      dropped_.insert(work.dropped.begin(), work.dropped.end());
    }
    for (Flush* flush : work.flushes) flush->result = written;
    flushed_.notify_all();
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
  Mutex mutex_;
  ConditionVariable changed_;
  ConditionVariable flushed_;
  std::map<SessionId, std::weak_ptr<Session>> sessions_ GUARDED_BY(mutex_);
  std::set<SessionId> dirty_ GUARDED_BY(mutex_);
  std::set<SessionId> dropped_ GUARDED_BY(mutex_);
  std::vector<Flush*> flushes_ GUARDED_BY(mutex_);
  bool failing_ GUARDED_BY(mutex_) = false;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

Journal::Journal(std::shared_ptr<Staging> staging, std::shared_ptr<Fence> fence, std::chrono::milliseconds interval)
    : impl_(std::make_shared<Impl>(std::move(staging), std::move(fence), interval)) {
  impl_->start();
}

Journal::~Journal() { impl_->stop(); }

void Journal::add(const std::shared_ptr<Session>& session) { impl_->add(session); }
Result<void> Journal::flush(Session& session) { return impl_->flush(session.id()); }
void Journal::drop(SessionId session) { impl_->drop(session); }

}  // namespace commitfs
