#include "fs/event_feed.h"

#include <poll.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "fs/mount_state.h"
#include "txn/version_json.h"

namespace commitfs::fs {
namespace {

/// A reader that is far behind hears of so many at once.
constexpr std::size_t kVersionsAtOnce = 64;

SeqNo after(SeqNo version) {
  return SeqNo{raw(version) + 1};
}

/// Called by libfuse, which may hold a lock of the request's.
void on_interrupt(fuse_req_t request, void* waiting) {
  auto& mount = *static_cast<Mount*>(fuse_req_userdata(request));
  mount.events.interrupt(reinterpret_cast<std::uintptr_t>(waiting));
}

}  // namespace

EventFeed::EventFeed(std::shared_ptr<Catalog> catalog) : catalog_(std::move(catalog)), teller_(1) {}

Result<std::shared_ptr<EventReader>> EventFeed::open() {
  const SeqNo head = TRY(catalog_->head_seq_no());
  auto reader = std::make_shared<EventReader>();
  MutexLock lock(mutex_);
  // What is committed already is not told, even if it is not published yet.
  reader->told = std::max(head_, head);
  readers_.push_back(reader);
  return reader;
}

/// Those that are open still.
std::vector<std::shared_ptr<EventReader>> EventFeed::readers() {
  std::vector<std::shared_ptr<EventReader>> open;
  std::erase_if(readers_, [&open](const std::weak_ptr<EventReader>& known) {
    auto reader = known.lock();
    if (reader == nullptr) return true;
    open.push_back(std::move(reader));
    return false;
  });
  return open;
}

std::size_t EventFeed::waiting() const {
  MutexLock lock(mutex_);
  return waiting_.size();
}

bool EventFeed::has_news(const EventReader& reader) const {
  return !reader.text.empty() || reader.told < head_;
}

bool EventFeed::is_ready(const EventReader& reader) const {
  return has_news(reader) || reader.ended || closed_;
}

std::optional<EventFeed::Answer> EventFeed::take(EventReader& reader, std::size_t size) {
  if (reader.text.empty()) {
    const bool at_end = reader.told >= head_ && (reader.ended || closed_);
    return at_end ? std::optional<Answer>(Answer{}) : std::nullopt;
  }
  Answer answer{.error = 0, .bytes = reader.text.substr(0, size)};
  reader.text.erase(0, size);
  return answer;
}

void EventFeed::send(Request& request, const Answer& answer) {
  if (answer.error != 0) return request.error(answer.error);
  request.bytes(answer.bytes.data(), answer.bytes.size());
}

void EventFeed::read(Request request, const std::shared_ptr<EventReader>& reader, std::size_t size,
                     bool nonblocking) {
  std::optional<Answer> answer;
  {
    MutexLock lock(mutex_);
    answer = take(*reader, size);
    if (!answer && nonblocking && !has_news(*reader)) answer = Answer{.error = EAGAIN, .bytes = {}};
  }
  if (answer) return send(request, *answer);
  wait(std::move(request), reader, size);
}

void EventFeed::wait(Request request, const std::shared_ptr<EventReader>& reader,
                     std::size_t size) {
  std::uint64_t number = 0;
  {
    MutexLock lock(mutex_);
    number = ++last_waiting_;
    waiting_.emplace(number, Waiting{.reader = reader, .size = size, .request = {}});
  }
  // Calls back at once when the signal was faster: then, and only then, the request must not be
  // answered before this returns.
  fuse_req_interrupt_func(request.raw(), on_interrupt, reinterpret_cast<void*>(number));
  bool interrupted = false;
  {
    MutexLock lock(mutex_);
    const auto mine = waiting_.find(number);
    interrupted = mine->second.interrupted;
    if (interrupted) {
      waiting_.erase(mine);
    } else {
      mine->second.request.emplace(std::move(request));
    }
  }
  if (interrupted) return request.error(EINTR);
  // Something may have come before the request was there to be answered.
  teller_.post([this] { serve(); });
}

void EventFeed::interrupt(std::uint64_t waiting) {
  std::optional<Request> request;
  {
    MutexLock lock(mutex_);
    const auto found = waiting_.find(waiting);
    if (found == waiting_.end()) return;
    found->second.interrupted = true;
    if (!found->second.request) return;
    request.emplace(*std::move(found->second.request));
    waiting_.erase(found);
  }
  request->error(EINTR);
}

void EventFeed::poll(Request request, const std::shared_ptr<EventReader>& reader,
                     PollHandle handle) {
  unsigned events = 0;
  {
    MutexLock lock(mutex_);
    if (is_ready(*reader)) events = POLLIN | POLLRDNORM;
    if (handle != nullptr) reader->poll.swap(handle);
  }
  request.polled(events);
}

void EventFeed::wake() {
  teller_.post([this] {
    notify();
    serve();
  });
}

void EventFeed::publish(SeqNo version) {
  {
    MutexLock lock(mutex_);
    head_ = std::max(head_, version);
    if (readers().empty()) return;
  }
  wake();
}

void EventFeed::look_at_head() {
  const auto head = catalog_->head_seq_no();
  if (head) return publish(*head);
  spdlog::error("events: {}", head.error().describe());
}

std::size_t EventFeed::end_readers() {
  std::size_t count = 0;
  {
    MutexLock lock(mutex_);
    for (const auto& reader : readers()) {
      reader->ended = true;
      ++count;
    }
  }
  wake();
  return count;
}

void EventFeed::close() {
  {
    MutexLock lock(mutex_);
    closed_ = true;
  }
  wake();
  teller_.finish();
}

std::vector<std::shared_ptr<EventReader>> EventFeed::readers_to_fill() {
  std::vector<std::shared_ptr<EventReader>> hungry;
  MutexLock lock(mutex_);
  for (const auto& [number, waiting] : waiting_) {
    const EventReader& reader = *waiting.reader;
    if (waiting.request && reader.text.empty() && reader.told < head_)
      hungry.push_back(waiting.reader);
  }
  return hungry;
}

Result<std::string> EventFeed::line_of(SeqNo version) {
  const auto record = TRY(catalog_->find_version(version));
  if (!record) return format_expired_json(version) + '\n';
  return TRY(format_version_json(*catalog_, *record)) + '\n';
}

Result<void> EventFeed::fill(EventReader& reader, Lines& lines) {
  SeqNo told = SeqNo::none;
  SeqNo last = SeqNo::none;
  {
    MutexLock lock(mutex_);
    told = reader.told;
    last = std::min(head_, SeqNo{raw(told) + kVersionsAtOnce});
  }
  std::string text;
  for (SeqNo version = after(told); version <= last; version = after(version)) {
    auto line = lines.find(raw(version));
    if (line == lines.end()) line = lines.emplace(raw(version), TRY(line_of(version))).first;
    text += line->second;
  }
  MutexLock lock(mutex_);
  // Once the feed's thread has ended several threads may get here.
  if (reader.told != told) return {};
  reader.told = std::max(told, last);
  reader.text += text;
  return {};
}

void EventFeed::serve() {
  Lines lines;
  bool again = true;
  while (again) {
    const auto hungry = readers_to_fill();
    std::set<const EventReader*> failed;
    for (const auto& reader : hungry) {
      if (const auto filled = fill(*reader, lines); !filled) {
        spdlog::error("events: {}", filled.error().describe());
        failed.insert(reader.get());
      }
    }
    answer(failed);
    // Of several requests of one open the first may have taken all there was.
    again = !hungry.empty();
  }
}

void EventFeed::answer(const std::set<const EventReader*>& failed) {
  std::vector<Due> due;
  {
    MutexLock lock(mutex_);
    for (auto next = waiting_.begin(); next != waiting_.end();) {
      Waiting& waiting = next->second;
      std::optional<Answer> answer;
      if (waiting.request) answer = take(*waiting.reader, waiting.size);
      if (!answer && waiting.request && failed.contains(waiting.reader.get()))
        answer = Answer{.error = EIO, .bytes = {}};
      if (answer) due.push_back({*std::move(waiting.request), *std::move(answer)});
      next = answer ? waiting_.erase(next) : std::next(next);
    }
  }
  for (Due& one : due)
    send(one.request, one.answer);
}

void EventFeed::notify() {
  std::vector<PollHandle> handles;
  {
    MutexLock lock(mutex_);
    for (const auto& reader : readers()) {
      if (reader->poll != nullptr && is_ready(*reader)) handles.push_back(std::move(reader->poll));
    }
  }
  for (const PollHandle& handle : handles)
    fuse_lowlevel_notify_poll(handle.get());
}

}  // namespace commitfs::fs
