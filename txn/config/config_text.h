#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "txn/config/table_config.h"

namespace commitfs {

/// A configuration as it is written and stored: which keys are set, and to what. A plain value.
///
/// A line is `KEY = VALUE` or `KEY PATTERN = VALUE`; blanks around either are no part of it. The
/// first '=' with blanks on both sides parts key and value, so that a pattern may hold one
/// (`group region=* = hudi`); without such the first '='. Lines that are empty or begin with '#'
/// say nothing. An empty VALUE takes the key back to its default. There are no comments behind a
/// value.
class ConfigText {
 public:
  static constexpr std::size_t kMaxBytes = 64 * 1024;
  static constexpr std::size_t kMaxLines = 256;

  enum class Repeated { refused, last_wins };
  /// Reads a text whose values all make sense. EINVAL with "line N: why" as its context: an unknown
  /// key, a bad value, a key that comes again if that is to be refused, a control character, too
  /// many lines; E2BIG.
  static Result<ConfigText> parse(std::string_view text, Repeated repeated);

  /// Sets what `added` sets, in the place of a line of that key, else behind all.
  void merge(const ConfigText& added);
  /// Typed. EINVAL when merging made too many lines, or for a text of a later program's.
  Result<TableConfig> values() const;

  /// As it is stored: a line a key that is set.
  std::string stored() const;
  /// As users read it: what is set, and every other key as a comment with its default.
  std::string shown() const;
  /// What `next` changes of what decides validity, in a line for people; empty when nothing.
  std::string validity_changes(const ConfigText& next) const;

 private:
  struct Line {
    std::string key;
    std::string pattern;
    std::string value;  ///< empty in a text to be merged: take the key back
    bool is_set() const { return !value.empty(); }
    std::string name() const { return pattern.empty() ? key : key + " " + pattern; }
    std::string text() const { return name() + " = " + value; }
  };
  static Result<Line> parse_line(std::string_view line);
  const Line* find(std::string_view name) const;
  void put(const Line& line);
  /// The lines that decide validity, in the order that matters.
  std::vector<std::string> validity_lines() const;

  std::vector<Line> lines_;
};

}  // namespace commitfs
