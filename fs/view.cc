#include "fs/view.h"

namespace commitfs::fs {
namespace {

constexpr std::uint64_t kTagNumberMask = (std::uint64_t{1} << 23) - 1;
constexpr std::uint64_t kSessionTag = std::uint64_t{1} << 23;

std::shared_ptr<View> make_view(ViewKind kind, std::uint64_t tag, std::shared_ptr<Tree> tree) {
  auto view = std::make_shared<View>();
  view->kind = kind;
  view->tag = tag;
  view->tree = std::move(tree);
  return view;
}

}  // namespace

Views::Views(std::shared_ptr<Catalog> catalog)
    : catalog_(std::move(catalog)),
      own_(make_view(ViewKind::own, 0, nullptr)),
      live_(make_view(ViewKind::live, 0, make_live_tree(catalog_))) {}

template <typename Make>
std::shared_ptr<View> Views::find_or_make(Key key, Make make) {
  MutexLock lock(mutex_);
  if (const auto found = views_.find(key); found != views_.end()) {
    if (auto view = found->second.lock()) return view;
  }
  if (views_.size() >= sweep_at_) {
    std::erase_if(views_, [](const auto& entry) { return entry.second.expired(); });
    sweep_at_ = 2 * views_.size() + 64;
  }
  std::shared_ptr<View> view = make();
  views_[key] = view;
  return view;
}

std::shared_ptr<View> Views::of_session(std::shared_ptr<Session> session) {
  const std::uint64_t id = raw(session->id());
  return find_or_make({ViewKind::session, id}, [&] {
    auto view = make_view(ViewKind::session, kSessionTag | (id & kTagNumberMask), session);
    view->session = std::move(session);
    return view;
  });
}

std::shared_ptr<View> Views::audit(std::shared_ptr<Session> session) {
  const std::uint64_t id = raw(session->id());
  return find_or_make({ViewKind::audit, id}, [&] {
    return make_view(ViewKind::audit, kSessionTag | (id & kTagNumberMask), std::move(session));
  });
}

std::shared_ptr<View> Views::version_view(ViewKind kind, SeqNo version) {
  return find_or_make({kind, raw(version)}, [&] {
    auto view =
        make_view(kind, raw(version) & kTagNumberMask, make_snapshot_tree(catalog_, version));
    view->version = version;
    return view;
  });
}

std::shared_ptr<View> Views::snapshot(SeqNo version) {
  return version_view(ViewKind::snapshot, version);
}

std::vector<std::shared_ptr<View>> Views::of_version(SeqNo version) {
  std::vector<std::shared_ptr<View>> all;
  {
    MutexLock lock(mutex_);
    for (const auto& [key, held] : views_) {
      if (auto view = held.lock()) all.push_back(std::move(view));
    }
  }
  std::erase_if(all, [version](const auto& view) {
    const SeqNo shown = view->session != nullptr ? view->session->committed_as() : view->version;
    return shown != version;
  });
  return all;
}

std::shared_ptr<View> Views::receipt(SeqNo version) {
  return version_view(ViewKind::receipt, version);
}

}  // namespace commitfs::fs
