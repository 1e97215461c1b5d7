#include "txn/boot_id.h"

#include <fstream>

namespace commitfs {

const std::string& boot_id() {
  static const std::string id = [] {
    std::ifstream file("/proc/sys/kernel/random/boot_id");
    std::string line;
    return std::getline(file, line) && !line.empty() ? line : std::string("unknown");
  }();
  return id;
}

}  // namespace commitfs
