#include "fs/holders.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>
#include <system_error>

namespace commitfs {
namespace {

namespace filesystem = std::filesystem;

/// The place whose users are looked for.
struct Place {
  filesystem::path directory;
  std::string ignored;
  std::string itself;

  /// The path of `target` below it, or `itself`; none when it lies elsewhere.
  std::optional<std::string> below(const filesystem::path& target) const {
    const filesystem::path relative = target.lexically_relative(directory);
    if (relative.empty() || *relative.begin() == "..") return std::nullopt;
    if (!ignored.empty() && *relative.begin() == ignored) return std::nullopt;
    return relative == "." ? itself : relative.native();
  }
  std::optional<std::string> below_by_link(const filesystem::path& link) const {
    std::error_code error;
    const filesystem::path target = filesystem::read_symlink(link, error);
    if (error) return std::nullopt;
    return below(target);
  }
};

std::optional<std::string> open_file(const Place& place, const filesystem::path& process) {
  std::error_code error;
  // Errors end the loop: the process is gone, or is not ours to look at.
  for (filesystem::directory_iterator entry(process / "fd", error), end; !error && entry != end;
       entry.increment(error)) {
    if (auto found = place.below_by_link(entry->path())) return found;
  }
  return std::nullopt;
}

std::optional<std::string> mapped_file(const Place& place, const filesystem::path& process) {
  std::ifstream maps(process / "maps");
  for (std::string line; std::getline(maps, line);) {
    // 7f3c-7f3d r--p 00000000 00:34 12      /mnt/t/sessions/a/part.csv
    const std::size_t path = line.find('/');
    if (path == std::string::npos) continue;
    if (auto found = place.below(line.substr(path))) return found;
  }
  return std::nullopt;
}

std::optional<std::string> reason_of(const Place& place, const filesystem::path& process) {
  if (auto found = place.below_by_link(process / "cwd"))
    return "has its working directory in " + *found;
  if (auto found = place.below_by_link(process / "root"))
    return "has its root directory in " + *found;
  if (auto found = place.below_by_link(process / "exe")) return "runs " + *found;
  if (auto found = open_file(place, process)) return "has " + *found + " open";
  if (auto found = mapped_file(place, process)) return "has " + *found + " mapped";
  return std::nullopt;
}

}  // namespace

std::string read_proc_file(const filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string command_of(const filesystem::path& process) {
  std::string command = read_proc_file(process / "comm");
  if (command.ends_with('\n')) command.pop_back();
  return command;
}

void for_each_process(
    const filesystem::path& proc,
    const std::function<void(pid_t pid, const filesystem::path& process)>& visit) {
  std::error_code error;
  for (filesystem::directory_iterator entry(proc, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().native();
    pid_t pid = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (parsed.ec != std::errc{} || parsed.ptr != name.data() + name.size()) continue;
    visit(pid, entry->path());
  }
}

std::string Holder::describe() const {
  return fmt::format("{} ({}) {}", pid, command, reason);
}

std::vector<Holder> find_holders(const filesystem::path& directory, const filesystem::path& proc,
                                 const std::string& ignored, const std::string& itself) {
  const Place place{directory, ignored, itself};
  std::vector<Holder> holders;
  for_each_process(proc, [&](pid_t pid, const filesystem::path& process) {
    if (auto reason = reason_of(place, process)) {
      holders.push_back({.pid = pid, .command = command_of(process), .reason = *std::move(reason)});
    }
  });
  std::ranges::sort(holders, {}, &Holder::pid);
  return holders;
}

}  // namespace commitfs
