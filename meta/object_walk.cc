#include "meta/object_walk.h"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <functional>
#include <memory>
#include <optional>

#include "meta/base/posix.h"
#include "meta/object_paths.h"

namespace commitfs {
namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

/// A number written as the store writes it: lower case, with leading zeros.
std::optional<std::uint64_t> parse(const std::string& name, std::size_t digits) {
  std::uint64_t value = 0;
  const char* end = name.data() + name.size();
  const auto [stopped, code] = std::from_chars(name.data(), end, value, 16);
  if (code != std::errc{} || stopped != end || name.size() < digits) return std::nullopt;
  return object_paths::number(value, digits) == name ? std::optional(value) : std::nullopt;
}

Result<void> for_each_name(const ObjectStore& store, const std::string& path,
                           const std::function<void(const std::string&)>& visit) {
  UniqueFd fd =
      TRY(posix::open_at(store.directory_fd(), path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  const std::unique_ptr<DIR, CloseDirectory> stream(::fdopendir(fd.get()));
  if (!stream) return fail_errno("opendir " + path);
  (void)fd.release();
  while (true) {
    errno = 0;
    const dirent* entry =
        ::readdir(stream.get());  // NOLINT(concurrency-mt-unsafe): the stream is ours
    if (entry == nullptr && errno != 0) return fail_errno("readdir " + path);
    if (entry == nullptr) return {};
    const std::string name = entry->d_name;
    if (name != "." && name != "..") visit(name);
  }
}

}  // namespace

Result<std::vector<std::uint64_t>> list_shards(const ObjectStore& store) {
  std::vector<std::uint64_t> shards;
  TRY(for_each_name(store, ".", [&](const std::string& name) {
    if (const auto shard = parse(name, object_paths::kShardDigits)) shards.push_back(*shard);
  }));
  std::ranges::sort(shards);
  return shards;
}

Result<Shard> list_shard(const ObjectStore& store, std::uint64_t shard) {
  Shard found;
  const std::string path = object_paths::shard(shard);
  TRY(for_each_name(store, path, [&](const std::string& name) {
    const auto body = parse(name, object_paths::kBodyDigits);
    if (body && *body != 0 && object_paths::shard_of(*body) == shard) {
      found.bodies.push_back(ObjectId{*body});
    } else {
      found.strangers.push_back(path + "/" + name);
    }
  }));
  std::ranges::sort(found.bodies);
  return found;
}

}  // namespace commitfs
