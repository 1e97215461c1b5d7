#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <map>
#include <vector>

#include "tests/bench/bench.h"
#include "tests/bench/measure.h"

namespace commitfs::bench {
namespace {

constexpr std::size_t kBlock = 1 << 20;

/// MiB a second.
double write_sequentially(const std::filesystem::path& path, std::size_t mib, bool sync) {
  const std::vector<char> block(kBlock, 'x');
  const double seconds = seconds_of([&] {
    const int fd = ::open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
    require(fd >= 0, "open " + path.native());
    for (std::size_t i = 0; i < mib; ++i) {
      require(::write(fd, block.data(), kBlock) == static_cast<ssize_t>(kBlock),
              "write " + path.native());
    }
    if (sync) require(::fsync(fd) == 0, "fsync " + path.native());
    require(::close(fd) == 0, "close " + path.native());
  });
  return static_cast<double>(mib) / seconds;
}

double read_sequentially(const std::filesystem::path& path, std::size_t mib) {
  std::vector<char> block(kBlock);
  const double seconds = seconds_of([&] {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    require(fd >= 0, "open " + path.native());
    while (::read(fd, block.data(), kBlock) > 0) {
    }
    ::close(fd);
  });
  return static_cast<double>(mib) / seconds;
}

/// False without the privilege.
bool drop_caches() {
  ::sync();
  std::ofstream control("/proc/sys/vm/drop_caches");
  control << "1" << std::flush;
  return control.good();
}

struct Numbers {
  Samples write, write_synced, read_warm, read_cold;
};

void one_round(const std::filesystem::path& file, std::size_t mib, Numbers& numbers) {
  std::filesystem::remove(file);
  ::sync();
  numbers.write.add(write_sequentially(file, mib, false));
  std::filesystem::remove(file);
  ::sync();
  numbers.write_synced.add(write_sequentially(file, mib, true));
  read_sequentially(file, mib);
  numbers.read_warm.add(read_sequentially(file, mib));
  if (drop_caches()) numbers.read_cold.add(read_sequentially(file, mib));
}

}  // namespace

void bench_sequential(const Options& options) {
  fmt::print("one file of {} MiB in blocks of 1 MiB, in a session\n", options.file_mib);
  const auto native_directory = options.directory / "native";
  std::filesystem::create_directories(native_directory);
  const Mount passthrough(options, "passthrough", true);
  const Mount ordinary(options, "ordinary", false);
  passthrough.begin("s");
  ordinary.begin("s");
  const std::array<std::pair<const char*, std::filesystem::path>, 3> places = {
      {{"native", native_directory},
       {"passthrough", passthrough.session("s")},
       {"ordinary", ordinary.session("s")}}};

  std::map<std::string, Numbers> numbers;
  for (int round = 0; round < options.rounds; ++round) {
    for (const auto& [name, directory] : places)
      one_round(directory / "big", options.file_mib, numbers[name]);
  }
  const auto print = [&](const std::string& what, Samples Numbers::* field) {
    const Samples& native = numbers["native"].*field;
    if (native.empty()) return;
    for (const auto& place : places) {
      const std::string name = place.first;
      print_row(what + ", " + name, numbers[name].*field, "MiB/s", 0,
                name == "native" ? nullptr : &native);
    }
  };
  print("write, no fsync", &Numbers::write);
  print("write, with fsync", &Numbers::write_synced);
  print("read, cached", &Numbers::read_warm);
  print("read, after dropping caches", &Numbers::read_cold);
  std::filesystem::remove_all(native_directory);
}

void bench_small_files(const Options& options) {
  fmt::print("create, write 4 KiB, close: {} files in one directory of a session, no fsync\n",
             options.small_files);
  const auto native_directory = options.directory / "native";
  Samples native, passthrough, ordinary;
  const auto fill = [&](const std::filesystem::path& directory) {
    std::filesystem::create_directories(directory);
    const double seconds = seconds_of([&] {
      for (int i = 0; i < options.small_files; ++i)
        write_file(directory / std::to_string(i), 4096);
    });
    return options.small_files / seconds;
  };
  const Mount with(options, "passthrough", true);
  const Mount without(options, "ordinary", false);
  for (int round = 0; round < options.rounds; ++round) {
    native.add(fill(native_directory));
    std::filesystem::remove_all(native_directory);
    const std::string name = "s" + std::to_string(round);
    for (auto [mount, samples] : {std::pair{&with, &passthrough}, std::pair{&without, &ordinary}}) {
      mount->begin(name);
      samples->add(fill(mount->session(name) / "d"));
      mount->discard(name);
    }
  }
  print_row("native", native, "files/s", 0);
  print_row("passthrough", passthrough, "files/s", 0, &native);
  print_row("ordinary", ordinary, "files/s", 0, &native);
}

}  // namespace commitfs::bench
