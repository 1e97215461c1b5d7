#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "meta/memory_catalog.h"
#include "tests/support/temporary_directory.h"
#include "txn/commit.h"
#include "txn/session.h"
#include "txn/tree_operations.h"

namespace commitfs::testing {

/// A clock that stands still until it is told otherwise.
class FakeClock : public Clock {
 public:
  TimeNs now_ns() const override { return ++now_ns_; }

 private:
  mutable std::atomic<TimeNs> now_ns_{1'700'000'000'000'000'000};
};

/// Path to what is there: a file's bytes, "-> target" of a symbolic link, "/" for a directory.
using Contents = std::map<std::string, std::string>;

class TxnTable;

/// A session spoken to by path, as a program would. Every call expects success; the few that return
/// an errno say so.
class Writer {
 public:
  Writer(TxnTable& table, std::shared_ptr<Session> session)
      : table_(table), session_(std::move(session)) {}

  Session& session() { return *session_; }
  std::shared_ptr<Session> shared() { return session_; }

  Writer& write(const std::string& path, const std::string& bytes);  ///< in place, or makes it
  /// As editors save: a new file under another name, renamed over `path`.
  Writer& replace(const std::string& path, const std::string& bytes);
  Writer& mkdir(const std::string& path, mode_t mode = 0755);
  Writer& rm(const std::string& path);
  Writer& rmdir(const std::string& path);
  Writer& mv(const std::string& from, const std::string& to);
  Writer& ln(const std::string& from, const std::string& to);
  Writer& ln_s(const std::string& target, const std::string& path);
  Writer& chmod(const std::string& path, mode_t mode);
  Writer& chown(const std::string& path, uid_t uid, gid_t gid);
  Writer& touch(const std::string& path, TimeNs mtime_ns);
  Writer& set_xattr(const std::string& path, const std::string& name, const std::string& value);
  /// Opened for writing and closed, nothing written.
  Writer& open_and_close(const std::string& path);
  // Reads of a program, as fs notes them.
  Writer& read(const std::string& path);  ///< a file, or a symbolic link
  Writer& ls(const std::string& path);
  Writer& look_for(const std::string& path);  ///< a name that is not there
  Writer& get_xattr(const std::string& path, const std::string& name);
  Writer& serializable();
  Writer& rewrite();  ///< its operation
  Contents contents();
  InodeId find(const std::string& path);

 private:
  std::pair<InodeId, std::string> split(const std::string& path);

  TxnTable& table_;
  std::shared_ptr<Session> session_;
};

/// A table over a memory catalog (or any other) and a store in a temporary directory, with a real
/// commit pipeline.
class TxnTable {
 public:
  explicit TxnTable(std::shared_ptr<Catalog> catalog = make_memory_catalog());
  ~TxnTable();

  Writer begin(const std::string& name = "");  ///< at the head
  /// From here on sessions know of each other, as in a mount.
  void know_neighbours();
  Writer begin_at(SeqNo base, const std::string& name = "");
  /// Makes one version by a session of its own.
  template <typename Work>
  SeqNo setup(Work work) {
    Writer writer = begin("setup");
    work(writer);
    return commit_ok(writer);
  }
  CommitOutcome commit(Writer& writer);
  SeqNo commit_ok(Writer& writer);
  Contents at(SeqNo version);
  Contents head() { return at(head_seq_no()); }
  SeqNo head_seq_no();
  InodeRecord stat(const std::string& path);
  /// Inodes, names and link counts of the head agree with each other; heads of groups and
  /// directories exist.
  void expect_consistent();

  TableContext context;
  std::unique_ptr<CommitPipeline> pipeline;

 private:
  test::TemporaryDirectory directory_;
  FakeClock clock_;
  std::shared_ptr<OpenSessions> neighbours_;
  int names_ = 0;
};

/// The contents of any tree.
Contents read_tree(Tree& tree, ObjectStore& store);

}  // namespace commitfs::testing
