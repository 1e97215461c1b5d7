#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "txn/conflict.h"

/// An executable model of a table: trees in memory, and the table of conflicts said once more, in
/// the fewest words, by looking at all that was committed since a session's base. It shares nothing
/// with the validator but the names of the categories. Where the table of conflicts leaves open
/// which category is told, the model allows several.
namespace commitfs::testing::model {

using Category = ConflictCategory;
using Categories = std::set<Category>;

/// A file, directory or symbolic link, for ever.
using Id = int;
constexpr Id kNone = 0;
constexpr Id kRoot = 1;

enum class Type { file, directory, symlink };

struct Node {
  Type type = Type::file;
  std::string bytes;                              ///< or what a symbolic link says
  std::map<std::string, std::string> attributes;  ///< "mode", "uid", and extended ones

  std::optional<std::string> attribute(const std::string& name) const;
  bool operator==(const Node&) const = default;
};

/// Of those that one of the two has.
std::set<std::string> attribute_names(const Node& one, const Node& other);

struct Place {
  Id directory = kNone;
  std::string name;
  auto operator<=>(const Place&) const = default;
};

/// What a program sees of each path, in one line; hard links are told by their first path.
using Description = std::map<std::string, std::string>;

struct Tree {
  std::map<Id, Node> nodes;
  std::map<Place, Id> names;

  bool has(Id id) const { return nodes.contains(id); }
  bool is_directory(Id id) const { return has(id) && nodes.at(id).type == Type::directory; }
  bool is_file(Id id) const { return has(id) && nodes.at(id).type == Type::file; }
  bool is_empty(Id directory) const;
  Id at(const Place& place) const;
  std::vector<Place> places_of(Id id) const;
  /// The directory itself, then all above it up to the root.
  std::vector<Id> chain(Id directory) const;
  bool is_within(Id directory, Id above) const;
  /// None when a directory of the path is missing; the root is in no place.
  std::optional<Place> place_of(const std::string& path) const;
  Id find(const std::string& path) const;
  std::string path_of(Id directory) const;  ///< "" of the root
  std::vector<std::string> paths() const;
  void remove_nameless();
  /// A session's root shows its maker's rights, and so none of the table's here.
  Description describe(bool in_session = false) const;
};

/// What made one tree of another.
struct Changes {
  struct Name {
    Id before = kNone;
    Id after = kNone;
  };
  std::map<Place, Name> names;
  std::set<Id> contents;                            ///< files of the tree before, written
  std::set<std::pair<Id, std::string>> attributes;  ///< of what the tree before has
  std::set<Id> moved;                               ///< lost a name and got another
  bool only_deletes = false;

  bool empty() const { return names.empty() && contents.empty() && attributes.empty(); }
};

struct Reads {
  std::set<Id> files;
  std::set<Id> listed;
  std::map<Place, bool> absent;  ///< true: looked for twice, so that it was no part of a making
  std::set<std::pair<Id, std::string>> attributes;

  bool empty() const {
    return files.empty() && listed.empty() && absent.empty() && attributes.empty();
  }
};

/// Operations answer false, and do nothing, where a program would get an error.
class Session {
 public:
  Session(std::size_t version, const Tree& at, int& ids)
      : base(version), base_tree(at), tree(at), ids_(&ids) {}

  bool write(const std::string& path, const std::string& bytes);  ///< from the start, or makes it
  bool append(const std::string& path, const std::string& bytes);
  bool open_for_writing(const std::string& path);  ///< and write nothing
  bool mkdir(const std::string& path);
  bool symlink(const std::string& target, const std::string& path);
  bool link(const std::string& existing, const std::string& path);
  bool unlink(const std::string& path);
  bool rmdir(const std::string& path);
  bool rename(const std::string& from, const std::string& to);
  bool exchange(const std::string& one, const std::string& other);
  bool set_attribute(const std::string& path, const std::string& name, const std::string& value);
  bool remove_attribute(const std::string& path, const std::string& name);
  bool read(const std::string& path);
  bool list(const std::string& path);
  bool look_for(const std::string& path);
  bool get_attribute(const std::string& path, const std::string& name);

  Changes changes() const;

  std::size_t base;  ///< index of the version
  Tree base_tree;
  Tree tree;
  std::set<Id> staged;   ///< files of the base that have a body of the session's own
  std::set<Id> blind;    ///< of those: begun empty, so that no byte is the base's
  std::set<Id> written;  ///< of those: not only opened
  std::set<std::pair<Id, std::string>> own_attributes;  ///< set here, be it to the base's value
  std::set<Id> touched;  ///< all that was ever changed here, be it put back
  Reads reads;
  bool reads_known = true;  ///< false: some were of an older base
  bool serializable = false;

 private:
  bool make(const std::string& path, Node node);
  void put_name(const Place& place, Id id);
  void remove_name(const Place& place);
  bool is_made_here(Id id) const { return !base_tree.has(id); }

  int* ids_;
};

/// What becomes of a commit.
struct Verdict {
  std::map<std::string, Categories> allowed;  ///< what may be told, by path
  std::vector<std::set<std::string>> told;    ///< each: one of these paths must be told of
  Tree head;                                  ///< after it, when it lands
  Changes landed;
  bool merges = false;  ///< something of mine was another's already, or took something of another's

  bool lands() const { return told.empty(); }
};

struct Version {
  Tree tree;
  Changes changes;  ///< against the version before
};

class Table {
 public:
  Table();
  Session begin(std::size_t base) { return {base, versions[base].tree, ids_}; }
  std::size_t head() const { return versions.size() - 1; }
  Verdict judge(const Session& session) const { return judge(session, !session.changes().empty()); }
  /// The same for a new base, which is not for who read something else in the old one.
  Verdict judge_move(const Session& session) const { return judge(session, true); }
  void land(const Verdict& verdict) { versions.push_back({verdict.head, verdict.landed}); }
  /// Is there anything at all that both the session and a version since have to do with? When not,
  /// the base may always be moved.
  bool meets_nothing(const Session& session) const;
  /// After its base was moved: on the head, with its own changes over it.
  void move_base(Session& session, const Verdict& verdict) const;

  std::vector<Version> versions;

 private:
  Verdict judge(const Session& session, bool reads_matter) const;

  int ids_ = kRoot;
};

}  // namespace commitfs::testing::model
