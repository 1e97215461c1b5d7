// How fast a mounted table is beside a plain directory. A program to run, not a test: prints
// medians over rounds, with the lowest and the highest, and the ratio to the native directory
// measured in the same run.
#include "tests/bench/bench.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

int main(int argc, char** argv) {
  using namespace commitfs::bench;
  Options options;
  options.directory = commitfs::test::program().parent_path() / "bench";
  std::string only;
  CLI::App app("Measures a mounted table against a native directory");
  app.add_option("--dir", options.directory, "Where to work; on the disk to be measured")
      ->capture_default_str();
  app.add_option("--rounds", options.rounds, "Rounds of each measurement")->capture_default_str();
  app.add_option("--file-mib", options.file_mib, "Size of the large file")->capture_default_str();
  app.add_option("--small-files", options.small_files, "How many small files")
      ->capture_default_str();
  app.add_option("--large-table", options.large_table, "Files of the large table")
      ->capture_default_str();
  app.add_option("--rate-seconds", options.rate_seconds,
                 "Length of each measurement of commits a second")
      ->capture_default_str();
  app.add_option("--only", only, "scale, one, sequential, small, tables or rate")
      ->check(CLI::IsMember({"scale", "one", "sequential", "small", "tables", "rate"}));
  CLI11_PARSE(app, argc, argv);
  if (const auto reason = commitfs::test::why_no_mount(); !reason.empty()) {
    fmt::print(stderr, "nothing can be mounted here: {}\n", reason);
    return 1;
  }

  const auto wanted = [&](const char* name) { return only.empty() || only == name; };
  if (wanted("scale")) bench_scale(options);
  if (wanted("one")) bench_one_commit(options);
  if (wanted("sequential")) bench_sequential(options);
  if (wanted("small")) bench_small_files(options);
  if (wanted("tables")) bench_table_sizes(options);
  if (wanted("rate")) bench_commit_rate(options);
  return 0;
}
