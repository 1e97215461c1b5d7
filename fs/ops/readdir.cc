#include <algorithm>

#include "fs/mount_state.h"
#include "fs/ops.h"

namespace commitfs::fs::ops {
namespace {

constexpr std::size_t kMaxBuffer = 1 << 20;
constexpr std::size_t kTypicalEntryBytes = 24 + 24;
constexpr std::size_t kTypicalEntryPlusBytes = 128 + kTypicalEntryBytes;

struct stat to_stat(const DirectoryItem& item) {
  struct stat result{};
  result.st_ino = item.number;
  result.st_mode = item.type;
  return result;
}

/// Fills one answer and sends it.
class Listing {
 public:
  Listing(Request& request, std::size_t size) : request_(request) {
    buffer_.resize(std::min(size, kMaxBuffer));
  }

  bool add(const DirectoryItem& item) {
    const struct stat values = to_stat(item);
    const std::size_t added =
        fuse_add_direntry(request_.raw(), rest(), room(), item.name.c_str(), &values, item.next);
    return take(added);
  }

  /// With the entry itself. References are counted for what fits, no more.
  bool add_plus(const DirectoryItem& item, const Node& directory) {
    fuse_entry_param parameters{};
    parameters.attr = to_stat(item);
    const std::size_t needed = fuse_add_direntry_plus(request_.raw(), nullptr, 0, item.name.c_str(),
                                                      &parameters, item.next);
    if (needed > room()) return false;
    if (item.found) {
      const Entry entry = make_entry(request_.mount(), directory.view, *item.found,
                                     NodePlace{directory.id, item.name});
      referenced_.push_back(entry.node->id);
      parameters.ino = commitfs::fs::raw(entry.node->id);
      parameters.attr = entry.attributes;
      parameters.attr_timeout = entry.attribute_timeout_s;
      parameters.entry_timeout = entry.entry_timeout_s;
    }
    return take(fuse_add_direntry_plus(request_.raw(), rest(), room(), item.name.c_str(),
                                       &parameters, item.next));
  }

  /// An error after some names is left to the next call, which meets it again.
  void send(const Result<void>& read) {
    if (!read && used_ == 0) return request_.error(read.error());
    if (request_.bytes(buffer_.data(), used_)) return;
    for (const NodeId node : referenced_)
      request_.mount().forget(node, 1);
  }

 private:
  char* rest() { return buffer_.data() + used_; }
  std::size_t room() const { return buffer_.size() - used_; }
  bool take(std::size_t added) {
    if (added > room()) return false;
    used_ += added;
    return true;
  }

  Request& request_;
  std::string buffer_;
  std::size_t used_ = 0;
  std::vector<NodeId> referenced_;
};

}  // namespace

void readdir(Request request, NodeId, std::size_t size, off_t offset, fuse_file_info* info) {
  const auto handle = request.mount().directories.find(info->fh);
  if (handle == nullptr) return request.error(EBADF);
  handle->note_listing();
  Listing listing(request, size);
  listing.send(handle->read(offset, size / kTypicalEntryBytes,
                            [&](const DirectoryItem& item) { return listing.add(item); }));
}

void readdirplus(Request request, NodeId, std::size_t size, off_t offset, fuse_file_info* info) {
  const auto handle = request.mount().directories.find(info->fh);
  if (handle == nullptr) return request.error(EBADF);
  handle->note_listing();
  Listing listing(request, size);
  listing.send(handle->read(offset, size / kTypicalEntryPlusBytes, [&](const DirectoryItem& item) {
    return listing.add_plus(item, *handle->node());
  }));
}

}  // namespace commitfs::fs::ops
