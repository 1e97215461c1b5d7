#pragma once

#include <functional>
#include <memory>
#include <thread>

#include "meta/base/error.h"
#include "meta/base/unique_fd.h"

namespace commitfs::fs {

/// Interrupts a blocking system call of a thread: delivered to it by pthread_kill, it does nothing
/// else.
int wake_signal();

/// While it lives SIGTERM, SIGINT and SIGHUP do not end the program: they are kept for a
/// SignalWatch, or for nobody. SIGPIPE is ignored. One at a time in a process. What was set for
/// these signals before comes back at the end.
class SignalInbox {
 public:
  static Result<std::unique_ptr<SignalInbox>> open();
  ~SignalInbox();

 private:
  friend class SignalWatch;
  class Dispositions;

  SignalInbox(UniqueFd read_end, UniqueFd write_end);

  UniqueFd read_end_;
  UniqueFd write_end_;
  std::unique_ptr<Dispositions> dispositions_;
};

/// The first signal in the inbox calls `on_signal`, on a thread of its own: also one that came
/// before. The destructor waits for a call that is under way. One at a time for an inbox, which
/// must outlive it.
class SignalWatch {
 public:
  SignalWatch(SignalInbox& inbox, std::function<void()> on_signal);
  ~SignalWatch();

 private:
  void watch(const std::function<void()>& on_signal);

  SignalInbox& inbox_;
  std::thread thread_;
};

}  // namespace commitfs::fs
