#include "fs/entry.h"

#include "fs/attributes.h"
#include "fs/control.h"
#include "fs/fixed_node.h"
#include "fs/mount_state.h"
#include "meta/name.h"

namespace commitfs::fs {
namespace {

Result<Entry> find_in_tree(Mount& mount, const Node& parent, std::string_view name) {
  const View& view = *parent.view;
  bool ask_again = false;
  auto found = view.session != nullptr ? view.session->look_up(parent.inode, name, ask_again)
                                       : view.tree->lookup(parent.inode, name);
  if (found) {
    return make_entry(mount, parent.view, *found, NodePlace{parent.id, std::string(name)});
  }
  // The head grows new names behind the kernel's back; all other trees only change through the
  // mount.
  if (found.error().code == ENOENT && view.kind != ViewKind::live && !view.uncached()) {
    return Entry{.entry_timeout_s = ask_again ? kNever_s : kForever_s};
  }
  return std::unexpected(std::move(found).error());
}

}  // namespace

Entry make_entry(Mount& mount, const std::shared_ptr<View>& view, const Attributes& found,
                 const NodePlace& place) {
  Entry entry;
  entry.node = mount.nodes.remember(view, found, place);
  entry.attributes = to_stat(*view, found);
  entry.attribute_timeout_s = found.staged && found.inode.is_regular() ? kWritable_s : kForever_s;
  entry.entry_timeout_s = kForever_s;
  if (view->uncached()) entry.attribute_timeout_s = entry.entry_timeout_s = kNever_s;
  return entry;
}

Result<Entry> make_root_entry(Mount& mount, const std::shared_ptr<View>& view,
                              const NodePlace& place) {
  return make_entry(mount, view, TRY(view->tree->attributes(InodeId::root)), place);
}

Result<Entry> make_fixed_entry(Mount& mount, const std::shared_ptr<View>& view, InodeId inode,
                               std::shared_ptr<FixedNode> fixed, double entry_timeout_s) {
  Entry entry;
  entry.node = mount.nodes.remember(view, inode, std::move(fixed));
  auto attributes = describe(mount, *entry.node);
  if (!attributes) {
    mount.forget(entry.node->id, 1);
    return std::unexpected(std::move(attributes).error());
  }
  entry.attributes = attributes->stat;
  entry.attribute_timeout_s = attributes->timeout_s;
  entry.entry_timeout_s = entry_timeout_s;
  return entry;
}

Result<Entry> find_entry(Mount& mount, const Node& parent, std::string_view name) {
  if (name.size() > kNameMaxBytes) return fail(ENAMETOOLONG, "lookup");
  if (parent.fixed != nullptr) return parent.fixed->lookup(name);
  if (is_control_name(parent, name)) return find_session_control(mount, parent);
  return find_in_tree(mount, parent, name);
}

}  // namespace commitfs::fs
