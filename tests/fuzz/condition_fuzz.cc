/// Feeds the parser of conditions any bytes; what it takes is evaluated against a small table.
/// Run: condition_fuzz CORPUS tests/data/condition
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "meta/memory_catalog.h"
#include "tests/support/temporary_directory.h"
#include "txn/condition/condition.h"

namespace {

using namespace commitfs;

struct Table {
  Table() {
    auto transaction = *catalog->begin();
    (void)transaction->put_inode(SeqNo{1}, {.id = InodeId::root, .mode = S_IFDIR | 0755});
    (void)transaction->put_inode(SeqNo{1}, {.id = InodeId{2}, .mode = S_IFREG | 0644});
    (void)transaction->put_dirent(SeqNo{1}, {InodeId::root, "a"}, InodeId{2});
    (void)transaction->put_xattr(SeqNo{1}, {InodeId{2}, "user.k"}, "v");
    (void)transaction->add_version({.seq_no = SeqNo{1}}, {});
    (void)transaction->commit();
  }
  std::shared_ptr<Catalog> catalog = make_memory_catalog();
  const test::TemporaryDirectory directory;
  ObjectStore store = *ObjectStore::open(directory.path());
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Table table;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto condition = condition::parse(text);
  if (!condition) {
    const bool is_in_text = condition.error().column >= 1 && condition.error().column <= size + 1;
    if (!is_in_text || condition.error().describe().empty()) std::abort();
    return 0;
  }
  const auto refused = condition::evaluate(*condition, *table.catalog, table.store);
  // A condition that is false has a part that is, and its negation is true.
  if (!refused || (*refused && (*refused)->parts.empty())) std::abort();
  const auto negated = condition::parse("NOT (" + std::string(text) + ")");
  if (!negated) return 0;
  const auto opposite = condition::evaluate(*negated, *table.catalog, table.store);
  if (!opposite || refused->has_value() == opposite->has_value()) std::abort();
  return 0;
}
