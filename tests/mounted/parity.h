#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "tests/support/mount_fixture.h"

namespace commitfs::test {

/// What a series of system calls answered, one line each, so that two file systems can be compared.
/// Source: mergerfs' tests/posix_parity.py (the same call on the mount and on a native file
/// system).
class Transcript {
 public:
  explicit Transcript(std::filesystem::path directory) : directory_(std::move(directory)) {}

  /// The path of a name in the directory under test.
  std::string operator()(std::string_view name) const { return directory_ / name; }
  const std::filesystem::path& directory() const { return directory_; }

  /// Notes the result of a call that answers -1 and errno on an error. Returns it.
  template <typename Value>
  Value call(std::string_view what, Value value) {
    note(what, value < 0 ? error_name() : "ok " + std::to_string(value));
    return value;
  }
  /// Of a call whose success value differs between runs (a descriptor).
  int opened(std::string_view what, int fd);
  void note(std::string_view what, std::string_view value);
  /// Notes type, mode, links, size, owner of a name, or why it cannot be told.
  void stat(std::string_view name);
  /// Notes the content of a file.
  void content(std::string_view name);
  /// Notes all names below, with types, links and sizes.
  void tree();

  const std::string& text() const { return text_; }

 private:
  static std::string error_name();

  std::filesystem::path directory_;
  std::string text_;
};

/// Runs calls in a native directory and in a session's, and expects the same transcript.
class ParityTest : public MountedTest {
 protected:
  using Calls = std::function<void(Transcript&)>;

  /// Both directories begin empty.
  void expect_parity(const Calls& calls);
  /// Both begin with what `setup` makes; the session's half was committed before and is changed in
  /// a new session.
  void expect_parity_over_committed(std::string_view setup, const Calls& calls);

 private:
  void compare(const Calls& calls, const std::string& session);
};

}  // namespace commitfs::test
