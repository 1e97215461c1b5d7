#include "txn/hooks/commit_description.h"

#include <nlohmann/json.hpp>

#include <algorithm>

#include "txn/change_text.h"
#include "txn/text.h"
#include "txn/version_name.h"

namespace commitfs::hooks {
namespace {

using Json = nlohmann::ordered_json;

Json describe(const ChangeRecord& change) {
  Json json;
  json["kind"] = std::string(1, letter_of(change.kind));
  json["path"] = to_utf8(change.path).text;
  if (change.kind == ChangeKind::renamed) json["old_path"] = to_utf8(change.old_path).text;
  if (change.is_directory) json["directory"] = true;
  return json;
}

}  // namespace

std::string describe_commit(std::string_view hook, const VersionRecord& version,
                            std::span<const ChangeRecord> changes) {
  const bool made = version.seq_no != SeqNo::none;
  Json json;
  json["schema"] = 1;
  json["hook"] = hook;
  json["version"] = made ? Json(raw(version.seq_no)) : Json();
  json["term"] = made ? Json(raw(version.term)) : Json();
  json["session"] = to_utf8(version.session).text;
  json["base"] = raw(version.base);
  json["operation"] = version.operation;
  json["message"] = to_utf8(version.message).text;
  json["metadata"] = Json::object();
  for (const auto& [key, value] : version.metadata)
    json["metadata"][key] = to_utf8(value).text;
  json["token"] = version.token ? Json(*version.token) : Json();
  json["user"] = {{"uid", version.uid}, {"name", to_utf8(user_name(version.uid)).text}};
  json["time"] = made ? Json(format_time(version.time_ns)) : Json();
  const std::size_t told = std::min(changes.size(), kMaxChanges);
  json["changes"] = Json::array();
  for (const ChangeRecord& change : changes.first(told))
    json["changes"].push_back(describe(change));
  json["omitted"] = changes.size() - told;
  return json.dump() + '\n';
}

}  // namespace commitfs::hooks
