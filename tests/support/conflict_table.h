#pragma once

#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace commitfs::testing {

/// A row of the table of conflicts, played on every catalog, under both isolations and in both
/// orders. What the sessions do is written in small steps, "write d/f w; rm g", that a test turns
/// into calls or into a shell script:
///   write P TEXT  replace P TEXT  mkdir P  rm P  rmdir P  mv P P  ln P P  symlink TARGET P
///   chmod MODE P  setxattr P NAME VALUE  touch P  open P (for writing; nothing is written)
///   read P  list P  look P (it is not there)  getxattr P NAME
///   operation WORD  replaces P  token TEXT
///   config LINE (of W alone: not a session, but a change of the table's configuration)
///   back (of W alone: the table goes back to what it was before the base)
///   expire (of W alone: after another commit the base is expired by force)
/// Outcomes are "" when the commit lands, an errno's name, or the conflicts it is refused for:
/// "UPDATE_UPDATE d/f, EXISTS x", by path. Trees are as brief_tree shows them.
struct TableRow {
  int number = 0;
  const char* name = "";
  const char* base = "";  ///< what both begin with
  const char* w = "";     ///< the other session
  const char* me = "";
  // W commits first, then I do: mine, under snapshot and when both are serializable.
  const char* snapshot = "";
  const char* serializable = "";
  // I commit first, then W does: W's.
  const char* swapped = "";
  const char* swapped_serializable = "";
  const char* both =
      "";  ///< the head when both landed; when one was refused it is the other's work
  const char* both_swapped = nullptr;  ///< the same, had I come first; null: the same
  const char* config = "";             ///< of the table
  const char* earlier = "";            ///< what a version before the base holds
  bool i_make_no_version = false;      ///< for I have changed nothing
  bool other_stays_open = false;       ///< who comes first does not commit at all

  const char* outcome(bool is_serializable, bool is_swapped) const {
    if (is_serializable) return is_swapped ? swapped_serializable : serializable;
    return is_swapped ? swapped : snapshot;
  }
  const char* tree(bool is_swapped) const {
    return is_swapped && both_swapped != nullptr ? both_swapped : both;
  }
};
std::ostream& operator<<(std::ostream& stream, const TableRow& row);
/// "r05_both_update".
std::string name_of(const TableRow& row);

std::span<const TableRow> conflict_table();

/// "write d/f w; rm g" as {{"write", "d/f", "w"}, {"rm", "g"}}.
std::vector<std::vector<std::string>> steps_of(std::string_view text);
/// The entries of a brief tree in one order, whoever made it.
std::vector<std::string> sorted_words(std::string_view text);

}  // namespace commitfs::testing
