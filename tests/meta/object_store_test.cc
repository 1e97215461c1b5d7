#include "meta/object_store.h"

#include <fcntl.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>

#include "meta/base/fault.h"
#include "meta/base/posix.h"
#include "meta/object_paths.h"
#include "tests/support/result.h"
#include "tests/support/temporary_directory.h"

namespace commitfs::test {
namespace {

constexpr off_t kMiB = 1 << 20;

/// On the disk and, where there is one, in /dev/shm: file systems differ in how they copy and where
/// they keep holes.
class ObjectStoreTest : public ::testing::TestWithParam<const char*> {
 protected:
  ObjectStoreTest()
      : directory_(GetParam()), store_(must(ObjectStore::open(directory_ / "objects"))) {}
  ~ObjectStoreTest() override { fault::set_handler({}); }

  static std::span<const std::byte> bytes(std::string_view text) {
    return std::as_bytes(std::span(text));
  }
  void make(std::uint64_t id, std::string_view text, off_t offset = 0) {
    const auto fd = must(store_.create(ObjectId{id}));
    must(posix::write_all_at(fd.get(), bytes(text), offset));
  }
  std::string content(std::uint64_t id) {
    return content(must(store_.open_body(ObjectId{id}, O_RDONLY)));
  }
  static std::string content(const UniqueFd& fd) {
    std::string text(static_cast<std::size_t>(must(posix::stat_fd(fd.get())).st_size), '?');
    must(posix::read_at(fd.get(), std::as_writable_bytes(std::span(text)), 0));
    return text;
  }

  /// From now on, how often each kind of sync was asked for.
  static std::shared_ptr<std::map<std::string, int, std::less<>>> count_syncs() {
    auto count = std::make_shared<std::map<std::string, int, std::less<>>>();
    fault::set_handler(
        [count, mutex = std::make_shared<std::mutex>()](std::string_view name) -> Result<void> {
          const std::lock_guard lock(*mutex);  // syncs run side by side
          if (name.starts_with("posix.")) ++(*count)[std::string(name)];
          return {};
        });
    return count;
  }

