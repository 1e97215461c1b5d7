/// The log, one version a line, fields separated by tabs, so that `cut -f` and `awk -F'\t'` work
/// whatever names hold:
///   version  time  user  session  operation  counts  message  [tags]
/// Counts are those of A, M (attribute changes too), D and R that are not zero ("A3 M1"), "-" when
/// all are. Names with odd bytes are quoted as in `diff`; an empty session (the adoption) is "-". A
/// version that has tags has one field more: their names, with a space between them.
#include <fmt/format.h>

#include "txn/table.h"
#include "txn/text.h"

namespace commitfs {
namespace {

std::string format_counts(const VersionRecord& version) {
  std::string out;
  const auto add = [&out](char letter, std::uint64_t count) {
    if (count == 0) return;
    if (!out.empty()) out += ' ';
    out += fmt::format("{}{}", letter, count);
  };
  add('A', version.added);
  add('M', version.modified + version.attributes);
  add('D', version.deleted);
  add('R', version.renamed);
  return out.empty() ? "-" : out;
}

}  // namespace

std::string format_log_line(const VersionRecord& version, std::string_view tags) {
  const std::string session = version.session.empty() ? "-" : quote_name(version.session);
  return fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}{}{}", raw(version.seq_no),
                     format_time(version.time_ns), printable(user_name(version.uid)), session,
                     printable(version.operation), format_counts(version),
                     printable(version.message), tags.empty() ? "" : "\t", tags);
}

}  // namespace commitfs
