#include "tests/crash/checker.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <future>
#include <span>

#include "meta/base/posix.h"
#include "tests/support/result.h"
#include "txn/check/garbage.h"
#include "txn/check/table_check.h"
#include "txn/tree_operations.h"

namespace commitfs::test {
namespace {

using Contents = std::map<std::string, std::string>;

constexpr Caller kCaller{.uid = 0, .gid = 0, .pid = 1, .umask = 022};

std::string read_body(const ObjectStore& store, ObjectId object, std::uint64_t size_bytes) {
  if (object == ObjectId::none) return {};
  const auto opened = store.open_body(object, O_RDONLY);
  if (!opened) return "body " + std::to_string(raw(object)) + ": " + opened.error().describe();
  const UniqueFd& body = *opened;
  std::string bytes(size_bytes + 1, '\0');
  bytes.resize(must(posix::read_at(body.get(), std::as_writable_bytes(std::span(bytes)), 0)));
  return bytes;
}

void read_directory(Tree& tree, const ObjectStore& store, InodeId directory,
                    const std::string& prefix, Contents& contents) {
  for (const ListedAttributes& entry : must(tree.list(directory, {}, 1'000'000))) {
    const InodeRecord& inode = entry.attributes.inode;
    const std::string path = prefix + entry.name;
    if (inode.is_directory()) {
      contents[path] = kDirectory;
      read_directory(tree, store, inode.id, path + "/", contents);
    } else if (S_ISLNK(inode.mode)) {
      contents[path] = "-> " + inode.symlink_target;
    } else {
      contents[path] = read_body(store, inode.object, inode.size_bytes);
    }
  }
}

Contents read_tree(Tree& tree, const ObjectStore& store) {
  Contents contents;
  read_directory(tree, store, InodeId::root, {}, contents);
  return contents;
}

std::string brief(const Contents& contents) {
  std::string line;
  for (const auto& [path, what] : contents)
    line += path + "=" + what.substr(0, 12) + "(" + std::to_string(what.size()) + ") ";
  return line;
}

class Checker {
 public:
  Checker(const Model& model, const Progress& progress, bool power_failed = false)
      : model_(model),
        progress_(progress),
        power_failed_(power_failed),
        answered_(model.last_of(progress.answered)) {}

  void check(Table& table) {
    head_ = raw(must(table.context().catalog->head_seq_no()));
    check_versions(table);
    for (const std::string& name : model_.sessions_until(progress_.begun))
      check_session(table, name);
    for (const auto& session : table.sessions().list()) {
      EXPECT_TRUE(model_.sessions_until(progress_.begun).contains(session->name()))
          << "session " << session->name() << " comes from nowhere";
    }
  }

 private:
  void check_versions(Table& table) {
    // An init that died was done anew.
    const std::size_t least = std::max<std::size_t>(1, answered_.versions.size());
    const Moment& latest = model_.last_of(std::max<std::size_t>(1, progress_.begun));
    const auto& versions = latest.versions;
    EXPECT_GE(head_, least) << "a version that was answered is lost";
    ASSERT_LE(head_, versions.size()) << "a version that nobody asked for";
    for (std::size_t number = 1; number <= head_; ++number) {
      if (!must(table.context().catalog->find_version(SeqNo{number}))) {
        EXPECT_TRUE(latest.expired.contains(number)) << "version " << number << " is lost";
        continue;
      }
      EXPECT_FALSE(answered_.expired.contains(number)) << "version " << number << " is back";
      const auto tree = make_snapshot_tree(table.context().catalog, SeqNo{number});
      const Contents found = read_tree(*tree, *table.context().store);
      const Contents expected = contents_of(versions[number - 1], model_.final_bytes());
      EXPECT_TRUE(found == expected) << "version " << number << "\n  is      " << brief(found)
                                     << "\n  and was " << brief(expected);
    }
  }

  bool is_committed(const std::string& name) const {
    const auto& made = model_.last_of(progress_.begun).version_of;
    const auto version = made.find(name);
    return version != made.end() && version->second <= head_;
  }

