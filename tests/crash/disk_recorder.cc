#include "tests/crash/disk_recorder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <random>
#include <sstream>
#include <stdexcept>
#include <system_error>

namespace commitfs::test {
namespace {

namespace fs = std::filesystem;

/// Null where the file is gone.
std::shared_ptr<const std::string> read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return nullptr;
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return std::make_shared<const std::string>(std::move(bytes).str());
}

/// Of a path as /proc shows it; empty where there is none.
fs::path path_of(const Call& call) {
  std::error_code error;
  return fs::read_symlink("/proc/" + std::to_string(call.thread) + "/fd/" +
                              std::to_string(static_cast<int>(call.arguments[0])),
                          error);
}

struct stat must_stat(const fs::path& path) {
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0)
    throw std::system_error(errno, std::generic_category(), path);
  return found;
}

class Restorer {
 public:
  Restorer(const DiskMoment& moment, const Survivors& survivors)
      : moment_(moment), survivors_(survivors), random_(survivors.seed) {}

  void restore(ino_t directory, const fs::path& to) {
    fs::create_directory(to);
    const auto* names = find(names_survive(), &DiskImage::names, directory);
    if (names == nullptr) return;
    for (const auto& [name, entry] : *names) {
      if (S_ISDIR(entry.type)) {
        restore(entry.node, to / name);
      } else if (S_ISLNK(entry.type)) {
        fs::create_symlink(entry.target, to / name);
      } else {
        restore_file(entry.node, to / name);
      }
    }
  }

 private:
  /// Of one part of the image, what is there of a node; null: nothing.
  template <typename Value>
  const Value* find(bool survives, std::map<ino_t, Value> DiskImage::* part, ino_t node) const {
    const auto& parts = *(survives ? moment_.live : moment_.synced).*part;
    const auto found = parts.find(node);
    return found == parts.end() ? nullptr : &found->second;
  }

  bool names_survive() { return survivors_.names || drawn(); }
  bool drawn() { return survivors_.seed != 0 && random_() % 2 == 0; }

  void restore_file(ino_t node, const fs::path& to) {
    if (const auto [known, is_new] = restored_.emplace(node, to); !is_new)
      return fs::create_hard_link(known->second, to);
    std::ofstream file(to, std::ios::binary);
    const auto* found = find(drawn(), &DiskImage::files, node);
    if (found == nullptr) return;
    file.write(found->bytes->data(), static_cast<std::streamsize>(found->bytes->size()));
    if (!file.flush()) throw std::runtime_error("write " + to.native());
    const std::array times = {found->modified, found->modified};
    if (::utimensat(AT_FDCWD, to.c_str(), times.data(), 0) != 0)
      throw std::runtime_error("utimensat " + to.native());
  }

  const DiskMoment& moment_;
  const Survivors survivors_;
  std::mt19937 random_;
  std::map<ino_t, fs::path> restored_;
};

}  // namespace

void restore(const DiskMoment& moment, ino_t root, const Survivors& survivors,
             const fs::path& directory) {
  Restorer(moment, survivors).restore(root, directory);
}

DiskRecorder::DiskRecorder(fs::path directory, const Progress& progress, std::uint64_t stride,
                           Ignores ignores)
    : directory_(std::move(directory)),
      progress_(progress),
      stride_(stride),
      ignores_(std::move(ignores)),
      root_(must_stat(directory_).st_ino) {
  last_live_ = std::make_shared<const DiskImage>();
  last_live_ = synced_ = read_all();
}

Verdict DiskRecorder::entered(const Call& call) {
  const std::string name = call.name();
  if (calls_++ % stride_ == 0) note_moment("before " + name);
  if (name != "fsync" && name != "fdatasync" && name != "syncfs") return {};
  const auto path = path_of(call).lexically_relative(directory_).native();
  if (path.starts_with("..")) return {};
  if (ignores_ && ignores_(name, path == "." ? "" : path)) {
    ++ignored_;
    return {};
  }
  syncing_[call.thread] = {.image = image_of(call), .began = ++syncs_};
  return {.what = Verdict::What::report};
}

void DiskRecorder::left(const Call& call, std::int64_t result) {
  Syncing done = std::move(syncing_[call.thread]);
  syncing_.erase(call.thread);
  if (result != 0) return;
  const auto counts = [&done](std::uint64_t& began) {
    if (began > done.began) return false;
    began = done.began;
    return true;
  };
  auto synced = std::make_shared<DiskImage>(*synced_);
  for (auto& [node, names] : done.image.names) {
    if (counts(names_began_[node])) synced->names[node] = std::move(names);
  }
  for (auto& [node, file] : done.image.files) {
    if (counts(files_began_[node])) synced->files[node] = std::move(file);
  }
  synced_ = std::move(synced);
  if (calls_ % stride_ == 0) note_moment("after " + call.name());
}

void DiskRecorder::note_moment(const std::string& call) {
  // Read first: what is answered until then is in the images.
  const Progress progress = progress_;
  last_live_ = read_all();
  moments_.push_back({synced_, last_live_, progress, call});
}

/// Its bytes are shared with the last image where nothing has changed. None where it is gone.
DiskImage::File DiskRecorder::read(const struct stat& found, const fs::path& path) const {
  // What processes share is no content: the next to come makes it anew.
  static const auto nothing = std::make_shared<const std::string>();
  const bool is_shared_memory = path.native().ends_with("-shm");
  DiskImage::File file{.bytes = is_shared_memory ? nothing : read_file(path),
                       .modified = found.st_mtim};
  const auto last = last_live_->files.find(found.st_ino);
  const bool same =
      file.bytes && last != last_live_->files.end() && *last->second.bytes == *file.bytes;
  if (same) file.bytes = last->second.bytes;
  return file;
}

void DiskRecorder::read_tree(const fs::path& path, ino_t node, DiskImage& image) const {
  auto& names = image.names[node];
  std::error_code gone;
  for (fs::directory_iterator at(path, gone), end; !gone && at != end; at.increment(gone)) {
    struct stat found{};
    if (::lstat(at->path().c_str(), &found) != 0) continue;
    DiskImage::Entry entry{.node = found.st_ino, .type = found.st_mode & S_IFMT};
    if (S_ISLNK(found.st_mode)) entry.target = fs::read_symlink(at->path(), gone);
    if (S_ISREG(found.st_mode)) {
      auto file = read(found, at->path());
      if (!file.bytes) continue;
      image.files[found.st_ino] = std::move(file);
    }
    names[at->path().filename()] = std::move(entry);
    if (S_ISDIR(found.st_mode)) read_tree(at->path(), found.st_ino, image);
  }
}

std::shared_ptr<const DiskImage> DiskRecorder::read_all() const {
  auto image = std::make_shared<DiskImage>();
  read_tree(directory_, root_, *image);
  return image;
}

/// What `call`, a sync, is about to make durable.
DiskImage DiskRecorder::image_of(const Call& call) const {
  if (call.name() == "syncfs") return *read_all();
  DiskImage image;
  const fs::path descriptor = "/proc/" + std::to_string(call.thread) + "/fd/" +
                              std::to_string(static_cast<int>(call.arguments[0]));
  const struct stat found = must_stat(descriptor);
  if (S_ISDIR(found.st_mode)) {
    DiskImage all;
    read_tree(descriptor / ".", found.st_ino, all);
    image.names[found.st_ino] = std::move(all.names[found.st_ino]);
  } else {
    // Also of a file whose name is gone.
    image.files[found.st_ino] = read(found, descriptor);
  }
  return image;
}

}  // namespace commitfs::test
