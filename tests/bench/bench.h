#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "meta/staging.h"
#include "tests/support/daemon.h"

namespace commitfs::bench {

struct Options {
  std::filesystem::path directory;  ///< everything is made below it, and removed
  int rounds = 5;
  std::size_t file_mib = 1024;
  int small_files = 10'000;
  int large_table = 100'000;
  double rate_seconds = 1;  ///< of each measurement of commits a second
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
  // 0 or the errno.
  int try_commit(const std::string& name) const;           ///< as mv does
  int try_commit_by_ioctl(const std::string& name) const;  ///< as `commitfs commit` does
  void commit(const std::string& name) const;              ///< as mv does; must succeed
  void discard(const std::string& name) const;

 private:
  std::filesystem::path directory_;
  test::Daemon daemon_;
};

/// Writes `bytes` to a file in one go; no fsync. They begin with `text`.
void write_file(const std::filesystem::path& path, std::size_t bytes, std::string_view text = {});

/// What the disk allows: each call does one and answers how many milliseconds it took.
class Scale {
 public:
  explicit Scale(const std::filesystem::path& directory);
  ~Scale();
  Scale(const Scale&) = delete;
  Scale& operator=(const Scale&) = delete;
  double sync_ms() const;    ///< 4 KiB appended, and fdatasync
  double sqlite_ms() const;  ///< a commit of one row: WAL, synchronous=FULL

 private:
  std::filesystem::path directory_;
  int fd_ = -1;
  std::shared_ptr<Staging> database_;
};

void bench_scale(
    const Options& options);  ///< what an fdatasync and a SQLite commit cost on this disk
void bench_one_commit(const Options& options);   ///< one writer's commit against those two
void bench_sequential(const Options& options);   ///< one large file
void bench_small_files(const Options& options);  ///< many small files
void bench_table_sizes(
    const Options& options);  ///< begin and commit on a small and on a large table
void bench_commit_rate(const Options& options);  ///< commits a second, by both doors

}  // namespace commitfs::bench
