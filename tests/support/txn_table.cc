#include "tests/support/txn_table.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <future>

#include "tests/support/first_version.h"
#include "txn/config/config_store.h"
#include "txn/open_sessions.h"

namespace commitfs::testing {
namespace {

constexpr Caller kCaller{.uid = 1000, .gid = 1000, .pid = 1, .umask = 022};

template <typename T>
T must(Result<T> result, const std::string& what) {
  if (!result) throw std::runtime_error(what + ": " + result.error().describe());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

std::string read_object(ObjectStore& store, ObjectId object) {
  if (object == ObjectId::none) return {};
  const UniqueFd fd = must(store.open_body(object, O_RDONLY), "open object");
  std::string bytes;
  char buffer[4096];
  for (ssize_t n; (n = ::read(fd.get(), buffer, sizeof buffer)) > 0;)
    bytes.append(buffer, static_cast<std::size_t>(n));
  return bytes;
}

void read_directory(Tree& tree, ObjectStore& store, InodeId directory, const std::string& prefix,
                    Contents& contents) {
  std::string after;
  for (;;) {
    const auto page = must(tree.list(directory, after, 100), "list " + prefix);
    for (const ListedAttributes& entry : page) {
      const InodeRecord& inode = entry.attributes.inode;
      const std::string path = prefix + entry.name;
      if (inode.is_directory()) {
        contents[path] = "/";
        read_directory(tree, store, inode.id, path + "/", contents);
      } else if (S_ISLNK(inode.mode)) {
        contents[path] = "-> " + inode.symlink_target;
      } else {
        contents[path] = read_object(store, inode.object);
      }
    }
    if (page.size() < 100) return;
    after = page.back().name;
  }
}

}  // namespace

Contents read_tree(Tree& tree, ObjectStore& store) {
  Contents contents;
  read_directory(tree, store, InodeId::root, "", contents);
  return contents;
}

std::pair<InodeId, std::string> Writer::split(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return {InodeId::root, path};
  return {find(path.substr(0, slash)), path.substr(slash + 1)};
}

InodeId Writer::find(const std::string& path) {
  if (path.empty() || path == ".") return InodeId::root;
  const auto [parent, name] = split(path);
  return must(session_->lookup(parent, name), "lookup " + path).inode.id;
}

Writer& Writer::write(const std::string& path, const std::string& bytes) {
  const auto [parent, name] = split(path);
  InodeId inode;
  UniqueFd fd;
  if (const auto found = session_->lookup(parent, name); !found) {
    auto made = must(tree::create(*session_, kCaller, parent, name, 0644, true), "create " + path);
    inode = made.attributes.inode.id;
    fd = std::move(made.body);
  } else {
    inode = found->inode.id;
    const auto body = must(tree::open_for_writing(*session_, inode, true), "open " + path);
    fd = must(table_.context.store->open_body(body.object, O_RDWR), "open body");
  }
  EXPECT_EQ(::pwrite(fd.get(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  tree::note_written(*session_, inode);
  tree::release_writer(*session_, inode);
  return *this;
}

Writer& Writer::replace(const std::string& path, const std::string& bytes) {
  return write(path + ".new", bytes).mv(path + ".new", path);
}

Writer& Writer::mkdir(const std::string& path, mode_t mode) {
  const auto [parent, name] = split(path);
  must(tree::mkdir(*session_, kCaller, parent, name, mode), "mkdir " + path);
  return *this;
}

Writer& Writer::rm(const std::string& path) {
  const auto [parent, name] = split(path);
  must(tree::unlink(*session_, parent, name), "unlink " + path);
  return *this;
}

Writer& Writer::rmdir(const std::string& path) {
  const auto [parent, name] = split(path);
  must(tree::rmdir(*session_, parent, name), "rmdir " + path);
  return *this;
}

Writer& Writer::mv(const std::string& from, const std::string& to) {
  const auto [parent, name] = split(from);
  const auto [new_parent, new_name] = split(to);
  must(tree::rename(*session_, parent, name, new_parent, new_name, 0), "rename " + from);
  return *this;
}

Writer& Writer::ln(const std::string& from, const std::string& to) {
  const auto [parent, name] = split(to);
  must(tree::link(*session_, find(from), parent, name), "link " + to);
  return *this;
}

Writer& Writer::ln_s(const std::string& target, const std::string& path) {
  const auto [parent, name] = split(path);
  must(tree::symlink(*session_, kCaller, parent, name, target), "symlink " + path);
  return *this;
}

Writer& Writer::chmod(const std::string& path, mode_t mode) {
  must(tree::setattr(*session_, find(path), {.mode = mode}), "chmod " + path);
  return *this;
}

Writer& Writer::chown(const std::string& path, uid_t uid, gid_t gid) {
  must(tree::setattr(*session_, find(path), {.uid = uid, .gid = gid}), "chown " + path);
  return *this;
}

Writer& Writer::touch(const std::string& path, TimeNs mtime_ns) {
  must(tree::setattr(*session_, find(path), {.mtime_ns = mtime_ns}), "utimens " + path);
  return *this;
}

Writer& Writer::set_xattr(const std::string& path, const std::string& name,
                          const std::string& value) {
  must(tree::setxattr(*session_, find(path), name, value, 0), "setxattr " + path);
  return *this;
}

Writer& Writer::open_and_close(const std::string& path) {
  const InodeId inode = find(path);
  must(tree::open_for_writing(*session_, inode, false), "open " + path);
  tree::release_writer(*session_, inode);
  return *this;
}

Writer& Writer::read(const std::string& path) {
  session_->note_read(ReadKind::file, find(path));
  return *this;
}

Writer& Writer::ls(const std::string& path) {
  session_->note_read(ReadKind::directory, find(path));
  return *this;
}

Writer& Writer::look_for(const std::string& path) {
  const auto [parent, name] = split(path);
  bool ask_again = false;
  EXPECT_FALSE(session_->look_up(parent, name, ask_again)) << path;
  return *this;
}

Writer& Writer::get_xattr(const std::string& path, const std::string& name) {
  session_->note_read(ReadKind::xattr, find(path), name);
  return *this;
}

Writer& Writer::serializable() {
  must(session_->set_isolation(Isolation::serializable), "serializable");
  return *this;
}

Writer& Writer::rewrite() {
  must(session_->set_operation(Operation::rewrite), "rewrite");
  return *this;
}

Contents Writer::contents() {
  return read_tree(*session_, *table_.context.store);
}

TxnTable::TxnTable(std::shared_ptr<Catalog> catalog) {
  context.catalog = std::move(catalog);
  context.store =
      std::make_shared<ObjectStore>(must(ObjectStore::open(directory_ / "objects"), "store"));
  context.ids = std::make_shared<IdSource>(context.catalog);
  context.clock = &clock_;
  test::make_first_version(*context.catalog);
  const Term term = test::raise_term(*context.catalog);
  context.config = must(ConfigStore::open(context.catalog, term, clock_), "config");
  pipeline = std::make_unique<CommitPipeline>(context, term, CommitOptions{});
}

TxnTable::~TxnTable() {
  pipeline.reset();
}

SeqNo TxnTable::head_seq_no() {
  return must(context.catalog->head_seq_no(), "head");
}

Writer TxnTable::begin(const std::string& name) {
  return begin_at(head_seq_no(), name);
}

Writer TxnTable::begin_at(SeqNo base, const std::string& name) {
  StagedSession row;
  row.id = must(context.ids->next_session(), "session id");
  row.name = name.empty() ? "s" + std::to_string(++names_) : name;
  row.base = base;
  row.uid = kCaller.uid;
  row.gid = kCaller.gid;
  row.created_ns = clock_.now_ns();
  auto session = std::make_shared<Session>(context, row, ChangeSet());
  if (neighbours_) must(neighbours_->claim(row.name), "claim " + row.name).fill(session);
  return {*this, std::move(session)};
}

void TxnTable::know_neighbours() {
  neighbours_ = std::make_shared<OpenSessions>();
  context.neighbours = neighbours_;
}

CommitOutcome TxnTable::commit(Writer& writer) {
  std::promise<CommitOutcome> promise;
  pipeline->submit(writer.shared(), writer.session().name(), kCaller,
                   [&](const CommitOutcome& outcome) { promise.set_value(outcome); });
  return promise.get_future().get();
}

SeqNo TxnTable::commit_ok(Writer& writer) {
  const CommitOutcome outcome = commit(writer);
  EXPECT_EQ(outcome.error, 0) << (outcome.report ? outcome.report->to_text() : "");
  return outcome.version;
}

Contents TxnTable::at(SeqNo version) {
  return read_tree(*make_snapshot_tree(context.catalog, version), *context.store);
}

InodeRecord TxnTable::stat(const std::string& path) {
  const auto tree = make_live_tree(context.catalog);
  InodeId inode = InodeId::root;
  std::size_t from = 0;
  while (from < path.size()) {
    const std::size_t slash = std::min(path.find('/', from), path.size());
    inode = must(tree->lookup(inode, path.substr(from, slash - from)), "stat " + path).inode.id;
    from = slash + 1;
  }
  return must(tree->attributes(inode), "stat " + path).inode;
}

void TxnTable::expect_consistent() {
  std::map<InodeId, std::uint32_t> names;
  std::map<InodeId, InodeRecord> records;
  std::vector<InodeId> directories{InodeId::root};
  const SeqNo at = head_seq_no();
  records[InodeId::root] = *must(context.catalog->find_inode(at, InodeId::root), "root");
  names[InodeId::root] = 2;
  while (!directories.empty()) {
    const InodeId directory = directories.back();
    directories.pop_back();
    for (const ListedDirent& entry :
         must(context.catalog->list(at, directory, "", 1'000'000), "list")) {
      records[entry.inode.id] = entry.inode;
      if (entry.inode.is_directory()) {
        ++names[directory];
        names[entry.inode.id] += 2;
        directories.push_back(entry.inode.id);
      } else {
        ++names[entry.inode.id];
      }
    }
  }
  for (const auto& [id, record] : records)
    EXPECT_EQ(record.nlink, names[id]) << "links of inode " << raw(id);
}

}  // namespace commitfs::testing
