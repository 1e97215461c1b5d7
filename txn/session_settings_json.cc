/// Session settings as they are kept in staging: one JSON object,
///   isolation, operation, early   words of the control files
///   require                       bytes
///   replace                       list of bytes
///   keeps                         number of a version
///   frozen, expired               boolean
/// each left out where it is the default. Bytes are a string where they are UTF-8, otherwise
/// {"hex": "ff…"}: JSON has no others.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cerrno>
#include <charconv>

#include "txn/session_settings.h"
#include "txn/text.h"

namespace commitfs {
namespace {

using Json = nlohmann::json;

std::unexpected<Error> damaged(std::string_view what) {
  return fail(EBADMSG, fmt::format("session settings: {}", what));
}

Json bytes_to_json(std::string_view bytes) {
  if (is_utf8(bytes)) return bytes;
  std::string hex;
  for (const char byte : bytes)
    hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return {{"hex", std::move(hex)}};
}

Result<std::string> bytes_from_hex(const std::string& hex) {
  if (hex.size() % 2 != 0) return damaged("half a byte");
  std::string bytes;
  for (std::size_t at = 0; at < hex.size(); at += 2) {
    unsigned char byte = 0;
    const char* first = hex.data() + at;
    const auto [end, error] = std::from_chars(first, first + 2, byte, 16);
    if (error != std::errc() || end != first + 2) return damaged("no hexadecimal digits");
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

Result<std::string> bytes_from_json(const Json& json) {
  if (json.is_string()) return json.get<std::string>();
  if (!json.is_object() || !json.contains("hex") || !json["hex"].is_string()) {
    return damaged("neither text nor bytes");
  }
  return bytes_from_hex(json["hex"].get<std::string>());
}

template <typename Value>
Result<void> read_word(const Json& object, const char* key,
                       Result<Value> (*parse)(std::string_view), Value& value) {
  const auto found = object.find(key);
  if (found == object.end()) return {};
  if (!found->is_string()) return damaged(fmt::format("{} is no word", key));
  auto parsed = parse(found->get<std::string>());
  if (!parsed) return damaged(parsed.error().context);
  value = *parsed;
  return {};
}

Result<void> read_replace(const Json& object, SessionSettings& settings) {
  const auto found = object.find("replace");
  if (found == object.end()) return {};
  if (!found->is_array()) return damaged("replace is no list");
  for (const Json& path : *found)
    settings.replace.push_back(TRY(bytes_from_json(path)));
  return {};
}

/// Unlike parse_operation, all of them.
Result<Operation> read_operation(std::string_view word) {
  if (word == to_string(Operation::restore)) return Operation::restore;
  return parse_operation(word);
}

Result<void> read_flag(const Json& object, const char* key, bool& flag) {
  const auto found = object.find(key);
  if (found == object.end()) return {};
  if (!found->is_boolean()) return damaged(fmt::format("{} is neither true nor false", key));
  flag = found->get<bool>();
  return {};
}

/// A default is no key at all.
void put(Json& object, const char* key, Json value, bool is_default) {
  if (is_default) {
    object.erase(key);
  } else {
    object[key] = std::move(value);
  }
}

}  // namespace

std::string settings_to_json(const SessionSettings& settings, std::string_view previous) {
  const SessionSettings defaults;
  Json object = Json::parse(previous, nullptr, false);
  if (!object.is_object()) object = Json::object();
  put(object, "isolation", to_string(settings.isolation), settings.isolation == defaults.isolation);
  put(object, "operation", to_string(settings.operation), settings.operation == defaults.operation);
  put(object, "early", to_string(settings.early), settings.early == defaults.early);
  put(object, "require", bytes_to_json(settings.require), settings.require.empty());
  Json replace = Json::array();
  for (const std::string& path : settings.replace)
    replace.push_back(bytes_to_json(path));
  put(object, "replace", std::move(replace), settings.replace.empty());
  put(object, "keeps", raw(settings.keeps), settings.keeps == SeqNo::none);
  put(object, "frozen", settings.frozen, !settings.frozen);
  put(object, "expired", settings.expired, !settings.expired);
  return object.empty() ? std::string() : object.dump();
}

Result<SessionSettings> settings_from_json(std::string_view extra) {
  SessionSettings settings;
  if (extra.empty()) return settings;
  const Json object = Json::parse(extra, nullptr, false);
  if (!object.is_object()) return damaged("no JSON object");
  TRY(read_word(object, "isolation", parse_isolation, settings.isolation));
  TRY(read_word(object, "operation", read_operation, settings.operation));
  TRY(read_word(object, "early", parse_early_detection, settings.early));
  TRY(read_replace(object, settings));
  if (const auto found = object.find("keeps"); found != object.end()) {
    if (!found->is_number_unsigned()) return damaged("keeps is no version");
    settings.keeps = SeqNo{found->get<std::uint64_t>()};
  }
  TRY(read_flag(object, "frozen", settings.frozen));
  TRY(read_flag(object, "expired", settings.expired));
  if (const auto found = object.find("require"); found != object.end()) {
    settings.require = TRY(bytes_from_json(*found));
  }
  return settings;
}

}  // namespace commitfs
