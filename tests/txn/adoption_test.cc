#include "txn/adoption.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <fstream>

#include "meta/base/fault.h"
#include "meta/base/posix.h"
#include "meta/sqlite/sqlite_catalog.h"
#include "tests/support/file_listing.h"
#include "tests/support/result.h"
#include "tests/support/temporary_directory.h"
#include "txn/table.h"

namespace commitfs {
namespace {

namespace fs = std::filesystem;
using test::FileListing;
using test::must;
using ::testing::HasSubstr;

void put_file(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::size_t count_files_below(const fs::path& directory) {
  std::size_t count = 0;
  for (const auto& entry : fs::recursive_directory_iterator(directory))
    count += entry.is_regular_file() ? 1 : 0;
  return count;
}

class Adoption : public ::testing::Test {
 protected:
  ~Adoption() override { fault::set_handler({}); }

  explicit Adoption(const fs::path& place = fs::temp_directory_path()) : directory_(place) {}

  fs::path at(const std::string& name) const { return directory_ / name; }
  fs::path objects() const { return directory_ / ".commitfs/objects"; }
  std::shared_ptr<Catalog> catalog() const {
    return must(open_sqlite_catalog(directory_ / ".commitfs/catalog.db"));
  }
  FileListing adopted() const { return test::list_version(*catalog(), SeqNo{1}); }

  /// Adopts and expects version 1 to be what the system showed before.
  AdoptionSummary expect_faithful() {
    const FileListing before = test::list_directory(directory_.path());
    const AdoptionSummary summary = must(Table::init(directory_.path()));
    EXPECT_EQ(adopted(), before);
    return summary;
  }

  test::TemporaryDirectory directory_;
};

TEST_F(Adoption, OfAnEmptyDirectoryIsVersion1WithOnlyARoot) {
  const AdoptionSummary summary = expect_faithful();
  EXPECT_EQ(summary.files + summary.directories + summary.others + summary.bytes, 0U);
  const VersionRecord head = must(catalog()->head());
  EXPECT_EQ(head.seq_no, SeqNo{1});
  EXPECT_EQ(head.operation, "adopt");
  EXPECT_EQ(head.session, "");
  EXPECT_EQ(head.message, "adopted 0 files");
}

TEST_F(Adoption, KeepsModeOwnerAndTimesOfFilesDirectoriesAndTheRoot) {
  fs::create_directory(at("d"));
  put_file(at("d/f"), "bytes");
  put_file(at("set"), "");
  for (const auto& [name, mode] :
       {std::pair{"d/f", 0640U}, {"set", 06755U}, {"d", 03770U}, {"", 0711U}}) {
    ASSERT_EQ(::chmod(at(name).c_str(), mode), 0);
    if (::geteuid() == 0) {
      ASSERT_EQ(::chown(at(name).c_str(), 12345, 54321), 0);
    }
    ASSERT_EQ(::chmod(at(name).c_str(), mode), 0);
    const timespec times[2] = {{1'000'000'001, 123'456'789}, {-5, 999'999'999}};
    ASSERT_EQ(::utimensat(AT_FDCWD, at(name).c_str(), times, 0), 0);
  }
  const AdoptionSummary summary = expect_faithful();
  EXPECT_EQ(summary.files, 2U);
  EXPECT_EQ(summary.directories, 1U);
  EXPECT_EQ(summary.bytes, 5U);
  EXPECT_EQ(adopted().at("").mtime_ns, -4'000'000'001);
}

TEST_F(Adoption, KeepsSymbolicLinksFifosSocketsAndDevices) {
  fs::create_symlink("../nowhere\n", at("link"));
  fs::create_symlink("/", at("to_root"));
  ASSERT_EQ(::mkfifo(at("fifo").c_str(), 0600), 0);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  at("socket").string().copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ::close(socket);
  const bool has_device = ::mknod(at("device").c_str(), S_IFCHR | 0600, makedev(1, 3)) == 0;
  const AdoptionSummary summary = expect_faithful();
  EXPECT_EQ(summary.others, has_device ? 5U : 4U);
  EXPECT_EQ(summary.files, 0U);
}

TEST_F(Adoption, KeepsHardLinksAsOneInode) {
  fs::create_directories(at("d/e"));
  put_file(at("one"), "shared");
  fs::create_hard_link(at("one"), at("d/two"));
  fs::create_hard_link(at("one"), at("d/e/three"));
  ASSERT_EQ(::mkfifo(at("fifo").c_str(), 0600), 0);
  fs::create_hard_link(at("fifo"), at("d/fifo"));
  const AdoptionSummary summary = expect_faithful();
  EXPECT_EQ(summary.files, 3U);
  EXPECT_EQ(summary.others, 2U);
  EXPECT_EQ(summary.bytes, 6U);
  EXPECT_EQ(count_files_below(objects()), 1U);
}

TEST_F(Adoption, DoesNotCountNamesOutsideOfTheTable) {
  const test::TemporaryDirectory outside;
  put_file(at("f"), "x");
  fs::create_hard_link(at("f"), outside / "f");
  must(Table::init(directory_.path()));
  EXPECT_EQ(adopted().at("f").nlink, 1U);
}

TEST_F(Adoption, KeepsExtendedAttributesOfEveryNamespace) {
  fs::create_directory(at("d"));
  put_file(at("f"), "x");
  fs::create_symlink("f", at("link"));
  const std::string binary("\0\xff\n", 3);
  if (::setxattr(at("f").c_str(), "user.binary", binary.data(), binary.size(), 0) != 0)
    GTEST_SKIP() << "no xattrs here";
  ASSERT_EQ(::setxattr(at("f").c_str(), "user.empty", "", 0, 0), 0);
  ASSERT_EQ(::setxattr(at("d").c_str(), "user.d", "1", 1, 0), 0);
  ASSERT_EQ(::setxattr(at("").c_str(), "user.root", "1", 1, 0), 0);
  if (::geteuid() == 0) {
    ASSERT_EQ(::lsetxattr(at("link").c_str(), "trusted.l", "2", 1, 0), 0);
  }
  expect_faithful();
  EXPECT_EQ(adopted().at("f").xattrs.at("user.binary"), binary);
}

TEST_F(Adoption, KeepsNamesOfAnyBytes) {
  for (const std::string& name :
       {std::string("new\nline"), std::string("\xff\xfe"), std::string("007"), std::string("7"),
        std::string("-rf *"), std::string("\\\"'"), std::string("caf\xc3\xa9"),
        std::string("cafe\xcc\x81"), std::string("A"), std::string("a"), std::string(255, 'x')}) {
    put_file(at(name), name);
  }
  fs::create_directory(at("d\n\xff"));
  put_file(at("d\n\xff/.commitfs"), "below the root it is a name like any other");
  EXPECT_EQ(expect_faithful().files, 12U);
}

TEST_F(Adoption, TakesPathsLongerThanPathMax) {
  UniqueFd fd = must(posix::open_at(AT_FDCWD, directory_.path(), O_RDONLY | O_DIRECTORY));
  const std::string name(200, 'd');
  for (int depth = 0; depth < 50; ++depth) {
    must(posix::make_directory_at(fd.get(), name, 0700));
    fd = must(posix::open_at(fd.get(), name, O_RDONLY | O_DIRECTORY));
  }
  must(posix::open_at(fd.get(), "deep", O_CREAT | O_WRONLY, 0600));
  const AdoptionSummary summary = must(Table::init(directory_.path()));
  EXPECT_EQ(summary.directories, 50U);
  EXPECT_EQ(summary.files, 1U);
}

TEST_F(Adoption, LinksBodiesAndTouchesNoFile) {
  put_file(at("f"), "the very bytes");
  const timespec times[2] = {{1000, 1}, {2000, 2}};
  ASSERT_EQ(::utimensat(AT_FDCWD, at("f").c_str(), times, 0), 0);
  struct stat before{};
  ASSERT_EQ(::stat(at("f").c_str(), &before), 0);
  must(Table::init(directory_.path()));

  struct stat after{};
  ASSERT_EQ(::stat(at("f").c_str(), &after), 0);
  EXPECT_EQ(after.st_ino, before.st_ino);
  EXPECT_EQ(after.st_nlink, 2U);
  EXPECT_EQ(after.st_mode, before.st_mode);
  EXPECT_EQ(after.st_mtim.tv_nsec, 2);
  EXPECT_EQ(after.st_atim.tv_nsec, 1);
  EXPECT_EQ(read_file(at("f")), "the very bytes");

  const auto inode = must(catalog()->find_child(SeqNo{1}, InodeId::root, "f"));
  const ObjectStore store = must(ObjectStore::open(objects()));
  EXPECT_EQ(must(store.stat(inode->object)).st_ino, before.st_ino);
}

/// In memory where there is such a place: making and removing many files takes disks seconds,
/// adopting them does not.
class LargeAdoption : public Adoption {
 protected:
  LargeAdoption()
      : Adoption(::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : fs::temp_directory_path()) {}
};

TEST_F(LargeAdoption, OfTenThousandFilesKeepsThemAll) {
  for (int directory = 0; directory < 100; ++directory) {
    const fs::path path = at(std::to_string(directory));
    fs::create_directory(path);
    for (int file = 0; file < 100; ++file)
      put_file(path / std::to_string(file), "x");
  }
  const AdoptionSummary summary = expect_faithful();
  EXPECT_EQ(summary.files, 10'000U);
  EXPECT_EQ(summary.directories, 100U);
  EXPECT_EQ(must(catalog()->head()).message, "adopted 10000 files");
  EXPECT_EQ(count_files_below(objects()), 10'000U);
}

TEST_F(Adoption, HandsOutNoIdTwiceAfterwards) {
  put_file(at("f"), "x");
  fs::create_directory(at("d"));
  must(Table::init(directory_.path()));
  const auto opened = catalog();
  const auto inode = must(opened->find_child(SeqNo{1}, InodeId::root, "f"));
  EXPECT_GT(must(opened->reserve_ids(IdKind::inode, 1)), raw(inode->id));
  EXPECT_GT(must(opened->reserve_ids(IdKind::object, 1)), raw(inode->object));
}

TEST_F(Adoption, MakesAPrivateControlDirectory) {
  must(Table::init(directory_.path()));
  for (const char* name : {".commitfs", ".commitfs/objects", ".commitfs/hooks",
                           ".commitfs/hooks/pre-commit.d", ".commitfs/hooks/post-commit.d"}) {
    struct stat status{};
    ASSERT_EQ(::stat(at(name).c_str(), &status), 0) << name;
    EXPECT_EQ(status.st_mode, S_IFDIR | 0700U) << name;
  }
  for (const char* name : {"lock", "catalog.db", "staging.db"})
    EXPECT_TRUE(fs::exists(at(".commitfs") / name)) << name;
}

TEST_F(Adoption, MakesATableOnlyOnce) {
  EXPECT_FALSE(Table::is_table(directory_.path()));
  must(Table::init(directory_.path()));
  EXPECT_TRUE(Table::is_table(directory_.path()));
  const auto again = Table::init(directory_.path());
  EXPECT_ERRNO(again, EEXIST);
  EXPECT_EQ(again.error().context, directory_.path().string() + " is a table already");
  EXPECT_EQ(must(catalog()->head_seq_no()), SeqNo{1});
}

TEST_F(Adoption, OfWhatIsNoDirectoryIsRefused) {
  put_file(at("file"), "");
  EXPECT_ERRNO(Table::init(at("missing")), ENOENT);
  EXPECT_ERRNO(Table::init(at("file")), ENOTDIR);
}

TEST_F(Adoption, OfADirectoryWithATableInItIsRefusedAndSaysWhere) {
  fs::create_directories(at("d/inner"));
  ASSERT_TRUE(Table::init(at("d/inner")));
  const auto refused = Table::init(directory_.path());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, EINVAL);
  EXPECT_THAT(refused.error().context, ::testing::HasSubstr("d/inner/.commitfs"));
  EXPECT_FALSE(fs::exists(at(".commitfs")));
  EXPECT_FALSE(Table::init(at("d/inner/.commitfs")));
}

TEST_F(Adoption, DoesNotFollowASymbolicLinkAsControlDirectory) {
  const test::TemporaryDirectory elsewhere;
  fs::create_directory_symlink(elsewhere.path(), at(".commitfs"));
  EXPECT_ERRNO(Table::init(directory_.path()), ENOTDIR);
  EXPECT_TRUE(fs::is_empty(elsewhere.path()));
}

/// A table's worth of files, and failures on the way.
class InterruptedAdoption : public Adoption {
 protected:
  void SetUp() override {
    fs::create_directory(at("d"));
    for (const char* name : {"a", "b", "d/c"})
      put_file(at(name), name);
    before_ = lasting(test::list_directory(directory_.path()));
  }
  /// From its third arrival on, or at once, the point fails.
  static void fail_at(const std::string& point) {
    fault::set_handler(
        [point, arrivals = std::make_shared<int>(0)](std::string_view name) -> Result<void> {
          if (name != point || (point == "adoption.object" && ++*arrivals < 3)) return {};
          return fail(ENOSPC, "injected");
        });
  }
  /// Without what making and removing a link, or .commitfs, changes.
  static FileListing lasting(FileListing listing) {
    for (auto& [path, file] : listing)
      file.ctime_ns = 0;
    listing[""].atime_ns = listing[""].mtime_ns = 0;
    return listing;
  }
  void expect_adopted_anew() {
    fault::set_handler({});
    EXPECT_EQ(must(Table::init(directory_.path())).files, 3U);
    EXPECT_EQ(lasting(adopted()), before_);
    EXPECT_EQ(count_files_below(objects()), 3U);
    EXPECT_FALSE(fs::exists(at(".commitfs/adopting")));
  }

  FileListing before_;
};

class AdoptionAt : public InterruptedAdoption, public ::testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(EveryPoint, AdoptionAt,
                         ::testing::Values("adoption.object", "adoption.linked",
                                           "adoption.before_commit"));

TEST_P(AdoptionAt, LeavesNothingBehindWhenItFails) {
  fail_at(GetParam());
  EXPECT_ERRNO(Table::init(directory_.path()), ENOSPC);
  EXPECT_FALSE(fs::exists(at(".commitfs")));
  EXPECT_FALSE(Table::is_table(directory_.path()));
  EXPECT_EQ(fs::hard_link_count(at("a")), 1U);
  expect_adopted_anew();
}

TEST_P(AdoptionAt, IsBegunAnewAfterACrash) {
  const pid_t child = ::fork();
  if (child == 0) {
    fault::set_handler([arrivals = 0](std::string_view name) mutable -> Result<void> {
      if (name == GetParam() && (name != "adoption.object" || ++arrivals == 3)) ::_exit(42);
      return {};
    });
    (void)Table::init(directory_.path());
    ::_exit(1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(WEXITSTATUS(status), 42);
  EXPECT_TRUE(fs::exists(at(".commitfs/adopting")));
  EXPECT_FALSE(Table::is_table(directory_.path()));
  expect_adopted_anew();
}

TEST_F(InterruptedAdoption, NeverRemovesBodiesOfATableWhoseCatalogIsLost) {
  must(Table::init(directory_.path()));
  for (const char* suffix : {"", "-wal", "-shm"})
    fs::remove(at(std::string(".commitfs/catalog.db") + suffix));
  const auto refused = Table::init(directory_.path());
  EXPECT_ERRNO(refused, EPROTO);
  EXPECT_THAT(refused.error().context, HasSubstr("restore catalog.db"));
  EXPECT_EQ(count_files_below(objects()), 3U);
}

TEST_F(InterruptedAdoption, NeverRemovesACatalogThatCannotBeRead) {
  must(Table::init(directory_.path()));
  put_file(at(".commitfs/catalog.db"), std::string(8192, 'x'));
  EXPECT_FALSE(Table::init(directory_.path()).has_value());
  EXPECT_EQ(read_file(at(".commitfs/catalog.db")), std::string(8192, 'x'));
  EXPECT_EQ(count_files_below(objects()), 3U);
}

/// Runs in a child with mounts of its own. 0: as expected; 77: mounting is not allowed here; else
/// the failing step.
int adopt_around_a_mount(const fs::path& directory) {
  if (::unshare(CLONE_NEWNS) != 0 ||
      ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return 77;
  if (::mount("tmpfs", (directory / "d").c_str(), "tmpfs", 0, nullptr) != 0) return 77;
  const auto refused = Table::init(directory);
  if (refused || refused.error().code != EXDEV) return 1;
  if (refused.error().context != "adopt d") return 2;
  if (fs::exists(directory / ".commitfs")) return 3;
  // A file of the same file system, mounted from elsewhere: only linking it tells.
  if (::umount((directory / "d").c_str()) != 0) return 77;
  if (::mount((directory / "b").c_str(), (directory / "a").c_str(), nullptr, MS_BIND, nullptr) != 0)
    return 77;
  const auto refused_file = Table::init(directory);
  if (refused_file || refused_file.error().code != EXDEV ||
      refused_file.error().context != "adopt a")
    return 4;
  if (::umount((directory / "a").c_str()) != 0) return 77;
  return Table::init(directory) ? 0 : 5;
}

TEST_F(InterruptedAdoption, RefusesAnotherFileSystemWithItsPathAndCanBeTriedAgain) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(adopt_around_a_mount(directory_.path()));
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "needs the right to mount";
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_TRUE(Table::is_table(directory_.path()));
}

}  // namespace
}  // namespace commitfs
