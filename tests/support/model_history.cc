#include "tests/support/model_history.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>

#include "txn/session.h"
#include "txn/tree_operations.h"

namespace commitfs::testing {
namespace {

constexpr const char* kWords[] = {
    "begin",   "write",    "append",        "open_for_writing", "save",
    "mkdir",   "symlink",  "link",          "unlink",           "rmdir",
    "rename",  "exchange", "set_attribute", "remove_attribute", "read",
    "list",    "look_for", "get_attribute", "serializable",     "move_base",
    "discard", "commit"};

template <typename T>
T must(Result<T> result, const char* what) {
  if (!result) throw std::runtime_error(std::string(what) + ": " + result.error().describe());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

std::string read_bytes(const ObjectStore& store, ObjectId object) {
  if (object == ObjectId::none) return {};
  const UniqueFd fd = must(store.open_body(object, O_RDONLY), "open a body");
  std::string bytes(64, '\0');
  bytes.resize(static_cast<std::size_t>(::pread(fd.get(), bytes.data(), bytes.size(), 0)));
  return bytes;
}

/// A tree as the model describes its own.
class Describer {
 public:
  Describer(Tree& tree, const ObjectStore& store, bool in_session)
      : tree_(tree), store_(store), in_session_(in_session) {}

  model::Description run() {
    add(".", must(tree_.attributes(InodeId::root), "root").inode);
    find(InodeId::root, "");
    for (const auto& [path, inode] : found_)
      add(path, inode);
    return description_;
  }

 private:
  void find(InodeId directory, const std::string& prefix) {
    for (const ListedAttributes& entry : must(tree_.list(directory, "", 1000), "list")) {
      const InodeRecord& inode = entry.attributes.inode;
      found_[prefix + entry.name] = inode;
      if (inode.is_directory()) find(inode.id, prefix + entry.name + "/");
    }
  }

  void add(const std::string& path, const InodeRecord& inode) {
    char mode[8];
    std::snprintf(mode, sizeof mode, "%o", inode.mode & 07777U);
    std::map<std::string, std::string> attributes{{"mode", mode},
                                                  {"uid", std::to_string(inode.uid)}};
    for (const std::string& name : must(tree_.xattr_names(inode.id), "xattr names"))
      attributes[name] = must(tree_.xattr(inode.id, name), "xattr");
    std::string line = inode.is_directory() ? "d" : inode.is_regular() ? "f" : "s";
    for (const auto& [name, value] : attributes) {
      if (path != "." || !in_session_ || name.starts_with("user."))
        line += " " + name + "=" + value;
    }
    if (!inode.is_directory()) {
      line += " " + std::to_string(inode.nlink) + " links as " +
              first_.try_emplace(inode.id, path).first->second + ": ";
      line += inode.is_regular() ? read_bytes(store_, inode.object) : inode.symlink_target;
    }
    description_[path] = line;
  }

  Tree& tree_;
  const ObjectStore& store_;
  const bool in_session_;
  std::map<std::string, InodeRecord> found_;
  std::map<InodeId, std::string> first_;
  model::Description description_;
};

std::string text_of(const model::Description& description) {
  std::string text;
  for (const auto& [path, line] : description)
    text += "    " + path + "  " + line + "\n";
  return text;
}

}  // namespace

std::string to_string(const Step& step) {
  std::string text =
      std::to_string(step.session) + ": " + kWords[static_cast<std::size_t>(step.what)];
  for (const std::string* word : {&step.path, &step.other, &step.text})
    text += word->empty() ? "" : " " + *word;
  if (step.number != 0) text += " -" + std::to_string(step.number);
  return text;
}

ModelHistory::ModelHistory(std::shared_ptr<Catalog> catalog, std::size_t sessions)
    : table_(std::move(catalog)), slots_(sessions) {}

const model::Tree* ModelHistory::tree_of(std::size_t session) const {
  return slots_[session] ? &slots_[session]->mine.tree : nullptr;
}

void ModelHistory::differ(const std::string& what) {
  if (played.difference.empty()) played.difference = what;
}

bool ModelHistory::take(const Step& step) {
  try {
    auto& slot = slots_.at(step.session);
    if (step.what == Step::Do::begin) {
      if (slot) return true;
      const std::size_t base = model_.head() - std::min(step.number, model_.head());
      slot.emplace(Slot{table_.begin_at(SeqNo{base + 1}), model_.begin(base)});
      played.steps.push_back(step);
      return true;
    }
    if (!slot) return true;
    if (step.what == Step::Do::commit) {
      played.steps.push_back(step);
      commit(slot);
    } else if (step.what == Step::Do::discard) {
      played.steps.push_back(step);
      for (const ObjectId object : slot->writer.session().discard())
        must(table_.context.store->remove(object), "remove a body");
      slot.reset();
    } else {
      take_in_session(*slot, step);
    }
  } catch (const std::exception& error) {
    differ(std::string("an error that the model does not know: ") + error.what());
  }
  return played.difference.empty();
}

bool ModelHistory::take_in_session(Slot& slot, const Step& step) {
  const model::Session before = slot.mine;
  bool possible = true;
  on_model(slot, step, possible);
  if (!possible) {
    slot.mine = before;
    return false;
  }
  played.steps.push_back(step);
  if (step.what == Step::Do::move_base) {
    move_base(slot);
  } else {
    on_table(slot, step);
  }
  return true;
}

void ModelHistory::on_model(Slot& slot, const Step& step, bool& possible) {
  using enum Step::Do;
  model::Session& mine = slot.mine;
  switch (step.what) {
    case write:
      possible = mine.write(step.path, step.text);
      break;
    case append:
      possible = mine.append(step.path, step.text);
      break;
    case open_for_writing:
      possible = mine.open_for_writing(step.path);
      break;
    case save:
      possible = mine.tree.find(step.path + "~") == model::kNone &&
                 mine.tree.is_file(mine.tree.find(step.path)) &&
                 mine.write(step.path + "~", step.text) && mine.rename(step.path + "~", step.path);
      break;
    case mkdir:
      possible = mine.mkdir(step.path);
      break;
    case symlink:
      possible = mine.symlink(step.text, step.path);
      break;
    case link:
      possible = mine.link(step.path, step.other);
      break;
    case unlink:
      possible = mine.unlink(step.path);
      break;
    case rmdir:
      possible = mine.rmdir(step.path);
      break;
    case rename:
      possible = mine.rename(step.path, step.other);
      break;
    case exchange:
      possible = mine.exchange(step.path, step.other);
      break;
    case set_attribute:
      possible = mine.set_attribute(step.path, step.other, step.text);
      break;
    case remove_attribute:
      possible = mine.remove_attribute(step.path, step.other);
      break;
    case read:
      possible = mine.read(step.path);
      break;
    case list:
      possible = mine.list(step.path);
      break;
    case look_for:
      possible = mine.look_for(step.path);
      break;
    case get_attribute:
      possible = mine.get_attribute(step.path, step.other);
      break;
    case serializable:
      if (mine.reads_known) mine.serializable = true;
      break;
    case move_base:
    case begin:
    case discard:
    case commit:
      break;
  }
}

void ModelHistory::on_table(Slot& slot, const Step& step) {
  using enum Step::Do;
  Writer& writer = slot.writer;
  commitfs::Session& session = writer.session();
  const auto place = [&](const std::string& path) -> DirentKey {
    const auto slash = path.rfind('/');
    if (slash == std::string::npos) return {InodeId::root, path};
    return {writer.find(path.substr(0, slash)), path.substr(slash + 1)};
  };
  // The kernel forgets what lost its last name.
  std::vector<InodeId> touched;
  for (const std::string* path : {&step.path, &step.other}) {
    if (path->empty() || *path == ".") continue;
    try {
      touched.push_back(writer.find(*path));
    } catch (const std::exception&) {  // a new name, or the name of an attribute
    }
  }
  switch (step.what) {
    case write:
      writer.write(step.path, step.text);
      break;
    case append: {
      const InodeId inode = writer.find(step.path);
      const auto body = must(tree::open_for_writing(session, inode, false), "open");
      const UniqueFd fd =
          must(table_.context.store->open_body(body.object, O_WRONLY | O_APPEND), "open a body");
      if (::write(fd.get(), step.text.data(), step.text.size()) < 0)
        throw std::runtime_error("append");
      tree::note_written(session, inode);
      tree::release_writer(session, inode);
      break;
    }
    case open_for_writing:
      writer.open_and_close(step.path);
      break;
    case save:
      writer.write(step.path + "~", step.text).mv(step.path + "~", step.path);
      break;
    case mkdir:
      writer.mkdir(step.path);
      break;
    case symlink:
      writer.ln_s(step.text, step.path);
      break;
    case link:
      writer.ln(step.path, step.other);
      break;
    case unlink:
      writer.rm(step.path);
      break;
    case rmdir:
      writer.rmdir(step.path);
      break;
    case rename:
      writer.mv(step.path, step.other);
      break;
    case exchange: {
      const DirentKey one = place(step.path);
      const DirentKey other = place(step.other);
      must(tree::rename(session, one.parent, one.name, other.parent, other.name, RENAME_EXCHANGE),
           "exchange");
      break;
    }
    case set_attribute:
      if (step.other == "mode") {
        writer.chmod(step.path, static_cast<mode_t>(std::stoul(step.text, nullptr, 8)));
      } else if (step.other == "uid") {
        const auto uid = static_cast<uid_t>(std::stoul(step.text));
        tree::SetAttributes changes;
        changes.uid = uid;
        must(tree::setattr(session, writer.find(step.path), changes), "chown");
      } else {
        writer.set_xattr(step.path, step.other, step.text);
      }
      break;
    case remove_attribute:
      must(tree::removexattr(session, writer.find(step.path), step.other), "removexattr");
      break;
    case read:
      writer.read(step.path);
      break;
    case list:
      writer.ls(step.path);
      break;
    case look_for: {
      const DirentKey key = place(step.path);
      bool ask_again = false;
      if (session.look_up(key.parent, key.name, ask_again))
        throw std::runtime_error("there is " + step.path);
      break;
    }
    case get_attribute:
      writer.get_xattr(step.path, step.other);
      break;
    case serializable:
      if (session.set_isolation(Isolation::serializable).has_value() != slot.mine.serializable)
        throw std::runtime_error(slot.mine.serializable ? "not serializable" : "serializable");
      break;
    case move_base:
    case begin:
    case discard:
    case commit:
      break;
  }
  for (const InodeId inode : touched) {
    const auto attributes = session.attributes(inode);
    if (attributes && attributes->inode.nlink == 0) tree::release_inode(session, inode);
  }
}

/// Every conflict told is one that the table of conflicts knows, and none is missing.
void ModelHistory::expect_told(const model::Verdict& verdict, const ConflictReport& report) {
  std::set<std::string> told;
  for (const Conflict& conflict : report.conflicts) {
    told.insert(conflict.path);
    const auto allowed = verdict.allowed.find(conflict.path);
    if (allowed == verdict.allowed.end() || !allowed->second.contains(conflict.category)) {
      differ("the model knows no " + std::string(to_string(conflict.category)) + " of '" +
             conflict.path + "'");
    }
  }
  for (const std::set<std::string>& paths : verdict.told) {
    const bool is_told =
        std::ranges::any_of(paths, [&](const std::string& path) { return told.contains(path); });
    if (!is_told) differ("the model knows of a conflict on '" + *paths.begin() + "' too");
  }
}

void ModelHistory::commit(std::optional<Slot>& slot) {
  const ObjectStore& store = *table_.context.store;
  commitfs::Session& session = slot->writer.session();
  if (const auto seen = Describer(session, store, true).run();
      seen != slot->mine.tree.describe(true)) {
    differ("the session is\n" + text_of(seen) + "and in the model\n" +
           text_of(slot->mine.tree.describe(true)));
  }
  const model::Verdict verdict = model_.judge(slot->mine);
  const auto checked = must(table_.pipeline->check(session), "check");
  const CommitOutcome outcome = table_.commit(slot->writer);
  if (outcome.report && outcome.report->to_text() != checked->to_text())
    differ("check said\n" + checked->to_text() + "and the commit\n" + outcome.report->to_text());
  if (outcome.report) expect_told(verdict, *outcome.report);
  if ((outcome.error == 0) != verdict.lands())
    differ(verdict.lands() ? "in the model it lands" : "in the model it is refused");
  if (outcome.error != 0 && outcome.error != ECANCELED)
    differ("errno " + std::to_string(outcome.error));
  if (checked->refused() != (outcome.error != 0)) differ("check foretold something else");
  const bool makes_version = outcome.error == 0 && !slot->mine.changes().empty();
  if (outcome.made_version != makes_version) differ("in the model other commits make versions");
  if (verdict.lands() && makes_version) model_.land(verdict);

  const auto head = Describer(*make_live_tree(table_.context.catalog), store, false).run();
  const auto expected = model_.versions.back().tree.describe();
  if (head != expected)
    differ("the head is\n" + text_of(head) + "and in the model\n" + text_of(expected));
  if (outcome.error != 0) {
    const auto seen = Describer(session, store, true).run();
    if (seen != slot->mine.tree.describe(true))
      differ("the session that was refused is\n" + text_of(seen));
  } else if (makes_version) {
    const auto receipt = Describer(session, store, false).run();
    if (receipt != head) differ("the receipt is\n" + text_of(receipt));
  }
  if (!played.difference.empty() && outcome.report)
    played.difference += "\n" + outcome.report->to_text();
  for (const auto& [id, node] : model_.versions.back().tree.nodes) {
    if (id != model::kRoot && node.type == model::Type::directory &&
        model_.versions.back().tree.places_of(id).size() != 1) {
      differ("a directory has several names:\n" + text_of(head));
    }
  }
  table_.expect_consistent();

  outcome.error == 0 ? ++played.landed : ++played.refused;
  if (outcome.error == 0 && verdict.merges) ++played.merged;
  if (outcome.error == 0) slot.reset();
}

void ModelHistory::move_base(Slot& slot) {
  commitfs::Session& session = slot.writer.session();
  const model::Verdict verdict = model_.judge_move(slot.mine);
  const auto moved = table_.pipeline->move_base_to_head(session);
  if (!moved && moved.error().code != ECANCELED) differ(moved.error().describe());
  if (!moved && verdict.lands() && model_.meets_nothing(slot.mine))
    differ("in the model its base can be moved");
  if (moved && (!verdict.lands() || verdict.merges)) differ("in the model its base stays");
  if (moved && verdict.lands()) {
    ++played.bases_moved;
    model_.move_base(slot.mine, verdict);
  }
  const auto seen = Describer(session, *table_.context.store, true).run();
  if (seen != slot.mine.tree.describe(true))
    differ("after its base the session is\n" + text_of(seen) + "and in the model\n" +
           text_of(slot.mine.tree.describe(true)));
}

}  // namespace commitfs::testing
