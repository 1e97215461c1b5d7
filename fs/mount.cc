#include "fs/mount.h"

#include <spdlog/spdlog.h>

#include "fs/fuse_session.h"
#include "fs/mount_state.h"
#include "fs/request_loop.h"
#include "fs/signals.h"

namespace commitfs {
namespace {

/// live/ follows the head while this lives.
class LiveSubscription {
 public:
  explicit LiveSubscription(fs::Mount& mount) : pipeline_(mount.sessions().pipeline()) {
    pipeline_.set_publish_listener(
        [&mount](const Publication& publication) { mount.live_invalidator.publish(publication); });
  }
  ~LiveSubscription() {
    pipeline_.set_publish_listener([](const Publication&) {});
  }
  LiveSubscription(const LiveSubscription&) = delete;
  LiveSubscription& operator=(const LiveSubscription&) = delete;

 private:
  CommitPipeline& pipeline_;
};

/// Everything answered, nothing half-way, nothing told to a kernel that is gone.
void wind_up(fs::Mount& mount) {
  mount.commits.close_and_wait();
  mount.executor.finish();
  mount.notifier.finish();
  mount.kernel.detach();
  for (const auto& session : mount.sessions().list()) {
    const auto flushed = mount.sessions().journal().flush(*session);
    if (!flushed) spdlog::error("session {}: {}", session->name(), flushed.error().describe());
  }
}

}  // namespace

Result<void> serve_mount(Table& table, const std::filesystem::path& mountpoint,
                         const MountOptions& options, const std::function<void()>& on_ready) {
  TRY(fs::check_mount_point(mountpoint));
  fs::Mount mount(table, options);
  const LiveSubscription live(mount);
  const fs::FuseSession session = TRY(fs::FuseSession::mount(mount, mountpoint));
  fs::RequestLoop loop(session.get());
  {
    // A signal ends the loop when no commit is waiting for it any more: a commit's last steps need
    // the loop.
    const auto signals = TRY(fs::SignalWatch::start([&] {
      mount.commits.close_and_wait();
      loop.stop();
    }));
    if (!loop.initialize()) return fail(EIO, "the kernel ended the connection at once");
    mount.kernel.attach(session.get());
    const bool passthrough = mount.passthrough.active();
    const unsigned threads =
        options.threads != 0 ? options.threads : fs::default_threads(passthrough);
    spdlog::info("mounted {} at {}: passthrough {}, {} request threads", table.directory().native(),
                 mountpoint.native(), passthrough ? "on" : "off", threads);
    on_ready();
    loop.run(threads);
  }
  wind_up(mount);
  spdlog::info("unmounted {}", mountpoint.native());
  return {};
}

}  // namespace commitfs
