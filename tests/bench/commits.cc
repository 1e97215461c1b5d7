#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <thread>
#include <vector>

#include "meta/sqlite/sqlite_staging.h"
#include "tests/bench/bench.h"
#include "tests/bench/measure.h"

namespace commitfs::bench {
namespace {

constexpr int kCommitsEach = 60;

void fill_table(const std::filesystem::path& table, int files) {
  for (int i = 0; i < files; ++i) {
    const auto directory = table / std::to_string(i / 1000);
    if (i % 1000 == 0) std::filesystem::create_directory(directory);
    write_file(directory / std::to_string(i), 16);
  }
}

using Door = int (Mount::*)(const std::string&) const;
constexpr std::pair<const char*, Door> kDoors[] = {{"mv", &Mount::try_commit},
                                                   {"ioctl", &Mount::try_commit_by_ioctl}};

/// What writers of one measurement did.
struct Tally {
  std::atomic<int> landed{0};
  std::atomic<int> refused{0};
};

/// One writer that begins, writes one file of 4 KiB and commits, until told to stop. `shared`: all
/// write the same file, and whoever is refused does it again.
void commit_until(const Mount& mount, Door commit, const std::string& writer, bool shared,
                  const std::atomic<bool>& stop, Tally& tally) {
  for (int count = 0; !stop; ++count) {
    const std::string name = writer + "-" + std::to_string(count);
    mount.begin(name);
    // Who writes the same bytes as another is in no conflict with him.
    write_file(mount.session(name) / (shared ? "shared" : name), 4096, name);
    const int error = (mount.*commit)(name);
    if (error == 0) {
      ++tally.landed;
      continue;
    }
    errno = error;
    require(error == ECANCELED, "commit " + name);
    ++tally.refused;
    mount.discard(name);
  }
}

struct Rate {
  double landed = 0;   ///< a second
  double refused = 0;  ///< of all, 0 to 1
};

Rate commits_a_second(const Mount& mount, Door commit, int writers, bool shared,
                      double for_seconds) {
  static int run = 0;
  ++run;
  std::atomic<bool> stop{false};
  Tally tally;
  const double seconds = seconds_of([&] {
    std::vector<std::jthread> threads;
    for (int w = 0; w < writers; ++w) {
      threads.emplace_back([&, w] {
        commit_until(mount, commit, fmt::format("r{}-{}", run, w), shared, stop, tally);
      });
    }
    std::this_thread::sleep_for(std::chrono::duration<double>(for_seconds));
    stop = true;
  });
  const int all = tally.landed + tally.refused;
  return {tally.landed / seconds, all == 0 ? 0.0 : static_cast<double>(tally.refused) / all};
}

/// Commits a second by both doors, all writers' numbers in turn within each round.
void rates(const Options& options, const Mount& mount, bool shared) {
  constexpr std::array kWriters = {1, 2, 4, 8, 16, 32, 64};
  Samples landed[std::size(kDoors)][kWriters.size()];
  Samples refused[std::size(kDoors)][kWriters.size()];
  for (int round = 0; round < options.rounds; ++round) {
    for (std::size_t w = 0; w < kWriters.size(); ++w) {
      for (std::size_t d = 0; d < std::size(kDoors); ++d) {
        const Rate rate =
            commits_a_second(mount, kDoors[d].second, kWriters[w], shared, options.rate_seconds);
        landed[d][w].add(rate.landed);
        refused[d][w].add(100 * rate.refused);
      }
    }
  }
  for (std::size_t d = 0; d < std::size(kDoors); ++d) {
    for (std::size_t w = 0; w < kWriters.size(); ++w) {
      fmt::print("  by {:<5} {:>2} writers {:>30} commits/s {:6.2f} of one", kDoors[d].first,
                 kWriters[w], landed[d][w].describe(0),
                 landed[d][w].median() / landed[d][0].median());
      if (shared) fmt::print("  {:3.0f} % refused", refused[d][w].median());
      fmt::print("\n");
    }
  }
  std::fflush(stdout);
}

}  // namespace

Scale::Scale(const std::filesystem::path& directory) : directory_(directory) {
  std::filesystem::create_directories(directory_);
  const auto path = directory_ / "log";
  fd_ = ::open(path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0644);
  require(fd_ >= 0, "open " + path.native());
  // The library is the catalog's affair: a durable write of nothing to a journal is one row.
  auto database = open_sqlite_staging(directory_ / "database");
  require(database.has_value(), "open a database");
  database_ = *std::move(database);
  sqlite_ms();
}

Scale::~Scale() {
  ::close(fd_);
  database_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

double Scale::sync_ms() const {
  static const std::vector<char> block(4096, 'x');
  return 1e3 * seconds_of([&] {
           require(::write(fd_, block.data(), block.size()) > 0, "write");
           require(::fdatasync(fd_) == 0, "fdatasync");
         });
}

double Scale::sqlite_ms() const {
  return 1e3 * seconds_of([&] {
           require(database_->write({}, Durability::now).has_value(), "write to a database");
         });
}

void bench_scale(const Options& options) {
  fmt::print("for scale, on this disk\n");
  const Scale scale(options.directory / "scale");
  Samples sync, sqlite;
  for (int i = 0; i < 200; ++i) {
    sync.add(scale.sync_ms());
    sqlite.add(scale.sqlite_ms());
  }
  print_row("append 4 KiB and fdatasync", sync, "ms", 2);
  print_row("SQLite commit, WAL, FULL", sqlite, "ms", 2);
}

void bench_one_commit(const Options& options) {
  fmt::print(
      "one writer, one file of 4 KiB, each commit beside an fdatasync and a SQLite commit\n");
  const Mount mount(options, "one", true);
  const Scale scale(options.directory / "scale");
  constexpr auto kSealed = std::chrono::milliseconds(60);  // bodies are synced behind their close
  Samples sync, sqlite, at_once[std::size(kDoors)], later[std::size(kDoors)];
  const auto commit_ms = [&](Door commit, bool rest) {
    static int count = 0;
    const std::string name = "c" + std::to_string(count++);
    mount.begin(name);
    write_file(mount.session(name) / name, 4096);
    if (rest) std::this_thread::sleep_for(kSealed);
    return 1e3 * seconds_of([&] {
             errno = (mount.*commit)(name);
             require(errno == 0, "commit " + name);
           });
  };
  for (int i = 0; i < kCommitsEach; ++i) {
    sync.add(scale.sync_ms());
    sqlite.add(scale.sqlite_ms());
    for (std::size_t d = 0; d < std::size(kDoors); ++d) {
      at_once[d].add(commit_ms(kDoors[d].second, false));
      later[d].add(commit_ms(kDoors[d].second, true));
    }
  }
  print_row("append 4 KiB and fdatasync", sync, "ms", 2);
  print_row("SQLite commit, WAL, FULL", sqlite, "ms", 2);
  const double floor_ms = sync.median() + sqlite.median();
  for (std::size_t d = 0; d < std::size(kDoors); ++d) {
    for (const auto& [when, samples] :
         {std::pair{"just written", &at_once[d]}, std::pair{"sealed before", &later[d]}}) {
      print_row(fmt::format("by {}, {}", kDoors[d].first, when), *samples, "ms", 2);
      fmt::print("  {:>34} {:.2f} of an fdatasync and a SQLite commit\n", "",
                 samples->median() / floor_ms);
    }
  }
}

void bench_table_sizes(const Options& options) {
  fmt::print("by the size of the table: begin, one file of 4 KiB, commit\n");
  for (const int files : {1000, options.large_table}) {
    const Mount mount(options, "table", true, [&](const auto& table) { fill_table(table, files); });
    Samples begin, write, commit;
    for (int i = 0; i < kCommitsEach; ++i) {
      const std::string name = "s" + std::to_string(i);
      begin.add(1e3 * seconds_of([&] { mount.begin(name); }));
      write.add(1e3 * seconds_of([&] { write_file(mount.session(name) / "0" / name, 4096); }));
      commit.add(1e3 * seconds_of([&] { mount.commit(name); }));
    }
    print_row(fmt::format("mkdir sessions/x, {} files", files), begin, "ms", 2);
    print_row(fmt::format("write, {} files", files), write, "ms", 2);
    print_row(fmt::format("mv into commit/, {} files", files), commit, "ms", 2);
  }
}

void bench_commit_rate(const Options& options) {
  const Mount mount(options, "rate", true,
                    [](const auto& table) { write_file(table / "shared", 4096); });
  for (const bool shared : {false, true}) {
    fmt::print("commits of one file of 4 KiB, {}\n",
               shared ? "the same for all: who is refused does it again" : "each its own");
    rates(options, mount, shared);
  }
}

}  // namespace commitfs::bench
