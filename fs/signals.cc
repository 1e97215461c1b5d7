#include "fs/signals.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <utility>
#include <vector>

namespace commitfs::fs {
namespace {

constexpr char kEnd = 0;

// A handler is given nothing but the signal's number: this is the one thing it may reach.
std::atomic<int> signal_pipe = -1;

void on_terminating_signal(int number) {
  const int saved = errno;
  const char byte = static_cast<char>(number);
  [[maybe_unused]] const auto written = ::write(signal_pipe, &byte, 1);
  errno = saved;
}

void on_wake(int) {}

}  // namespace

int wake_signal() {
  return SIGUSR1;
}

class SignalInbox::Dispositions {
 public:
  Dispositions() {
    for (const int number : {SIGTERM, SIGINT, SIGHUP})
      set(number, on_terminating_signal);
    set(wake_signal(), on_wake);
    set(SIGPIPE, SIG_IGN);
  }
  ~Dispositions() {
    for (const Saved& saved : saved_)
      ::sigaction(saved.number, &saved.action, nullptr);
  }

 private:
  struct Saved {
    int number = 0;
    struct sigaction action{};
  };

  void set(int number, void (*handler)(int)) {
    struct sigaction action{};
    action.sa_handler = handler;
    sigemptyset(&action.sa_mask);
    Saved saved{.number = number};
    ::sigaction(number, &action, &saved.action);
    saved_.push_back(saved);
  }

  std::vector<Saved> saved_;
};

Result<std::unique_ptr<SignalInbox>> SignalInbox::open() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("pipe2");
  return std::unique_ptr<SignalInbox>(new SignalInbox(UniqueFd(ends[0]), UniqueFd(ends[1])));
}

SignalInbox::SignalInbox(UniqueFd read_end, UniqueFd write_end)
    : read_end_(std::move(read_end)), write_end_(std::move(write_end)) {
  signal_pipe = write_end_.get();
  dispositions_ = std::make_unique<Dispositions>();
}

SignalInbox::~SignalInbox() {
  dispositions_.reset();
  signal_pipe = -1;
}

SignalWatch::SignalWatch(SignalInbox& inbox, std::function<void()> on_signal)
    : inbox_(inbox), thread_([this, on_signal = std::move(on_signal)] { watch(on_signal); }) {}

SignalWatch::~SignalWatch() {
  [[maybe_unused]] const auto written = ::write(inbox_.write_end_.get(), &kEnd, 1);
  thread_.join();
}

void SignalWatch::watch(const std::function<void()>& on_signal) {
  bool told = false;
  while (true) {
    char byte = kEnd;
    const auto got = ::read(inbox_.read_end_.get(), &byte, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0 || byte == kEnd) return;
    spdlog::info("signal {}: unmounting", static_cast<int>(byte));
    if (!std::exchange(told, true)) on_signal();
  }
}

}  // namespace commitfs::fs