  void check_session(Table& table, const std::string& name) {
    const auto session = table.sessions().find(name);
    const auto synced = answered_.synced_in.find(name);
    const bool is_synced = synced != answered_.synced_in.end();
    if (session == nullptr) {
      const bool may_be_gone = !is_synced || is_committed(name) ||
                               model_.last_of(progress_.begun).discarded.contains(name);
      EXPECT_TRUE(may_be_gone) << "session " << name << ", which was synced, is lost";
      return;
    }
    EXPECT_FALSE(is_committed(name)) << "session " << name << " is open, and was committed";
    const Contents found = read_tree(*session, *table.context().store);
    EXPECT_TRUE(may_be(name, is_synced ? synced->second : 0, found))
        << "session " << name << " is no moment of what it was: " << brief(found);
  }

  bool may_be(const std::string& name, std::size_t synced, const Contents& found) const {
    if (!power_failed_) return may_be_found(model_, name, synced, progress_.begun, found);
    const auto bytes = answered_.bytes_synced_in.find(name);
    const bool is_synced = bytes != answered_.bytes_synced_in.end();
    return may_be_found_torn(model_, name, synced, is_synced ? bytes->second : 0, progress_.begun,
                             found);
  }

  const Model& model_;
  const Progress progress_;
  const bool power_failed_;
  const Moment& answered_;
  std::size_t head_ = 0;
};

int commit(Table& table, const std::string& name) {
  std::promise<CommitOutcome> answer;
  table.sessions().commit(name, name, kCaller,
                          [&](const CommitOutcome& outcome) { answer.set_value(outcome); });
  return answer.get_future().get().error;
}

/// What recovered can be worked with.
void expect_sessions_end(Table& table) {
  for (const auto& session : table.sessions().list()) {
    const Contents mine = read_tree(*session, *table.context().store);
    const int error = commit(table, session->name());
    // One that is behind the head may have to be dropped, and can be.
    if (error == ECANCELED) {
      EXPECT_OK(table.sessions().discard(session->name(), kCaller));
    } else {
      EXPECT_EQ(error, 0) << "commit of " << session->name();
    }
    EXPECT_EQ(table.sessions().find(session->name()), nullptr);
  }
}

/// What fsck says of it.
CheckSummary check(const std::filesystem::path& directory) {
  const CheckListener listener{.found =
                                   [](const Finding& finding) {
                                     EXPECT_TRUE(finding.note)
                                         << "fsck: " << finding.rule << ": " << finding.text;
                                   },
                               .progress = [](std::string_view, std::uint64_t, std::uint64_t) {}};
  return must(check_table(directory, {}, listener));
}

void remove_orphans(const std::filesystem::path& directory) {
  EXPECT_OK(collect_garbage(directory, {.min_age = std::chrono::seconds(0)},
                            [](ObjectId, std::uint64_t) {}));
}

void discard_all(Table& table) {
  for (const auto& session : table.sessions().list())
    EXPECT_OK(table.sessions().discard(session->name(), kCaller));
}

}  // namespace

void expect_recovers(const Model& model, const Progress& progress,
                     const std::filesystem::path& directory) {
  if (!Table::is_table(directory)) {
    ASSERT_EQ(progress.answered, 0U) << "the table is gone";
    ASSERT_OK(Table::init(directory));
  }
  check(directory);
  for (const char* which : {"first", "second"}) {
    SCOPED_TRACE(std::string(which) + " recovery");
    Checker(model, progress).check(*must(Table::open(directory)));
    remove_orphans(directory);
  }
  EXPECT_EQ(check(directory).notes, 0U) << "gc left something";
  expect_sessions_end(*must(Table::open(directory)));
  EXPECT_EQ(check(directory).notes, 0U) << "a mount that ended well left bodies behind";
}

void expect_survives_power_loss(const Model& model, const Progress& progress,
                                const std::filesystem::path& directory) {
  if (!Table::is_table(directory)) {
    ASSERT_EQ(progress.answered, 0U) << "the table is gone";
    ASSERT_OK(Table::init(directory));
  }
  {
    auto table = Table::open(directory);
    ASSERT_OK(table);
    Checker(model, progress, true).check(**table);
    discard_all(**table);
  }
  remove_orphans(directory);
  check(directory);
}

}  // namespace commitfs::test
