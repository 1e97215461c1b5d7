#include "meta/sqlite/storage_errno.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

namespace commitfs::sqlite {
namespace {

thread_local int first_errno = 0;

void note(int error) {
  // SQLite looks for files that need not be there.
  if (first_errno == 0 && error != ENOENT) first_errno = error;
}

int open_and_note(const char* path, int flags, int mode) {
  const int fd = ::open(path, flags, mode);
  if (fd < 0) note(errno);
  return fd;
}

ssize_t write_and_note(int fd, const void* bytes, std::size_t count, off_t offset) {
  const ssize_t written = ::pwrite(fd, bytes, count, offset);
  if (written < 0) note(errno);
  return written;
}

void* map_and_note(void* place, std::size_t size, int protection, int flags, int fd, off_t offset) {
  void* mapped = ::mmap(place, size, protection, flags, fd, offset);
  if (mapped == MAP_FAILED) note(errno);
  return mapped;
}

/// Called where a system call failed, before anything else is.
void hear_log(void*, int code, const char*) {
  const int primary = code & 0xff;
  if (primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN) note(errno);
}

template <typename Call>
void replace(sqlite3_vfs& files, const char* name, Call call) {
  files.xSetSystemCall(&files, name, reinterpret_cast<sqlite3_syscall_ptr>(call));
}

bool watch() {
  ::sqlite3_config(SQLITE_CONFIG_LOG, hear_log, nullptr);
  sqlite3_vfs* files = ::sqlite3_vfs_find(nullptr);
  if (files == nullptr || files->iVersion < 3) return false;
  replace(*files, "open", open_and_note);
  replace(*files, "pwrite", write_and_note);
  replace(*files, "pwrite64", write_and_note);
  replace(*files, "mmap", map_and_note);
  return true;
}

}  // namespace

void watch_storage_errors() {
  [[maybe_unused]] static const bool watched = watch();
}

void forget_storage_errno() {
  first_errno = 0;
}

int storage_errno() {
  return first_errno;
}

}  // namespace commitfs::sqlite
