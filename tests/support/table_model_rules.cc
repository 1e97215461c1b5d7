// The table of conflicts, row by row, for the model.
#include <algorithm>
#include <span>

#include "tests/support/table_model.h"

namespace commitfs::testing::model {
namespace {

/// What was done to a name, or to the bytes under it, since my base.
struct Done {
  bool any = false;
  bool renamed = false;           ///< it was moved away once
  bool only_replaced = true;      ///< one file after the other, of which each then was gone
  bool last_renamed = false;      ///< the last to change it moved it away
  const Version* last = nullptr;  ///< the last to change it; there is one before each commit
};

class Judge {
 public:
  Judge(const Table& table, const Session& session, bool reads_matter)
      : mine_(session),
        reads_matter_(reads_matter && session.serializable),
        changes_(session.changes()),
        base_(session.base_tree),
        tree_(session.tree),
        head_(table.versions.back().tree),
        since_(std::span(table.versions).subspan(session.base + 1)) {}

  Verdict run() {
    if (!since_.empty()) {
      check_directories_in_place();      // 18
      check_names();                     // 2 to 10, 20 to 24, 33
      check_links();                     // 39
      check_moved_and_removed();         // 19, 20, 34
      check_contents();                  // 5, 8, 33, 39
      check_attributes();                // 28 to 30
      if (reads_matter_) check_reads();  // 1, 6, 15, 16
    }
    if (verdict_.lands()) land();
    return std::move(verdict_);
  }

 private:
  // --- what others did ------------------------------------------------------------------------

  Done they_did(const Place& place) const {
    Done done;
    for (const Version& version : since_) {
      const auto name = version.changes.names.find(place);
      const bool named = name != version.changes.names.end();
      if (!named && !version.changes.contents.contains(version.tree.at(place))) continue;
      done.any = true;
      done.last = &version;
      done.last_renamed = named && version.changes.moved.contains(name->second.before);
      done.renamed = done.renamed || done.last_renamed;
      if (!named) continue;
      const auto [before, after] = name->second;
      const bool replaced =
          before != kNone && after != kNone && !base_.has(after) && !version.tree.has(before);
      if (!replaced) done.only_replaced = false;
    }
    return done;
  }

  /// Others gave the directory another name, or removed it.
  bool they_moved(Id directory) const {
    return std::ranges::any_of(since_, [&](const Version& version) {
      return std::ranges::any_of(version.changes.names, [&](const auto& name) {
        return name.second.before == directory || name.second.after == directory;
      });
    });
  }

  bool they_changed_below(Id directory) const {
    const Tree* before = &base_;
    for (const Version& version : since_) {
      const auto is_below = [&](Id place) {
        return (before->has(place) && before->is_within(place, directory)) ||
               (version.tree.has(place) && version.tree.is_within(place, directory));
      };
      for (const auto& [place, name] : version.changes.names)
        if (is_below(place.directory)) return true;
      std::set<Id> inodes = version.changes.contents;
      for (const auto& [id, name] : version.changes.attributes)
        inodes.insert(id);
      for (const Id id : inodes) {
        for (const Place& place : version.tree.places_of(id))
          if (is_below(place.directory)) return true;
      }
      before = &version.tree;
    }
    return false;
  }

  // --- how to speak of it ---------------------------------------------------------------------

  /// As I have it; of a directory that I removed, where the base had it.
  std::string directory_path(Id directory) const {
    if (directory == kRoot) return "";
    const Tree& tree = tree_.has(directory) ? tree_ : base_;
    return path_of(tree.places_of(directory).front());
  }
  std::string path_of(const Place& place) const {
    const std::string above = directory_path(place.directory);
    return above.empty() ? place.name : above + "/" + place.name;
  }
  std::string base_path_of(const Place& place) const {
    const std::string above = base_.path_of(place.directory);
    return above.empty() ? place.name : above + "/" + place.name;
  }

