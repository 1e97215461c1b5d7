// Calls that open, read and write files, and locks on them.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "tests/mounted/parity/runner.h"
#include "tests/mounted/parity/script.h"

namespace commitfs::test::parity {
namespace {

const std::map<std::string, unsigned>& open_flags() {
  static const std::map<std::string, unsigned> names{
      {"RDONLY", O_RDONLY},    {"WRONLY", O_WRONLY},     {"RDWR", O_RDWR},
      {"CREAT", O_CREAT},      {"EXCL", O_EXCL},         {"TRUNC", O_TRUNC},
      {"APPEND", O_APPEND},    {"SYNC", O_SYNC},         {"DSYNC", O_DSYNC},
      {"DIRECT", O_DIRECT},    {"NOFOLLOW", O_NOFOLLOW}, {"DIRECTORY", O_DIRECTORY},
      {"TMPFILE", O_TMPFILE},  {"PATH", O_PATH},         {"NOATIME", O_NOATIME},
      {"NONBLOCK", O_NONBLOCK}};
  return names;
}

/// What is open is handed to the runner as "".
std::string hand_over(const Call& call, int descriptor) {
  if (descriptor < 0) return error_name();
  call.descriptors[""] = descriptor;
  return "opened";
}

std::string open_file(const Call& call) {
  const auto flags = static_cast<int>(call.flags(1, open_flags()));
  const mode_t mode = call.has(2) ? call.mode(2) : 0644;
  return hand_over(call, ::open(call.path(0), flags | O_CLOEXEC, mode));
}

std::string read_some(const Call& call, bool at) {
  std::string buffer(static_cast<std::size_t>(call.number(1)), '\0');
  const ssize_t count =
      at ? ::pread(call.descriptor(0), buffer.data(), buffer.size(), call.number(2))
         : ::read(call.descriptor(0), buffer.data(), buffer.size());
  if (count < 0) return error_name();
  buffer.resize(static_cast<std::size_t>(count));
  return readable(buffer);
}

std::string content(const char* path) {
  const int descriptor = ::open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) return error_name();
  std::string all;
  std::vector<char> buffer(1 << 16);
  ssize_t count = 0;
  while ((count = ::read(descriptor, buffer.data(), buffer.size())) > 0)
    all.append(buffer.data(), static_cast<std::size_t>(count));
  std::string seen = count < 0 ? error_name() : readable(all);
  ::close(descriptor);
  return seen;
}

/// Direct reads and writes take whole aligned blocks.
struct Block {
  static constexpr std::size_t kBytes = 4096;
  std::unique_ptr<void, decltype(&std::free)> memory{std::aligned_alloc(kBytes, kBytes),
                                                     &std::free};
};

std::string write_block(const Call& call) {
  const Block block;
  std::memset(block.memory.get(), call.text(2).at(0), Block::kBytes);
  return outcome(::pwrite(call.descriptor(0), block.memory.get(), Block::kBytes, call.number(1)));
}

std::string read_block(const Call& call) {
  const Block block;
  const ssize_t count =
      ::pread(call.descriptor(0), block.memory.get(), Block::kBytes, call.number(1));
  if (count < 0) return error_name();
  return readable({static_cast<const char*>(block.memory.get()), static_cast<std::size_t>(count)});
}

/// As many processes append as many lines each; what comes of it does not hang on their order.
std::string append_from_processes(const Call& call) {
  std::vector<pid_t> children;
  for (long long i = 0; i < call.number(1); ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      const int descriptor = ::open(call.path(0), O_WRONLY | O_APPEND | O_CLOEXEC);
      bool good = descriptor >= 0;
      for (long long line = 0; line < call.number(2); ++line)
        good = good && ::write(descriptor, "0123456789\n", 11) == 11;
      ::_exit(good ? 0 : 1);
    }
    children.push_back(child);
  }
  bool good = true;
  for (const pid_t child : children) {
    int status = 0;
    good = ::waitpid(child, &status, 0) == child && status == 0 && good;
  }
  return good ? "ok" : "failed";
}

/// What lies beyond the last page of a file must not be touched.
bool reaches(int descriptor, std::size_t size) {
  struct stat status{};
  return ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) &&
         static_cast<std::size_t>(status.st_size) >= size;
}

std::string map_write(const Call& call) {
  const auto offset = static_cast<std::size_t>(call.number(1));
  const std::string& text = call.text(2);
  const std::size_t size = offset + text.size();
  const int kind = call.text(3) == "private" ? MAP_PRIVATE : MAP_SHARED;
  void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, kind, call.descriptor(0), 0);
  if (memory == MAP_FAILED) return error_name();
  if (!reaches(call.descriptor(0), size)) {
    ::munmap(memory, size);
    return "too short";
  }
  std::memcpy(static_cast<char*>(memory) + offset, text.data(), text.size());
  std::string seen = outcome(::msync(memory, size, MS_SYNC));
  seen += " " + readable({static_cast<const char*>(memory), size});
  ::munmap(memory, size);
  return seen;
}

