#include "txn/conflict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace commitfs {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// The newest version at 2026-11-20T18:00:00.000000005Z, by a user without a name.
VersionRecord winner() {
  VersionRecord version;
  version.seq_no = SeqNo{43};
  version.term = Term{2};
  version.session = "hourly";
  version.uid = 4'000'000'123U;
  version.time_ns = 1'795'197'600'000'000'005;
  version.message = "hourly load";
  return version;
}

ConflictReport report() {
  ConflictReport report;
  report.session = "nightly";
  report.base = SeqNo{41};
  report.head = SeqNo{43};
  return report;
}

ConflictReport one_conflict() {
  ConflictReport refused = report();
  refused.conflicts.push_back(
      {ConflictCategory::update_update, "sales/a.parquet", "sales/a.parquet", "", winner()});
  return refused;
}

TEST(ConflictReportText, OfOneConflict) {
  EXPECT_EQ(one_conflict().to_text(),
            "commit of 'nightly' refused: 1 conflict; base 41, head 43\n"
            "\n"
            "  UPDATE_UPDATE  sales/a.parquet\n"
            "    group      sales/a.parquet\n"
            "    my base    41\n"
            "    changed in version 43 (term 2), write by session 'hourly'\n"
            "    user       4000000123\n"
            "    time       2026-11-20T18:00:00.000000005Z\n"
            "    message    hourly load\n");
}

TEST(ConflictReportText, OfEverythingAtOnce) {
  ConflictReport refused = one_conflict();
  refused.conflicts[0].detail = "user.origin";
  refused.conflicts[0].category = ConflictCategory::attribute;
  refused.conflicts[0].winner.message = "";
  refused.omitted = 7;
  refused.open_files = {"b", "c\nd"};
  refused.notes = {"directory sales merged"};
  EXPECT_EQ(
      refused.to_text(),
      "commit of 'nightly' refused: 8 conflicts; 2 files are open for writing; base 41, head 43\n"
      "\n"
      "  ATTRIBUTE  sales/a.parquet\n"
      "    group      sales/a.parquet\n"
      "    detail     user.origin\n"
      "    my base    41\n"
      "    changed in version 43 (term 2), write by session 'hourly'\n"
      "    user       4000000123\n"
      "    time       2026-11-20T18:00:00.000000005Z\n"
      "\n"
      "  and 7 more conflicts\n"
      "\n"
      "open for writing:\n"
      "  b\n"
      "  \"c\\nd\"\n"
      "\n"
      "notes:\n"
      "  directory sales merged\n");
}

TEST(ConflictReportText, OfAReasonInOneLineAndInSeveral) {
  ConflictReport refused = report();
  refused.reason = "no space on the device";
  EXPECT_EQ(refused.to_text(),
            "commit of 'nightly' refused: no space on the device; base 41, head 43\n");
  refused.reason = "hook 10-check said no:\nrow 3\x1b[2J is bad\n";
  EXPECT_EQ(refused.to_text(),
            "commit of 'nightly' refused: hook 10-check said no: …; base 41, head 43\n"
            "\n"
            "  hook 10-check said no:\n"
            "  row 3\\033[2J is bad\n");
}

TEST(ConflictReportText, SaysWhenThereIsNothingToRefuse) {
  EXPECT_EQ(report().to_text(), "commit of 'nightly' would succeed; base 41, head 43\n");
}

