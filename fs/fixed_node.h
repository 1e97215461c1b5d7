#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fs/entry.h"
#include "txn/session.h"

namespace commitfs::fs {

/// What a fixed directory lists.
struct FixedName {
  std::string name;
  mode_t type = S_IFDIR;
  ino_t number = 0;
};

/// A directory, link or file of the mount's own, in no tree: sessions/, commit/, snapshots/latest,
/// .commitfs/status. Each answers what it can do and inherits the refusal of everything else.
/// Thread-safe.
class FixedNode {
 public:
  virtual ~FixedNode() = default;

  /// Mode with type, owner, times; number and link count are filled in by the caller.
  virtual Result<struct stat> attributes() = 0;
  virtual double attribute_timeout_s() const { return kNever_s; }

  // As a directory. ENOTDIR, ENOENT.
  virtual Result<Entry> lookup(std::string_view name);
  virtual Result<std::vector<FixedName>> list();
  virtual Result<Entry> make_directory(std::string_view name, const Caller& caller);
  virtual Result<void> remove_directory(std::string_view name, const Caller& caller);
  /// creat(2) of a name that is not there; the file is opened afterwards like one that was.
  virtual Result<Entry> create_file(std::string_view name);
  virtual Result<void> remove_file(std::string_view name);
  /// symlink(2).
  virtual Result<Entry> make_symlink(std::string_view name, std::string_view target,
                                     const Caller& caller);
  /// renameat2(2) within the directory.
  virtual Result<void> rename(std::string_view from, std::string_view to, unsigned flags);
  /// Why nothing else can be made, renamed or removed here.
  virtual Error refusal(std::string_view name);

  /// As a symbolic link. EINVAL.
  virtual Result<std::string> target();
};

/// A fixed symbolic link: its target is computed at each readlink(2).
class FixedLink : public FixedNode {
 public:
  using Target = std::function<Result<std::string>()>;
  FixedLink(Mount& mount, Target target) : mount_(mount), target_(std::move(target)) {}

  Result<struct stat> attributes() override;
  Result<std::string> target() override { return target_(); }

 private:
  Mount& mount_;
  const Target target_;
};

}  // namespace commitfs::fs
