#include "txn/preparers.h"

#include <spdlog/spdlog.h>

#include <exception>
#include <utility>

namespace commitfs {

Preparers::Preparers(std::size_t max_threads, std::function<void(Job)> prepare)
    : max_threads_(max_threads), prepare_(std::move(prepare)) {
  MutexLock lock(mutex_);
  add_thread();  // one there must be; more may be refused
}

Preparers::~Preparers() {
  std::vector<std::thread> threads;
  {
    MutexLock lock(mutex_);
    closed_ = true;
    threads = std::move(threads_);
  }
  changed_.notify_all();
  for (std::thread& thread : threads)
    thread.join();
}

void Preparers::push(Job&& job) {
  MutexLock lock(mutex_);
  jobs_.push_back(std::move(job));
  changed_.notify_one();
  // A thread that was woken and did not run yet still counts as idle, and so does its job as one
  // that waits.
  if (jobs_.size() <= idle_ || threads_.size() >= max_threads_) return;
  try {
    add_thread();
  } catch (const std::exception& error) {
    spdlog::warn("no further thread to prepare commits: {}", error.what());
  }
}

std::size_t Preparers::thread_count() const {
  MutexLock lock(mutex_);
  return threads_.size();
}

void Preparers::add_thread() {
  threads_.emplace_back([this] { run(); });
  ++idle_;
}

void Preparers::run() {
  for (;;) {
    Job job;
    {
      MutexLock lock(mutex_);
      while (jobs_.empty() && !closed_)
        changed_.wait(mutex_);
      if (jobs_.empty()) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
      --idle_;
    }
    prepare_(std::move(job));
    MutexLock lock(mutex_);
    ++idle_;
  }
}

}  // namespace commitfs
