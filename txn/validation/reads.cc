#include <algorithm>

#include "txn/validation/context.h"

namespace commitfs::validation {
namespace {

/// Rows 6, 11, 15, 16, 25, 26 and 28 under serializable isolation: nothing of the base that the
/// session read is different at the head. Source: Kung and Robinson 1981 (backward validation);
/// Eswaran et al. 1976 (phantoms).
///
/// The directories come first, one probe each. What is below one in which nothing changed needs no
/// probe of its own.
class ReadCheck {
 public:
  explicit ReadCheck(Context& context) : context_(context), reads_(context.delta.reads) {}

  Result<void> run() {
    if (reads_.table) {
      return context_.conflicts.add_path(Category::read_write, ".", context_.head.head(),
                                         "more was read than could be recorded");
    }
    TRY(read_heads());
    TRY(check_places());
    TRY(check_files());
    if (reads_.phantoms_matter) {
      TRY(check_listed());
      TRY(check_absent());
    }
    return check_xattrs();
  }

 private:
  Result<void> read_heads() {
    heads_.reserve(reads_.directories.size());
    for (const Reads::Directory& directory : reads_.directories) {
      heads_.push_back(TRY(context_.head.catalog().directory_head(directory.id)));
    }
    return {};
  }

  std::size_t index_of(InodeId directory) const {
    const auto found =
        std::ranges::lower_bound(reads_.directories, directory, {}, &Reads::Directory::id);
    return static_cast<std::size_t>(found - reads_.directories.begin());
  }

  // --- directories that were moved or removed: what was read below is under its name no longer ---

  Result<void> check_places() {
    for (std::size_t index = 0; index < heads_.size(); ++index) {
      const InodeId id = reads_.directories[index].id;
      const bool moved = id != InodeId::root && is_new(heads_[index].place_seq_no);
      any_moved_ = any_moved_ || moved;
    }
    if (!any_moved_) return {};
    for (const Reads::Name& name : reads_.files)
      TRY(check_place(name.inode));
    for (const InodeId directory : reads_.listed)
      TRY(check_place(directory));
    for (const Reads::Name& name : reads_.absent)
      TRY(check_place(name.inode));
    return {};
  }

  /// The version that moved or removed the directory or one above it; none when it is in its place.
  SeqNo mover_of(InodeId directory) const {
    while (any_moved_ && directory != InodeId::root && directory != InodeId::none) {
      const std::size_t index = index_of(directory);
      if (is_new(heads_[index].place_seq_no)) return heads_[index].place_seq_no;
      directory = reads_.directories[index].parent;
    }
    return SeqNo::none;
  }

  Result<void> check_place(InodeId directory) {
    if (directory == placed_) return {};
    placed_ = directory;
    const SeqNo mover = mover_of(directory);
    if (mover == SeqNo::none) return {};
    return report(Category::read_write, directory, mover, "moved or removed");
  }

  // --- files and names -----------------------------------------------------------------------

  Result<void> check_files() {
    return check_names(reads_.files, &DirectoryHead::subtree_seq_no, Category::read_write, {});
  }

  Result<void> check_absent() {
    return check_names(reads_.absent, &DirectoryHead::entries_seq_no, Category::phantom,
                       "was absent");
  }

  /// Names come directory by directory; `changed` says whether any in it can have changed.
  Result<void> check_names(const std::vector<Reads::Name>& names, SeqNo DirectoryHead::* changed,
                           Category category, const std::string& detail) {
    for (auto name = names.begin(); name != names.end();) {
      const InodeId directory = name->inode;
      const bool look =
          is_new(heads_[index_of(directory)].*changed) && mover_of(directory) == SeqNo::none;
      for (; name != names.end() && name->inode == directory; ++name) {
        if (!look) continue;
        const DirentKey key{directory, std::string(reads_.text(*name))};
        const SeqNo winner = TRY(context_.head.group(key)).content_seq_no;
        if (is_new(winner)) TRY(report(category, key, winner, detail));
      }
    }
    return {};
  }

  /// A rewrite of others does not move `entries_seq_no`: it changed no data.
  Result<void> check_listed() {
    for (const InodeId directory : reads_.listed) {
      const SeqNo changed = heads_[index_of(directory)].entries_seq_no;
      if (!is_new(changed) || mover_of(directory) != SeqNo::none) continue;
      TRY(report(Category::phantom, directory, changed, "listed"));
    }
    return {};
  }

  Result<void> check_xattrs() {
    for (const Reads::Name& name : reads_.xattrs) {
      const std::string_view attribute = reads_.text(name);
      CatalogReader& catalog = context_.head.catalog();
      const auto theirs = TRY(catalog.find_xattr(context_.head.head(), name.inode, attribute));
      const auto before = TRY(catalog.find_xattr(context_.delta.base, name.inode, attribute));
      if (theirs == before) continue;
      const auto links = TRY(catalog.links_of(context_.delta.base, name.inode));
      const DirentKey key = links.empty() ? DirentKey{InodeId::root, ""} : links.front();
      const GroupHead group = TRY(context_.head.group(key));
      TRY(report(Category::read_write, key, std::max(group.attribute_seq_no, group.content_seq_no),
                 std::string(attribute)));
    }
    return {};
  }

  // --- reports -------------------------------------------------------------------------------

  /// Of a directory as a whole, or of a name. What was also written is spoken of already, in
  /// stronger words.
  template <typename Place>
  Result<void> report(Category category, const Place& place, SeqNo winner,
                      std::string detail = {}) {
    if (context_.conflicts.full()) {
      context_.conflicts.omit(category);
      return {};
    }
    std::string path = TRY(path_of(place));
    if (context_.conflicts.speaks_of(path)) return {};
    return context_.conflicts.add_path(category, std::move(path), winner, std::move(detail));
  }

  /// As the session has it, where it changed something there, else as the base has it.
  Result<std::string> path_of(InodeId directory) {
    if (directory == InodeId::root) return ".";
    const auto known = context_.delta.directory_paths.find(directory);
    if (known != context_.delta.directory_paths.end()) return known->second;
    const auto links = TRY(context_.head.catalog().links_of(context_.delta.base, directory));
    if (links.empty()) return ".";
    return path_of(links.front());
  }

  Result<std::string> path_of(const DirentKey& key) {
    if (key.name.empty()) return ".";
    if (key.parent == InodeId::root) return key.name;
    return TRY(path_of(key.parent)) + '/' + key.name;
  }

  bool is_new(SeqNo seq_no) const { return context_.head.is_new(seq_no); }

  Context& context_;
  const Reads& reads_;
  std::vector<DirectoryHead> heads_;  ///< of reads_.directories, in their order
  bool any_moved_ = false;
  InodeId placed_ = InodeId::none;  ///< the last that check_place was asked about
};

}  // namespace

Result<void> check_reads(Context& context) {
  if (context.delta.reads.empty()) return {};
  return ReadCheck(context).run();
}

}  // namespace commitfs::validation
