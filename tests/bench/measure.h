#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace commitfs::bench {

/// What several rounds of one measurement gave. Which unit is the caller's affair.
class Samples {
 public:
  void add(double value) { values_.push_back(value); }
  bool empty() const { return values_.empty(); }
  double median() const;
  double lowest() const;
  double highest() const;
  /// "median (lowest to highest)".
  std::string describe(int decimals) const;

 private:
  std::vector<double> values_;
};

/// Seconds that `work` takes.
double seconds_of(const std::function<void()>& work);

/// Prints `what: value unit` and, with a base, how it stands to it.
void print_row(const std::string& what, const Samples& samples, const std::string& unit,
               int decimals, const Samples* native = nullptr);

/// Ends the program with `what` and errno unless `ok`.
void require(bool ok, const std::string& what);

}  // namespace commitfs::bench
