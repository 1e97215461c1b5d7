#include "fs/request_loop.h"

#include <pthread.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "fs/signals.h"

namespace commitfs::fs {

/// False when the connection ended.
bool RequestLoop::serve_one(fuse_buf& buffer) {
  const int received = fuse_session_receive_buf(session_, &buffer);
  if (received == -EINTR || received == -EAGAIN) return true;
  if (received < 0)
    spdlog::warn("the connection to the kernel ended: {}", std::strerror(-received));
  if (received <= 0) return false;
  fuse_session_process_buf(session_, &buffer);
  return true;
}

bool RequestLoop::initialize() {
  fuse_buf buffer{};
  int received = -EINTR;
  while (received == -EINTR || received == -EAGAIN) {
    received = fuse_session_receive_buf(session_, &buffer);
  }
  if (received > 0) fuse_session_process_buf(session_, &buffer);
  std::free(buffer.mem);
  return received > 0 && fuse_session_exited(session_) == 0;
}

void RequestLoop::serve() {
  fuse_buf buffer{};
  while (fuse_session_exited(session_) == 0 && serve_one(buffer)) {
  }
  // One thread sees the end first: it is everybody's.
  fuse_session_exit(session_);
  std::free(buffer.mem);
  --running_;
}

void RequestLoop::run(unsigned threads) {
  std::vector<std::thread> others;
  running_ = threads;
  {
    // `stop` finds either all threads, or none and then each of them finds the session ended.
    MutexLock lock(mutex_);
    threads_.push_back(::pthread_self());
    for (unsigned i = 1; i < threads; ++i) {
      others.emplace_back([this] { serve(); });
      threads_.push_back(others.back().native_handle());
    }
  }
  serve();
  // The others may be in read(2) still, if not the kernel but the session ended.
  while (running_ > 0)
    wake();
  {
    MutexLock lock(mutex_);
    threads_.clear();
  }
  for (std::thread& thread : others)
    thread.join();
}

bool RequestLoop::wake() {
  {
    MutexLock lock(mutex_);
    for (const pthread_t thread : threads_)
      ::pthread_kill(thread, wake_signal());
    if (threads_.empty()) return false;
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  return true;
}

void RequestLoop::stop() {
  fuse_session_exit(session_);
  // A thread may be about to block in read(2): wake it until it is gone.
  while (wake()) {
  }
}

unsigned default_threads(bool passthrough) {
  if (passthrough) return 1;
  return std::clamp(std::thread::hardware_concurrency(), 2U, 8U);
}

}  // namespace commitfs::fs
