// Workloads: the one written by hand, and those drawn at random.
#include <algorithm>
#include <random>

#include "tests/crash/model.h"

namespace commitfs::test {
namespace {

constexpr std::size_t kPlaces = 3;  // w0, w1, w2: one session each, so that none is refused

/// Draws steps that the model allows.
class Sampler {
 public:
  explicit Sampler(unsigned seed) : random_(seed) {}

  Workload draw(std::size_t count) {
    add({Do::init});
    add({Do::open});
    while (workload_.size() + 1 < count)
      draw_step();
    add({Do::close});
    return std::move(workload_);
  }

 private:
  void add(const Step& step) {
    workload_.push_back(step);
    model_.apply(step);
  }
  std::size_t below(std::size_t count) { return random_() % count; }
  const Moment& now() const { return model_.moments().back(); }

  void draw_step() {
    if (below(30) == 0) {
      add({Do::close});
      if (below(2) == 0) add({Do::gc});
      return add({Do::open});
    }
    if (below(40) == 0) return add({Do::expire, {}, {}, "2"});
    const auto& open = now().sessions;
    if (open.empty() || (open.size() < kPlaces && below(6) == 0)) return begin();
    const auto chosen = std::next(open.begin(), static_cast<std::ptrdiff_t>(below(open.size())));
    draw_in_session(chosen->first, "w" + chosen->first.substr(chosen->first.size() - 1));
  }

  void begin() {
    std::vector<std::string> free;
    for (std::size_t place = 0; place < kPlaces; ++place) {
      const std::string suffix = "-" + std::to_string(place);
      const bool taken = std::ranges::any_of(
          now().sessions, [&](const auto& session) { return session.first.ends_with(suffix); });
      if (!taken) free.push_back(suffix);
    }
    add({Do::begin, "r" + std::to_string(++sessions_) + free[below(free.size())]});
  }

  /// The paths below `place` that `is` holds for.
  template <typename Is>
  std::vector<std::string> paths(const Names& names, const std::string& place, Is is) {
    std::vector<std::string> found;
    for (const auto& [path, what] : names) {
      if (path.starts_with(place + "/") && is(path, what)) found.push_back(path);
    }
    return found;
  }

  std::string new_path(const Names& names, const std::string& place) {
    auto directories =
        paths(names, place, [](const auto&, const auto& what) { return what == kDirectory; });
    directories.push_back(place);
    return directories[below(directories.size())] + "/n" + std::to_string(++names_);
  }

  std::string text() { return std::string(1 + below(6000), static_cast<char>('A' + below(26))); }

  void draw_in_session(const std::string& session, const std::string& place) {
    const Names& names = now().sessions.at(session);
    const auto files =
        paths(names, place, [](const auto&, const auto& what) { return what.starts_with('#'); });
    const auto empty = paths(names, place, [&](const auto& path, const auto& what) {
      const auto next = names.upper_bound(path);
      return what == kDirectory && (next == names.end() || !next->first.starts_with(path + "/"));
    });
    const std::string fresh = new_path(names, place);
    const std::string file = files.empty() ? "" : files[below(files.size())];
    switch (below(16)) {
      case 0:
      case 1:
      case 2:
        return add({Do::create, session, fresh, text()});
      case 3:
        return add({Do::mkdir, session, fresh, {}});
      case 4:
        return add({Do::symlink, session, fresh, "target"});
      case 5:
      case 6:
        return add({Do::sync, session});
      case 7:
        if (!empty.empty()) add({Do::rmdir, session, empty[below(empty.size())], {}});
        return;
      case 8:
        if (below(2) == 0) add({Do::discard, session});
        return;
      case 9:
      case 10:
        return commit_if_changed(session);
      default:
        if (!file.empty()) draw_with_file(session, file, fresh);
    }
  }

  void draw_with_file(const std::string& session, const std::string& file,
                      const std::string& fresh) {
    switch (below(5)) {
      case 0:
        return add({Do::append, session, file, text()});
      case 1:
        return add({Do::write, session, file, text()});
      case 2:
        return add({Do::rename, session, file, fresh});
      case 3:
        return add({Do::link, session, file, fresh});
      default:
        return add({Do::unlink, session, file, {}});
    }
  }

  void commit_if_changed(const std::string& session) {
    const Names& mine = now().sessions.at(session);
    const Names& base = now().versions[now().bases.at(session) - 1];
    if (contents_of(mine, now().bytes) != contents_of(base, now().bytes))
      add({Do::commit, session});
  }

  std::mt19937 random_;
  Model model_;
  Workload workload_;
  std::size_t sessions_ = 0;
  std::size_t names_ = 0;
};

}  // namespace

Workload standard_workload() {
  Workload steps = {
      {Do::init},
      {Do::open},
      {Do::begin, "one"},
      {Do::mkdir, "one", "x", {}},
      {Do::create, "one", "x/new", "one\n"},
      {Do::append, "one", "a", "and more\n"},
      {Do::sync, "one"},
      {Do::rename, "one", "d/b", "x/b"},
      {Do::link, "one", "x/new", "d/hard"},
      {Do::symlink, "one", "link", "x/new"},
      {Do::unlink, "one", "d/c", {}},
      {Do::append, "one", "d/hard", "through the other name\n"},
      {Do::sync, "one"},
      {Do::commit, "one"},
      {Do::begin, "late"},
      {Do::write, "late", "a", "late\n"},
      {Do::begin, "two"},
      {Do::write, "two", "a", "two\n"},
      {Do::sync, "two"},
      {Do::append, "two", "a", std::string(20'000, 't')},
      {Do::mkdir, "two", "gone", {}},
      {Do::rmdir, "two", "gone", {}},
      {Do::rename, "two", "x", "d/x"},
      {Do::begin, "dropped"},
      {Do::create, "dropped", "q", "q\n"},
      {Do::append, "dropped", "w0/f", "q\n"},
      {Do::sync, "dropped"},
      {Do::discard, "dropped"},
      {Do::commit, "two"},
      {Do::conflict, "late"},
      {Do::begin, "three"},
      {Do::create, "three", "z", "z\n"},
      {Do::sync, "three"},
      {Do::discard, "late"},
      {Do::close},
      {Do::gc},
      {Do::open},
      {Do::append, "three", "z", "more z\n"},
      {Do::append, "three", "d/x/new", "three\n"},
      {Do::commit, "three"},
      {Do::begin, "left"},
      {Do::create, "left", "w1/left", "left\n"},
      {Do::begin, "many"},
  };
  for (int index = 0; index < 40; ++index)
    steps.push_back({Do::create, "many", "w2/" + std::to_string(index), std::to_string(index)});
  steps.push_back({Do::commit, "many"});
  steps.push_back({Do::expire, {}, {}, "1"});
  steps.push_back({Do::close});
  return steps;
}

Workload random_workload(unsigned seed, std::size_t steps) {
  return Sampler(seed).draw(steps);
}

}  // namespace commitfs::test
