#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace commitfs::test::parity {

/// Calls for a Runner, on few names and descriptors, so that they meet. Wrong ones are among them.
class RandomCalls {
 public:
  /// Without `keeps_readers` no file is held open for reading alone: over what was committed,
  /// whoever does keeps the old bytes.
  RandomCalls(std::uint32_t seed, bool keeps_readers)
      : engine_(seed), keeps_readers_(keeps_readers) {}

  std::string next();

 private:
  unsigned pick(unsigned count) {
    return std::uniform_int_distribution<unsigned>(0, count - 1)(engine_);
  }
  const std::string& one_of(const std::vector<std::string>& choices) {
    return choices[pick(static_cast<unsigned>(choices.size()))];
  }
  std::string path();
  std::string descriptor() { return std::string(1, static_cast<char>('f' + pick(4))); }
  std::string offset();
  std::string text();

  std::string next_of_root();
  static bool may_be_anybodys(const std::string& call);
  std::string on_names();
  std::string on_attributes();
  std::string on_files();
  std::string on_ranges();

  std::mt19937 engine_;
  const bool keeps_readers_;
};

}  // namespace commitfs::test::parity
