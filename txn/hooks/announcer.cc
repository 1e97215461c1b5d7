#include "txn/hooks/announcer.h"

#include <spdlog/spdlog.h>

#include <charconv>
#include <exception>

#include "meta/base/fault.h"

namespace commitfs::hooks {

Announcer::Announcer(std::shared_ptr<Catalog> catalog, std::shared_ptr<const Hooks> hooks,
                     std::shared_ptr<Fence> fence)
    : catalog_(std::move(catalog)), hooks_(std::move(hooks)), fence_(std::move(fence)) {
  if (const auto head = catalog_->head_seq_no()) unheard_ = *head;
  thread_ = std::thread([this] { run(); });
}

Announcer::~Announcer() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Announcer::wake() {
  {
    MutexLock lock(mutex_);
    awake_ = true;
  }
  changed_.notify_all();
}

bool Announcer::stopping() {
  MutexLock lock(mutex_);
  return stopping_;
}

/// False when it is time to end.
bool Announcer::wait() {
  MutexLock lock(mutex_);
  while (!awake_ && !stopping_)
    changed_.wait(mutex_);
  awake_ = false;
  return !stopping_;
}

void Announcer::run() {
  while (wait()) {
    try {
      const auto done = catch_up();
      if (!done) spdlog::error("post-commit hooks: {}", done.error().describe());
    } catch (const std::exception& error) {
      spdlog::error("post-commit hooks: {}", error.what());
    }
  }
}

Result<std::optional<SeqNo>> Announcer::progress() const {
  const auto text = TRY(catalog_->find_config(kProgressKey));
  if (!text || text->empty()) return std::nullopt;
  std::uint64_t number = 0;
  const char* end = text->data() + text->size();
  const auto [stopped, code] = std::from_chars(text->data(), end, number);
  if (code != std::errc{} || stopped != end) return fail(EIO, std::string(kProgressKey));
  return SeqNo{number};
}

Result<void> Announcer::put_progress(std::optional<SeqNo> seq_no) const {
  const auto transaction = TRY(catalog_->begin());
  TRY(transaction->put_config(kProgressKey, seq_no ? std::to_string(raw(*seq_no)) : ""));
  return transaction->commit();
}

/// Nobody listens: whoever comes later hears of what comes after.
Result<void> Announcer::skip() {
  unheard_ = TRY(catalog_->head_seq_no());
  if (TRY(progress())) TRY(put_progress(std::nullopt));
  return {};
}

Result<void> Announcer::catch_up() {
  if (!hooks_->any_post_commit()) return skip();
  SeqNo done = TRY(progress()).value_or(unheard_);
  for (SeqNo head = TRY(catalog_->head_seq_no()); done < head && !stopping();
       head = TRY(catalog_->head_seq_no())) {
    if (fence_ != nullptr) TRY(fence_->check());
    const SeqNo next{raw(done) + 1};
    if (const auto version = TRY(catalog_->find_version(next))) {
      hooks_->announce(*version, TRY(catalog_->list_changes(next)));
    }
    TRY(fault::point("hooks.announced"));
    TRY(put_progress(next));
    done = next;
  }
  return {};
}

}  // namespace commitfs::hooks
