#include "fs/mount.h"

#include <spdlog/spdlog.h>

#include "fs/connection_guard.h"
#include "fs/fuse_session.h"
#include "fs/mount_state.h"
#include "fs/request_loop.h"
#include "fs/signals.h"
#include "meta/base/fault.h"
#include "txn/past/expiry.h"

namespace commitfs {
namespace {

/// live/ follows the head while this lives, and who waits for a version is told.
class LiveSubscription {
 public:
  explicit LiveSubscription(fs::Mount& mount) : pipeline_(mount.sessions().pipeline()) {
    pipeline_.set_publish_listener([&mount](const Publication& publication) {
      mount.live_invalidator.publish(publication);
      mount.events.publish(publication.version);
    });
  }
  ~LiveSubscription() {
    pipeline_.set_publish_listener([](const Publication&) {});
  }
  LiveSubscription(const LiveSubscription&) = delete;
  LiveSubscription& operator=(const LiveSubscription&) = delete;

 private:
  CommitPipeline& pipeline_;
};

/// Sessions that a process has use for, by what only /proc tells, keep their lease while this
/// lives.
class LeaseSubscription {
 public:
  explicit LeaseSubscription(fs::Mount& mount) : sessions_(mount.sessions()) {
    sessions_.set_holder_probe(
        [&mount](const Session& session) { return !mount.holders_of(session).empty(); });
    sessions_.set_reap_listener(
        [&mount](const std::shared_ptr<Session>& session) { mount.drop_session_entry(session); });
  }
  ~LeaseSubscription() {
    sessions_.set_holder_probe({});
    sessions_.set_reap_listener({});
  }
  LeaseSubscription(const LeaseSubscription&) = delete;
  LeaseSubscription& operator=(const LeaseSubscription&) = delete;

 private:
  SessionManager& sessions_;
};

/// Versions expire by the table's configuration while this lives, but for those that programs read
/// in.
class ExpirySubscription {
 public:
  explicit ExpirySubscription(fs::Mount& mount) : expiry_(mount.table.expiry()) {
    expiry_.set_use_probe([&mount](SeqNo version) { return mount.is_read(version); });
    expiry_.set_listener(
        [&mount](const std::set<SeqNo>& versions) { mount.drop_versions(versions); });
    expiry_.start();
  }
  ~ExpirySubscription() {
    expiry_.set_use_probe([](SeqNo) { return true; });
    expiry_.set_listener({});
  }
  ExpirySubscription(const ExpirySubscription&) = delete;
  ExpirySubscription& operator=(const ExpirySubscription&) = delete;

 private:
  past::Expiry& expiry_;
};

/// Ends whatever works beside the request loop: commits first, which are still answered in full.
/// Nothing is told to the kernel from then on; a notification under way may wait for a request, so
/// the loop must still be served (or the connection be gone).
void finish_background_work(fs::Mount& mount) {
  mount.commits.close_and_wait();
  mount.events.close();
  mount.kernel.detach();
  mount.audits.finish();
  mount.executor.finish();
  mount.notifier.finish();
}

void flush_journals(fs::Mount& mount) {
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
  mount.mounted_at = std::filesystem::canonical(mountpoint);  // as /proc shows it
  const LiveSubscription live(mount);
  // A signal shall never end the program while there is a mount that nobody would answer for.
  const auto signals = TRY(fs::SignalInbox::open());
  const LeaseSubscription leases(mount);
  const ExpirySubscription expiry(mount);
  const fs::FuseSession session = TRY(fs::FuseSession::mount(mount, mountpoint));
  fs::RequestLoop loop(session.get());
  {
    const fs::SignalWatch watch(*signals, [&] {
      finish_background_work(mount);
      loop.stop();
    });
    if (!loop.initialize()) return fail(EIO, "the kernel ended the connection at once");
    const auto guard = TRY(fs::ConnectionGuard::start(mountpoint));
    mount.kernel.attach(session.get(), mount.mounted_at);
    table.context().hooks->set_view_locator([place = mount.mounted_at](const std::string& name) {
      return place / fs::kControlName / fs::kFrozenName / name;
    });
    const bool passthrough = mount.passthrough.active();
    const unsigned threads =
        options.threads != 0 ? options.threads : fs::default_threads(passthrough);
    spdlog::info("mounted {} at {}: passthrough {}, {} request threads", table.directory().native(),
                 mountpoint.native(), passthrough ? "on" : "off", threads);
    on_ready();
    loop.run(threads);
  }
  (void)fault::point("fs.before_unmount");
  finish_background_work(mount);
  flush_journals(mount);
  spdlog::info("unmounted {}", mountpoint.native());
  return {};
}

}  // namespace commitfs
