#include "tests/crash/model.h"

#include <algorithm>

namespace commitfs::test {
namespace {

bool is_label(const std::string& what) {
  return what.starts_with('#');
}

/// Moves a name, and of a directory all below it.
void rename(Names& names, const std::string& from, const std::string& to) {
  Names moved;
  for (auto at = names.begin(); at != names.end();) {
    const bool below = at->first == from || at->first.starts_with(from + "/");
    if (below) moved.emplace(to + at->first.substr(from.size()), at->second);
    at = below ? names.erase(at) : std::next(at);
  }
  for (auto& [path, what] : moved)
    names.insert_or_assign(path, what);
}

/// A look at a session after something happened in step `begun`.
struct Look {
  const Model& model;
  std::size_t last = 0;       ///< index of the last moment there can have been
  bool torn = false;          ///< what was not synced may hold anything
  std::size_t synced_at = 0;  ///< index of the moment that was synced
};

Look look_at(const Model& model, std::size_t synced, std::size_t begun, bool torn) {
  Look look{.model = model, .torn = torn};
  const auto& moments = model.moments();
  while (look.last + 1 < moments.size() && moments[look.last + 1].step <= begun)
    ++look.last;
  while (look.synced_at + 1 < moments.size() && moments[look.synced_at + 1].step <= synced)
    ++look.synced_at;
  return look;
}

/// The file was there when its session was synced, and has not been written since.
bool is_settled(const Look& look, const std::string& label) {
  const auto& moments = look.model.moments();
  const auto synced = moments[look.synced_at].bytes.find(label);
  if (synced == moments[look.synced_at].bytes.end()) return false;
  for (std::size_t index = look.synced_at; index <= look.last; ++index) {
    if (moments[index].bytes.at(label) != synced->second) return false;
  }
  return true;
}

bool could_be(const Look& look, std::size_t from, const std::string& label,
              const std::string& bytes) {
  if (look.torn && !is_settled(look, label)) return true;
  for (std::size_t index = from; index <= look.last; ++index) {
    const Bytes& then = look.model.moments()[index].bytes;
    const auto found = then.find(label);
    if (found != then.end() && found->second == bytes) return true;
  }
  return false;
}

bool matches(const Look& look, const Names& names, std::size_t from,
             const std::map<std::string, std::string>& found) {
  if (names.size() != found.size()) return false;
  for (const auto& [path, what] : names) {
    const auto there = found.find(path);
    if (there == found.end()) return false;
    const bool same =
        is_label(what) ? could_be(look, from, what, there->second) : there->second == what;
    if (!same) return false;
  }
  return true;
}

bool may_look_like(const Look& look, const std::string& session, std::size_t synced,
                   const std::map<std::string, std::string>& found) {
  const auto& moments = look.model.moments();
  for (std::size_t index = 0; index <= look.last; ++index) {
    // The sync itself changes nothing, so what stood before it ended stands for it.
    if (moments[index].step < synced) continue;
    const auto names = moments[index].sessions.find(session);
    if (names == moments[index].sessions.end()) continue;
    if (matches(look, names->second, index, found)) return true;
  }
  return false;
}

}  // namespace

const Names& first_names() {
  static const Names names = {{"a", "#a"},     {"d", "/"},     {"d/b", "#b"}, {"d/c", "#c"},
                              {"w0", "/"},     {"w1", "/"},    {"w2", "/"},   {"w0/f", "#f0"},
                              {"w1/f", "#f1"}, {"w2/f", "#f2"}};
  return names;
}

const Bytes& first_bytes() {
  static const Bytes bytes = {
      {"#a", "adopted a\n"}, {"#b", std::string(9000, 'b')},  {"#c", "c\n"},
      {"#f0", "0\n"},        {"#f1", std::string(5000, '1')}, {"#f2", "2\n"}};
  return bytes;
}

Model::Model(const Workload& workload) : moments_(1) {
  moments_.front().bytes = first_bytes();
  for (const Step& step : workload)
    apply(step);
}

const Moment& Model::last_of(std::size_t step) const {
  const auto after =
      std::ranges::find_if(moments_, [&](const Moment& moment) { return moment.step > step; });
  return *std::prev(after);
}

std::set<std::string> Model::sessions_until(std::size_t step) const {
  std::set<std::string> names;
  for (const Moment& moment : moments_) {
    if (moment.step > step) break;
    for (const auto& [name, session] : moment.sessions)
      names.insert(name);
  }
  return names;
}

void Model::apply(const Step& step) {
  Moment moment = moments_.back();
  moment.step = ++steps_;
  switch (step.what) {
    case Do::init:
      moment.versions.push_back(first_names());
      break;
    case Do::open:
    case Do::gc:
    case Do::conflict:
      break;
    case Do::close:
      for (const auto& [name, session] : moment.sessions)
        moment.synced_in[name] = steps_;
      break;
    case Do::begin:
      moment.sessions[step.session] = moment.versions.back();
      moment.bases[step.session] = moment.versions.size();
      break;
    case Do::discard:
      moment.sessions.erase(step.session);
      moment.discarded.insert(step.session);
      break;
    case Do::expire:
      expire(std::stoull(step.text), moment);
      break;
    default:
      return apply_in_session(step, moment);
  }
  next_moment(moment);
}

void Model::apply_in_session(const Step& step, Moment& moment) {
  Names& names = moment.sessions.at(step.session);
  switch (step.what) {
    case Do::mkdir:
      names[step.path] = kDirectory;
      break;
    case Do::rmdir:
    case Do::unlink:
      names.erase(step.path);
      break;
    case Do::rename:
      rename(names, step.path, step.text);
      break;
    case Do::link:
      names[step.text] = names.at(step.path);
      break;
    case Do::symlink:
      names[step.path] = "-> " + step.text;
      break;
    case Do::sync:
      moment.synced_in[step.session] = moment.bytes_synced_in[step.session] = steps_;
      break;
    case Do::commit:
      commit_session(step.session, moment);
      break;
    default:
      return write_file(step, moment);
  }
  next_moment(moment);
}

void Model::write_file(const Step& step, Moment& moment) {
  Names& names = moment.sessions.at(step.session);
  const auto known = names.find(step.path);
  const std::string old = known == names.end() ? "" : known->second;
  std::string label = old;
  if (old.empty() || !own_labels_[step.session].contains(old)) {
    label = new_label();
    own_labels_[step.session].insert(label);
    names[step.path] = label;
    for (auto& [path, what] : names) {
      if (!old.empty() && what == old) what = label;  // its other names
    }
  }
  std::string& bytes = moment.bytes[label];
  if (step.what == Do::append) {
    bytes = moment.bytes.at(old);
  } else {
    bytes.clear();
  }
  next_moment(moment);
  bytes += step.text;
  next_moment(moment);
}

/// Sessions of a workload touch nothing that another has touched since they began, so the version
/// is the head with what this one changed.
void Model::commit_session(const std::string& session, Moment& moment) {
  const Names& mine = moment.sessions.at(session);
  const Names& base = moment.versions[moment.bases.at(session) - 1];
  Names head = moment.versions.back();
  for (const auto& [path, what] : base) {
    if (!mine.contains(path)) head.erase(path);
  }
  for (const auto& [path, what] : mine) {
    const auto before = base.find(path);
    if (before == base.end() || before->second != what) head[path] = what;
  }
  moment.versions.push_back(std::move(head));
  moment.version_of[session] = moment.versions.size();
  moment.sessions.erase(session);
  own_labels_.erase(session);
}

void Model::expire(std::size_t kept, Moment& moment) {
  std::set<std::size_t> needed;
  for (const auto& [name, session] : moment.sessions)
    needed.insert(moment.bases.at(name));
  for (std::size_t version = 1; version + kept <= moment.versions.size(); ++version) {
    if (!needed.contains(version)) moment.expired.insert(version);
  }
}

bool may_be_found(const Model& model, const std::string& session, std::size_t synced,
                  std::size_t begun, const std::map<std::string, std::string>& found) {
  return may_look_like(look_at(model, synced, begun, false), session, synced, found);
}

bool may_be_found_torn(const Model& model, const std::string& session, std::size_t synced,
                       std::size_t bytes_synced, std::size_t begun,
                       const std::map<std::string, std::string>& found) {
  return may_look_like(look_at(model, bytes_synced, begun, true), session, synced, found);
}

std::map<std::string, std::string> contents_of(const Names& names, const Bytes& bytes) {
  std::map<std::string, std::string> contents;
  for (const auto& [path, what] : names)
    contents[path] = is_label(what) ? bytes.at(what) : what;
  return contents;
}

}  // namespace commitfs::test
