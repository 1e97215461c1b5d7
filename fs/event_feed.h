#pragma once

#include <fuse_lowlevel.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "fs/executor.h"
#include "fs/request.h"
#include "meta/base/mutex.h"
#include "meta/catalog.h"

namespace commitfs::fs {

/// What the kernel gave to be woken by when an open file becomes readable.
struct FreePollHandle {
  void operator()(fuse_pollhandle* handle) const { fuse_pollhandle_destroy(handle); }
};
using PollHandle = std::unique_ptr<fuse_pollhandle, FreePollHandle>;

/// One open(2) of `.commitfs/events`. All of it is the feed's, under its lock.
struct EventReader {
  SeqNo told = SeqNo::none;  ///< versions up to this one are in `text`, or were read
  std::string text;          ///< what is to be read next
  bool ended = false;        ///< after what was told comes the end of the file
  PollHandle poll;
};

/// `.commitfs/events`: tells each version, as a line of JSON (txn/version_json.h), to everybody who
/// has the file open, once and in order, from the first that becomes the head after the open. A
/// stream: offsets mean nothing. Who reads waits here, not on a thread: the request is kept, and
/// answered from the feed's own thread when there is something to tell. Thread-safe. No lock is
/// held while a request is answered or the catalog is read.
class EventFeed {
 public:
  explicit EventFeed(std::shared_ptr<Catalog> catalog);

  /// Who holds what it answers has the file open. Errors: those of the catalog.
  Result<std::shared_ptr<EventReader>> open() EXCLUDES(mutex_);

  /// read(2). Without something to tell it waits for a commit, or answers EAGAIN when it must not
  /// wait, EINTR when the caller got a signal meanwhile.
  void read(Request request, const std::shared_ptr<EventReader>& reader, std::size_t size,
            bool nonblocking) EXCLUDES(mutex_);
  /// poll(2): what is so now, and a notification when it is otherwise.
  void poll(Request request, const std::shared_ptr<EventReader>& reader, PollHandle handle)
      EXCLUDES(mutex_);

  /// A version became the head.
  void publish(SeqNo version) EXCLUDES(mutex_);
  /// The head may be another than was published.
  void look_at_head() EXCLUDES(mutex_);
  /// Whoever has the file open reads the end of it after what was told. Answers how many that are.
  std::size_t end_readers() EXCLUDES(mutex_);
  /// For good, for those too that open it later; when it returns nobody waits any more.
  void close() EXCLUDES(mutex_);

  /// A signal came for who made the request that waits under that number.
  void interrupt(std::uint64_t waiting) EXCLUDES(mutex_);
  /// How many requests wait.
  std::size_t waiting() const EXCLUDES(mutex_);

 private:
  struct Waiting {
    std::shared_ptr<EventReader> reader;
    std::size_t size = 0;
    std::optional<Request> request;  ///< none while it is not known yet whether it was interrupted
    bool interrupted = false;
  };
  struct Answer {
    int error = 0;
    std::string bytes;  ///< none: the end of the file
  };
  struct Due {
    Request request;
    Answer answer;
  };
  using Lines = std::unordered_map<std::uint64_t, std::string>;

  static void send(Request& request, const Answer& answer);
  std::vector<std::shared_ptr<EventReader>> readers() REQUIRES(mutex_);
  bool has_news(const EventReader& reader) const REQUIRES(mutex_);
  bool is_ready(const EventReader& reader) const REQUIRES(mutex_);
  /// What can be answered without asking the catalog.
  std::optional<Answer> take(EventReader& reader, std::size_t size) REQUIRES(mutex_);
  void wait(Request request, const std::shared_ptr<EventReader>& reader, std::size_t size)
      EXCLUDES(mutex_);

  /// There may be something to tell: to the feed's thread.
  void wake() EXCLUDES(mutex_);
  // On the feed's thread.
  void serve() EXCLUDES(mutex_);
  std::vector<std::shared_ptr<EventReader>> readers_to_fill() EXCLUDES(mutex_);
  Result<void> fill(EventReader& reader, Lines& lines) EXCLUDES(mutex_);
  Result<std::string> line_of(SeqNo version);
  void answer(const std::set<const EventReader*>& failed) EXCLUDES(mutex_);
  void notify() EXCLUDES(mutex_);

  const std::shared_ptr<Catalog> catalog_;
  mutable Mutex mutex_;
  SeqNo head_ GUARDED_BY(mutex_) = SeqNo::none;  ///< the newest version that is told
  bool closed_ GUARDED_BY(mutex_) = false;
  std::uint64_t last_waiting_ GUARDED_BY(mutex_) = 0;
  std::unordered_map<std::uint64_t, Waiting> waiting_ GUARDED_BY(mutex_);
  std::vector<std::weak_ptr<EventReader>> readers_ GUARDED_BY(mutex_);
  Executor teller_;  // last: it uses all of the above
};

}  // namespace commitfs::fs
