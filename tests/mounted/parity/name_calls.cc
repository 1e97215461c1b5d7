// Calls that make, move and remove names.
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <stdexcept>

#include "tests/mounted/parity/runner.h"
#include "tests/mounted/parity/script.h"

namespace commitfs::test::parity {
namespace {

std::string bind_socket(const char* path) {
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  const int result =
      ::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  std::string seen = outcome(result);
  ::close(descriptor);
  return seen;
}

int write_file(const char* path, std::string_view content) {
  const int descriptor = ::open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK | O_CLOEXEC, 0644);
  if (descriptor < 0) return -1;
  const ssize_t written = ::write(descriptor, content.data(), content.size());
  ::close(descriptor);
  return written == static_cast<ssize_t>(content.size()) ? 0 : -1;
}

/// One of every kind of thing a name can stand for.
int make(const std::string& kind, const char* path) {
  const std::string name = path;
  if (kind == "none") return 0;
  if (kind == "file") return write_file(path, "content of a file");
  if (kind == "empty") return write_file(path, "");
  if (kind == "dir") return ::mkdir(path, 0755);
  if (kind == "full") {
    return ::mkdir(path, 0755) == 0 ? write_file((name + "/inside").c_str(), "inside") : -1;
  }
  if (kind == "symlink") {
    return write_file((name + ".target").c_str(), "target") == 0
               ? ::symlink((name + ".target").c_str(), path)
               : -1;
  }
  if (kind == "dirlink") {
    return ::mkdir((name + ".target").c_str(), 0755) == 0
               ? ::symlink((name + ".target").c_str(), path)
               : -1;
  }
  if (kind == "dangling") return ::symlink("nowhere", path);
  if (kind == "loop") return ::symlink(path, path);
  if (kind == "fifo") return ::mkfifo(path, 0644);
  if (kind == "socket") return bind_socket(path) == "ok" ? 0 : -1;
  if (kind == "device") return ::mknod(path, S_IFCHR | 0644, makedev(1, 3));
  if (kind == "hardlink") {
    return write_file((name + ".other").c_str(), "linked") == 0
               ? ::link((name + ".other").c_str(), path)
               : -1;
  }
  throw std::runtime_error("no kind " + kind);
}

std::string read_link(const char* path) {
  char target[PATH_MAX];
  const ssize_t size = ::readlink(path, target, sizeof target);
  return size < 0 ? error_name() : readable({target, static_cast<std::size_t>(size)});
}

/// The name of a descriptor's file in /proc, by which it can be given one.
std::string own_path(int descriptor) {
  return "/proc/self/fd/" + std::to_string(descriptor);
}

const std::map<std::string, unsigned>& rename_flags() {
  static const std::map<std::string, unsigned> names{{"NOREPLACE", RENAME_NOREPLACE},
                                                     {"EXCHANGE", RENAME_EXCHANGE},
                                                     {"WHITEOUT", RENAME_WHITEOUT},
                                                     {"UNKNOWN", 1U << 10},
                                                     {"0", 0}};
  return names;
}

mode_t type_of(const std::string& name) {
  const std::map<std::string, mode_t> types{
      {"file", S_IFREG},  {"fifo", S_IFIFO}, {"char", S_IFCHR}, {"block", S_IFBLK},
      {"sock", S_IFSOCK}, {"dir", S_IFDIR},  {"none", 0},       {"bad", S_IFMT}};
  return types.at(name);
}

}  // namespace

Calls name_calls() {
  return {
      {"make", {2, [](const Call& c) { return outcome(make(c.text(0), c.path(1))); }}},
      {"file", {2, [](const Call& c) { return outcome(write_file(c.path(0), c.text(1))); }}},
      {"mkdir", {2, [](const Call& c) { return outcome(::mkdir(c.path(0), c.mode(1))); }}},
      {"mkdirs",  // so many, one in the other, by steps, for a path has a limit
       {2,
        [](const Call& c) {
          const int here = ::open(".", O_PATH | O_CLOEXEC);
          std::string seen = "ok";
          for (long long i = 0; i < c.number(1) && seen == "ok"; ++i) {
            if (::mkdir(c.path(0), 0755) != 0 || ::chdir(c.path(0)) != 0) seen = error_name();
          }
          if (::fchdir(here) != 0) seen = error_name();
          ::close(here);
          return seen;
        }}},
      {"mknod",
       {4,
        [](const Call& c) {
          return outcome(::mknod(c.path(0), type_of(c.text(1)) | c.mode(2),
                                 makedev(1, static_cast<unsigned>(c.number(3)))));
        }}},
      {"socket", {1, [](const Call& c) { return bind_socket(c.path(0)); }}},
      {"symlink", {2, [](const Call& c) { return outcome(::symlink(c.path(0), c.path(1))); }}},
      {"readlink", {1, [](const Call& c) { return read_link(c.path(0)); }}},
      {"link", {2, [](const Call& c) { return outcome(::link(c.path(0), c.path(1))); }}},
      {"link_followed",
       {2,
        [](const Call& c) {
          return outcome(::linkat(AT_FDCWD, c.path(0), AT_FDCWD, c.path(1), AT_SYMLINK_FOLLOW));
        }}},
      {"link_opened",
       {2,
        [](const Call& c) {
          return outcome(::linkat(AT_FDCWD, own_path(c.descriptor(0)).c_str(), AT_FDCWD, c.path(1),
                                  AT_SYMLINK_FOLLOW));
        }}},
      {"unlink", {1, [](const Call& c) { return outcome(::unlink(c.path(0))); }}},
      {"rmdir", {1, [](const Call& c) { return outcome(::rmdir(c.path(0))); }}},
      {"remove", {1, [](const Call& c) { return outcome(::remove(c.path(0))); }}},
      {"rename", {2, [](const Call& c) { return outcome(::rename(c.path(0), c.path(1))); }}},
      {"renameat2",
       {3,
        [](const Call& c) {
          return outcome(
              ::renameat2(AT_FDCWD, c.path(0), AT_FDCWD, c.path(1), c.flags(2, rename_flags())));
        }}},
      {"umask", {1, [](const Call& c) { return outcome(::umask(c.mode(0))); }}},
      {"chdir", {1, [](const Call& c) { return outcome(::chdir(c.path(0))); }}},
      {"fchdir", {1, [](const Call& c) { return outcome(::fchdir(c.descriptor(0))); }}},
  };
}

}  // namespace commitfs::test::parity
