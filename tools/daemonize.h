#pragma once

#include <functional>
#include <string>

#include "meta/base/unique_fd.h"

namespace commitfs {

/// How a process in the background tells the one that started it how things stand. Used by one
/// thread.
class StartReport {
 public:
  explicit StartReport(UniqueFd pipe) : pipe_(std::move(pipe)) {}
  /// The work goes well: `message` (may be empty) is for standard output, and this process leaves
  /// the terminal: a session of its own, working directory "/", standard streams to /dev/null.
  void ready(const std::string& message);
  /// It does not: `sentence` is for standard error. Nothing after the first call has an effect.
  void failed(const std::string& sentence);

 private:
  void send(char kind, const std::string& text);
  UniqueFd pipe_;
};

/// Runs `work` in a child process and answers the exit status for this one, as soon as the child
/// has reported: kSucceeded once it is ready, kFailed with the sentence printed otherwise, also
/// when it ends without a word. Call it before any thread is started or file opened. `work` answers
/// the child's exit status; until it is ready, an interrupt from the terminal ends it.
int run_in_background(const std::function<int(StartReport&)>& work);

}  // namespace commitfs
