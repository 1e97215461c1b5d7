#pragma once

#include <string>
#include <string_view>

#include "txn/session_data.h"

namespace commitfs {

/// The tags of a table: names for versions, which keep what they name from being expired. A tag
/// stands for one number, whatever it was set by, until it is set again. Thread-safe. Every change
/// is durable when it returns. Errors besides those named: EROFS once another mount has taken the
/// table over; EAGAIN, ENOSPC, EIO of the catalog.
class Tags {
 public:
  explicit Tags(const TableContext& context) : context_(context) {}

  /// `target` is anything that resolve_version knows, alone or at the end of a path into
  /// snapshots/ or tags/. EINVAL (see check_tag_name), EEXIST, ENOENT (no such version).
  Result<TagRecord> add(std::string_view name, std::string_view target, const Caller& caller);
  /// The tag gets another name; a tag that has it goes, unless `replace` is false: EEXIST. ENOENT,
  /// EINVAL.
  Result<void> rename(std::string_view from, std::string_view to, bool replace);
  /// ENOENT.
  Result<void> remove(std::string_view name);

 private:
  const TableContext context_;
};

/// EINVAL unless a tag may have the name: 1 to 255 bytes of UTF-8, no white space or control
/// character, no '/' and no '@' (NAME@TAG begins a session there), no '-' in front, and nothing
/// that stands for a version of itself: a number, a time, latest, previous, head.
Result<void> check_tag_name(std::string_view name);

/// The tags of a version for a line of text: names with a space between them.
Result<std::string> tag_names(CatalogReader& catalog, SeqNo version);

}  // namespace commitfs
