#include <cstdio>
#include <cstdlib>
#include <random>

#include "tests/contract/catalog_forms.h"

// The catalog on SQLite against the one in memory, over random transactions. COMMITFS_SEED repeats
// a run.

namespace commitfs::test {
namespace {

/// The parameter only makes the seeds differ.
class RandomCatalogsTest : public ::testing::TestWithParam<int> {
 protected:
  RandomCatalogsTest() : random_(seed_ + static_cast<std::uint64_t>(GetParam())) { reopen(); }

  static std::uint64_t seed() {
    const char* text = std::getenv("COMMITFS_SEED");
    return text != nullptr ? std::strtoull(text, nullptr, 10) : std::random_device{}();
  }

  /// Thousands of commits need not wait for a disk.
  static std::filesystem::path memory_place() {
    const std::filesystem::path place = "/dev/shm";
    return std::filesystem::exists(place) ? place : std::filesystem::temp_directory_path();
  }

  void reopen() {
    sqlite_.reset();
    sqlite_ = must(open_sqlite_catalog(directory_ / "catalog.db"));
  }

  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  InodeId any_inode() { return InodeId{1 + below(12)}; }
  std::string any_name() {
    static const std::vector<std::string> names = {"a",    "b",   "ab", "\xFF",
                                                   "\x01", "007", "7",  "zz"};
    return names.at(below(names.size()));
  }
  SeqNo any_version() { return SeqNo{below(raw(head_) + 2)}; }

  /// Does the same to both; they must answer the same.
  template <typename Call>
  void both(CatalogReader& a, CatalogReader& b, const char* what, Call call) {
    const auto expected = call(a), found = call(b);
    ASSERT_EQ(expected.has_value(), found.has_value()) << what;
    if (!expected) {
      ASSERT_EQ(expected.error().code, found.error().code) << what;
    } else {
      ASSERT_EQ(*expected, *found) << what << " at version " << raw(head_);
    }
  }

  void compare_reads(CatalogReader& a, CatalogReader& b);
  void write_something(CatalogTransaction& a, CatalogTransaction& b, SeqNo seq_no);
  void run_transaction();

