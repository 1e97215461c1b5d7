#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include "tests/bench/bench.h"
#include "tests/bench/measure.h"

namespace commitfs::bench {
namespace {

constexpr int kCommitsEach = 60;
constexpr auto kRateSeconds = std::chrono::seconds(3);

void fill_table(const std::filesystem::path& table, int files) {
  for (int i = 0; i < files; ++i) {
    const auto directory = table / std::to_string(i / 1000);
    if (i % 1000 == 0) std::filesystem::create_directory(directory);
    write_file(directory / std::to_string(i), 16);
  }
}

using Door = void (Mount::*)(const std::string&) const;

/// One writer that begins, writes one file of 4 KiB and commits, until told to stop.
int commit_until(const Mount& mount, Door commit, const std::string& writer,
                 const std::atomic<bool>& stop) {
  int count = 0;
  while (!stop) {
    const std::string name = writer + "-" + std::to_string(count);
    mount.begin(name);
    write_file(mount.session(name) / name, 4096);
    (mount.*commit)(name);
    ++count;
  }
  return count;
}

double commits_a_second(const Mount& mount, Door commit, int writers) {
  static int run = 0;
  ++run;
  std::atomic<bool> stop{false};
  std::atomic<int> total{0};
  const double seconds = seconds_of([&] {
    std::vector<std::jthread> threads;
    for (int w = 0; w < writers; ++w) {
      threads.emplace_back(
          [&, w] { total += commit_until(mount, commit, fmt::format("r{}-{}", run, w), stop); });
    }
    std::this_thread::sleep_for(kRateSeconds);
    stop = true;
  });
  return total / seconds;
}

}  // namespace

void bench_scale(const Options& options) {
  fmt::print("for scale, on this disk\n");
  std::filesystem::create_directories(options.directory);
  const auto path = options.directory / "scale";
  Samples sync;
  const int fd = ::open(path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0644);
  require(fd >= 0, "open " + path.native());
  const std::vector<char> block(4096, 'x');
  for (int i = 0; i < 200; ++i) {
    sync.add(1e3 * seconds_of([&] {
               require(::write(fd, block.data(), block.size()) > 0, "write");
               require(::fdatasync(fd) == 0, "fdatasync");
             }));
  }
  ::close(fd);
  std::filesystem::remove(path);
  print_row("append 4 KiB and fdatasync", sync, "ms", 2);

  // Through its own program: the library is the catalog's affair.
  Samples sqlite;
  const std::string database = options.directory / "scale.db";
  const std::string prepare =
      "sqlite3 '" + database + "' 'PRAGMA journal_mode=WAL; CREATE TABLE t(a)' > /dev/null";
  const std::string insert =
      "for i in $(seq 500); do echo \"INSERT INTO t VALUES($i);\"; done | "
      "sqlite3 -cmd 'PRAGMA synchronous=FULL' '" +
      database + "'";
  if (test::run({"sh", "-c", prepare}).exit_code != 0) return;
  for (int round = 0; round < options.rounds; ++round) {
    sqlite.add(1e3 / 500 * seconds_of([&] { test::run({"sh", "-c", insert}); }));
  }
  for (const char* suffix : {"", "-wal", "-shm"})
    std::filesystem::remove(database + suffix);
  print_row("SQLite commit, WAL, FULL", sqlite, "ms", 2);
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
  fmt::print("commits of one file of 4 KiB\n");
  const Mount mount(options, "rate", true);
  constexpr std::pair<const char*, Door> kDoors[] = {{"mv", &Mount::commit},
                                                     {"ioctl", &Mount::commit_by_ioctl}};
  for (const int writers : {1, 4, 16, 64}) {
    Samples rates[std::size(kDoors)];
    for (int round = 0; round < options.rounds; ++round) {
      for (std::size_t i = 0; i < std::size(kDoors); ++i)
        rates[i].add(commits_a_second(mount, kDoors[i].second, writers));
    }
    for (std::size_t i = 0; i < std::size(kDoors); ++i) {
      print_row(
          fmt::format("by {}, {} writer{}", kDoors[i].first, writers, writers == 1 ? "" : "s"),
          rates[i], "commits/s", 0);
    }
  }
}

}  // namespace commitfs::bench
