#include "txn/change_text.h"

#include <fmt/format.h>

#include "txn/text.h"

namespace commitfs {
namespace {

/// A name beside an arrow: one that holds an arrow is quoted too.
std::string quote_beside_arrow(std::string_view name) {
  std::string quoted = quote_name(name);
  const bool bare = !quoted.starts_with('"');
  return bare && name.find(" -> ") != std::string_view::npos ? '"' + quoted + '"' : quoted;
}

}  // namespace

char letter_of(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::added:
      return 'A';
    case ChangeKind::deleted:
      return 'D';
    case ChangeKind::renamed:
      return 'R';
    case ChangeKind::modified:
    case ChangeKind::attributes:
    case ChangeKind::times:
      return 'M';
  }
  return '?';
}

std::string change_line(ChangeKind kind, std::string_view path, std::string_view old_path) {
  if (kind != ChangeKind::renamed)
    return fmt::format("{}\t{}\n", letter_of(kind), quote_name(path));
  return fmt::format("{}\t{} -> {}\n", letter_of(kind), quote_beside_arrow(old_path),
                     quote_beside_arrow(path));
}

}  // namespace commitfs