  const std::uint64_t seed_ = seed();
  std::mt19937_64 random_;
  SeqNo head_ = SeqNo::none;
  TemporaryDirectory directory_{memory_place()};
  std::unique_ptr<Catalog> memory_ = make_memory_catalog();
  std::unique_ptr<Catalog> sqlite_;
};

using FlatListing = std::vector<std::pair<std::string, InodeRecord>>;

/// A listing in a form that can be compared.
Result<FlatListing> flat(const Result<std::vector<ListedDirent>>& listing) {
  if (!listing) return std::unexpected(listing.error());
  FlatListing pairs;
  for (const auto& entry : *listing)
    pairs.emplace_back(entry.name, entry.inode);
  return pairs;
}

void RandomCatalogsTest::compare_reads(CatalogReader& a, CatalogReader& b) {
  const auto at = any_version();
  const auto inode = any_inode(), parent = any_inode();
  const auto name = any_name(), after = below(2) == 0 ? std::string() : any_name();
  const auto limit = below(10);
  both(a, b, "find_inode", [&](auto& c) { return c.find_inode(at, inode); });
  both(a, b, "find_dirent", [&](auto& c) { return c.find_dirent(at, parent, name); });
  both(a, b, "find_child", [&](auto& c) { return c.find_child(at, parent, name); });
  both(a, b, "list", [&](auto& c) { return flat(c.list(at, parent, after, limit)); });
  both(a, b, "links_of", [&](auto& c) { return c.links_of(at, inode); });
  both(a, b, "find_xattr", [&](auto& c) { return c.find_xattr(at, inode, name); });
  both(a, b, "list_xattrs", [&](auto& c) { return c.list_xattrs(at, inode); });
  both(a, b, "head", [&](auto& c) { return c.head(); });
  both(a, b, "find_version", [&](auto& c) { return c.find_version(at); });
  both(a, b, "list_versions", [&](auto& c) { return c.list_versions(at, limit); });
  both(a, b, "find_version_at",
       [&](auto& c) { return c.find_version_at(TimeNs(raw(at)) * 10 - 1); });
  both(a, b, "list_changes", [&](auto& c) { return c.list_changes(at); });
  both(a, b, "find_tag", [&](auto& c) { return c.find_tag(name); });
  both(a, b, "list_tags", [&](auto& c) { return c.list_tags(after, limit); });
  both(a, b, "tags_of", [&](auto& c) { return c.tags_of(at); });
  both(a, b, "group_head", [&](auto& c) { return c.group_head({parent, name}); });
  both(a, b, "directory_head", [&](auto& c) { return c.directory_head(parent); });
  both(a, b, "current_term", [&](auto& c) { return c.current_term(); });
}

void RandomCatalogsTest::write_something(CatalogTransaction& a, CatalogTransaction& b,
                                         SeqNo seq_no) {
  const auto kind = below(8);
  const auto inode = any_inode(), parent = any_inode();
  const auto name = any_name(), value = std::to_string(below(100));
  const auto group_head =
      GroupHead{seq_no, ChangeKind{static_cast<std::uint8_t>(1 + below(5))}, SeqNo{below(9)}};
  InodeRecord record;
  record.id = inode;
  record.size_bytes = below(1000);
  for (auto* transaction : {&a, &b}) {
    if (kind <= 1) must(transaction->put_inode(seq_no, record));
    if (kind == 2) must(transaction->remove_inode(seq_no, inode));
    if (kind <= 4) must(transaction->put_dirent(seq_no, {parent, name}, inode));
    if (kind == 5) must(transaction->remove_dirent(seq_no, {parent, name}));
    if (kind == 6) must(transaction->put_xattr(seq_no, {inode, name}, value));
    if (kind == 7) must(transaction->remove_xattr(seq_no, {inode, name}));
    if (kind == 1) must(transaction->put_group_head({parent, name}, group_head));
    if (kind == 2) must(transaction->put_directory_head(parent, {seq_no, seq_no, seq_no}));
  }
  const TagRecord tag{.name = name, .seq_no = any_version(), .time_ns = 1, .uid = 2};
  if (kind == 3) {
    EXPECT_EQ(a.put_tag(tag).has_value(), b.put_tag(tag).has_value());
  }
  if (kind == 4) {
    EXPECT_EQ(a.remove_tag(name).has_value(), b.remove_tag(name).has_value());
  }
}

void RandomCatalogsTest::run_transaction() {
  const auto a = must(memory_->begin()), b = must(sqlite_->begin());
  const auto versions = 1 + below(3);
  auto head = head_;
  for (std::uint64_t i = 0; i < versions; ++i) {
    const SeqNo seq_no{raw(head) + 1};
    const bool with_savepoint = below(3) == 0;
    if (with_savepoint) {
      must(a->savepoint());
      must(b->savepoint());
    }
    for (auto writes = below(6); writes > 0; --writes)
      write_something(*a, *b, seq_no);
    compare_reads(*a, *b);
    VersionRecord version;
    version.seq_no = seq_no;
    version.time_ns = static_cast<TimeNs>(raw(seq_no) / 2 * 20);
    version.metadata = {{any_name(), any_name()}};
    const std::vector<ChangeRecord> changes(
        below(3), ChangeRecord{.path = any_name(), .old_path = {}, .group = {}});
    must(a->add_version(version, changes));
    must(b->add_version(version, changes));
    compare_reads(*a, *b);
    if (with_savepoint && below(2) == 0) {
      must(a->rollback_to_savepoint());
      must(b->rollback_to_savepoint());
      compare_reads(*a, *b);
    } else {
      head = seq_no;
    }
  }
  if (below(5) == 0) return;  // both are destroyed without a commit
  must(a->commit());
  must(b->commit());
  head_ = head;
}

TEST_P(RandomCatalogsTest, AnswerTheSameAfterEachOfManyTransactions) {
  std::printf("COMMITFS_SEED=%llu\n", static_cast<unsigned long long>(seed_));
  for (int i = 0; i < 500 && !HasFatalFailure(); ++i) {
    run_transaction();
    for (int reads = 0; reads < 10 && !HasFatalFailure(); ++reads)
      compare_reads(*memory_, *sqlite_);
    if (below(100) == 0) reopen();
  }
  EXPECT_FALSE(HasFatalFailure()) << "COMMITFS_SEED=" << seed_;
}

INSTANTIATE_TEST_SUITE_P(Catalogs, RandomCatalogsTest, ::testing::Range(0, 4));

}  // namespace
}  // namespace commitfs::test
