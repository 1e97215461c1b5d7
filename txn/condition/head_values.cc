#include "txn/condition/head_values.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "meta/base/posix.h"
#include "txn/condition/condition.h"

namespace commitfs::condition {
namespace {

constexpr mode_t kPermissions = 07777;

Found missing(std::string why) {
  return {std::nullopt, std::move(why)};
}
Found number(std::uint64_t value) {
  return {Value(number_of(value)), {}};
}

bool has_bytes(const InodeRecord& inode) {
  return inode.is_regular() || S_ISLNK(inode.mode);
}

Found size_of(const InodeRecord& inode) {
  if (inode.is_regular()) return number(inode.size_bytes);
  if (S_ISLNK(inode.mode)) return number(inode.symlink_target.size());
  return missing(fmt::format("a {} has no size", HeadValues::type_of(inode)));
}

}  // namespace

std::string_view HeadValues::type_of(const InodeRecord& inode) {
  switch (inode.mode & S_IFMT) {
    case S_IFREG:
      return "file";
    case S_IFDIR:
      return "directory";
    case S_IFLNK:
      return "symlink";
    case S_IFIFO:
      return "fifo";
    case S_IFSOCK:
      return "socket";
    case S_IFBLK:
      return "block";
    case S_IFCHR:
      return "character";
    default:
      return "unknown";
  }
}

Result<SeqNo> HeadValues::head() {
  if (!head_) head_ = TRY(catalog_.head_seq_no());
  return *head_;
}

Result<const InodeRecord*> HeadValues::inode(const std::string& path) {
  auto known = inodes_.find(path);
  if (known == inodes_.end()) {
    const SeqNo at = TRY(head());
    auto record = TRY(catalog_.find_inode(at, InodeId::root));
    for (std::size_t from = 0; record && from < path.size();) {
      const std::size_t end = std::min(path.find('/', from), path.size());
      const std::string_view name = std::string_view(path).substr(from, end - from);
      record = TRY(catalog_.find_child(at, record->id, name));
      from = end + 1;
    }
    known = inodes_.emplace(path, std::move(record)).first;
  }
  return known->second ? &*known->second : nullptr;
}

Result<Found> HeadValues::find(const Operand& operand) {
  if (const Value* literal = operand.literal()) return Found{*literal, {}};
  return find(std::get<AttributeOf>(operand.source));
}

Result<Found> HeadValues::find(const AttributeOf& attribute) {
  if (attribute.attribute == Attribute::head_seq_no) return number(raw(TRY(head())));
  if (attribute.attribute == Attribute::head_primary_term) {
    return number(raw(TRY(catalog_.head()).term));
  }
  const InodeRecord* record = TRY(inode(attribute.path));
  if (record == nullptr) return missing("no such path");
  switch (attribute.attribute) {
    case Attribute::seq_no:
      return number(raw(record->since));
    case Attribute::primary_term:
      return term_of(*record);
    case Attribute::mode:
      return number(record->mode & kPermissions);
    case Attribute::mtime:
      return Found{Value(number_of_time(record->mtime_ns)), {}};
    case Attribute::size:
      return size_of(*record);
    case Attribute::content:
      return content_of(*record);
    default:
      break;
  }
  auto value = TRY(catalog_.find_xattr(TRY(head()), record->id, attribute.xattr_name));
  if (!value) return missing("no such attribute");
  return Found{Value(*std::move(value)), {}};
}

Result<bool> HeadValues::exists(const AttributeOf& attribute) {
  if (attribute.attribute != Attribute::content) return TRY(find(attribute)).value.has_value();
  const InodeRecord* record = TRY(inode(attribute.path));
  return record != nullptr && has_bytes(*record);
}

Result<Found> HeadValues::term_of(const InodeRecord& inode) {
  const auto version = TRY(catalog_.find_version(inode.since));
  if (!version) return missing("the version of its last change is no longer known");
  return number(raw(version->term));
}

Result<Found> HeadValues::content_of(const InodeRecord& inode) {
  if (S_ISLNK(inode.mode)) return Found{Value(inode.symlink_target), {}};
  if (!inode.is_regular()) return missing(fmt::format("a {} has no content", type_of(inode)));
  if (inode.size_bytes > kContentMaxBytes) {
    return missing(fmt::format("{} bytes of content, more than the {} that are compared",
                               inode.size_bytes, kContentMaxBytes));
  }
  if (inode.object == ObjectId::none) return Found{Value(std::string()), {}};
  const UniqueFd body = TRY(store_.open_body(inode.object, O_RDONLY));
  std::string bytes(inode.size_bytes, '\0');
  const auto buffer = std::as_writable_bytes(std::span(bytes));
  bytes.resize(TRY(posix::read_at(body.get(), buffer, 0)));
  return Found{Value(std::move(bytes)), {}};
}

}  // namespace commitfs::condition
