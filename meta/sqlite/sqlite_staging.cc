#include "meta/sqlite/sqlite_staging.h"

#include <chrono>

#include "meta/base/fault.h"
#include "meta/sqlite/netstring.h"
#include "meta/sqlite/rows.h"
#include "meta/sqlite/staging_statements.h"
#include "meta/sqlite/writer.h"

namespace commitfs {
namespace sqlite {
namespace {

Result<void> put_session(Connection& connection, const StagedSession& session) {
  const auto token = session.token ? std::optional<Text>(Text{*session.token}) : std::nullopt;
  return connection.run(kPutSession, session.id, Text{session.name}, session.base, session.uid,
                        session.gid, session.created_ns, Text{session.boot_id},
                        Text{session.message}, token, encode_map(session.metadata),
                        Text{session.extra});
}

Result<void> put_inode(Connection& connection, SessionId session, const StagedInode& inode) {
  const auto& record = inode.record;
  return connection.run(kPutStagedInode, session, record.id, record.mode, record.uid, record.gid,
                        record.nlink, record.rdev, record.size_bytes, record.atime_ns,
                        record.mtime_ns, record.ctime_ns, record.btime_ns, record.object,
                        record.symlink_target, record.since, inode.flags);
}

Result<void> drop_session(Connection& connection, SessionId session) {
  TRY(connection.run(kDropStagedInodes, session));
  TRY(connection.run(kDropStagedDirents, session));
  TRY(connection.run(kDropStagedXattrs, session));
  TRY(connection.run(kDropStagedReads, session));
  return connection.run(kDropSession, session);
}

Result<void> forget(Connection& connection, const StagingBatch& batch) {
  for (const auto inode : batch.forget_inodes) {
    TRY(connection.run(kForgetStagedInode, batch.session, inode));
    TRY(connection.run(kForgetStagedXattrs, batch.session, inode));
  }
  for (const auto& key : batch.forget_dirents) {
    TRY(connection.run(kForgetStagedDirent, batch.session, key.parent, key.name));
  }
  for (const auto& key : batch.forget_xattrs) {
    TRY(connection.run(kForgetStagedXattr, batch.session, key.inode, key.name));
  }
  for (const auto& read : batch.forget_reads) {
    TRY(connection.run(kForgetStagedRead, batch.session, read.kind, read.inode, read.name));
  }
  return {};
}

/// Forgets before it puts, so that a row named in both is there afterwards.
Result<void> write_batch(Connection& connection, const StagingBatch& batch) {
  if (batch.drop) return drop_session(connection, batch.session);
  TRY(forget(connection, batch));
  if (batch.row) TRY(put_session(connection, *batch.row));
  for (const auto& inode : batch.inodes)
    TRY(put_inode(connection, batch.session, inode));
  for (const auto& dirent : batch.dirents) {
    TRY(connection.run(kPutStagedDirent, batch.session, dirent.key.parent, dirent.key.name,
                       dirent.inode));
  }
  for (const auto& xattr : batch.xattrs) {
    TRY(connection.run(kPutStagedXattr, batch.session, xattr.key.inode, xattr.key.name,
                       xattr.value));
  }
  for (const auto& read : batch.reads) {
    TRY(connection.run(kPutStagedRead, batch.session, read.kind, read.inode, read.name));
  }
  return {};
}

Result<StagedSession> read_session(const Use& row) {
  int column = 0;
  StagedSession session;
  session.id = row.get<SessionId>(column++);
  session.name = row.get<std::string>(column++);
  session.base = row.get<SeqNo>(column++);
  session.uid = row.get<uid_t>(column++);
  session.gid = row.get<gid_t>(column++);
  session.created_ns = row.get<TimeNs>(column++);
  session.boot_id = row.get<std::string>(column++);
  session.message = row.get<std::string>(column++);
  if (!row.is_null(column)) session.token = row.get<std::string>(column);
  ++column;
  session.metadata = TRY(decode_map(row.get<std::string>(column++)));
  session.extra = row.get<std::string>(column++);
  return session;
}

Result<void> load_rows(Connection& connection, StagedState& state) {
  const auto session = state.row.id;
  auto inode = TRY(connection.use(kListStagedInodes, session));
  while (TRY(inode.step())) {
    state.inodes.push_back(
        {.record = read_inode(inode, 0), .flags = inode.get<std::uint32_t>(kInodeColumns)});
  }
  auto dirent = TRY(connection.use(kListStagedDirents, session));
  while (TRY(dirent.step())) {
    state.dirents.push_back(
        {.key = {.parent = dirent.get<InodeId>(0), .name = dirent.get<std::string>(1)},
         .inode = dirent.get<InodeId>(2)});
  }
  auto xattr = TRY(connection.use(kListStagedXattrs, session));
  while (TRY(xattr.step())) {
    state.xattrs.push_back(
        {.key = {.inode = xattr.get<InodeId>(0), .name = xattr.get<std::string>(1)},
         .value = std::nullopt});
    if (!xattr.is_null(2)) state.xattrs.back().value = xattr.get<std::string>(2);
  }
  auto read = TRY(connection.use(kListStagedReads, session));
  while (TRY(read.step())) {
    state.reads.push_back({.kind = read.get<std::uint8_t>(0),
                           .inode = read.get<InodeId>(1),
                           .name = read.get<std::string>(2)});
  }
  return {};
}

class SqliteStaging final : public Staging {
 public:
  explicit SqliteStaging(std::unique_ptr<Writer> writer) : writer_(std::move(writer)) {}

  Result<void> write(const std::vector<StagingBatch>& batches, Durability durability) override {
    TRY(fault::point("staging.write"));
    auto transaction = TRY(
        writer_->begin(durability == Durability::now ? Synchronous::full : Synchronous::normal));
    for (const auto& batch : batches)
      TRY(write_batch(transaction.connection(), batch));
    if (durability == Durability::now) TRY(transaction.connection().run(kCountDurableWrite));
    return transaction.commit();
  }

  /// On the writing connection: it is asked once, at the start, and a pool for that would be waste.
  Result<std::vector<StagedState>> load() override {
    auto transaction = TRY(writer_->begin());
    auto& connection = transaction.connection();
    std::vector<StagedState> states;
    auto row = TRY(connection.use(kListSessions));
    while (TRY(row.step())) {
      states.push_back(
          {.row = TRY(read_session(row)), .inodes = {}, .dirents = {}, .xattrs = {}, .reads = {}});
      TRY(load_rows(connection, states.back()));
    }
    return states;
  }

 private:
  std::unique_ptr<Writer> writer_;
};

}  // namespace
}  // namespace sqlite

Result<std::unique_ptr<Staging>> open_sqlite_staging(const std::filesystem::path& path) {
  auto writer = TRY(sqlite::Writer::open(path, sqlite::staging_schema(),
                                         sqlite::Synchronous::normal, sqlite::kLockLimit));
  return std::make_unique<sqlite::SqliteStaging>(std::move(writer));
}

}  // namespace commitfs
