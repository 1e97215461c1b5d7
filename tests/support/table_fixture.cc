#include "tests/support/table_fixture.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "meta/base/posix.h"

namespace commitfs::test {
namespace {

std::string parent_path(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

std::string last_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

void write_bytes(int fd, const std::string& bytes, off_t offset) {
  must(posix::write_all_at(fd, std::as_bytes(std::span(bytes)), offset));
}

void clear(CatalogTransaction& transaction, SeqNo at, SeqNo seq_no, InodeId directory) {
  for (const ListedDirent& entry : must(transaction.list(at, directory, {}, 1'000'000))) {
    if (entry.inode.is_directory()) clear(transaction, at, seq_no, entry.inode.id);
    must(transaction.remove_dirent(seq_no, {directory, entry.name}));
    must(transaction.remove_inode(seq_no, entry.inode.id));
  }
}

void brief_directory(Tree& tree, const ObjectStore& store, InodeId directory,
                     const std::string& prefix, std::string& line) {
  for (const ListedAttributes& entry : must(tree.list(directory, {}, 1'000'000))) {
    const InodeRecord& inode = entry.attributes.inode;
    const std::string path = prefix + entry.name;
    if (!line.empty()) line += ' ';
    if (inode.is_directory()) {
      line += path + '/';
      brief_directory(tree, store, inode.id, path + '/', line);
    } else if (S_ISLNK(inode.mode)) {
      line += path + "->" + inode.symlink_target;
    } else {
      line += path + '=' + read_object(store, inode.object);
    }
  }
}

}  // namespace

BaseTree::Node& BaseTree::add(const std::string& path, mode_t mode) {
  Node& node = nodes_.emplace_back();
  node.path = path;
  node.record.mode = mode;
  node.record.nlink = S_ISDIR(mode) ? 2 : 1;
  return node;
}

BaseTree::Node& BaseTree::find(const std::string& path) {
  return *std::ranges::find_if(nodes_, [&](const Node& node) { return node.path == path; });
}

BaseTree& BaseTree::directory(const std::string& path, mode_t mode) {
  add(path, S_IFDIR | mode);
  return *this;
}

BaseTree& BaseTree::file(const std::string& path, const std::string& bytes, mode_t mode) {
  add(path, S_IFREG | mode).bytes = bytes;
  return *this;
}

BaseTree& BaseTree::symlink(const std::string& path, const std::string& target) {
  add(path, S_IFLNK | 0777).record.symlink_target = target;
  return *this;
}

BaseTree& BaseTree::link(const std::string& path, const std::string& existing) {
  add(path, 0).link_of = existing;
  ++find(existing).record.nlink;
  return *this;
}

BaseTree& BaseTree::xattr(const std::string& path, const std::string& name,
                          const std::string& value) {
  find(path).xattrs[name] = value;
  return *this;
}

BaseTree& BaseTree::owner(const std::string& path, uid_t uid, gid_t gid) {
  find(path).record.uid = uid;
  find(path).record.gid = gid;
  return *this;
}

TableFixture::TableFixture() {
  context_.catalog = make_memory_catalog();
  context_.store = std::make_shared<ObjectStore>(must(ObjectStore::open(directory_ / "objects")));
  context_.ids = std::make_shared<IdSource>(context_.catalog);
  context_.clock = &clock_;
  commit_base({});
}

SeqNo TableFixture::commit_base(const BaseTree& tree) {
  const SeqNo head = must(context_.catalog->head_seq_no());
  const SeqNo seq_no{raw(head) + 1};
  std::map<std::string, InodeRecord> inodes;
  InodeRecord& root = inodes[""];
  root.id = InodeId::root;
  root.mode = S_IFDIR | 0755;
  root.nlink = 2;
  for (const BaseTree::Node& node : tree.nodes_) {
    if (!node.link_of.empty()) continue;
    InodeRecord& record = inodes[node.path] = node.record;
    record.id = must(context_.ids->next_inode());
    record.atime_ns = record.mtime_ns = record.ctime_ns = record.btime_ns = clock_.now_ns();
    record.size_bytes = record.symlink_target.size();
    if (record.is_directory()) ++inodes[parent_path(node.path)].nlink;
    if (!record.is_regular()) continue;
    record.object = must(context_.ids->next_object());
    record.size_bytes = node.bytes.size();
    const UniqueFd body = must(context_.store->create(record.object));
    write_bytes(body.get(), node.bytes, 0);
    // The body is as old as its record says, so that a copy of it is not.
    must(posix::set_mtime(body.get(), to_timespec(record.mtime_ns)));
  }

  auto transaction = must(context_.catalog->begin());
  clear(*transaction, head, seq_no, InodeId::root);
  for (const auto& [path, record] : inodes) {
    must(transaction->put_inode(seq_no, record));
    if (record.object != ObjectId::none)
      must(transaction->put_object(record.object, record.size_bytes));
  }
  for (const BaseTree::Node& node : tree.nodes_) {
    const InodeId inode = inodes.at(node.link_of.empty() ? node.path : node.link_of).id;
    must(transaction->put_dirent(
        seq_no, {inodes.at(parent_path(node.path)).id, last_name(node.path)}, inode));
    for (const auto& [name, value] : node.xattrs)
      must(transaction->put_xattr(seq_no, {inode, name}, value));
  }
  VersionRecord version;
  version.seq_no = seq_no;
  version.session = "base";
  version.base = head;
  version.time_ns = clock_.now_ns();
  must(transaction->add_version(version, {}));
  must(transaction->commit());
  return seq_no;
}

StagedSession TableFixture::new_row(SeqNo base, uid_t uid, gid_t gid) {
  StagedSession row;
  row.id = must(context_.ids->next_session());
  row.name = "session" + std::to_string(raw(row.id));
  row.base = base;
  row.uid = uid;
  row.gid = gid;
  row.created_ns = clock_.now_ns();
  return row;
}

std::shared_ptr<Session> TableFixture::begin(uid_t uid, gid_t gid) {
  return begin_at(must(context_.catalog->head_seq_no()), uid, gid);
}

std::shared_ptr<Session> TableFixture::begin_at(SeqNo base, uid_t uid, gid_t gid) {
  return std::make_shared<Session>(context_, new_row(base, uid, gid), ChangeSet());
}

Result<Shell::Place> Shell::place(const std::string& path) const {
  return Place{TRY(find(parent_path(path))), last_name(path)};
}

Result<InodeId> Shell::find(const std::string& path) const {
  if (path.empty()) return InodeId::root;
  const InodeId parent = TRY(find(parent_path(path)));
  return TRY(session_->lookup(parent, last_name(path))).inode.id;
}

Result<Attributes> Shell::stat(const std::string& path) const {
  return session_->attributes(TRY(find(path)));
}

Result<std::string> Shell::read(const std::string& path) const {
  return read(TRY(find(path)));
}

Result<std::string> Shell::read(InodeId inode) const {
  return read_object(*session_->context().store, TRY(session_->attributes(inode)).inode.object);
}

Result<Attributes> Shell::create(const std::string& path, const std::string& bytes, mode_t mode) {
  const Place at = TRY(place(path));
  const tree::NewFile file = TRY(tree::create(*session_, caller_, at.parent, at.name, mode, true));
  write_bytes(file.body.get(), bytes, 0);
  tree::release_writer(*session_, file.attributes.inode.id);
  return session_->attributes(file.attributes.inode.id);
}

Result<void> Shell::write(const std::string& path, const std::string& bytes) {
  const auto inode = find(path);
  if (!inode && inode.error().code == ENOENT) {
    TRY(create(path, bytes));
    return {};
  }
  const tree::Body body = TRY(tree::open_for_writing(*session_, TRY(inode), true));
  return write_at_end(*inode, body.object, bytes);
}

Result<void> Shell::append(const std::string& path, const std::string& bytes) {
  const InodeId inode = TRY(find(path));
  const tree::Body body = TRY(tree::open_for_writing(*session_, inode, false));
  return write_at_end(inode, body.object, bytes);
}

Result<void> Shell::write_at_end(InodeId inode, ObjectId object, const std::string& bytes) {
  const UniqueFd body = TRY(session_->context().store->open_body(object, O_WRONLY));
  write_bytes(body.get(), bytes, TRY(posix::stat_fd(body.get())).st_size);
  tree::release_writer(*session_, inode);
  return {};
}

Result<Attributes> Shell::mkdir(const std::string& path, mode_t mode) {
  const Place at = TRY(place(path));
  return tree::mkdir(*session_, caller_, at.parent, at.name, mode);
}

Result<Attributes> Shell::mknod(const std::string& path, mode_t mode, dev_t rdev) {
  const Place at = TRY(place(path));
  return tree::mknod(*session_, caller_, at.parent, at.name, mode, rdev);
}

Result<Attributes> Shell::symlink(const std::string& target, const std::string& path) {
  const Place at = TRY(place(path));
  return tree::symlink(*session_, caller_, at.parent, at.name, target);
}

Result<Attributes> Shell::link(const std::string& existing, const std::string& path) {
  const InodeId inode = TRY(find(existing));
  const Place at = TRY(place(path));
  return tree::link(*session_, inode, at.parent, at.name);
}

Result<void> Shell::unlink(const std::string& path) {
  const Place at = TRY(place(path));
  return tree::unlink(*session_, at.parent, at.name);
}

Result<void> Shell::rmdir(const std::string& path) {
  const Place at = TRY(place(path));
  return tree::rmdir(*session_, at.parent, at.name);
}

Result<void> Shell::rename(const std::string& from, const std::string& to, unsigned flags) {
  const Place old_place = TRY(place(from));
  const Place new_place = TRY(place(to));
  return tree::rename(*session_, old_place.parent, old_place.name, new_place.parent, new_place.name,
                      flags);
}

Result<Attributes> Shell::setattr(const std::string& path, const tree::SetAttributes& changes) {
  return tree::setattr(*session_, TRY(find(path)), changes);
}

Result<void> Shell::setxattr(const std::string& path, const std::string& name,
                             const std::string& value, int flags) {
  return tree::setxattr(*session_, TRY(find(path)), name, value, flags);
}

std::string Shell::brief() const {
  return test::brief(*session_, *session_->context().store);
}

std::vector<std::string> Shell::names(const std::string& path, std::size_t page) const {
  const InodeId directory = must(find(path));
  std::vector<std::string> names;
  while (true) {
    const auto entries =
        must(session_->list(directory, names.empty() ? std::string() : names.back(), page));
    for (const ListedAttributes& entry : entries)
      names.push_back(entry.name);
    if (entries.size() < page) return names;
  }
}

std::string read_object(const ObjectStore& store, ObjectId object) {
  if (object == ObjectId::none) return {};
  const UniqueFd body = must(store.open_body(object, O_RDONLY));
  std::string bytes(static_cast<std::size_t>(must(posix::stat_fd(body.get())).st_size), '\0');
  must(posix::read_at(body.get(), std::as_writable_bytes(std::span(bytes)), 0));
  return bytes;
}

std::string brief(Tree& tree, const ObjectStore& store) {
  std::string line;
  brief_directory(tree, store, InodeId::root, {}, line);
  return line;
}

}  // namespace commitfs::test