  TemporaryDirectory directory_;
  ObjectStore store_;
};

INSTANTIATE_TEST_SUITE_P(Store, ObjectStoreTest, ::testing::Values("/tmp", "/dev/shm"),
                         [](const auto& p) {
                           return p.param == std::string("/tmp") ? "disk" : "memory";
                         });

TEST_P(ObjectStoreTest, NoSymbolicLinkLeadsOutOfIt) {
  make(1, "one");
  const auto shard = directory_ / "objects" / object_paths::shard(object_paths::shard_of(1));
  const auto outside = directory_ / "outside";
  std::filesystem::rename(shard, outside);
  std::filesystem::create_directory_symlink(outside, shard);
  EXPECT_ERRNO(store_.open_body(ObjectId{1}, O_RDONLY), ELOOP);
  EXPECT_ERRNO(store_.create(ObjectId{2}), ELOOP);
  EXPECT_FALSE(store_.seal(std::array{ObjectId{1}}));
  std::filesystem::remove(shard);
  std::filesystem::rename(outside, shard);
  std::filesystem::create_symlink("/etc/passwd",
                                  directory_ / "objects" / object_paths::body(ObjectId{3}));
  EXPECT_ERRNO(store_.open_body(ObjectId{3}, O_RDONLY), ELOOP);
}

TEST_P(ObjectStoreTest, FlagsOfTheKernelsOwnAreIgnored) {
  constexpr int kOpenedToBeRun = 0x20;
  make(1, "one");
  EXPECT_EQ(content(must(store_.open_body(ObjectId{1}, O_RDONLY | kOpenedToBeRun))), "one");
}

TEST_P(ObjectStoreTest, BodyIsMadeOnceForItsOwnerOnly) {
  make(5, "body");

  EXPECT_EQ(content(5), "body");
  EXPECT_EQ(must(store_.stat(ObjectId{5})).st_mode, S_IFREG | 0600U);
  EXPECT_EQ(must(posix::stat_fd(store_.directory_fd())).st_mode, S_IFDIR | 0700U);
  EXPECT_ERRNO(store_.create(ObjectId{5}), EEXIST);
  EXPECT_ERRNO(store_.create(ObjectId::none), EINVAL);
}

TEST_P(ObjectStoreTest, BodyThatIsNotThereIsEnoent) {
  EXPECT_ERRNO(store_.open_body(ObjectId{5}, O_RDONLY), ENOENT);
  EXPECT_ERRNO(store_.open_body(ObjectId{5}, O_RDWR | O_CREAT), ENOENT);
  EXPECT_ERRNO(store_.stat(ObjectId{5}), ENOENT);
  EXPECT_ERRNO(store_.clone(ObjectId{5}, ObjectId{6}), ENOENT);
  EXPECT_ERRNO(store_.stat(ObjectId{6}), ENOENT);
}

TEST_P(ObjectStoreTest, BodiesAreThereWhenOpenedAgain) {
  make(5, "body");
  store_ = must(ObjectStore::open(directory_ / "objects"));
  EXPECT_EQ(content(5), "body");
}

TEST_P(ObjectStoreTest, StoreInAMissingDirectoryIsEnoent) {
  EXPECT_ERRNO(ObjectStore::open(directory_ / "missing/objects"), ENOENT);
}

TEST_P(ObjectStoreTest, CloneHasBytesAndMtimeOfItsOwn) {
  make(5, "first");
  must(posix::set_mtime(must(store_.open_body(ObjectId{5}, O_RDWR)).get(),
                        {.tv_sec = 1000, .tv_nsec = 7}));
  const auto clone = must(store_.clone(ObjectId{5}, ObjectId{6}));

  EXPECT_EQ(content(6), "first");
  EXPECT_EQ(must(store_.stat(ObjectId{6})).st_mtim.tv_sec, 1000);
  EXPECT_EQ(must(store_.stat(ObjectId{6})).st_mtim.tv_nsec, 7);
  must(posix::write_all_at(clone.get(), bytes("other"), 0));
  EXPECT_EQ(content(5), "first");
  EXPECT_EQ(content(6), "other");
}

TEST_P(ObjectStoreTest, CloneKeepsHoles) {
  make(5, "data after a hole", 8 * kMiB);
  must(posix::truncate(must(store_.open_body(ObjectId{5}, O_RDWR)).get(), 16 * kMiB));
  (void)must(store_.clone(ObjectId{5}, ObjectId{6}));

  const auto attributes = must(store_.stat(ObjectId{6}));
  EXPECT_EQ(attributes.st_size, 16 * kMiB);
  EXPECT_LT(attributes.st_blocks * 512, kMiB);
  EXPECT_TRUE(must(store_.identical(ObjectId{5}, ObjectId{6})));
}

TEST_P(ObjectStoreTest, CloneOfAnEmptyAndOfAHollowBodyWorks) {
  make(5, "");
  must(posix::truncate(must(store_.create(ObjectId{6})).get(), 3 * kMiB + 1));

  EXPECT_EQ(must(posix::stat_fd(must(store_.clone(ObjectId{5}, ObjectId{7})).get())).st_size, 0);
  EXPECT_EQ(must(posix::stat_fd(must(store_.clone(ObjectId{6}, ObjectId{8})).get())).st_size,
            3 * kMiB + 1);
}

TEST_P(ObjectStoreTest, FailedCloneLeavesNothing) {
  make(5, "body");
  fault::set_handler([](std::string_view name) -> Result<void> {
    if (name == "objects.clone") return fail(ENOSPC);
    return {};
  });

  EXPECT_ERRNO(store_.clone(ObjectId{5}, ObjectId{6}), ENOSPC);
  EXPECT_ERRNO(store_.stat(ObjectId{6}), ENOENT);
}

TEST_P(ObjectStoreTest, CloneOverABodyThatIsThereLeavesIt) {
  make(5, "body");
  make(6, "other");

  EXPECT_ERRNO(store_.clone(ObjectId{5}, ObjectId{6}), EEXIST);
  EXPECT_EQ(content(6), "other");
}

TEST_P(ObjectStoreTest, AdoptedFileIsTheSameInode) {
  std::ofstream(directory_ / "file") << "theirs";
  const auto directory = must(posix::open_at(AT_FDCWD, directory_.path(), O_RDONLY | O_DIRECTORY));
  must(store_.adopt(ObjectId{9000}, directory.get(), "file"));

  EXPECT_EQ(content(9000), "theirs");
  EXPECT_EQ(must(store_.stat(ObjectId{9000})).st_ino,
            must(posix::stat_at(directory.get(), "file")).st_ino);
  EXPECT_ERRNO(store_.adopt(ObjectId{9000}, directory.get(), "file"), EEXIST);
  EXPECT_ERRNO(store_.adopt(ObjectId{9001}, directory.get(), "missing"), ENOENT);
}

TEST_P(ObjectStoreTest, SymbolicLinkIsNotAdopted) {
  std::ofstream(directory_ / "file") << "theirs";
  std::filesystem::create_symlink("file", directory_ / "link");
  const auto directory = must(posix::open_at(AT_FDCWD, directory_.path(), O_RDONLY | O_DIRECTORY));

  EXPECT_ERRNO(store_.adopt(ObjectId{5}, directory.get(), "link"), EINVAL);
  EXPECT_ERRNO(store_.stat(ObjectId{5}), ENOENT);
}

TEST_P(ObjectStoreTest, SealSyncsFewBodiesOneByOneAndEachDirectoryOnce) {
  const std::vector<ObjectId> ids = {ObjectId{4095}, ObjectId{4096}, ObjectId{4097}, ObjectId::none,
                                     ObjectId{4096}};
  for (const std::uint64_t id : {4095U, 4096U, 4097U})
    make(id, "x");
  const auto count = count_syncs();
  must(store_.seal(ids));

  EXPECT_EQ((*count)["posix.fdatasync"], 3);
  EXPECT_EQ((*count)["posix.fsync"], 3);  // two shards, and the root that holds their names
  EXPECT_EQ((*count)["posix.syncfs"], 0);
}

TEST_P(ObjectStoreTest, SealSyncsTheRootOnlyForANewDirectory) {
  make(1, "x");
  const ObjectId first[] = {ObjectId{1}}, second[] = {ObjectId{2}};
  must(store_.seal(first));
  make(2, "x");
  const auto count = count_syncs();
  must(store_.seal(second));

  EXPECT_EQ((*count)["posix.fdatasync"], 1);
  EXPECT_EQ((*count)["posix.fsync"], 1);
}

TEST_P(ObjectStoreTest, SealSyncsManyBodiesAtOnce) {
  std::vector<ObjectId> ids;
  for (std::uint64_t id = 4000; id < 4200; ++id) {
    make(id, "x");
    ids.push_back(ObjectId{id});
  }
  const auto count = count_syncs();
  must(store_.seal(ids));

  EXPECT_EQ((*count)["posix.fdatasync"], 0);
  EXPECT_EQ((*count)["posix.syncfs"], 1);
}

TEST_P(ObjectStoreTest, SealOfNothingSyncsNothing) {
  const ObjectId none[] = {ObjectId::none};
  const auto count = count_syncs();

  EXPECT_OK(store_.seal({}));
  EXPECT_OK(store_.seal(none));
  EXPECT_TRUE(count->empty());
}

TEST_P(ObjectStoreTest, FailedSyncFailsTheSeal) {
  make(1, "x");
  const ObjectId ids[] = {ObjectId{1}};
  for (const std::string_view failing : {"posix.fdatasync", "posix.fsync"}) {
    fault::set_handler([failing](std::string_view name) -> Result<void> {
      if (name == failing) return fail(EIO);
      return {};
    });
    EXPECT_ERRNO(store_.seal(ids), EIO);
  }
}

TEST_P(ObjectStoreTest, SealOfABodyThatIsNotThereIsEnoent) {
  make(4, "body");
  const ObjectId missing[] = {ObjectId{5}};
  EXPECT_ERRNO(store_.seal(missing), ENOENT);
}

TEST_P(ObjectStoreTest, RemovedBodyIsGoneAndOnceMoreIsNoError) {
  make(5, "body");

  EXPECT_OK(store_.remove(ObjectId{5}));
  EXPECT_ERRNO(store_.stat(ObjectId{5}), ENOENT);
  EXPECT_OK(store_.remove(ObjectId{5}));
}

TEST_P(ObjectStoreTest, IdenticalComparesEveryByte) {
  const std::string large(300'000, 'x');
  make(1, large);
  make(2, large);
  make(3, large + "y");
  make(4, large.substr(1) + "y");
  make(5, "y" + large.substr(1));

  EXPECT_TRUE(must(store_.identical(ObjectId{1}, ObjectId{1})));
  EXPECT_TRUE(must(store_.identical(ObjectId{1}, ObjectId{2})));
  EXPECT_FALSE(must(store_.identical(ObjectId{1}, ObjectId{3})));
  EXPECT_FALSE(must(store_.identical(ObjectId{1}, ObjectId{4})));
  EXPECT_FALSE(must(store_.identical(ObjectId{1}, ObjectId{5})));
  EXPECT_ERRNO(store_.identical(ObjectId{1}, ObjectId{6}), ENOENT);
}

TEST_P(ObjectStoreTest, StatisticsAreOfTheFileSystemBelow) {
  EXPECT_GT(must(store_.statistics()).f_blocks, 0U);
}

}  // namespace
}  // namespace commitfs::test
