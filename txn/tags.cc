#include "txn/tags.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include "meta/name.h"
#include "txn/control_text.h"
#include "txn/fenced_transaction.h"
#include "txn/version_name.h"

namespace commitfs {
namespace {

constexpr std::array<std::string_view, 4> kReserved = {"latest", "previous", "head", ".commitfs"};

bool is_number(std::string_view name) {
  return std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; });
}

/// `target` without the way to snapshots/ or tags/, where it has one. EINVAL for another path.
Result<std::string_view> version_part(std::string_view target) {
  if (target.size() > 1 && target.ends_with('/')) target.remove_suffix(1);
  const auto slash = target.rfind('/');
  if (slash == std::string_view::npos) return target;
  const std::string_view directory = target.substr(0, slash);
  const std::string_view last = directory.substr(directory.rfind('/') + 1);
  if (last != "snapshots" && last != "tags") {
    return fail(EINVAL, "tag: a path that is not of a version");
  }
  return target.substr(slash + 1);
}

}  // namespace

Result<void> check_tag_name(std::string_view name) {
  TRY(valid_name(name));
  TRY(control::checked_text(std::string(name)));
  const bool reserved = std::ranges::find(kReserved, name) != kReserved.end() || is_number(name) ||
                        parse_time(name).has_value();
  if (reserved || name.starts_with('-') || name.find_first_of("@ \t\n") != std::string_view::npos) {
    return fail(EINVAL, "the name of a tag");
  }
  return {};
}

Result<TagRecord> Tags::add(std::string_view name, std::string_view target, const Caller& caller) {
  TRY(check_tag_name(name));
  const std::string_view wanted = TRY(version_part(target));
  const auto transaction = TRY(begin_fenced(context_));
  if (TRY(transaction->find_tag(name))) return fail(EEXIST, "tag " + std::string(name));
  const auto version = TRY(resolve_version(*transaction, wanted));
  if (!version) return fail(ENOENT, "tag " + std::string(name) + ": no such version");
  TagRecord tag{.name = std::string(name),
                .seq_no = *version,
                .time_ns = context_.clock->now_ns(),
                .uid = caller.uid};
  TRY(transaction->put_tag(tag));
  TRY(transaction->commit());
  return tag;
}

Result<void> Tags::rename(std::string_view from, std::string_view to, bool replace) {
  TRY(check_tag_name(to));
  const auto transaction = TRY(begin_fenced(context_));
  auto tag = TRY(transaction->find_tag(from));
  if (!tag) return fail(ENOENT, "rename tag " + std::string(from));
  if (from == to) return {};
  if (!replace && TRY(transaction->find_tag(to))) return fail(EEXIST, "tag " + std::string(to));
  TRY(transaction->remove_tag(from));
  tag->name = to;
  TRY(transaction->put_tag(*tag));
  return transaction->commit();
}

Result<void> Tags::remove(std::string_view name) {
  const auto transaction = TRY(begin_fenced(context_));
  TRY(transaction->remove_tag(name));
  return transaction->commit();
}

Result<std::string> tag_names(CatalogReader& catalog, SeqNo version) {
  std::string names;
  for (const TagRecord& tag : TRY(catalog.tags_of(version))) {
    if (!names.empty()) names += ' ';
    names += tag.name;
  }
  return names;
}

}  // namespace commitfs
