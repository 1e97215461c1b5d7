#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <iterator>

#include "meta/base/posix.h"
#include "tests/support/native_tree.h"
#include "tests/support/seed.h"
#include "tests/support/session_snapshot.h"
#include "tests/support/table_fixture.h"

namespace commitfs::test {
namespace {

/// Every path with what a program can see of it, times left out; names of one file are told by the
/// first of them.
using Seen = std::map<std::string, std::string>;

template <typename Key>
struct FirstNames {
  std::map<Key, std::string> names;
  const std::string& of(Key inode, const std::string& path) {
    return names.emplace(inode, path).first->second;
  }
};

std::string line(mode_t mode, std::uint64_t links, const std::string& first,
                 const std::string& content) {
  return fmt::format("{:o} links {} as {} {}", mode, links, first, content);
}

Seen see_native(const NativeTree& tree) {
  Seen seen;
  FirstNames<ino_t> first;
  std::map<std::string, std::filesystem::path> sorted;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(tree.at(""))) {
    sorted[std::filesystem::relative(entry.path(), tree.at(""))] = entry.path();
  }
  for (const auto& [name, path] : sorted) {
    struct stat status{};
    ::lstat(path.c_str(), &status);
    std::string content;
    if (S_ISLNK(status.st_mode)) content = std::filesystem::read_symlink(path);
    if (S_ISREG(status.st_mode)) {
      std::ifstream file(path, std::ios::binary);
      content.assign(std::istreambuf_iterator<char>(file), {});
    }
    seen[name] = line(status.st_mode, status.st_nlink, first.of(status.st_ino, name), content);
  }
  return seen;
}

void see_directory(Session& session, InodeId directory, const std::string& prefix, Seen& seen,
                   std::map<std::string, InodeRecord>& found) {
  for (const ListedAttributes& entry : must(session.list(directory, {}, 1000))) {
    const std::string path = prefix + entry.name;
    found[path] = entry.attributes.inode;
    if (entry.attributes.inode.is_directory())
      see_directory(session, entry.attributes.inode.id, path + '/', seen, found);
  }
}

Seen see_session(Session& session) {
  Seen seen;
  std::map<std::string, InodeRecord> found;
  see_directory(session, InodeId::root, {}, seen, found);
  FirstNames<InodeId> first;
  for (const auto& [path, inode] : found) {
    std::string content = inode.symlink_target;
    if (inode.is_regular()) content = read_object(*session.context().store, inode.object);
    EXPECT_EQ(
        must(session.lookup(must(session.parent_of(InodeId::root)), path.substr(0, path.find('/'))))
            .inode.id,
        found.at(path.substr(0, path.find('/'))).id);
    if (inode.is_directory()) {
      EXPECT_EQ(must(session.path_of(inode.id)), path);
    }
    seen[path] = line(inode.mode, inode.nlink, first.of(inode.id, path), content);
  }
  return seen;
}

template <typename T>
int error_of(const Result<T>& result) {
  return result ? 0 : result.error().code;
}

/// The same random operations on a session and on a native directory.
class Model : public TableFixture {
 protected:
  Model() : native_(directory_ / "native") {
    std::filesystem::create_directory(directory_ / "native");
    old_umask_ = ::umask(022);
  }
  ~Model() override { ::umask(old_umask_); }

  void begin_on_random_base() {
    BaseTree base;
    for (int i = 0; i < 60; ++i) {
      const std::string path = random_path();
      if (native_.mode_of(path) != 0 ||
          (path.contains('/') && !S_ISDIR(native_.mode_of(parent(path)))))
        continue;
      switch (pick(4)) {
        case 0:
          base.file(path, path);
          native_.create(path, path, 0644);
          break;
        case 1:
          base.symlink(path, "nowhere");
          native_.symlink("nowhere", path);
          break;
        default:
          base.directory(path);
          native_.mkdir(path, 0755);
      }
    }
    commit_base(base);
    use(begin(0, 0));
  }

  void use(std::shared_ptr<Session> session) {
    session_ = std::move(session);
    shell_.emplace(session_, Caller{.uid = 0, .gid = 0, .pid = 1, .umask = 022});
  }

  unsigned pick(unsigned count) {
    return std::uniform_int_distribution<unsigned>(0, count - 1)(seed_.engine);
  }

  static std::string parent(const std::string& path) { return path.substr(0, path.rfind('/')); }

  /// A name in a directory, or now and then below a file.
  std::string random_path() {
    constexpr std::array names{"a", "b", "c", "d", "e"};
    std::string path = names[pick(names.size())];
    while (pick(3) != 0) {
      const mode_t mode = native_.mode_of(path);
      const bool goes_down = S_ISDIR(mode) || (S_ISREG(mode) && pick(20) == 0);
      if (!goes_down) break;
      path += '/';
      path += names[pick(names.size())];
    }
    return path;
  }

  /// What the kernel does when the last name is gone and nobody holds the file.
  void forget_if_unlinked(const Result<InodeId>& inode) {
    if (!inode) return;
    for (const Held& held : held_) {
      if (held.inode == *inode) return;
    }
    const auto attributes = session_->attributes(*inode);
    if (attributes && attributes->inode.nlink == 0) tree::release_inode(*session_, *inode);
  }

