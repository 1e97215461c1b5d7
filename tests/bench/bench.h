#pragma once

#include <filesystem>
#include <string>

#include "tests/support/daemon.h"

namespace commitfs::bench {

struct Options {
  std::filesystem::path directory;  ///< everything is made below it, and removed
  int rounds = 5;
  std::size_t file_mib = 1024;
  int small_files = 10'000;
  int large_table = 100'000;
};

/// A mounted table of its own in a new directory below; unmounted and removed when it goes.
class Mount {
 public:
  /// `fill` makes what the table holds when it is adopted.
  Mount(const Options& options, const std::string& name, bool passthrough,
        const std::function<void(const std::filesystem::path&)>& fill = {});
  ~Mount();
  const std::filesystem::path& path() const { return daemon_.mountpoint(); }
  std::filesystem::path session(const std::string& name) const {
    return path() / "sessions" / name;
  }
  void begin(const std::string& name) const;
  void commit(const std::string& name) const;           ///< as mv does
  void commit_by_ioctl(const std::string& name) const;  ///< as `commitfs commit` does
  void discard(const std::string& name) const;

 private:
  std::filesystem::path directory_;
  test::Daemon daemon_;
};

/// Writes `bytes` to a new file in one go; no fsync.
void write_file(const std::filesystem::path& path, std::size_t bytes);

void bench_scale(
    const Options& options);  ///< what an fdatasync and a SQLite commit cost on this disk
void bench_sequential(const Options& options);   ///< one large file
void bench_small_files(const Options& options);  ///< many small files
void bench_table_sizes(
    const Options& options);  ///< begin and commit on a small and on a large table
void bench_commit_rate(const Options& options);  ///< commits a second, by both doors

}  // namespace commitfs::bench
