#include "tests/mounted/parity/runner.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <utility>

#include "tests/mounted/parity/script.h"

namespace commitfs::test::parity {
namespace {

/// Another user for the length of a call: of this thread alone, and of its file system accesses in
/// every respect. (libc's wrappers would change all threads, and the real user with them for good.)
class Identity {
 public:
  explicit Identity(const std::string& text) {
    std::vector<gid_t> ids;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find_first_of(":,", at), text.size());
      ids.push_back(static_cast<gid_t>(std::stoul(text.substr(at, end - at))));
      at = end + 1;
    }
    const uid_t uid = ids.at(0);
    const gid_t gid = ids.size() > 1 ? ids[1] : uid;
    const std::size_t more = ids.size() > 2 ? ids.size() - 2 : 0;
    must(::syscall(SYS_setgroups, more, more > 0 ? &ids[2] : nullptr));
    must(::syscall(SYS_setresgid, gid, gid, 0));
    must(::syscall(SYS_setresuid, uid, uid, 0));
  }
  Identity(const Identity&) = delete;
  Identity& operator=(const Identity&) = delete;
  ~Identity() {
    (void)::syscall(SYS_setresuid, 0, 0, 0);
    (void)::syscall(SYS_setresgid, 0, 0, 0);
    (void)::syscall(SYS_setgroups, 0, nullptr);
  }

 private:
  static void must(long result) {
    if (result != 0) throw std::runtime_error("cannot act as another user: " + error_name());
  }
};

const Calls& all_calls() {
  static const Calls calls = [] {
    Calls all;
    for (Calls (*part)() : {name_calls, attribute_calls, file_calls, range_calls, xattr_calls})
      all.merge(part());
    return all;
  }();
  return calls;
}

std::string perform(std::span<const std::string> words, std::map<std::string, int>& descriptors) {
  const auto found = all_calls().find(words.front());
  if (found == all_calls().end()) throw std::runtime_error("no call " + words.front());
  if (words.size() - 1 < found->second.arguments)
    throw std::runtime_error(words.front() + " takes more arguments");
  return found->second.function(Call{words.subspan(1), descriptors});
}

}  // namespace

long long Call::number(std::size_t i, int base) const {
  return std::stoll(arguments[i], nullptr, base);
}

int Call::descriptor(std::size_t i) const {
  const auto found = descriptors.find(arguments[i]);
  return found == descriptors.end() ? -1 : found->second;
}

unsigned Call::flags(std::size_t i, const std::map<std::string, unsigned>& names) const {
  unsigned all = 0;
  std::string_view rest = arguments[i];
  while (true) {
    const auto end = rest.find('|');
    const auto found = names.find(std::string(rest.substr(0, end)));
    if (found == names.end()) throw std::runtime_error("no flag " + arguments[i]);
    all |= found->second;
    if (end == std::string_view::npos) return all;
    rest.remove_prefix(end + 1);
  }
}

std::string error_name() {
  return ::strerrorname_np(errno);
}

std::string outcome(long long result) {
  if (result < 0) return error_name();
  return result == 0 ? "ok" : "ok " + std::to_string(result);
}

Runner::Runner(const std::filesystem::path& directory)
    : previous_directory_(::open(".", O_PATH | O_CLOEXEC)),
      top_(::open(directory.c_str(), O_PATH | O_CLOEXEC)),
      here_(::open(directory.c_str(), O_PATH | O_CLOEXEC)) {
  if (here_ < 0) throw std::runtime_error("open " + directory.string() + ": " + error_name());
  ::umask(022);
  ::signal(SIGPIPE, SIG_IGN);  // a FIFO without a reader answers EPIPE
}

Runner::~Runner() {
  close_all();
  (void)!::fchdir(previous_directory_);
  for (const int descriptor : {previous_directory_, top_, here_})
    ::close(descriptor);
}

void Runner::close_all() {
  for (const auto& [name, descriptor] : descriptors_)
    ::close(descriptor);
  descriptors_.clear();
}

std::string Runner::run(const std::string& line) {
  const auto all = words_of(line);
  std::span<const std::string> words = all;
  std::optional<Identity> identity;
  if (words.size() > 2 && words[0] == "as") {
    identity.emplace(words[1]);
    words = words.subspan(2);
  }
  std::string name;
  if (words.size() > 2 && words[1] == "=") {
    name = words[0];
    words = words.subspan(2);
  }
  if (::fchdir(here_) != 0) throw std::runtime_error("fchdir: " + error_name());
  const std::string seen = perform(words, descriptors_);
  if (words.front() == "chdir" || words.front() == "fchdir")
    ::close(std::exchange(here_, ::open(".", O_PATH | O_CLOEXEC)));
  keep_opened(name);
  return line.substr(line.find_first_not_of(' ')) + " -> " + seen;
}

/// A call leaves what it opened under "".
void Runner::keep_opened(const std::string& name) {
  const auto opened = descriptors_.extract("");
  if (opened.empty()) return;
  if (name.empty()) {
    ::close(opened.mapped());
    return;
  }
  const auto [entry, fresh] = descriptors_.try_emplace(name, opened.mapped());
  if (!fresh) ::close(std::exchange(entry->second, opened.mapped()));
}

}  // namespace commitfs::test::parity
