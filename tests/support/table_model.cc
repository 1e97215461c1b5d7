#include "tests/support/table_model.h"

#include <algorithm>

namespace commitfs::testing::model {

std::optional<std::string> Node::attribute(const std::string& name) const {
  const auto found = attributes.find(name);
  return found == attributes.end() ? std::nullopt : std::optional(found->second);
}

std::set<std::string> attribute_names(const Node& one, const Node& other) {
  std::set<std::string> names;
  for (const Node* node : {&one, &other}) {
    for (const auto& [name, value] : node->attributes)
      names.insert(name);
  }
  return names;
}

bool Tree::is_empty(Id directory) const {
  const auto first = names.lower_bound({directory, ""});
  return first == names.end() || first->first.directory != directory;
}

Id Tree::at(const Place& place) const {
  const auto found = names.find(place);
  return found == names.end() ? kNone : found->second;
}

std::vector<Place> Tree::places_of(Id id) const {
  std::vector<Place> places;
  for (const auto& [place, named] : names) {
    if (named == id) places.push_back(place);
  }
  return places;
}

std::vector<Id> Tree::chain(Id directory) const {
  std::vector<Id> chain{directory};
  while (chain.back() != kRoot) {
    const auto places = places_of(chain.back());
    if (places.empty()) break;
    chain.push_back(places.front().directory);
  }
  return chain;
}

bool Tree::is_within(Id directory, Id above) const {
  const std::vector<Id> directories = chain(directory);
  return std::ranges::find(directories, above) != directories.end();
}

std::optional<Place> Tree::place_of(const std::string& path) const {
  Place place{kRoot, path};
  for (auto slash = path.find('/'); slash != std::string::npos; slash = place.name.find('/')) {
    place.directory = at({place.directory, place.name.substr(0, slash)});
    if (!is_directory(place.directory)) return std::nullopt;
    place.name = place.name.substr(slash + 1);
  }
  return place;
}

Id Tree::find(const std::string& path) const {
  if (path == ".") return kRoot;
  const auto place = place_of(path);
  return place ? at(*place) : kNone;
}

std::string Tree::path_of(Id directory) const {
  if (directory == kRoot) return "";
  const Place place = places_of(directory).front();
  const std::string above = path_of(place.directory);
  return above.empty() ? place.name : above + "/" + place.name;
}

std::vector<std::string> Tree::paths() const {
  std::vector<std::string> paths;
  for (const auto& [place, id] : names) {
    const std::string above = path_of(place.directory);
    paths.push_back(above.empty() ? place.name : above + "/" + place.name);
  }
  std::ranges::sort(paths);
  return paths;
}

void Tree::remove_nameless() {
  std::set<Id> named{kRoot};
  for (const auto& [place, id] : names)
    named.insert(id);
  std::erase_if(nodes, [&](const auto& node) { return !named.contains(node.first); });
}

Description Tree::describe(bool in_session) const {
  Description description;
  std::map<Id, std::string> first;
  const auto add = [&](const std::string& path, Id id) {
    const Node& node = nodes.at(id);
    std::string line(1, "fds"[static_cast<int>(node.type)]);
    for (const auto& [name, value] : node.attributes) {
      if (path != "." || !in_session || name.starts_with("user.")) line += " " + name + "=" + value;
    }
    if (node.type != Type::directory) {
      line += " " + std::to_string(places_of(id).size()) + " links as " +
              first.try_emplace(id, path).first->second + ": " + node.bytes;
    }
    description[path] = line;
  };
  add(".", kRoot);
  for (const std::string& path : paths())
    add(path, find(path));
  return description;
}

// --- what a program does ----------------------------------------------------------------------

bool Session::make(const std::string& path, Node node) {
  const auto place = tree.place_of(path);
  if (!place || tree.at(*place) != kNone) return false;
  const Id id = ++*ids_;
  tree.nodes[id] = std::move(node);
  put_name(*place, id);
  return true;
}

/// The lookup by which the kernel finds that there is nothing yet was none of the program's.
void Session::put_name(const Place& place, Id id) {
  touched.insert({place.directory, id});
  tree.names[place] = id;
  const auto absent = reads.absent.find(place);
  if (absent != reads.absent.end() && !absent->second) reads.absent.erase(absent);
}

void Session::remove_name(const Place& place) {
  touched.insert({place.directory, tree.at(place)});
  tree.names.erase(place);
}

bool Session::write(const std::string& path, const std::string& bytes) {
  const Id id = tree.find(path);
  if (id == kNone) return make(path, {Type::file, bytes, {{"mode", "644"}, {"uid", "1000"}}});
  if (!tree.is_file(id)) return false;
  // Whether a copy that was written over has changed is told by its times, or by its bytes.
  const bool is_copy = staged.contains(id) && !blind.contains(id);
  if (is_copy && bytes == base_tree.nodes.at(id).bytes) return false;
  tree.nodes[id].bytes = bytes;
  if (is_made_here(id)) return true;
  if (staged.insert(id).second) blind.insert(id);
  written.insert(id);
  return true;
}

bool Session::append(const std::string& path, const std::string& bytes) {
  const Id id = tree.find(path);
  if (!tree.is_file(id) || bytes.empty()) return false;
  const std::string after = tree.nodes[id].bytes + bytes;
  if (!is_made_here(id) && after == base_tree.nodes.at(id).bytes) return false;
  tree.nodes[id].bytes = after;
  if (is_made_here(id)) return true;
  staged.insert(id);
  written.insert(id);
  return true;
}

bool Session::open_for_writing(const std::string& path) {
  const Id id = tree.find(path);
  if (!tree.is_file(id)) return false;
  if (!is_made_here(id)) staged.insert(id);
  return true;
}

bool Session::mkdir(const std::string& path) {
  return make(path, {Type::directory, "", {{"mode", "755"}, {"uid", "1000"}}});
}

bool Session::symlink(const std::string& target, const std::string& path) {
  return make(path, {Type::symlink, target, {{"mode", "777"}, {"uid", "1000"}}});
}

bool Session::link(const std::string& existing, const std::string& path) {
  const Id id = tree.find(existing);
  const auto place = tree.place_of(path);
  if (id == kNone || tree.is_directory(id) || !place || tree.at(*place) != kNone) return false;
  put_name(*place, id);
  return true;
}

bool Session::unlink(const std::string& path) {
  const auto place = tree.place_of(path);
  if (!place || tree.at(*place) == kNone || tree.is_directory(tree.at(*place))) return false;
  remove_name(*place);
  tree.remove_nameless();
  return true;
}

bool Session::rmdir(const std::string& path) {
  const auto place = tree.place_of(path);
  if (path == "." || !place || !tree.is_directory(tree.at(*place))) return false;
  if (!tree.is_empty(tree.at(*place))) return false;
  remove_name(*place);
  tree.remove_nameless();
  return true;
}

bool Session::rename(const std::string& from, const std::string& to) {
  const Id source = tree.find(from);
  const auto place = tree.place_of(to);
  if (source == kNone || source == kRoot || !place || to == ".") return false;
  if (tree.is_directory(source) && tree.is_within(place->directory, source)) return false;
  const Id target = tree.at(*place);
  if (target == source) return true;
  touched.insert(target);
  if (target != kNone && tree.is_directory(target) != tree.is_directory(source)) return false;
  if (tree.is_directory(target) && !tree.is_empty(target)) return false;
  remove_name(*tree.place_of(from));
  put_name(*place, source);
  tree.remove_nameless();
  return true;
}

bool Session::exchange(const std::string& one, const std::string& other) {
  const auto a = tree.place_of(one);
  const auto b = tree.place_of(other);
  if (!a || !b || tree.at(*a) == kNone || tree.at(*b) == kNone) return false;
  const Id first = tree.at(*a);
  const Id second = tree.at(*b);
  if (tree.is_within(b->directory, first) || tree.is_within(a->directory, second)) return false;
  put_name(*a, second);
  put_name(*b, first);
  return true;
}

bool Session::set_attribute(const std::string& path, const std::string& name,
                            const std::string& value) {
  const Id id = tree.find(path);
  if (id == kNone || tree.nodes[id].type == Type::symlink) return false;
  touched.insert(id);
  tree.nodes[id].attributes[name] = value;
  own_attributes.emplace(id, name);
  return true;
}

bool Session::remove_attribute(const std::string& path, const std::string& name) {
  const Id id = tree.find(path);
  if (id == kNone || !name.starts_with("user.")) return false;
  if (tree.nodes[id].attributes.erase(name) == 0) return false;
  touched.insert(id);
  const bool in_base = !is_made_here(id) && base_tree.nodes.at(id).attribute(name);
  if (in_base) {
    own_attributes.emplace(id, name);
  } else {
    own_attributes.erase({id, name});
  }
  return true;
}

bool Session::read(const std::string& path) {
  const Id id = tree.find(path);
  if (id == kNone || tree.is_directory(id)) return false;
  if (!is_made_here(id) && !blind.contains(id)) reads.files.insert(id);
  return true;
}

bool Session::list(const std::string& path) {
  const Id id = tree.find(path);
  if (!tree.is_directory(id)) return false;
  if (!is_made_here(id)) reads.listed.insert(id);
  return true;
}

bool Session::look_for(const std::string& path) {
  const auto place = tree.place_of(path);
  if (!place || tree.at(*place) != kNone) return false;
  const bool own = is_made_here(place->directory) || base_tree.at(*place) != kNone;
  if (own) return true;
  const auto [absent, first] = reads.absent.try_emplace(*place, false);
  if (!first) absent->second = true;
  return true;
}

bool Session::get_attribute(const std::string& path, const std::string& name) {
  const Id id = tree.find(path);
  if (id == kNone || !name.starts_with("user.")) return false;
  const bool own = is_made_here(id) || own_attributes.contains({id, name});
  if (!own) reads.attributes.emplace(id, name);
  return true;
}

namespace {

/// Names and attributes that differ.
Changes difference(const Tree& before, const Tree& after) {
  Changes changes;
  for (const auto& [place, id] : before.names) {
    if (after.at(place) != id) changes.names[place] = {id, after.at(place)};
  }
  for (const auto& [place, id] : after.names) {
    if (before.at(place) != id) changes.names[place] = {before.at(place), id};
  }
  std::set<Id> lost;
  for (const auto& [place, name] : changes.names)
    lost.insert(name.before);
  for (const auto& [place, name] : changes.names) {
    if (name.after != kNone && lost.contains(name.after)) changes.moved.insert(name.after);
  }
  for (const auto& [id, node] : before.nodes) {
    if (!after.has(id)) continue;
    for (const std::string& name : attribute_names(node, after.nodes.at(id))) {
      if (node.attribute(name) != after.nodes.at(id).attribute(name))
        changes.attributes.emplace(id, name);
    }
  }
  return changes;
}

}  // namespace

Changes Session::changes() const {
  Changes changes = difference(base_tree, tree);
  for (const Id id : written) {
    if (tree.has(id)) changes.contents.insert(id);
  }
  changes.only_deletes =
      !changes.names.empty() && changes.contents.empty() && changes.attributes.empty() &&
      std::ranges::none_of(changes.names, [](const auto& name) { return name.second.after; });
  return changes;
}

// --- the table --------------------------------------------------------------------------------

Table::Table() {
  Tree empty;
  empty.nodes[kRoot] = {Type::directory, "", {{"mode", "755"}, {"uid", "0"}}};
  versions.push_back({empty, {}});
}

bool Table::meets_nothing(const Session& session) const {
  std::set<Id> mine = session.touched;
  mine.insert(session.staged.begin(), session.staged.end());
  std::set<Id> directories;
  for (const auto& [place, name] : session.changes().names)
    directories.insert(place.directory);
  for (std::size_t at = session.base + 1; at < versions.size(); ++at) {
    for (const auto& [place, name] : versions[at].changes.names) {
      if (mine.contains(name.before) || mine.contains(name.after)) return false;
      if (directories.contains(place.directory)) return false;
    }
    for (const Id id : versions[at].changes.contents)
      if (mine.contains(id)) return false;
    for (const auto& [id, name] : versions[at].changes.attributes)
      if (mine.contains(id)) return false;
  }
  return true;
}

void Table::move_base(Session& session, const Verdict& verdict) const {
  if (session.base + 1 == versions.size()) return;
  const Tree& head = versions.back().tree;
  for (const Id id : std::set<Id>(session.staged)) {
    const bool changed = head.has(id) && session.base_tree.has(id) &&
                         head.nodes.at(id).bytes != session.base_tree.nodes.at(id).bytes;
    if (changed && !session.written.contains(id)) session.staged.erase(id);
  }
  if (!session.serializable && !session.reads.empty()) session.reads_known = false;
  session.tree = verdict.head;
  session.base_tree = head;
  session.base = versions.size() - 1;
}

}  // namespace commitfs::testing::model
