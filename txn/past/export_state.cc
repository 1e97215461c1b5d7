#include "txn/past/export_state.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "meta/base/posix.h"
#include "txn/boot_id.h"

namespace commitfs::past {
namespace {

constexpr char kState[] = "state";
constexpr char kNextState[] = "state.new";
constexpr std::size_t kStateMax_bytes = 4096;

/// No name of the version's own root.
Result<std::string> hidden_name(CatalogReader& catalog, SeqNo version) {
  std::string name = ".commitfs-export";
  while (TRY(catalog.find_dirent(version, InodeId::root, name)))
    name += '_';
  return name;
}

/// A line that no other version has, of whatever table, and two that may differ.
std::string identity_of(const VersionRecord& version, ExportBodies bodies) {
  return fmt::format("commitfs export of version {} term {} session {} time {}\n{}\n",
                     raw(version.seq_no), raw(version.term), raw(version.session_id),
                     version.time_ns, bodies == ExportBodies::linked ? "linked" : "copied");
}

/// ENOTEMPTY unless there is nothing in it but `name`.
Result<void> check_empty(const std::filesystem::path& directory, const std::string& name) {
  std::error_code error;
  std::filesystem::directory_iterator at(directory, error);
  for (; !error && at != std::filesystem::directory_iterator(); at.increment(error)) {
    if (at->path().filename() != name) return fail(ENOTEMPTY, directory.string());
  }
  if (error) return fail(error.value(), directory.string());
  return {};
}

Result<std::string> read_state(int hidden) {
  const UniqueFd file = TRY(posix::open_at(hidden, kState, O_RDONLY | O_NOFOLLOW));
  std::array<char, kStateMax_bytes> buffer{};
  const auto count = TRY(posix::read_at(file.get(), std::as_writable_bytes(std::span(buffer)), 0));
  return std::string(buffer.data(), count);
}

Result<void> unlink_if_there(int directory, const std::string& name, int flags = 0) {
  const auto removed = posix::unlink_at(directory, name, flags);
  if (!removed && removed.error().code != ENOENT) return removed;
  return {};
}

}  // namespace

Result<ExportState> ExportState::open(CatalogReader& catalog, const VersionRecord& version,
                                      const std::filesystem::path& directory, ExportBodies bodies) {
  if (const auto made = posix::make_directory_at(AT_FDCWD, directory, 0700);
      !made && made.error().code != EEXIST)
    return std::unexpected(made.error());
  auto opened = posix::open_at(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY);
  if (!opened)
    return fail(opened.error().code == ENOTDIR ? EEXIST : opened.error().code, directory.string());
  UniqueFd target = *std::move(opened);
  std::string name = TRY(hidden_name(catalog, version.seq_no));
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
  auto hidden = posix::open_at(target.get(), name, kFlags);
  const auto found = hidden ? read_state(hidden->get()) : fail(ENOENT);
  if (!found) {
    if (found.error().code != ENOENT) return std::unexpected(found.error());
    TRY(check_empty(directory, name));
    if (!hidden) {
      TRY(posix::make_directory_at(target.get(), name, 0700));
      hidden = TRY(posix::open_at(target.get(), name, kFlags));
    }
  }
  ExportState state(std::move(target), *std::move(hidden), std::move(name));
  const std::string identity = identity_of(version, bodies);
  if (!found) {
    TRY(state.begin(identity));
  } else if (const auto goes_on = state.go_on(*found, identity); !goes_on) {
    return fail(goes_on.error().code, directory.string() + goes_on.error().context);
  }
  return state;
}

Result<void> ExportState::begin(const std::string& text) {
  TRY(unlink_if_there(hidden_.get(), kNextState));
  const UniqueFd file = TRY(
      posix::open_at(hidden_.get(), kNextState, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
  const std::string whole = text + boot_id() + '\n';
  TRY(posix::write_all_at(file.get(), std::as_bytes(std::span(whole)), 0));
  // A state that was lost with the machine's power would leave a directory nobody can go on with.
  TRY(posix::sync_file(file.get()));
  if (::renameat(hidden_.get(), kNextState, hidden_.get(), kState) != 0)
    return fail_errno("begin an export");
  TRY(posix::sync_file(hidden_.get()));
  return posix::sync_file(target_.get());
}

Result<void> ExportState::go_on(const std::string& found, const std::string& text) {
  if (!found.starts_with(text))
    return fail(EEXIST,
                " holds another export that was not finished: remove it, or choose another");
  goes_on_ = true;
  same_boot_ = found == text + boot_id() + '\n';
  // Its own attributes may be set already, and forbid to go on.
  if (::fchmod(target_.get(), 0700) != 0) return fail_errno(": chmod");
  return {};
}

Result<void> ExportState::clear_draft() const {
  return unlink_if_there(hidden_.get(), kDraft);
}

Result<void> ExportState::place_draft(int parent, const std::string& name) const {
  if (::renameat(hidden_.get(), kDraft, parent, name.c_str()) != 0)
    return fail_errno("rename to " + name);
  return {};
}

Result<void> ExportState::remove() const {
  TRY(clear_draft());
  TRY(posix::unlink_at(hidden_.get(), kState));
  return posix::unlink_at(target_.get(), name_, AT_REMOVEDIR);
}

}  // namespace commitfs::past
