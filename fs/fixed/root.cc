#include <array>

#include "fs/attributes.h"
#include "fs/fixed/directories.h"
#include "fs/mount_state.h"

namespace commitfs::fs {
namespace {

struct Member {
  std::string_view name;
  NodeId node;
  bool hidden = false;
};

constexpr std::array kMembers = {
    Member{"commit", kCommitNode},
    Member{"discard", kDiscardNode},
    Member{"live", kLiveNode},
    Member{"sessions", kSessionsNode},
    Member{"snapshots", kSnapshotsNode},
    Member{"tags", kTagsNode},
    Member{kControlName, kControlNode, true},
};

class MountRoot : public FixedNode {
 public:
  explicit MountRoot(Mount& mount) : mount_(mount) {}

  Result<struct stat> attributes() override {
    struct stat result = mount_.own_attributes(S_IFDIR | 0755);
    result.st_nlink = 2 + kMembers.size();
    return result;
  }
  double attribute_timeout_s() const override { return kForever_s; }

  Result<Entry> lookup(std::string_view name) override {
    for (const Member& member : kMembers) {
      if (member.name == name) return enter(member.node);
    }
    return Entry{.entry_timeout_s = kForever_s};
  }

  Result<std::vector<FixedName>> list() override {
    std::vector<FixedName> names;
    for (const Member& member : kMembers) {
      if (member.hidden) continue;
      const auto node = TRY(mount_.find(member.node));
      names.push_back({std::string(member.name), S_IFDIR, node->number()});
    }
    return names;
  }

 private:
  /// These nodes are pinned, so that references to them need not be counted: giving back too many
  /// is no harm.
  Result<Entry> enter(NodeId id) {
    const auto node = TRY(mount_.find(id));
    const NodeAttributes attributes = TRY(describe(mount_, *node));
    return Entry{.node = node,
                 .attributes = attributes.stat,
                 .attribute_timeout_s = attributes.timeout_s,
                 .entry_timeout_s = kForever_s};
  }

  Mount& mount_;
};

}  // namespace

std::shared_ptr<FixedNode> make_mount_root(Mount& mount) {
  return std::make_shared<MountRoot>(mount);
}

}  // namespace commitfs::fs