  void conflict(const std::set<std::string>& paths, const Categories& categories) {
    for (const std::string& path : paths)
      verdict_.allowed[path].insert(categories.begin(), categories.end());
    verdict_.told.push_back(paths);
  }
  void conflict(const Place& place, const Categories& categories) {
    conflict(std::set{path_of(place)}, categories);
  }
  bool is_told(const Place& place) const { return verdict_.allowed.contains(path_of(place)); }

  std::set<Id> directories_i_work_in() const {
    std::set<Id> directories;
    for (const auto& [place, name] : changes_.names)
      directories.insert(place.directory);
    std::set<Id> inodes = changes_.contents;
    for (const auto& [id, name] : changes_.attributes)
      inodes.insert(id);
    for (const Id id : inodes) {
      for (const Place& place : tree_.places_of(id))
        directories.insert(place.directory);
    }
    // What I made is also what new names of mine stand for, in directories of others.
    std::erase_if(directories, [&](Id id) { return !base_.has(id); });
    return directories;
  }

  void check_directories_in_place() {
    for (const Id directory : directories_i_work_in()) {
      for (const Id above : base_.chain(directory)) {
        const bool i_removed_it = !tree_.has(above);
        if (above == kRoot || i_removed_it || !they_moved(above)) continue;
        lost_.insert(directory);
        conflict(std::set{directory_path(directory)},
                 {Category::parent_moved, Category::parent_absent});
        break;
      }
    }
  }

  // --- names ----------------------------------------------------------------------------------

  void check_names() {
    std::vector<std::pair<Id, Id>> to_visit;  // my directory, the head's
    std::set<Id> known;
    for (const auto& [place, name] : changes_.names) {
      if (base_.has(place.directory) && known.insert(place.directory).second)
        to_visit.emplace_back(place.directory, place.directory);
    }
    for (std::size_t next = 0; next < to_visit.size(); ++next) {
      const auto [mine, theirs] = to_visit[next];
      if (lost_.contains(mine)) continue;
      for (const auto& [place, name] : changes_.names) {
        if (place.directory != mine) continue;
        check_name(place, name, {theirs, place.name});
        const auto merged = merged_.find(name.after);
        if (merged != merged_.end() && tree_.is_directory(name.after))
          to_visit.emplace_back(name.after, merged->second);
      }
    }
  }

  void check_name(const Place& place, const Changes::Name& name, const Place& at_head) {
    const Done done = they_did(at_head);
    const Id theirs = head_.at(at_head);
    if (!done.any && at_head == place) return take_attributes_of_replaced(place, name);
    if (!done.any && theirs == kNone) return;
    if (name.before == kNone) return check_create(place, name.after, theirs);
    if (name.after == kNone) return check_delete(place, name.before, theirs, done);
    check_replace(place, name, theirs, done);
  }

  bool i_made(Id id) const { return !base_.has(id); }

  bool is_identical(Id mine, const Node& other) const {
    return tree_.nodes.at(mine) == other && tree_.places_of(mine).size() == 1;
  }

  void merge(const Place& place, Id mine, Id theirs) {
    settled_.insert(place);
    merged_[mine] = theirs;
    verdict_.merges = true;
  }

  void check_create(const Place& place, Id mine, Id theirs) {
    if (theirs == kNone) return conflict(place, {Category::exists, Category::delete_update});
    const bool other_type = tree_.is_directory(mine) != head_.is_directory(theirs);
    if (!i_made(mine)) {  // a link, or a rename: row 24
      return conflict(place, other_type ? Categories{Category::exists, Category::type}
                                        : Categories{Category::exists});
    }
    if (other_type) return conflict(place, {Category::type});  // 23
    const bool made_by_both =
        tree_.is_directory(mine) ? !base_.has(theirs) : is_identical(mine, head_.nodes.at(theirs));
    if (made_by_both) return merge(place, mine, theirs);  // 3, 21
    conflict(place, {Category::exists});                  // 2
  }

