#include "tests/crash/workload.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <future>
#include <span>
#include <stdexcept>
#include <utility>

#include "meta/base/posix.h"
#include "tests/crash/model.h"
#include "tests/support/result.h"
#include "tests/support/table_fixture.h"
#include "txn/check/garbage.h"
#include "txn/past/expiry.h"

namespace commitfs::test {
namespace {

constexpr Caller kCaller{.uid = 0, .gid = 0, .pid = 1, .umask = 022};

/// A step that failed.
class Refused : public std::runtime_error {
 public:
  explicit Refused(const Error& error) : std::runtime_error(error.describe()), code(error.code) {}
  const int code;
};

template <typename T>
T done(Result<T> result) {
  if (!result) throw Refused(result.error());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

/// A process that works in a table, step by step.
class Runner {
 public:
  explicit Runner(const std::filesystem::path& directory) : directory_(directory) {}

  void run(const Step& step) {
    switch (step.what) {
      case Do::init:
        done(Table::init(directory_));
        return;
      case Do::open:
        table_ = done(Table::open(directory_));
        return;
      case Do::gc:
        return collect();
      case Do::close:
        table_.reset();
        return;
      case Do::begin:
        done(table_->sessions().begin(step.session, kCaller));
        return;
      case Do::commit:
        return commit(step.session, 0);
      case Do::conflict:
        return commit(step.session, ECANCELED);
      case Do::discard:
        done(table_->sessions().discard(step.session, kCaller));
        return;
      case Do::expire:
        done(table_->expiry().expire(past::Retention{.keep_last = std::stoull(step.text)}));
        return;
      default:
        return run_in_session(step);
    }
  }

 private:
  void collect() {
    const auto litter = directory_ / ".commitfs/objects/00100000/0000000100000001";
    std::filesystem::create_directory(litter.parent_path());
    std::ofstream(litter) << "belongs to nothing";
    done(collect_garbage(directory_, {.min_age = std::chrono::seconds(0)},
                         [](ObjectId, std::uint64_t) {}));
    if (std::filesystem::exists(litter)) throw std::runtime_error("gc left the litter");
  }

  std::shared_ptr<Session> session(const std::string& name) {
    auto found = table_->sessions().find(name);
    if (!found) throw std::runtime_error("session " + name + " is not open");
    return found;
  }

  void run_in_session(const Step& step) {
    Shell shell(session(step.session), kCaller);
    switch (step.what) {
      case Do::mkdir:
        done(shell.mkdir(step.path));
        return;
      case Do::rmdir:
        done(shell.rmdir(step.path));
        return;
      case Do::create:
      case Do::append:
      case Do::write:
        return write(shell, step);
      case Do::rename:
        done(shell.rename(step.path, step.text));
        return;
      case Do::link:
        done(shell.link(step.path, step.text));
        return;
      case Do::symlink:
        done(shell.symlink(step.text, step.path));
        return;
      case Do::unlink:
        return unlink(shell, step.path);
      case Do::sync:
        return sync(shell.session());
      default:
        throw std::logic_error("not a step in a session");
    }
  }

  /// A second attempt finds what the first has made.
  void write(Shell& shell, const Step& step) {
    auto inode = shell.find(step.path);
    if (!inode && inode.error().code == ENOENT) {
      done(shell.create(step.path, ""));
      inode = shell.find(step.path);
    }
    Session& session = shell.session();
    const bool truncates = step.what != Do::append;
    const auto body = tree::open_for_writing(session, done(std::move(inode)), truncates);
    const InodeId written = *shell.find(step.path);
    const ObjectId object = done(body).object;
    const auto result = write_at_end(object, step.text);
    tree::release_writer(session, written);
    done(result);
  }

  Result<void> write_at_end(ObjectId object, std::string_view bytes) const {
    const UniqueFd body = TRY(table_->context().store->open_body(object, O_WRONLY));
    const off_t end = TRY(posix::stat_fd(body.get())).st_size;
    return posix::write_all_at(body.get(), std::as_bytes(std::span(bytes)), end);
  }

  static void unlink(Shell& shell, const std::string& path) {
    const InodeId inode = done(shell.find(path));
    done(shell.unlink(path));
    tree::release_inode(shell.session(), inode);
  }

  void sync(Session& session) {
    for (const auto& [inode, object] : session.unsealed_bodies())
      done(table_->context().store->seal(std::array{object}));
    done(table_->sessions().journal().flush(session));
  }

  void commit(const std::string& name, int expected) {
    std::promise<CommitOutcome> answer;
    table_->sessions().commit(name, name, kCaller,
                              [&](const CommitOutcome& outcome) { answer.set_value(outcome); });
    const int error = answer.get_future().get().error;
    if (error != expected) throw Refused(Error{error, fmt::format("commit {}", name)});
  }

  const std::filesystem::path directory_;
  std::unique_ptr<Table> table_;
};

}  // namespace

std::string describe(const Step& step) {
  constexpr std::array kNames = {"init",   "open",     "gc",      "close",  "begin",
                                 "mkdir",  "rmdir",    "create",  "append", "write",
                                 "rename", "link",     "symlink", "unlink", "sync",
                                 "commit", "conflict", "discard", "expire"};
  return fmt::format("{} {} {} {}", kNames.at(static_cast<std::size_t>(step.what)), step.session,
                     step.path, step.text.substr(0, 20));
}

void prepare_directory(const std::filesystem::path& directory) {
  for (const auto& [path, what] : first_names()) {
    if (what == kDirectory) {
      std::filesystem::create_directories(directory / path);
    } else {
      std::ofstream(directory / path) << first_bytes().at(what);
    }
  }
}

void run_workload(const Workload& workload, const std::filesystem::path& directory,
                  Progress& progress, int attempts) {
  Runner runner(directory);
  for (const Step& step : workload) {
    ++progress.begun;
    for (int left = attempts - 1;; --left) {
      try {
        runner.run(step);
        break;
      } catch (const Refused& refused) {
        if (progress.refused == 0) progress.refused = refused.code;
        if (left <= 0) throw;
      }
    }
    ++progress.answered;
  }
}

}  // namespace commitfs::test
