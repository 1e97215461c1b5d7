#pragma once

#include <functional>
#include <thread>

#include "meta/base/error.h"
#include "meta/base/unique_fd.h"

namespace commitfs::fs {

/// Interrupts a blocking system call of a thread: delivered to it by pthread_kill, it does nothing
/// else.
int wake_signal();

/// While it lives SIGTERM, SIGINT and SIGHUP call `on_signal`, once, on a thread of its own, and
/// SIGPIPE is ignored. One at a time in a process. What was set for these signals before comes back
/// at the end.
class SignalWatch {
 public:
  static Result<std::unique_ptr<SignalWatch>> start(std::function<void()> on_signal);
  ~SignalWatch();

 private:
  class Dispositions;

  SignalWatch(UniqueFd read_end, UniqueFd write_end, std::function<void()> on_signal);
  void watch(const std::function<void()>& on_signal);

  UniqueFd read_end_;
  UniqueFd write_end_;
  std::unique_ptr<Dispositions> dispositions_;
  std::thread thread_;
};

}  // namespace commitfs::fs
