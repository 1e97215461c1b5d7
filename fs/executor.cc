#include "fs/executor.h"

#include <spdlog/spdlog.h>

#include <exception>
#include <utility>

namespace commitfs::fs {
namespace {

void run_guarded(Executor::Task& task) {
  try {
    task();
  } catch (const std::exception& error) {
    spdlog::error("a background task failed: {}", error.what());
  }
}

}  // namespace

Executor::Executor(unsigned threads) {
  for (unsigned i = 0; i < threads; ++i)
    threads_.emplace_back([this] { run(); });
}

Executor::~Executor() {
  finish();
}

void Executor::post(Task task) {
  {
    MutexLock lock(mutex_);
    if (!finished_) {
      tasks_.push_back(std::move(task));
      changed_.notify_one();
      return;
    }
  }
  run_guarded(task);
}

void Executor::finish() {
  {
    MutexLock lock(mutex_);
    finished_ = true;
    changed_.notify_all();
  }
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void Executor::run() {
  while (true) {
    Task task;
    {
      MutexLock lock(mutex_);
      while (tasks_.empty() && !finished_)
        changed_.wait(mutex_);
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    run_guarded(task);
  }
}

}  // namespace commitfs::fs
