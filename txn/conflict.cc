/// Conflict reports as text for people and as JSON for programs.
///
/// The JSON schema, version 1. Fields may be added within a version; none is renamed, removed or
/// given another meaning.
///   schema      1
///   session     name of the session
///   base, head  version the session started from, version it was validated against
///   result      "refused" or "ok"
///   reason      one sentence when something else than a conflict refused it, else ""
///   conflicts   at most 1,000, ordered by path:
///     category  "EXISTS", "UPDATE_UPDATE", … : to_string(ConflictCategory)
///     path      in the session, relative to its root
///     group     directory path and group name, joined by '/'
///     detail    an attribute's name, the other path of a rename, or ""
///     base      version the session started from
///     winner    {version, term, session, user: {uid, name}, operation, time, message}; name is
///     null when unknown escaped   see below; absent when nothing was
///   omitted     how many conflicts there are beyond those
///   notes       sentences: merges worth knowing
///   open_files  paths still open for writing
///   condition   what `require` demanded, when it is false; else absent:
///     text      all of it
///     failed    the tests that make it false, each {part, expected, actual}: as it was written,
///     and two texts for people
///   escaped     see below; absent when nothing was
/// Bytes that are not UTF-8 cannot stand in JSON. A text that holds some is given with \xNN for
/// each byte beyond ASCII and for '\', and the `escaped` list of its object names the field
/// ("winner.session", "open_files").
#include "txn/conflict.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

#include "txn/text.h"
#include "txn/version_name.h"

namespace commitfs {
namespace {

using Json = nlohmann::ordered_json;

/// Builds one JSON object and remembers which of its texts had to be escaped.
class ObjectWriter {
 public:
  std::string text(std::string_view field, std::string_view bytes) {
    Utf8Text utf8 = to_utf8(bytes);
    if (utf8.escaped && (escaped_.empty() || escaped_.back() != field))
      escaped_.emplace_back(field);
    return std::move(utf8.text);
  }

  Json texts(std::string_view field, const std::vector<std::string>& all) {
    Json list = Json::array();
    for (const std::string& one : all)
      list.push_back(text(field, one));
    return list;
  }

  void finish(Json& object) const {
    if (!escaped_.empty()) object["escaped"] = escaped_;
  }

 private:
  std::vector<std::string> escaped_;
};

Json user_to_json(uid_t uid) {
  const std::string name = user_name(uid);
  const bool known = name != std::to_string(uid);
  return {{"uid", uid}, {"name", known ? Json(to_utf8(name).text) : Json(nullptr)}};
}

Json winner_to_json(const VersionRecord& winner, ObjectWriter& writer) {
  return {{"version", raw(winner.seq_no)},
          {"term", raw(winner.term)},
          {"session", writer.text("winner.session", winner.session)},
          {"user", user_to_json(winner.uid)},
          {"operation", writer.text("winner.operation", winner.operation)},
          {"time", format_time(winner.time_ns)},
          {"message", writer.text("winner.message", winner.message)}};
}

Json conflict_to_json(const Conflict& conflict, SeqNo base) {
  ObjectWriter writer;
  Json object = {{"category", to_string(conflict.category)},
                 {"path", writer.text("path", conflict.path)},
                 {"group", writer.text("group", conflict.group)},
                 {"detail", writer.text("detail", conflict.detail)},
                 {"base", raw(base)},
                 {"winner", winner_to_json(conflict.winner, writer)}};
  writer.finish(object);
  return object;
}

/// The session's name in single quotes, or quoted as paths are.
std::string quoted_session(std::string_view name) {
  std::string quoted = quote_name(name);
  return quoted.starts_with('"') ? quoted : "'" + quoted + "'";
}

std::string verdict(const ConflictReport& report) {
  if (!report.refused()) return "would succeed";
  std::vector<std::string> causes;
  if (const std::uint64_t count = report.conflicts.size() + report.omitted; count != 0) {
    causes.push_back(count_of(count, "conflict", "conflicts"));
  }
  if (!report.open_files.empty()) {
    causes.push_back(count_of(report.open_files.size(), "file is", "files are") +
                     " open for writing");
  }
  if (report.condition) causes.push_back("the condition in 'require' is false");
  // A hook's output may be many lines: it stands below, the summary stays one line.
  if (!report.reason.empty()) {
    const std::size_t line_bytes = report.reason.find('\n');
    const std::string first = printable(report.reason.substr(0, line_bytes));
    causes.push_back(line_bytes == std::string::npos ? first : first + " …");
  }
  return fmt::format("refused: {}", fmt::join(causes, "; "));
}

void append_block(std::string& out, const Conflict& conflict, SeqNo base) {
  const VersionRecord& winner = conflict.winner;
  const auto field = [&out](std::string_view name, std::string_view value) {
    fmt::format_to(std::back_inserter(out), "    {:<11}{}\n", name, value);
  };
  out += fmt::format("\n  {}  {}\n", to_string(conflict.category), quote_name(conflict.path));
  field("group", quote_name(conflict.group));
  if (!conflict.detail.empty()) field("detail", printable(conflict.detail));
  field("my base", std::to_string(raw(base)));
  const std::string by =
      winner.session.empty() ? "" : " by session " + quoted_session(winner.session);
  field("changed in", fmt::format("version {} (term {}), {}{}", raw(winner.seq_no),
                                  raw(winner.term), printable(winner.operation), by));
  field("user", printable(user_name(winner.uid)));
  field("time", format_time(winner.time_ns));
  if (!winner.message.empty()) field("message", printable(winner.message));
}

void append_condition(std::string& out, const condition::Refusal& refusal) {
  out += fmt::format("\ncondition:\n  {}\n", refusal.text);
  for (const condition::FalsePart& part : refusal.parts) {
    out += fmt::format("\n  FALSE  {}\n    expected   {}\n    actual     {}\n", part.part,
                       part.expected, part.actual);
  }
}

/// Its texts are for people already: what is not UTF-8 was made so.
Json condition_to_json(const condition::Refusal& refusal) {
  Json failed = Json::array();
  for (const condition::FalsePart& part : refusal.parts) {
    failed.push_back({{"part", part.part}, {"expected", part.expected}, {"actual", part.actual}});
  }
  return {{"text", refusal.text}, {"failed", std::move(failed)}};
}

/// Lines of free text, each made harmless and indented.
void append_lines(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    out += line.empty() ? "\n" : fmt::format("  {}\n", printable(line));
  }
}

}  // namespace

