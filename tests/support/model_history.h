#pragma once

#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/support/table_model.h"
#include "tests/support/txn_table.h"

namespace commitfs::testing {

/// One thing that a program, or a session as a whole, does. Which of the fields mean something
/// depends on the operation.
struct Step {
  enum class Do {
    begin,  ///< `number` versions before the head
    write,
    append,
    open_for_writing,
    save,  ///< as editors do: a new file, renamed over the old
    mkdir,
    symlink,
    link,
    unlink,
    rmdir,
    rename,
    exchange,
    set_attribute,  ///< of `path`, `other`, to `text`
    remove_attribute,
    read,
    list,
    look_for,
    get_attribute,
    serializable,
    move_base,
    discard,
    commit,
  };
  std::size_t session = 0;
  Do what = Do::begin;
  std::string path;
  std::string other;
  std::string text;
  std::size_t number = 0;
};

std::string to_string(const Step& step);

/// What became of a history: how far it came, and how the table differed from the model first.
struct Played {
  std::vector<Step> steps;  ///< those that were possible
  std::string difference;   ///< empty: none
  int landed = 0;
  int refused = 0;
  int merged = 0;  ///< of those that landed
  int bases_moved = 0;
};

/// A table and its model, side by side. Thread-compatible.
class ModelHistory {
 public:
  ModelHistory(std::shared_ptr<Catalog> catalog, std::size_t sessions);

  /// Takes the step on both, unless the model says that a program would get an error.
  /// False when there is a difference; `played` says which.
  bool take(const Step& step);
  std::size_t sessions() const { return slots_.size(); }
  /// Null when no such session is open.
  const model::Tree* tree_of(std::size_t session) const;

  Played played;

 private:
  struct Slot {
    Writer writer;
    model::Session mine;
  };
  bool take_in_session(Slot& slot, const Step& step);
  void on_model(Slot& slot, const Step& step, bool& possible);
  void on_table(Slot& slot, const Step& step);
  void commit(std::optional<Slot>& slot);
  void move_base(Slot& slot);
  void expect_told(const model::Verdict& verdict, const ConflictReport& report);
  void differ(const std::string& what);

  TxnTable table_;
  model::Table model_;
  std::vector<std::optional<Slot>> slots_;
};

/// Some step of one of the sessions.
Step draw(const ModelHistory& history, std::mt19937& engine);
/// Plays `count` random steps.
Played play_random(std::shared_ptr<Catalog> catalog, std::uint32_t seed, std::size_t count);
/// The fewest of the steps that still end in a difference, as text.
std::string shrink(std::vector<Step> steps);

}  // namespace commitfs::testing