  void check_delete(const Place& place, Id before, Id theirs, const Done& done) {
    const bool i_moved_it = changes_.moved.contains(before);
    Categories categories;
    if (done.renamed) categories.insert(Category::rename_rename);
    if (theirs != kNone) {  // 7
      categories.insert(Category::update_delete);
    } else {
      categories.insert(i_moved_it ? Category::delete_update : Category::delete_delete);
    }
    const bool both_deleted =
        theirs == kNone && !i_moved_it && !done.last_renamed && !has_new_name(before);
    const bool no_matter = base_.is_directory(before) || both_only_deleted(place, before, done);
    if (!both_deleted || !no_matter) return conflict(place, categories);  // 10, 24
    settled_.insert(place);
    verdict_.merges = true;
  }

  /// Row 9, behind which row 7 must not hide: what they deleted was my base's, not written before.
  /// Who wrote through another link later met their delete, not mine, which does nothing.
  bool both_only_deleted(const Place& place, Id before, const Done& done) const {
    return changes_.only_deletes && done.last != nullptr && done.last->changes.only_deletes &&
           (done.last - 1)->tree.at(place) == before &&
           std::ranges::none_of(std::span(since_.data(), done.last), [&](const Version& version) {
             return version.changes.contents.contains(before);
           });
  }

  /// It lives on under a name that it had not in my base.
  bool has_new_name(Id id) const {
    return std::ranges::any_of(head_.places_of(id),
                               [&](const Place& place) { return base_.at(place) != id; });
  }

  void check_replace(const Place& place, const Changes::Name& name, Id theirs, const Done& done) {
    if (changes_.moved.contains(name.before) && has_new_name(name.before))
      return conflict(place, {Category::rename_rename, Category::update_update});  // 24
    const bool made = i_made(name.after);
    if (made && base_.is_file(name.before) &&
        is_identical(name.after, base_.nodes.at(name.before))) {
      return merge(place, name.after, theirs);  // 33
    }
    if (theirs == kNone) {
      Categories categories{Category::delete_update};
      if (done.renamed && changes_.moved.contains(name.before))
        categories.insert(Category::rename_rename);
      return conflict(place, categories);  // 8, 24
    }
    const bool other_type = tree_.is_directory(name.after) != head_.is_directory(theirs);
    if (other_type) return conflict(place, {Category::type});  // 23
    if (made && tree_.is_directory(name.after) && base_.has(theirs))
      return conflict(place, {Category::exists});
    if (made && !head_.is_file(theirs) && is_identical(name.after, head_.nodes.at(theirs)))
      return merge(place, name.after, theirs);   // 3, 21
    conflict(place, {Category::update_update});  // 5
  }

  /// A new name for a file of my base which is gone: what became of its old name tells it, if I
  /// changed that too.
  void check_links() {
    for (const auto& [place, name] : changes_.names) {
      if (name.after == kNone || i_made(name.after) || head_.has(name.after)) continue;
      if (lost_.contains(place.directory)) continue;
      const bool known = std::ranges::any_of(base_.places_of(name.after), [&](const Place& old) {
        return changes_.names.contains(old) && is_told(old);
      });
      if (!known) conflict(place, {Category::delete_update});
    }
  }

  void check_moved_and_removed() {
    for (const auto& [place, name] : changes_.names) {
      if (!base_.is_directory(name.before) || settled_.contains(place)) continue;
      if (head_.has(name.before) && they_changed_below(name.before))
        conflict(place, {Category::not_empty, Category::directory_changed});
    }
  }

  /// Names that the base has too, and that are judged by what is under them.
  std::vector<Place> kept_places(Id id) const {
    auto places = base_.places_of(id);
    std::erase_if(places, [&](const Place& place) {
      return changes_.names.contains(place) || lost_.contains(place.directory);
    });
    return places;
  }

