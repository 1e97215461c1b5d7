#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/crash/traced_child.h"
#include "tests/crash/workload.h"

namespace commitfs::test {

/// A directory as it is, or as a disk would have it: what is named in each directory, what is in
/// each file. Nodes are known by their inode number.
struct DiskImage {
  struct Entry {
    ino_t node = 0;
    mode_t type = 0;
    std::string target = {};  ///< of a symbolic link
  };
  struct File {
    std::shared_ptr<const std::string> bytes;
    timespec modified{};
  };
  std::map<ino_t, std::map<std::string, Entry>> names;
  std::map<ino_t, File> files;
};

/// A moment at which the power might fail.
struct DiskMoment {
  std::shared_ptr<const DiskImage> synced;  ///< what had been synced
  std::shared_ptr<const DiskImage> live;    ///< what programs saw
  Progress progress;
  std::string call;  ///< what was about to be called, or was
};

/// Which part of what was not synced is there after the power failed.
struct Survivors {
  bool names = false;  ///< all names, but of the bytes only what was synced
  unsigned seed = 0;   ///< not 0: of each directory and each file all or only what was synced
};

/// Makes `directory` what is found at `moment` after the power failed.
void restore(const DiskMoment& moment, ino_t root, const Survivors& survivors,
             const std::filesystem::path& directory);

/// Sees a child work in a directory and notes what of it would survive the power. A file's bytes
/// are on disk from when an fsync or fdatasync of it ended, as they were when it began; a
/// directory's names likewise; with syncfs all of them. Of two syncs at once the one that began
/// later counts, whichever ends last. That is less than any file system keeps.
class DiskRecorder final : public CallObserver {
 public:
  using Ignores = std::function<bool(const std::string& call, const std::string& path)>;

  /// All that is in `directory` now counts as synced. A moment is noted every `stride` calls;
  /// `progress` is read then. Syncs that `ignores` is true for are taken for no syncs; the path is
  /// relative to the directory, "" for itself.
  DiskRecorder(std::filesystem::path directory, const Progress& progress, std::uint64_t stride,
               Ignores ignores = {});

  Verdict entered(const Call& call) override;
  void left(const Call& call, std::int64_t result) override;
  /// At the end of the child.
  void note_moment(const std::string& call);

  const std::vector<DiskMoment>& moments() const { return moments_; }
  ino_t root() const { return root_; }
  std::size_t ignored() const { return ignored_; }

 private:
  DiskImage::File read(const struct stat& found, const std::filesystem::path& path) const;
  void read_tree(const std::filesystem::path& path, ino_t node, DiskImage& image) const;
  std::shared_ptr<const DiskImage> read_all() const;
  DiskImage image_of(const Call& call) const;

  const std::filesystem::path directory_;
  const Progress& progress_;
  const std::uint64_t stride_;
  const Ignores ignores_;
  ino_t root_ = 0;
  std::shared_ptr<const DiskImage> synced_;
  std::shared_ptr<const DiskImage> last_live_;
  struct Syncing {
    DiskImage image;
    std::uint64_t began = 0;  ///< which sync it is, in the order in which they began
  };
  std::map<pid_t, Syncing> syncing_;  ///< by thread: what is synced when its call has ended
  std::uint64_t syncs_ = 0;
  // Of each node, when the sync began that counts.
  std::map<ino_t, std::uint64_t> names_began_;
  std::map<ino_t, std::uint64_t> files_began_;
  std::vector<DiskMoment> moments_;
  std::uint64_t calls_ = 0;
  std::size_t ignored_ = 0;
};

}  // namespace commitfs::test
