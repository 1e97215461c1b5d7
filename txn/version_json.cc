#include "txn/version_json.h"

#include <nlohmann/json.hpp>

#include "txn/text.h"
#include "txn/version_name.h"

namespace commitfs {

Result<std::string> format_version_json(CatalogReader& catalog, const VersionRecord& version) {
  std::vector<std::string> tags;
  for (TagRecord& tag : TRY(catalog.tags_of(version.seq_no)))
    tags.push_back(std::move(tag.name));
  const nlohmann::ordered_json json = {
      {"seq_no", raw(version.seq_no)},
      {"primary_term", raw(version.term)},
      {"time", format_time(version.time_ns)},
      {"session", version.session},
      {"base", raw(version.base)},
      {"operation", version.operation},
      {"uid", version.uid},
      {"gid", version.gid},
      {"user", user_name(version.uid)},
      {"message", version.message},
      {"metadata", version.metadata},
      {"added", version.added},
      {"modified", version.modified},
      {"deleted", version.deleted},
      {"renamed", version.renamed},
      {"attributes", version.attributes},
      {"bytes", version.bytes},
      {"tags", tags},
  };
  // Names and messages may be any bytes; JSON may not.
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string format_expired_json(SeqNo version) {
  return nlohmann::ordered_json{{"seq_no", raw(version)}, {"expired", true}}.dump();
}

}  // namespace commitfs
