#pragma once

#include <filesystem>
#include <string>

#include "meta/base/unique_fd.h"
#include "meta/catalog.h"

namespace commitfs::past {

enum class ExportBodies {
  copied,  ///< by reflink where the file system can, else by copy that keeps holes
  linked,  ///< hard links to the table's own bodies: writing to one changes the table
};

/// What an export that is not finished keeps in its directory, in a hidden directory of its own:
/// of what version it is, so that it can go on, and the file that is being written, which gets its
/// name when it is whole. Move-only; not thread-safe.
class ExportState {
 public:
  /// Makes `directory` and begins there, or goes on with what was begun. Errors: ENOTEMPTY (there
  /// is something else in it), EEXIST (no directory; an unfinished export of another version, or of
  /// the other kind of bodies), those of making it.
  static Result<ExportState> open(CatalogReader& catalog, const VersionRecord& version,
                                  const std::filesystem::path& directory, ExportBodies bodies);

  const UniqueFd& target() const { return target_; }
  /// There may be files already, each whole.
  bool goes_on() const { return goes_on_; }
  /// The machine was not restarted since it began: what was written is there, synced or not.
  bool same_boot() const { return same_boot_; }

  /// A directory, and a name in it that nothing has, for a file to be written.
  int draft_directory() const { return hidden_.get(); }
  static constexpr const char* kDraft = "new";
  Result<void> clear_draft() const;
  /// The draft becomes `name`, in place of what has it.
  Result<void> place_draft(int parent, const std::string& name) const;

  /// Takes all of this away.
  Result<void> remove() const;

 private:
  ExportState(UniqueFd target, UniqueFd hidden, std::string name)
      : target_(std::move(target)), hidden_(std::move(hidden)), name_(std::move(name)) {}
  Result<void> begin(const std::string& text);
  Result<void> go_on(const std::string& found, const std::string& text);

  UniqueFd target_;
  UniqueFd hidden_;
  std::string name_;
  bool goes_on_ = false;
  bool same_boot_ = true;
};

}  // namespace commitfs::past
