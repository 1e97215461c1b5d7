#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "txn/session.h"

namespace commitfs {

/// A session's read set as validation needs it: with the base's directories each thing is in, all
/// sorted, so that a head is probed in the order of its keys. A value; names lie in one arena.
struct Reads {
  /// A name in the directory `inode`, or of an attribute of the inode.
  struct Name {
    InodeId inode = InodeId::none;
    std::uint32_t at = 0;
    std::uint8_t bytes = 0;
  };
  struct Directory {
    InodeId id = InodeId::none;
    InodeId parent = InodeId::none;  ///< none above the root
  };

  bool table = false;  ///< anything may have been read
  /// A rewrite changes no data, so what others add or remove meanwhile does not matter to it.
  bool phantoms_matter = true;
  std::vector<Name> files;  ///< all names the base has for them; by (directory, name)
  std::vector<InodeId> listed;
  std::vector<Name> absent;  ///< likewise
  std::vector<Name> xattrs;  ///< by inode
  /// By id: every directory of the above, and all above them, where the base has them.
  std::vector<Directory> directories;
  std::vector<char> names;

  bool empty() const {
    return !table && files.empty() && listed.empty() && absent.empty() && xattrs.empty();
  }
  std::string_view text(const Name& name) const { return {names.data() + name.at, name.bytes}; }
};

/// What a serializable session has read up to now; empty for any other. One lookup in the base for
/// each file and directory; the session's lock is held for copying the set only. Errors: EIO,
/// EAGAIN.
Result<Reads> collect_reads(const Session& session);

}  // namespace commitfs