TEST(ConflictReportText, EscapesNamesThatATerminalWouldObey) {
  ConflictReport refused = one_conflict();
  refused.session = "a\x1b]0;b";
  refused.conflicts[0].path = "x\ny/\xff";
  refused.conflicts[0].winner.session = "evil\r";
  refused.conflicts[0].winner.message = "one\ntwo";
  const std::string text = refused.to_text();
  EXPECT_THAT(text, StartsWith("commit of \"a\\033]0;b\" refused"));
  EXPECT_THAT(text, HasSubstr("  UPDATE_UPDATE  \"x\\ny/\\377\"\n"));
  EXPECT_THAT(text, HasSubstr("by session \"evil\\r\"\n"));
  EXPECT_THAT(text, HasSubstr("message    one\\ntwo\n"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(ConflictReportText, NamesUsersWhereTheyHaveAName) {
  ConflictReport refused = one_conflict();
  refused.conflicts[0].winner.uid = 0;
  EXPECT_THAT(refused.to_text(), HasSubstr("user       root\n"));
}

TEST(ConflictReportJson, OfOneConflict) {
  EXPECT_EQ(one_conflict().to_json(), R"({
  "schema": 1,
  "session": "nightly",
  "base": 41,
  "head": 43,
  "result": "refused",
  "reason": "",
  "conflicts": [
    {
      "category": "UPDATE_UPDATE",
      "path": "sales/a.parquet",
      "group": "sales/a.parquet",
      "detail": "",
      "base": 41,
      "winner": {
        "version": 43,
        "term": 2,
        "session": "hourly",
        "user": {
          "uid": 4000000123,
          "name": null
        },
        "operation": "write",
        "time": "2026-11-20T18:00:00.000000005Z",
        "message": "hourly load"
      }
    }
  ],
  "omitted": 0,
  "notes": [],
  "open_files": []
}
)");
}

/// Programs read this: what is here stays. Fields may be added, and then go here too.
TEST(ConflictReportJson, HasTheFieldsOfItsSchemaAndNoOthers) {
  ConflictReport refused = one_conflict();
  refused.reason = "why";
  refused.notes = {"note"};
  refused.open_files = {"open"};
  refused.condition = condition::Refusal{
      .head = SeqNo{43}, .text = "seq_no('a') = 7", .parts = {{"seq_no('a')", "7", "8"}}};
  refused.session = "\xff";
  refused.conflicts[0].path = "\xff";
  const auto json = nlohmann::json::parse(refused.to_json());
  const auto fields = [](const nlohmann::json& object) {
    std::string names;
    for (const auto& [name, value] : object.items())
      names += std::string(names.empty() ? "" : " ") + name + ":" + value.type_name();
    return names;
  };
  EXPECT_EQ(fields(json),
            "base:number condition:object conflicts:array escaped:array head:number notes:array "
            "omitted:number open_files:array reason:string result:string schema:number "
            "session:string");
  EXPECT_EQ(fields(json["conflicts"][0]),
            "base:number category:string detail:string escaped:array group:string path:string "
            "winner:object");
  EXPECT_EQ(fields(json["conflicts"][0]["winner"]),
            "message:string operation:string session:string term:number time:string user:object "
            "version:number");
  EXPECT_EQ(fields(json["conflicts"][0]["winner"]["user"]), "name:null uid:number");
  EXPECT_EQ(fields(json["condition"]), "failed:array text:string");
  EXPECT_EQ(fields(json["condition"]["failed"][0]), "actual:string expected:string part:string");
}

TEST(ConflictReportJson, SaysOkWhenNothingIsRefused) {
  const auto json = nlohmann::json::parse(report().to_json());
  EXPECT_EQ(json["result"], "ok");
  EXPECT_TRUE(json["conflicts"].empty());
  EXPECT_FALSE(json.contains("escaped"));
}

TEST(ConflictReportJson, EscapesWhatIsNotUtf8AndNamesTheFields) {
  ConflictReport refused = one_conflict();
  refused.session = "s\xff";
  refused.notes = {"fine", "n\xfe", "m\xfe"};
  refused.conflicts[0].path = "a\\b\xff";
  refused.conflicts[0].winner.session = "\xc0";
  const auto json = nlohmann::json::parse(refused.to_json());
  EXPECT_EQ(json["session"], "s\\xff");
  EXPECT_EQ(json["notes"], (nlohmann::json{"fine", "n\\xfe", "m\\xfe"}));
  EXPECT_EQ(json["escaped"], (nlohmann::json{"session", "notes"}));
  const auto& conflict = json["conflicts"][0];
  EXPECT_EQ(conflict["path"], "a\\x5cb\\xff");
  EXPECT_EQ(conflict["winner"]["session"], "\\xc0");
  EXPECT_EQ(conflict["escaped"], (nlohmann::json{"path", "winner.session"}));
}

TEST(ConflictReportJson, KeepsNamesWithControlCharacters) {
  ConflictReport refused = one_conflict();
  refused.conflicts[0].path = "a\nb\x01";
  const auto json = nlohmann::json::parse(refused.to_json());
  EXPECT_EQ(json["conflicts"][0]["path"], "a\nb\x01");
  EXPECT_FALSE(json["conflicts"][0].contains("escaped"));
}

TEST(ConflictCategory, HasTheWordsOfTheConflictTable) {
  EXPECT_EQ(to_string(ConflictCategory::exists), "EXISTS");
  EXPECT_EQ(to_string(ConflictCategory::update_delete), "UPDATE_DELETE");
  EXPECT_EQ(to_string(ConflictCategory::delete_update), "DELETE_UPDATE");
  EXPECT_EQ(to_string(ConflictCategory::delete_delete), "DELETE_DELETE");
  EXPECT_EQ(to_string(ConflictCategory::rename_rename), "RENAME_RENAME");
  EXPECT_EQ(to_string(ConflictCategory::parent_moved), "PARENT_MOVED");
  EXPECT_EQ(to_string(ConflictCategory::parent_absent), "PARENT_ABSENT");
  EXPECT_EQ(to_string(ConflictCategory::directory_changed), "DIR_CHANGED");
  EXPECT_EQ(to_string(ConflictCategory::not_empty), "NOT_EMPTY");
  EXPECT_EQ(to_string(ConflictCategory::type), "TYPE");
  EXPECT_EQ(to_string(ConflictCategory::attribute), "ATTRIBUTE");
  EXPECT_EQ(to_string(ConflictCategory::config), "CONFIG");
  EXPECT_EQ(to_string(ConflictCategory::rewrite_write), "REWRITE_WRITE");
  EXPECT_EQ(to_string(ConflictCategory::replace_append), "REPLACE_APPEND");
  EXPECT_EQ(to_string(ConflictCategory::read_write), "READ_WRITE");
  EXPECT_EQ(to_string(ConflictCategory::phantom), "PHANTOM");
}

}  // namespace
}  // namespace commitfs
