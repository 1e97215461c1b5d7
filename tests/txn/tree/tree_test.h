#pragma once

#include <filesystem>
#include <optional>

#include "tests/support/table_fixture.h"

namespace commitfs::test {

/// A session over "a=bytes d/ d/f=old l->a".
class TreeTest : public TableFixture {
 protected:
  void SetUp() override {
    commit_base(BaseTree().directory("d").file("d/f", "old").file("a", "bytes").symlink("l", "a"));
    shell_.emplace(begin());
  }
  Shell& shell() { return *shell_; }
  Session& session() { return shell_->session(); }
  InodeRecord inode(const std::string& path) { return must(shell_->stat(path)).inode; }
  /// What the change set still says of names.
  std::size_t changed_names() {
    return must(shell_->session().read([](const SessionData& data) -> Result<std::size_t> {
      return data.changes.dirents().size();
    }));
  }
  std::size_t changed_inodes() {
    return must(shell_->session().read([](const SessionData& data) -> Result<std::size_t> {
      return data.changes.inodes().size();
    }));
  }
  std::size_t stored_bodies() {
    std::size_t count = 0;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(directory_ / "objects")) {
      count += entry.is_regular_file() ? 1 : 0;
    }
    return count;
  }

 private:
  std::optional<Shell> shell_;
};

}  // namespace commitfs::test
