#include <fcntl.h>

#include <cerrno>

#include "meta/base/posix.h"
#include "txn/early_detection.h"
#include "txn/tree/entry.h"
#include "txn/tree_operations.h"

namespace commitfs::tree {
namespace {

/// The attributes of a file that was just made, whose body is open.
Result<Attributes> made_attributes(const struct stat& body, const ChangedInode& added) {
  Attributes answer = plain_attributes(added.record);
  answer.staged = true;
  apply_body(body, added, answer);
  return answer;
}

/// What `attach(data, object, body's stat)` makes of a new empty body. The body comes first, so
/// that no file is made under the session's lock.
template <typename Attach>
Result<NewFile> with_new_body(Session& session, Attach attach) {
  const TableContext& context = session.context();
  const ObjectId object = TRY(context.ids->next_object());
  UniqueFd body = TRY(context.store->create(object));
  auto attributes = session.mutate([&](SessionData& data) -> Result<Attributes> {
    return attach(data, object, TRY(posix::stat_fd(body.get())));
  });
  if (!attributes) {
    // What stays behind takes space only; the error that matters is the first.
    (void)context.store->remove(object);
    return std::unexpected(attributes.error());
  }
  return NewFile{*std::move(attributes), std::move(body)};
}

Result<NewInode> new_file(const SessionData& data, const Caller& caller,
                          const InodeRecord& directory, InodeId id, mode_t mode, ObjectId object) {
  NewInode inode = TRY(new_inode(data, caller, directory, id, S_IFREG | (mode & 07777)));
  inode.changed.record.object = object;
  inode.changed.record.atime_ns = 0;
  inode.changed.body_staged = true;
  return inode;
}

}  // namespace

Result<NewFile> create(Session& session, const Caller& caller, InodeId parent,
                       std::string_view name, mode_t mode, bool for_writing) {
  if (session.state() != SessionState::open)
    return fail(EROFS, "create in a session that is not open");
  if (for_writing) TRY(detect_early(session, parent, name));
  const InodeId id = TRY(session.context().ids->next_inode());
  return with_new_body(
      session,
      [&](SessionData& data, ObjectId object, const struct stat& body) -> Result<Attributes> {
        const InodeRecord directory = TRY(directory_for_new_name(data, parent, name));
        NewInode inode = TRY(new_file(data, caller, directory, id, mode, object));
        ChangedInode& added = add_entry(data, directory, name, std::move(inode));
        if (for_writing) data.add_writer(added);
        return made_attributes(body, added);
      });
}

Result<NewFile> create_unnamed(Session& session, const Caller& caller, InodeId parent,
                               mode_t mode) {
  if (session.state() != SessionState::open)
    return fail(EROFS, "create in a session that is not open");
  const InodeId id = TRY(session.context().ids->next_inode());
  return with_new_body(
      session,
      [&](SessionData& data, ObjectId object, const struct stat& body) -> Result<Attributes> {
        const InodeRecord directory = TRY(data.directory(parent));
        NewInode inode = TRY(new_file(data, caller, directory, id, mode, object));
        inode.changed.record.nlink = 0;
        ChangedInode& added = add_inode(data, std::move(inode));
        data.add_writer(added);
        return made_attributes(body, added);
      });
}

}  // namespace commitfs::tree
