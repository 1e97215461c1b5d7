#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meta/memory_catalog.h"
#include "tests/support/result.h"
#include "tests/support/temporary_directory.h"
#include "txn/session.h"
#include "txn/tree_operations.h"

namespace commitfs::test {

/// Stands still until it is told to go on. Thread-safe.
class ManualClock final : public Clock {
 public:
  TimeNs now_ns() const override { return now_ns_; }
  void advance_s(TimeNs seconds) { now_ns_ += seconds * 1'000'000'000; }

 private:
  std::atomic<TimeNs> now_ns_{1'700'000'000'000'000'000};
};

/// A tree in the making, path by path; becomes a version by TableFixture::commit_base. Parents come
/// before children.
class BaseTree {
 public:
  BaseTree& directory(const std::string& path, mode_t mode = 0755);
  BaseTree& file(const std::string& path, const std::string& bytes = {}, mode_t mode = 0644);
  BaseTree& symlink(const std::string& path, const std::string& target);
  /// Another name of a file.
  BaseTree& link(const std::string& path, const std::string& existing);
  BaseTree& xattr(const std::string& path, const std::string& name, const std::string& value);
  BaseTree& owner(const std::string& path, uid_t uid, gid_t gid);

 private:
  friend class TableFixture;
  struct Node {
    std::string path;
    InodeRecord record;  ///< id is given later
    std::string bytes;
    std::string link_of;
    std::map<std::string, std::string> xattrs;
  };
  Node& add(const std::string& path, mode_t mode);
  Node& find(const std::string& path);
  std::vector<Node> nodes_;
};

/// A table over a memory catalog and a store in a temporary directory. Version 1 is an empty root.
class TableFixture : public ::testing::Test {
 protected:
  TableFixture();

  /// The tree as a new version, in place of whatever the head holds.
  SeqNo commit_base(const BaseTree& tree);
  /// A session at the head.
  std::shared_ptr<Session> begin(uid_t uid = 1000, gid_t gid = 1000);
  std::shared_ptr<Session> begin_at(SeqNo base, uid_t uid = 1000, gid_t gid = 1000);
  StagedSession new_row(SeqNo base, uid_t uid, gid_t gid);

  TemporaryDirectory directory_;
  ManualClock clock_;
  TableContext context_;
};

/// A session, or any tree, spoken to by path as a shell does. Symbolic links are not followed.
class Shell {
 public:
  explicit Shell(std::shared_ptr<Session> session,
                 Caller caller = {.uid = 1000, .gid = 1000, .pid = 1, .umask = 022})
      : session_(std::move(session)), caller_(caller) {}

  Session& session() { return *session_; }

  Result<InodeId> find(const std::string& path) const;
  Result<Attributes> stat(const std::string& path) const;
  Result<std::string> read(const std::string& path) const;
  Result<std::string> read(InodeId inode) const;

  /// A new file, closed again.
  Result<Attributes> create(const std::string& path, const std::string& bytes = {},
                            mode_t mode = 0644);
  /// `>` of an existing file, or of a new one.
  Result<void> write(const std::string& path, const std::string& bytes);
  /// `>>` of an existing file.
  Result<void> append(const std::string& path, const std::string& bytes);
  Result<Attributes> mkdir(const std::string& path, mode_t mode = 0755);
  Result<Attributes> mknod(const std::string& path, mode_t mode, dev_t rdev = 0);
  Result<Attributes> symlink(const std::string& target, const std::string& path);
  Result<Attributes> link(const std::string& existing, const std::string& path);
  Result<void> unlink(const std::string& path);
  Result<void> rmdir(const std::string& path);
  Result<void> rename(const std::string& from, const std::string& to, unsigned flags = 0);
  Result<Attributes> setattr(const std::string& path, const tree::SetAttributes& changes);
  Result<void> setxattr(const std::string& path, const std::string& name, const std::string& value,
                        int flags = 0);

  /// The whole tree in one line, by path: "a=text d/ d/b=more l->target".
  std::string brief() const;
  /// Names of a directory, read `page` at a time.
  std::vector<std::string> names(const std::string& path, std::size_t page = 1000) const;

 private:
  struct Place {
    InodeId parent;
    std::string name;
  };
  Result<Place> place(const std::string& path) const;
  Result<void> write_at_end(InodeId inode, ObjectId object, const std::string& bytes);

  std::shared_ptr<Session> session_;
  Caller caller_;
};

std::string read_object(const ObjectStore& store, ObjectId object);
std::string brief(Tree& tree, const ObjectStore& store);

}  // namespace commitfs::test
