#pragma once

#include <map>
#include <optional>
#include <string>

#include "meta/catalog.h"
#include "meta/object_store.h"
#include "txn/condition/expression.h"

namespace commitfs::condition {

/// A value of the head, or why there is none.
struct Found {
  std::optional<Value> value;
  std::string missing;  ///< "no such path"; empty when there is a value
};

/// The head as a condition sees it. Paths are looked up once. Not thread-safe; lives for one
/// evaluation. Errors: EIO, EAGAIN of catalog and store.
class HeadValues {
 public:
  HeadValues(CatalogReader& catalog, const ObjectStore& store) : catalog_(catalog), store_(store) {}

  /// The version that is asked.
  Result<SeqNo> head();
  Result<Found> find(const Operand& operand);
  Result<Found> find(const AttributeOf& attribute);
  /// Null when there is no such path.
  Result<const InodeRecord*> inode(const std::string& path);
  /// As `find`, but reads no content.
  Result<bool> exists(const AttributeOf& attribute);
  /// 'file', 'directory', …
  static std::string_view type_of(const InodeRecord& inode);

 private:
  Result<Found> content_of(const InodeRecord& inode);
  Result<Found> term_of(const InodeRecord& inode);

  CatalogReader& catalog_;
  const ObjectStore& store_;
  std::optional<SeqNo> head_;
  std::map<std::string, std::optional<InodeRecord>> inodes_;
};

}  // namespace commitfs::condition
