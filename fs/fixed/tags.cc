#include <spdlog/spdlog.h>

#include "fs/fixed/directories.h"
#include "fs/mount_state.h"

namespace commitfs::fs {
namespace {

/// Reserved: nothing can be made here yet.
class TagsDirectory : public FixedNode {
 public:
  explicit TagsDirectory(Mount& mount) : mount_(mount) {}

  Result<struct stat> attributes() override { return mount_.own_attributes(S_IFDIR | 0755); }
  Result<Entry> lookup(std::string_view) override { return fail(ENOENT); }
  Result<std::vector<FixedName>> list() override { return std::vector<FixedName>(); }
  Error refusal(std::string_view) override {
    spdlog::warn("tags cannot be set in this version");
    return Error{EPERM, "tags"};
  }

 private:
  Mount& mount_;
};

}  // namespace

std::shared_ptr<FixedNode> make_tags_directory(Mount& mount) {
  return std::make_shared<TagsDirectory>(mount);
}

}  // namespace commitfs::fs
