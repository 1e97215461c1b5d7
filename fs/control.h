#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "fs/fixed_node.h"

namespace commitfs::fs {

/// What a control file speaks for.
struct ControlSource {
  Mount& mount;
  std::shared_ptr<Session> session;  ///< null in the mount's own control directory
  std::string key;                   ///< of a file in meta/
  Caller caller{};                   ///< who opened the file
};

/// The content of a control file as it was when it was opened. A long one comes in pieces, as the
/// reader gets on.
struct ControlText {
  std::string text;
  /// The next piece; empty at the end. May itself be empty: then `text` is all.
  std::function<Result<std::string>()> more;
};

/// One control file: how it reads, how it is set. The whole interface of `.commitfs` is the tables
/// of these.
struct ControlFile {
  std::string_view name;
  Result<ControlText> (*read)(const ControlSource&) = nullptr;
  /// Takes a whole value, without the newline at its end; null for a file that is only read. EINVAL
  /// for a bad value.
  Result<void> (*write)(const ControlSource&, std::string_view value) = nullptr;
  /// `>>` of one that takes additions as such; null: `>>` is a `write` of the whole.
  Result<void> (*append)(const ControlSource&, std::string_view added) = nullptr;
  /// Not null: the value is taken at close(2), whole. Each write(2) has all that was written so far
  /// checked by this, so its end must be one of a line; after a refusal nothing of that open is
  /// taken.
  Result<void> (*check)(const ControlSource&, std::string_view value, bool adds) = nullptr;
  bool slow = false;        ///< reading or writing reads more than memory: not on a request thread
  bool appends = false;     ///< `>>` adds to the value, `>` alone empties it
  bool moves_tree = false;  ///< a successful write changes the session's tree
  bool of_table_owner = false;  ///< belongs to who owns the table's root directory
  bool tells_events = false;    ///< a stream (fs/event_feed.h) and no value: `read` is null
  bool asks_hooks = false;      ///< a write may run hooks, which may in turn read what is slow
};

std::span<const ControlFile> root_control_files();
std::span<const ControlFile> session_control_files();
const ControlFile& metadata_control_file();

/// The node of one control file.
class ControlNode : public FixedNode {
 public:
  ControlNode(const ControlFile& file, ControlSource source)
      : file_(file), source_(std::move(source)) {}

  Result<struct stat> attributes() override;

  const ControlFile& file() const { return file_; }
  const ControlSource& source() const { return source_; }

 private:
  const ControlFile& file_;
  const ControlSource source_;
};

/// A control directory's or file's attributes: owned by the session's maker, or by who mounted.
struct stat control_attributes(const ControlSource& source, mode_t mode);

std::shared_ptr<FixedNode> make_root_control(Mount& mount);
/// `.commitfs/frozen`: each session that takes no writes now, as a read-only tree by its name. What
/// hooks look at.
std::shared_ptr<FixedNode> make_frozen_directory(Mount& mount);
std::shared_ptr<FixedNode> make_metadata_directory(ControlSource source);

/// True for `.commitfs` in the root of a session, where no program may make, rename or remove that
/// name.
bool is_control_name(const Node& parent, std::string_view name);
/// The control directory of the session whose root `root` is. ENOENT once it is discarded.
Result<Entry> find_session_control(Mount& mount, const Node& root);

}  // namespace commitfs::fs
