#include "tools/verb.h"

#include <fmt/format.h>

#include <cstdio>

namespace commitfs {

int fail_with(const std::string& sentence) {
  // What was printed before comes first, also when both go to one file.
  std::fflush(stdout);
  fmt::print(stderr, "commitfs: {}\n", sentence);
  return kFailed;
}

int refuse_usage(const std::string& sentence) {
  fail_with(sentence);
  return kUsageError;
}

}  // namespace commitfs
