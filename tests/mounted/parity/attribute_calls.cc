// Calls about attributes.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

#include "tests/mounted/parity/observe.h"
#include "tests/mounted/parity/runner.h"

namespace commitfs::test::parity {
namespace {

std::string describe_path(const char* path, bool follow) {
  struct stat status{};
  const int result = follow ? ::stat(path, &status) : ::lstat(path, &status);
  return result != 0 ? error_name() : describe(status);
}

/// Times as they were at the last `mark`, by path.
std::map<std::string, struct stat>& marks() {
  static std::map<std::string, struct stat> all;
  return all;
}

bool is_before(const timespec& a, const timespec& b) {
  return a.tv_sec != b.tv_sec ? a.tv_sec < b.tv_sec : a.tv_nsec < b.tv_nsec;
}

/// File systems may stamp changes with a clock that moves in steps: waits for the next one.
void pass_a_tick() {
  timespec before{};
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &before);
  for (int i = 0; i < 2; ++i) {
    do {
      ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
    } while (!is_before(before, now));
    before = now;
  }
}

std::string mark(const Call& call) {
  for (const std::string& path : call.arguments) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0) return error_name();
    marks()[path] = status;
  }
  pass_a_tick();
  return "ok";
}

std::string moved(const Call& call) {
  std::string seen;
  for (const std::string& path : call.arguments) {
    struct stat now{};
    if (::lstat(path.c_str(), &now) != 0) return error_name();
    const struct stat& then = marks()[path];
    seen += seen.empty() ? "" : ", ";
    seen += path + ":";
    if (is_before(then.st_mtim, now.st_mtim)) seen += " mtime";
    if (is_before(then.st_ctim, now.st_ctim)) seen += " ctime";
    if (is_before(now.st_mtim, then.st_mtim)) seen += " mtime back";
    if (is_before(now.st_ctim, then.st_ctim)) seen += " ctime back";
  }
  return seen;
}

timespec time_of(const std::string& text) {
  if (text == "now") return {.tv_sec = 0, .tv_nsec = UTIME_NOW};
  if (text == "omit") return {.tv_sec = 0, .tv_nsec = UTIME_OMIT};
  const auto point = text.find('.');
  return {.tv_sec = std::stol(text),
          .tv_nsec = point == std::string::npos ? 0 : std::stol(text.substr(point + 1))};
}

std::string show_times(const char* path) {
  struct stat status{};
  if (::lstat(path, &status) != 0) return error_name();
  const auto show = [](const timespec& time) {
    return std::to_string(time.tv_sec) + "." + std::to_string(time.tv_nsec);
  };
  return show(status.st_atim) + " " + show(status.st_mtim);
}

uid_t id_of(const Call& call, std::size_t i) {
  return static_cast<uid_t>(call.number(i));
}

int access_mode(const std::string& text) {
  int mode = F_OK;
  for (const char letter : text)
    mode |= letter == 'r' ? R_OK : letter == 'w' ? W_OK : letter == 'x' ? X_OK : F_OK;
  return mode;
}

}  // namespace

Calls attribute_calls() {
  return {
      {"stat", {1, [](const Call& c) { return describe_path(c.path(0), true); }}},
      {"lstat", {1, [](const Call& c) { return describe_path(c.path(0), false); }}},
      {"fstat",
       {1,
        [](const Call& c) {
          struct stat status{};
          return ::fstat(c.descriptor(0), &status) != 0 ? error_name() : describe(status);
        }}},
      {"same",  // do two names stand for one file?
       {2,
        [](const Call& c) {
          struct stat one{};
          struct stat other{};
          if (::stat(c.path(0), &one) != 0 || ::stat(c.path(1), &other) != 0) return error_name();
          return std::string(one.st_ino == other.st_ino && one.st_dev == other.st_dev ? "yes"
                                                                                      : "no");
        }}},
      {"chmod", {2, [](const Call& c) { return outcome(::chmod(c.path(0), c.mode(1))); }}},
      {"fchmod", {2, [](const Call& c) { return outcome(::fchmod(c.descriptor(0), c.mode(1))); }}},
      {"chown",
       {3, [](const Call& c) { return outcome(::chown(c.path(0), id_of(c, 1), id_of(c, 2))); }}},
      {"lchown",
       {3, [](const Call& c) { return outcome(::lchown(c.path(0), id_of(c, 1), id_of(c, 2))); }}},
      {"fchown",
       {3,
        [](const Call& c) {
          return outcome(::fchown(c.descriptor(0), id_of(c, 1), id_of(c, 2)));
        }}},
      {"access",
       {2, [](const Call& c) { return outcome(::access(c.path(0), access_mode(c.text(1)))); }}},
      {"utimens",
       {3,
        [](const Call& c) {
          const timespec times[2] = {time_of(c.text(1)), time_of(c.text(2))};
          return outcome(::utimensat(AT_FDCWD, c.path(0), times, AT_SYMLINK_NOFOLLOW));
        }}},
      {"futimens",
       {3,
        [](const Call& c) {
          const timespec times[2] = {time_of(c.text(1)), time_of(c.text(2))};
          return outcome(::futimens(c.descriptor(0), times));
        }}},
      {"times", {1, [](const Call& c) { return show_times(c.path(0)); }}},
      {"mark", {1, mark}},
      {"moved", {1, moved}},
      {"statvfs",
       {1,
        [](const Call& c) {
          struct statvfs status{};
          if (::statvfs(c.path(0), &status) != 0) return error_name();
          return "names to " + std::to_string(status.f_namemax) + " bytes, blocks of " +
                 std::to_string(status.f_bsize);
        }}},
      {"pathconf",
       {1,
        [](const Call& c) {
          return std::to_string(::pathconf(c.path(0), _PC_NAME_MAX)) + " " +
                 std::to_string(::pathconf(c.path(0), _PC_PATH_MAX)) + " " +
                 std::to_string(::pathconf(c.path(0), _PC_LINK_MAX) > 1);
        }}},
  };
}

}  // namespace commitfs::test::parity