std::span<const ConflictCategory> conflict_categories() {
  using enum ConflictCategory;
  static constexpr std::array kAll = {
      exists,       update_update, update_delete,     delete_update, delete_delete, rename_rename,
      parent_moved, parent_absent, directory_changed, not_empty,     type,          attribute,
      config,       rewrite_write, replace_append,    read_write,    phantom};
  return kAll;
}

std::string_view to_string(ConflictCategory category) {
  switch (category) {
    case ConflictCategory::exists:
      return "EXISTS";
    case ConflictCategory::update_update:
      return "UPDATE_UPDATE";
    case ConflictCategory::update_delete:
      return "UPDATE_DELETE";
    case ConflictCategory::delete_update:
      return "DELETE_UPDATE";
    case ConflictCategory::delete_delete:
      return "DELETE_DELETE";
    case ConflictCategory::rename_rename:
      return "RENAME_RENAME";
    case ConflictCategory::parent_moved:
      return "PARENT_MOVED";
    case ConflictCategory::parent_absent:
      return "PARENT_ABSENT";
    case ConflictCategory::directory_changed:
      return "DIR_CHANGED";
    case ConflictCategory::not_empty:
      return "NOT_EMPTY";
    case ConflictCategory::type:
      return "TYPE";
    case ConflictCategory::attribute:
      return "ATTRIBUTE";
    case ConflictCategory::config:
      return "CONFIG";
    case ConflictCategory::rewrite_write:
      return "REWRITE_WRITE";
    case ConflictCategory::replace_append:
      return "REPLACE_APPEND";
    case ConflictCategory::read_write:
      return "READ_WRITE";
    case ConflictCategory::phantom:
      return "PHANTOM";
  }
  return "UNKNOWN";
}

std::string ConflictReport::to_text() const {
  std::string out =
      fmt::format("commit of {} {}; base {}", quoted_session(session), verdict(*this), raw(base));
  // None when it was refused before it was held against a head.
  if (head != SeqNo::none) out += fmt::format(", head {}", raw(head));
  out += '\n';
  if (reason.find('\n') != std::string::npos) {
    out += '\n';
    append_lines(out, reason);
  }
  if (condition) append_condition(out, *condition);
  for (const Conflict& conflict : conflicts)
    append_block(out, conflict, base);
  if (omitted != 0)
    out += fmt::format("\n  and {}\n", count_of(omitted, "more conflict", "more conflicts"));
  if (!open_files.empty()) out += "\nopen for writing:\n";
  for (const std::string& path : open_files)
    out += fmt::format("  {}\n", quote_name(path));
  if (!notes.empty()) out += "\nnotes:\n";
  for (const std::string& note : notes)
    append_lines(out, note);
  return out;
}

std::string ConflictReport::to_json() const {
  ObjectWriter writer;
  Json object = {{"schema", 1},
                 {"session", writer.text("session", session)},
                 {"base", raw(base)},
                 {"head", raw(head)},
                 {"result", refused() ? "refused" : "ok"},
                 {"reason", writer.text("reason", reason)},
                 {"conflicts", Json::array()},
                 {"omitted", omitted},
                 {"notes", writer.texts("notes", notes)},
                 {"open_files", writer.texts("open_files", open_files)}};
  for (const Conflict& conflict : conflicts)
    object["conflicts"].push_back(conflict_to_json(conflict, base));
  if (condition) object["condition"] = condition_to_json(*condition);
  writer.finish(object);
  return object.dump(2) + '\n';
}

}  // namespace commitfs
