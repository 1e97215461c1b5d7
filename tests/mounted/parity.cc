#include "tests/mounted/parity.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <vector>

namespace commitfs::test {
namespace {

namespace fs = std::filesystem;

std::string describe(const std::string& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return ::strerrorname_np(errno);
  std::ostringstream text;
  text << std::oct << status.st_mode << std::dec << " links " << status.st_nlink << " owner "
       << status.st_uid << ":" << status.st_gid;
  // A directory's size is the file system's own affair.
  if (!S_ISDIR(status.st_mode)) text << " size " << status.st_size;
  return text.str();
}

}  // namespace

std::string Transcript::error_name() {
  return ::strerrorname_np(errno);
}

void Transcript::note(std::string_view what, std::string_view value) {
  text_ += std::string(what) + ": " + std::string(value) + "\n";
}

int Transcript::opened(std::string_view what, int fd) {
  note(what, fd < 0 ? error_name() : "opened");
  return fd;
}

void Transcript::stat(std::string_view name) {
  note("stat " + std::string(name), describe((*this)(name)));
}

void Transcript::content(std::string_view name) {
  std::ifstream file((*this)(name), std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  note("content of " + std::string(name), file ? text.str() : error_name());
}

void Transcript::tree() {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(directory_)) {
    names.push_back(entry.path().lexically_relative(directory_));
  }
  std::sort(names.begin(), names.end());
  for (const auto& name : names)
    note(name, describe((*this)(name)));
  struct stat top{};
  call("top", ::lstat(directory_.c_str(), &top));
  call("links of the top", static_cast<int>(top.st_nlink));
}

void ParityTest::compare(const Calls& calls, const std::string& session) {
  Transcript native(scratch() / "native");
  calls(native);
  Transcript mounted(at("sessions/" + session));
  calls(mounted);
  EXPECT_EQ(mounted.text(), native.text());
}

void ParityTest::expect_parity(const Calls& calls) {
  ok("mkdir sessions/fresh $SCRATCH/native");
  compare(calls, "fresh");
}

void ParityTest::expect_parity_over_committed(std::string_view setup, const Calls& calls) {
  commit("base", setup);
  ok("mkdir sessions/over $SCRATCH/native; cd $SCRATCH/native\n" + std::string(setup));
  compare(calls, "over");
}

}  // namespace commitfs::test
