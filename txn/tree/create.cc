#include <fcntl.h>

#include <cerrno>

#include "meta/base/posix.h"
#include "txn/early_detection.h"
#include "txn/tree/entry.h"
#include "txn/tree_operations.h"

namespace commitfs::tree {

Result<NewFile> create(Session& session, const Caller& caller, InodeId parent,
                       std::string_view name, mode_t mode, bool for_writing) {
  if (session.state() != SessionState::open)
    return fail(EROFS, "create in a session that is not open");
  const TableContext& context = session.context();
  if (for_writing) TRY(detect_early(session, parent, name));
  const InodeId id = TRY(context.ids->next_inode());
  const ObjectId object = TRY(context.ids->next_object());
  // The body comes first, so that no file is made under the lock; whoever loses the name removes it
  // again.
  UniqueFd body = TRY(context.store->create(object));

  auto attributes = session.mutate([&](SessionData& data) -> Result<Attributes> {
    const InodeRecord directory = TRY(directory_for_new_name(data, parent, name));
    ChangedInode inode =
        new_inode(data, caller, directory, id, S_IFREG | (mode & 07777 & ~caller.umask));
    inode.record.object = object;
    inode.record.atime_ns = 0;
    inode.body_staged = true;
    const struct stat made = TRY(posix::stat_fd(body.get()));
    ChangedInode& added = add_entry(data, directory, name, std::move(inode));
    if (for_writing) data.add_writer(added);
    Attributes answer = plain_attributes(added.record);
    answer.staged = true;
    apply_body(made, added, answer);
    return answer;
  });
  if (!attributes) {
    // What stays behind takes space only; the error that matters is the first.
    (void)context.store->remove(object);
    return std::unexpected(attributes.error());
  }
  return NewFile{*std::move(attributes), std::move(body)};
}

}  // namespace commitfs::tree