  void check_contents() {
    for (const Id id : changes_.contents) {
      for (const Place& place : kept_places(id)) {
        const Done done = they_did(place);
        if (!done.any) continue;
        if (tree_.nodes.at(id).bytes == base_.nodes.at(id).bytes) {  // 33
          settled_contents_.insert(id);
          verdict_.merges = true;
          break;
        }
        const Id theirs = head_.at(place);
        if (theirs == kNone) {
          conflict(place, {Category::delete_update, Category::rename_rename});  // 8, 24
        } else if (!head_.is_file(theirs)) {
          conflict(place, {Category::type, Category::update_update});  // 23
        } else {
          conflict(place, {Category::update_update});  // 5, 39
        }
      }
    }
  }

  // --- attributes -----------------------------------------------------------------------------

  /// What my attributes of a file of the base land on; row 30 when it is gone.
  Id bearer_of(Id id) {
    if (const auto known = bearers_.find(id); known != bearers_.end()) return known->second;
    Id bearer = head_.has(id) ? id : kNone;
    for (const Place& place : kept_places(id)) {
      const Done done = they_did(place);
      const Id theirs = head_.at(place);
      if (!done.any || theirs == id) continue;
      const bool replaced = done.only_replaced && base_.places_of(id).size() == 1 &&
                            base_.is_file(id) && head_.is_file(theirs) && !head_.has(id) &&
                            !base_.has(theirs);
      bearer = replaced ? theirs : kNone;
      if (!replaced) conflict(place, {Category::delete_update, Category::rename_rename});
      break;
    }
    return bearers_[id] = bearer;
  }

  void check_attributes() {
    for (const auto& [id, name] : changes_.attributes) {
      const Id bearer = bearer_of(id);
      if (bearer == kNone) continue;
      const auto before = base_.nodes.at(id).attribute(name);
      const auto theirs = head_.nodes.at(bearer).attribute(name);
      if (theirs == before) continue;
      if (theirs == tree_.nodes.at(id).attribute(name)) continue;
      std::set<std::string> paths;
      for (const Place& place : tree_.places_of(id))
        paths.insert(path_of(place));
      if (paths.empty()) paths.insert(".");
      conflict(paths, {Category::attribute});  // 29
    }
  }

  /// Row 28, for whoever writes a new file in place of the old, as editors do; row 31 otherwise.
  void take_attributes_of_replaced(const Place& place, const Changes::Name& name) {
    if (!base_.is_file(name.before) || name.after == kNone || !i_made(name.after)) return;
    if (!tree_.is_file(name.after)) return;
    const Node& before = base_.nodes.at(name.before);
    const Node& theirs = head_.nodes.at(name.before);
    const Node& mine = tree_.nodes.at(name.after);
    for (const std::string& attribute : attribute_names(before, theirs)) {
      const auto value = theirs.attribute(attribute);
      if (value == before.attribute(attribute) || value == mine.attribute(attribute)) continue;
      verdict_.merges = true;
      if (mine.attribute(attribute) != before.attribute(attribute)) {
        conflict(place, {Category::attribute});
      } else {
        inherited_[name.after][attribute] = value;
      }
    }
  }

  // --- reads ----------------------------------------------------------------------------------

  /// Of what was read, the paths that the session knows it by: its own, and the base's.
  void conflict_on_read(const Place& place, Category category) {
    conflict(std::set{path_of(place), base_path_of(place)}, {category});
  }

  std::set<std::string> paths_of(Id directory) const {
    if (directory == kRoot) return {"."};
    return {directory_path(directory), base_.path_of(directory)};
  }

  /// What is below a directory that was moved or removed is not under its name any more.
  bool is_lost(Id directory) {
    for (const Id above : base_.chain(directory)) {
      if (above == kRoot || !they_moved(above)) continue;
      conflict(paths_of(directory), {Category::read_write});
      return true;
    }
    return false;
  }

