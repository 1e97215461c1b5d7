// One transaction of a recorded history, run by `commitfs run` in the session: does to the files of
// its working directory what its arguments say, in their order, and prints what it saw.
//
//   list KEY            the list in the file KEY, as "list KEY VALUE…"
//   append KEY VALUE    adds a line to it
//   read KEY            the register in the file KEY, likewise
//   write KEY VALUE     gives it a value
//
// Exits with 1 when a call fails.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

[[noreturn]] void die(const char* what, const std::string& key) {
  std::fprintf(stderr, "%s %s: %s\n", what, key.c_str(), std::strerror(errno));
  std::exit(1);
}

std::string contents(const std::string& key) {
  const int fd = ::open(key.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return {};
  if (fd < 0) die("open", key);
  std::string bytes;
  char buffer[4096];
  ssize_t n = 0;
  while ((n = ::read(fd, buffer, sizeof buffer)) > 0)
    bytes.append(buffer, static_cast<std::size_t>(n));
  if (n < 0) die("read", key);
  ::close(fd);
  return bytes;
}

void put(const std::string& key, const std::string& value, int flags) {
  const int fd = ::open(key.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0644);
  if (fd < 0) die("open", key);
  const std::string line = value + "\n";
  if (::write(fd, line.data(), line.size()) != static_cast<ssize_t>(line.size())) die("write", key);
  if (::close(fd) != 0) die("close", key);
}

}  // namespace

int main(int count, char** arguments) {
  for (int at = 1; at + 1 < count;) {
    const std::string what = arguments[at];
    const std::string key = arguments[at + 1];
    const bool changes = what == "append" || what == "write";
    if (changes && at + 2 >= count) return 2;
    if (changes) {
      put(key, arguments[at + 2], what == "append" ? O_APPEND : O_TRUNC);
      std::printf("%s %s %s\n", what.c_str(), key.c_str(), arguments[at + 2]);
    } else {
      std::string line = what + " " + key + " " + contents(key);
      for (char& byte : line)
        if (byte == '\n') byte = ' ';
      std::printf("%s\n", line.c_str());
    }
    at += changes ? 3 : 2;
  }
  return std::fflush(stdout) == 0 ? 0 : 1;
}
