#include "tests/bench/measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace commitfs::bench {

double Samples::median() const {
  auto sorted = values_;
  std::sort(sorted.begin(), sorted.end());
  const std::size_t middle = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

double Samples::lowest() const {
  return *std::min_element(values_.begin(), values_.end());
}
double Samples::highest() const {
  return *std::max_element(values_.begin(), values_.end());
}

std::string Samples::describe(int decimals) const {
  return fmt::format("{:.{}f} ({:.{}f} to {:.{}f})", median(), decimals, lowest(), decimals,
                     highest(), decimals);
}

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void print_row(const std::string& what, const Samples& samples, const std::string& unit,
               int decimals, const Samples* native) {
  std::string line = fmt::format("  {:<34} {:>34} {:<10}", what, samples.describe(decimals), unit);
  if (native != nullptr)
    line += fmt::format(" {:.2f} of native", samples.median() / native->median());
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

void require(bool ok, const std::string& what) {
  if (ok) return;
  fmt::print(stderr, "{}: {}\n", what, std::strerror(errno));
  std::exit(1);
}

}  // namespace commitfs::bench