  void check_reads() {
    for (const Id file : mine_.reads.files) {
      for (const Place& place : base_.places_of(file)) {
        if (!is_lost(place.directory) && they_did(place).any)
          conflict_on_read(place, Category::read_write);
      }
    }
    for (const Id directory : mine_.reads.listed) {
      if (is_lost(directory) || !they_changed_entries(directory)) continue;
      conflict(paths_of(directory), {Category::phantom});
    }
    for (const auto& [place, twice] : mine_.reads.absent) {
      if (!is_lost(place.directory) && they_did(place).any)
        conflict_on_read(place, Category::phantom);
    }
    for (const auto& [id, name] : mine_.reads.attributes)
      check_attribute_read(id, name);
  }

  void check_attribute_read(Id id, const std::string& name) {
    const auto theirs = head_.has(id) ? head_.nodes.at(id).attribute(name) : std::nullopt;
    if (theirs == base_.nodes.at(id).attribute(name)) return;
    std::set<std::string> paths;
    for (const Place& place : base_.places_of(id)) {
      paths.insert(path_of(place));
      paths.insert(base_path_of(place));
    }
    if (id == kRoot) paths.insert(".");
    conflict(paths, {Category::read_write});
  }

  bool they_changed_entries(Id directory) const {
    return std::ranges::any_of(since_, [&](const Version& version) {
      return std::ranges::any_of(version.changes.names, [&](const auto& name) {
        return name.first.directory == directory;
      });
    });
  }

  // --- landing --------------------------------------------------------------------------------

  Id at_head(Id id) const {
    const auto merged = merged_.find(id);
    return merged == merged_.end() ? id : merged->second;
  }

  void land() {
    Tree& head = verdict_.head = head_;
    Changes& landed = verdict_.landed;
    for (const auto& [id, node] : tree_.nodes) {
      if (!i_made(id) || merged_.contains(id)) continue;
      Node& made = head.nodes[id] = node;
      for (const auto& [name, value] : inherited_[id]) {
        made.attributes.erase(name);
        if (value) made.attributes[name] = *value;
      }
    }
    for (const auto& [place, name] : changes_.names) {
      if (settled_.contains(place)) continue;
      const Place there{at_head(place.directory), place.name};
      landed.names[there] = {head.at(there), at_head(name.after)};
      head.names.erase(there);
      if (name.after != kNone) head.names[there] = at_head(name.after);
    }
    head.remove_nameless();
    for (const Id id : changes_.contents) {
      if (settled_contents_.contains(id) || !head.has(id)) continue;
      head.nodes[id].bytes = tree_.nodes.at(id).bytes;
      landed.contents.insert(id);
    }
    for (const auto& [id, name] : changes_.attributes) {
      const Id bearer = since_.empty() ? id : bearer_of(id);
      if (!head.has(bearer)) continue;
      const auto value = tree_.nodes.at(id).attribute(name);
      head.nodes[bearer].attributes.erase(name);
      if (value) head.nodes[bearer].attributes[name] = *value;
      landed.attributes.emplace(bearer, name);
    }
    landed.moved = changes_.moved;
    landed.only_deletes = changes_.only_deletes;
  }

  const Session& mine_;
  const bool reads_matter_;
  const Changes changes_;
  const Tree& base_;
  const Tree& tree_;
  const Tree& head_;
  const std::span<const Version> since_;
  Verdict verdict_;
  std::set<Id> lost_;  ///< directories of mine that are elsewhere, or nowhere, by now
  std::map<Id, Id> merged_;
  std::set<Place> settled_;
  std::set<Id> settled_contents_;
  std::map<Id, Id> bearers_;
  std::map<Id, std::map<std::string, std::optional<std::string>>> inherited_;
};

}  // namespace

Verdict Table::judge(const Session& session, bool reads_matter) const {
  return Judge(*this, session, reads_matter).run();
}

}  // namespace commitfs::testing::model