std::string map_read(const Call& call) {
  const auto size = static_cast<std::size_t>(call.number(1));
  void* memory = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, call.descriptor(0), 0);
  if (memory == MAP_FAILED) return error_name();
  std::string seen = reaches(call.descriptor(0), size)
                         ? readable({static_cast<const char*>(memory), size})
                         : "too short";
  ::munmap(memory, size);
  return seen;
}

std::string lock(const Call& call, int command) {
  struct flock range{};
  range.l_type = call.text(1) == "read" ? F_RDLCK : call.text(1) == "write" ? F_WRLCK : F_UNLCK;
  range.l_whence = SEEK_SET;
  range.l_start = call.number(2);
  range.l_len = call.number(3);
  return outcome(::fcntl(call.descriptor(0), command, &range));
}

/// Whether another process could take the lock.
std::string could_lock(const Call& call) {
  const pid_t child = ::fork();
  if (child == 0) {
    struct flock range{};
    range.l_type = call.text(1) == "read" ? F_RDLCK : F_WRLCK;
    range.l_whence = SEEK_SET;
    range.l_start = call.number(2);
    range.l_len = call.number(3);
    const int descriptor = ::open(call.path(0), O_RDWR | O_CLOEXEC);
    ::_exit(::fcntl(descriptor, F_SETLK, &range) == 0 ? 0 : errno);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return std::to_string(WEXITSTATUS(status));
}

}  // namespace

Calls file_calls() {
  return {
      {"open", {2, open_file}},
      {"dup",
       {1,
        [](const Call& c) { return hand_over(c, ::fcntl(c.descriptor(0), F_DUPFD_CLOEXEC, 0)); }}},
      {"reopen",  // by /proc: another description of the same file, whatever its names
       {2,
        [](const Call& c) {
          const std::string path = "/proc/self/fd/" + std::to_string(c.descriptor(0));
          return hand_over(
              c, ::open(path.c_str(), static_cast<int>(c.flags(1, open_flags())) | O_CLOEXEC));
        }}},
      {"close",
       {1,
        [](const Call& c) {
          const int result = ::close(c.descriptor(0));
          c.descriptors.erase(c.text(0));
          return outcome(result);
        }}},
      {"read", {2, [](const Call& c) { return read_some(c, false); }}},
      {"pread", {3, [](const Call& c) { return read_some(c, true); }}},
      {"content", {1, [](const Call& c) { return content(c.path(0)); }}},
      {"write",
       {2,
        [](const Call& c) {
          return outcome(::write(c.descriptor(0), c.text(1).data(), c.text(1).size()));
        }}},
      {"pwrite",
       {3,
        [](const Call& c) {
          return outcome(
              ::pwrite(c.descriptor(0), c.text(1).data(), c.text(1).size(), c.number(2)));
        }}},
      {"write_block", {3, write_block}},
      {"read_block", {2, read_block}},
      {"append_from_processes", {3, append_from_processes}},
      {"sendfile",
       {3,
        [](const Call& c) {
          return outcome(::sendfile(c.descriptor(1), c.descriptor(0), nullptr,
                                    static_cast<std::size_t>(c.number(2))));
        }}},
      {"fsync", {1, [](const Call& c) { return outcome(::fsync(c.descriptor(0))); }}},
      {"fdatasync", {1, [](const Call& c) { return outcome(::fdatasync(c.descriptor(0))); }}},
      {"syncfs", {1, [](const Call& c) { return outcome(::syncfs(c.descriptor(0))); }}},
      {"set_flags",
       {2,
        [](const Call& c) {
          return outcome(
              ::fcntl(c.descriptor(0), F_SETFL, static_cast<int>(c.flags(1, open_flags()))));
        }}},
      {"map_write", {4, map_write}},
      {"map_read", {2, map_read}},
      {"flock",
       {2,
        [](const Call& c) {
          const int how = c.text(1) == "shared"      ? LOCK_SH
                          : c.text(1) == "exclusive" ? LOCK_EX
                                                     : LOCK_UN;
          return outcome(::flock(c.descriptor(0), how | LOCK_NB));
        }}},
      {"lock", {4, [](const Call& c) { return lock(c, F_SETLK); }}},
      {"ofd_lock", {4, [](const Call& c) { return lock(c, F_OFD_SETLK); }}},
      {"could_lock", {4, could_lock}},
  };
}

}  // namespace commitfs::test::parity
