#include "fs/control.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "fs/mount_state.h"

namespace commitfs::fs {
namespace {

constexpr std::uint64_t kDirectorySlot = 9;
constexpr std::uint64_t kMetadataSlot = 10;
constexpr std::uint64_t kFrozenSlot = 31;  // beside those of fixed/ in the same view
constexpr std::uint64_t kFirstFileSlot = 32;
constexpr std::string_view kMetadataName = "meta";

/// `.commitfs`: the files of one table, and in a session the directory `meta`.
class ControlDirectory : public FixedNode {
 public:
  ControlDirectory(ControlSource source, std::shared_ptr<View> view,
                   std::span<const ControlFile> files)
      : source_(std::move(source)), view_(std::move(view)), files_(files) {}

  Result<struct stat> attributes() override { return control_attributes(source_, S_IFDIR | 0755); }
  double attribute_timeout_s() const override { return kForever_s; }

  Result<Entry> lookup(std::string_view name) override {
    if (name == kMetadataName && source_.session != nullptr) {
      return enter(kMetadataSlot, make_metadata_directory(source_));
    }
    if (name == kFrozenName && source_.session == nullptr) {
      return enter(kFrozenSlot, make_frozen_directory(source_.mount));
    }
    const auto found = std::ranges::find(files_, name, &ControlFile::name);
    if (found == files_.end()) return fail(ENOENT);
    return enter(slot_of(*found), std::make_shared<ControlNode>(*found, source_));
  }

  Result<std::vector<FixedName>> list() override {
    std::vector<FixedName> names;
    for (const ControlFile& file : files_) {
      names.push_back({std::string(file.name), S_IFREG, view_number(slot_of(file))});
    }
    if (source_.session != nullptr) {
      names.push_back({std::string(kMetadataName), S_IFDIR, view_number(kMetadataSlot)});
    } else {
      names.push_back({std::string(kFrozenName), S_IFDIR, view_number(kFrozenSlot)});
    }
    return names;
  }

  Error refusal(std::string_view) override {
    return Error{EPERM, "a control directory has the files it has"};
  }

 private:
  std::uint64_t slot_of(const ControlFile& file) const {
    return kFirstFileSlot + static_cast<std::uint64_t>(&file - files_.data());
  }
  ino_t view_number(std::uint64_t slot) const { return view_->number(fixed_inode(slot)); }
  Result<Entry> enter(std::uint64_t slot, std::shared_ptr<FixedNode> node) {
    return make_fixed_entry(source_.mount, view_, fixed_inode(slot), std::move(node), kForever_s);
  }

  const ControlSource source_;
  const std::shared_ptr<View> view_;
  const std::span<const ControlFile> files_;
};

}  // namespace

struct stat control_attributes(const ControlSource& source, mode_t mode) {
  struct stat result = source.mount.own_attributes(mode);
  if (source.session == nullptr) return result;
  result.st_uid = source.session->uid();
  if (const auto root = source.session->attributes(InodeId::root)) {
    result.st_gid = root->inode.gid;
  }
  return result;
}

Result<struct stat> ControlNode::attributes() {
  struct stat result =
      control_attributes(source_, S_IFREG | (file_.write != nullptr ? 0644 : 0444));
  if (!file_.of_table_owner) return result;
  Catalog& catalog = source_.mount.catalog();
  const auto root = TRY(catalog.find_inode(TRY(catalog.head_seq_no()), InodeId::root));
  if (!root) return fail(EIO, "the head has no root");
  result.st_uid = root->uid;
  result.st_gid = root->gid;
  return result;
}

std::shared_ptr<FixedNode> make_root_control(Mount& mount) {
  return std::make_shared<ControlDirectory>(ControlSource{mount, nullptr, {}}, mount.views.own(),
                                            root_control_files());
}

bool is_control_name(const Node& parent, std::string_view name) {
  return name == kControlName && parent.inode == InodeId::root &&
         parent.view->kind == ViewKind::session;
}

Result<Entry> find_session_control(Mount& mount, const Node& root) {
  const std::shared_ptr<Session>& session = root.view->session;
  if (session->state() == SessionState::discarded) return fail(ENOENT);
  return make_fixed_entry(mount, root.view, fixed_inode(kDirectorySlot),
                          std::make_shared<ControlDirectory>(ControlSource{mount, session, {}},
                                                             root.view, session_control_files()),
                          kForever_s);
}

}  // namespace commitfs::fs
