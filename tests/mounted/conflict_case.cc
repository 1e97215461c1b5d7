#include "tests/mounted/conflict_case.h"

#include <nlohmann/json.hpp>

#include <map>
#include <ostream>

#include "tests/support/tree_listing.h"

namespace commitfs::test {
namespace {

/// "CATEGORY path" of each conflict, a line each.
std::string reported(const std::string& report_text) {
  const auto report = nlohmann::json::parse(report_text);
  std::string lines;
  for (const auto& conflict : report.at("conflicts")) {
    lines += conflict.at("category").get<std::string>() + " " +
             conflict.at("path").get<std::string>() + "\n";
  }
  return lines;
}

}  // namespace

std::ostream& operator<<(std::ostream& stream, const ConflictCase& value) {
  return stream << value.name;
}

std::string conflict_case_name(
    const ::testing::TestParamInfo<std::tuple<IoMode, ConflictCase>>& info) {
  return std::string(std::get<ConflictCase>(info.param).name) + "_" +
         to_string(std::get<IoMode>(info.param));
}

void ConflictTable::play(const ConflictCase& row) {
  commit("setup", row.setup);
  session("mine", "");
  commit("winner", row.winner);
  ok(std::string("cd sessions/mine\n") + row.mine);
  // Of a serializable session nothing is looked at before: it would have read that.
  const bool may_look = read("sessions/mine/.commitfs/isolation") == "snapshot\n";
  const auto before =
      may_look ? detailed_tree(at("sessions/mine")) : std::map<std::string, std::string>();
  const std::string check = sh("cat sessions/mine/.commitfs/check").out;

  const Output mv = sh("mv sessions/mine commit/");

  const bool lands = *row.category == '\0';
  if (lands) {
    EXPECT_THAT(mv, Succeeded()) << sh("cat sessions/mine/.commitfs/conflicts").out;
    // When nothing was left to do no version was made, and the receipt shows the base.
    if (head() == "4") {
      EXPECT_EQ(detailed_tree(at("commit/mine")), detailed_tree(at("live")));
    }
  } else {
    ASSERT_THAT(mv, FailedWith("Operation canceled"));
    EXPECT_EQ(read("sessions/mine/.commitfs/conflicts"), check);
    const std::string line = std::string("(.|\n)*(") + row.category + ") " + row.path + "\n(.|\n)*";
    EXPECT_THAT(reported(read("sessions/mine/.commitfs/conflicts.json")),
                ::testing::MatchesRegex(line));
    if (may_look) {
      EXPECT_EQ(detailed_tree(at("sessions/mine")), before);
    }
  }
  EXPECT_EQ(brief_tree(at("live")), row.tree);
  if (*row.probe != '\0') {
    EXPECT_EQ(ok(std::string("cd live; ") + row.probe), row.probe_output);
  }
}

}  // namespace commitfs::test