  void step() {
    const std::string path = random_path();
    const std::string other = random_path();
    const std::string bytes(pick(9), static_cast<char>('a' + pick(26)));
    const auto target = shell_->find(path);
    const auto other_target = shell_->find(other);
    const mode_t type = native_.mode_of(path) & S_IFMT;
    const auto [name, expected, actual] = operate(path, other, bytes, type);
    EXPECT_EQ(actual, expected) << name << ' ' << path << ' ' << other;
    forget_if_unlinked(target);
    forget_if_unlinked(other_target);
  }

  struct Outcome {
    const char* name;
    int expected;
    int actual;
  };

  Outcome operate(const std::string& path, const std::string& other, const std::string& bytes,
                  mode_t type) {
    const bool writable = type == S_IFREG || type == S_IFDIR || type == 0;
    constexpr std::array flags{0U, 0U, unsigned{RENAME_NOREPLACE}, unsigned{RENAME_EXCHANGE}};
    constexpr std::array<mode_t, 4> modes{0644, 0700, 02775, 01777};
    switch (pick(16)) {
      case 0:
      case 1:
        return {"create", native_.create(path, bytes, 0666),
                error_of(shell_->create(path, bytes, 0666))};
      case 2:
        if (!writable || type == 0) break;
        return {"write", native_.write(path, bytes), error_of(shell_->write(path, bytes))};
      case 3:
        if (!writable) break;
        return {"append", native_.append(path, bytes), error_of(shell_->append(path, bytes))};
      case 4: {
        if (!writable) break;
        const unsigned size = pick(12);
        return {"truncate", native_.truncate(path, size),
                error_of(shell_->setattr(path, {.size_bytes = size}))};
      }
      case 5:
      case 6:
        return {"mkdir", native_.mkdir(path, 0777), error_of(shell_->mkdir(path, 0777))};
      case 7:
        return {"rmdir", native_.rmdir(path), error_of(shell_->rmdir(path))};
      case 8:
        return {"unlink", native_.unlink(path), error_of(shell_->unlink(path))};
      case 9:
      case 10:
      case 11: {
        const unsigned flag = flags[pick(flags.size())];
        return {"rename", native_.rename(path, other, flag),
                error_of(shell_->rename(path, other, flag))};
      }
      case 12:
        return {"link", native_.link(path, other), error_of(shell_->link(path, other))};
      case 13:
        return {"symlink", native_.symlink("nowhere", path),
                error_of(shell_->symlink("nowhere", path))};
      case 14: {
        if (type == S_IFLNK) break;
        const mode_t mode = modes[pick(modes.size())];
        return {"chmod", native_.chmod(path, mode),
                error_of(shell_->setattr(path, {.mode = mode}))};
      }
      default:
        if (type == S_IFREG) return hold(path);
        return {"mkfifo", native_.mkfifo(path, 0666),
                error_of(shell_->mknod(path, S_IFIFO | 0666))};
    }
    return {"nothing", 0, 0};
  }

  /// Opens a file and keeps it so, whatever becomes of its names.
  Outcome hold(const std::string& path) {
    Held held{native_.open(path), must(shell_->find(path))};
    const auto body = tree::open_for_writing(*session_, held.inode, false);
    held_.push_back(std::move(held));
    return {"open", 0, error_of(body)};
  }

  void check_held() {
    for (const Held& held : held_) {
      const InodeRecord inode = must(session_->attributes(held.inode)).inode;
      const struct stat native = must(posix::stat_fd(held.fd.get()));
      EXPECT_EQ(inode.nlink, native.st_nlink);
      EXPECT_EQ(inode.size_bytes, static_cast<std::uint64_t>(native.st_size));
    }
  }

  void close_held() {
    for (const Held& held : std::exchange(held_, {})) {
      tree::release_writer(*session_, held.inode);
      forget_if_unlinked(held.inode);
    }
  }

  /// Goes on in the session as a new daemon finds it.
  void restart() {
    close_held();
    if (auto batch = session_->take_journal())
      must(staging_->write({*std::move(batch)}, Durability::now));
    const StagedState state = must(staging_->load()).front();
    auto again = std::make_shared<Session>(context_, state.row, ChangeSet::from_staged(state));
    EXPECT_EQ(describe(*again), describe(*session_));
    use(std::move(again));
  }

  struct Held {
    UniqueFd fd;
    InodeId inode;
  };

  Seed seed_;
  NativeTree native_;
  std::unique_ptr<Staging> staging_ = make_memory_staging();
  std::shared_ptr<Session> session_;
  std::optional<Shell> shell_;
  std::vector<Held> held_;
  mode_t old_umask_ = 0;
};

TEST_F(Model, SessionBehavesAsTheNativeFileSystem) {
  begin_on_random_base();
  for (int i = 1; i <= 5000 && !HasFailure(); ++i) {
    step();
    if (i % 25 == 0) check_held();
    if (i % 50 == 0) {
      EXPECT_EQ(see_session(*session_), see_native(native_)) << "after step " << i;
    }
    if (i % 100 == 0) close_held();
    if (i % 250 == 0) restart();
  }
}

}  // namespace
}  // namespace commitfs::test
