// The table of conflicts through a real mount: every row, under both isolations, in both orders.
// All rows of one table are played on one mount, each in a directory of its own; the same rows on
// the in-memory catalog are played by tests/txn/conflict_table_test.cc.
#include "tests/support/conflict_table.h"

#include <nlohmann/json.hpp>

#include <functional>
#include <map>

#include "tests/support/mount_fixture.h"
#include "tests/support/tree_listing.h"

namespace commitfs::test {
namespace {

using testing::conflict_table;
using testing::name_of;
using testing::sorted_words;
using testing::steps_of;
using testing::TableRow;

using Words = std::vector<std::string>;

/// What a shell says for a step, in the row's directory of a session; $S is the session's control
/// directory, $R the row's directory.
const std::map<std::string, std::function<std::string(const Words&)>> kCommands = {
    {"write", [](const Words& w) { return "printf " + w[2] + " > " + w[1]; }},
    {"replace",
     [](const Words& w) {
       return "printf " + w[2] + " > " + w[1] + ".new; mv " + w[1] + ".new " + w[1];
     }},
    {"mkdir", [](const Words& w) { return "mkdir " + w[1]; }},
    {"rm", [](const Words& w) { return "rm " + w[1]; }},
    {"rmdir", [](const Words& w) { return "rmdir " + w[1]; }},
    {"mv", [](const Words& w) { return "mv -T " + w[1] + " " + w[2]; }},
    {"ln", [](const Words& w) { return "ln -T " + w[1] + " " + w[2]; }},
    {"symlink", [](const Words& w) { return "ln -sT " + w[1] + " " + w[2]; }},
    {"chmod", [](const Words& w) { return "chmod " + w[1] + " " + w[2]; }},
    {"setxattr", [](const Words& w) { return "setfattr -n " + w[2] + " -v " + w[3] + " " + w[1]; }},
    {"touch", [](const Words& w) { return "touch -d 2001-01-01 " + w[1]; }},
    {"open", [](const Words& w) { return "exec 3>> " + w[1] + "; exec 3>&-"; }},
    {"read", [](const Words& w) { return "cat " + w[1]; }},
    {"list", [](const Words& w) { return "ls " + w[1]; }},
    {"look", [](const Words& w) { return "! [ -e " + w[1] + " ]"; }},
    {"getxattr", [](const Words& w) { return "getfattr -n " + w[2] + " " + w[1]; }},
    {"operation", [](const Words& w) { return "echo " + w[1] + " > $S/operation"; }},
    {"replaces", [](const Words& w) { return "echo $R/" + w[1] + " > $S/replace"; }},
    {"token", [](const Words& w) { return "echo " + w[1] + " > $S/token"; }},
};

std::string script(const char* steps) {
  std::string text;
  for (const Words& step : steps_of(steps))
    text += kCommands.at(step.front())(step) + "\n";
  return text;
}

class ConflictTableOnAMount : public MountFixture,
                              public ::testing::WithParamInterface<std::tuple<IoMode, bool, bool>> {
 protected:
  IoMode mode() const override { return std::get<0>(GetParam()); }
  std::string adopted() const override {
    std::string text;
    for (const TableRow& row : conflict_table()) {
      const std::string name = name_of(row);
      const std::string first = script(is_restore(row) ? row.earlier : row.base);
      text += "mkdir " + name + "; cd " + name + "\n" + first + "cd ..\n";
    }
    return text;
  }

  void play(const TableRow& row) {
    row_ = &row;
    const std::string name = name_of(row);
    ok(std::string("echo '") + row.config + "' > .commitfs/config");
    if (is_restore(row)) return play_restore();
    begin("w", is_configuration() || is_expiry() ? "" : row.w);
    begin("me", row.me);
    const bool i_am_second = !swapped();
    if (!row.other_stays_open) land(i_am_second ? "w" : "me");
    const std::string winners = brief_tree(at("live/" + name));
    if (swapped() && (is_configuration() || is_expiry())) {
      land("w");
      EXPECT_EQ(sorted_words(brief_tree(at("live/" + name))), sorted_words(row.tree(true)));
    } else {
      commit_second(i_am_second ? "me" : "w", winners);
    }
    // Whatever is left goes.
    ok("for s in w me; do [ ! -d sessions/$s ] || mv sessions/$s discard/; done; "
       "rmdir commit/* 2> /dev/null || true");
  }

 private:
  static bool is_restore(const TableRow& row) { return std::string_view(row.w) == "back"; }

  /// Through the mount there is nothing between the beginning of W and its end: who comes after it
  /// is refused, and if it comes after me it takes back mine too.
  void play_restore() {
    const std::string name = name_of(*row_);
    const std::string earlier = head();
    const std::string tree = brief_tree(at("live/" + name));
    begin("base", row_->base);
    land("base");
    begin("me", row_->me);
    if (swapped()) land("me");
    ok("mv snapshots/" + earlier + " commit/back");
    EXPECT_EQ(brief_tree(at("live/" + name)), tree);
    if (!swapped()) commit_second("me", tree);
    ok("[ ! -d sessions/me ] || mv sessions/me discard/; rmdir commit/*");
  }

  bool serializable() const { return std::get<1>(GetParam()); }
  bool swapped() const { return std::get<2>(GetParam()); }
  bool is_expiry() const { return std::string_view(row_->w) == "expire"; }
  bool is_configuration() const { return std::string_view(row_->w).starts_with("config "); }

  void begin(const std::string& session, const char* steps) {
    const std::string row = name_of(*row_);
    ok("mkdir sessions/" + session + "; S=$PWD/sessions/" + session + "/.commitfs R=" + row + "\n" +
       (serializable() ? "echo serializable > $S/isolation\n" : "") + "cd sessions/" + session +
       "/" + row + "\n" + script(steps));
  }

  void land(const std::string& session) {
    if (session == "w" && is_configuration()) {
      ok("echo '" + std::string(row_->w).substr(7) + "' >> .commitfs/config");
    } else if (session == "w" && is_expiry()) {
      ok("mkdir sessions/other; echo w > sessions/other/elsewhere; mv sessions/other commit/; "
         "$COMMITFS expire --force $MOUNT $(cat sessions/w/.commitfs/base)");
    } else {
      ok("mv sessions/" + session + " commit/");
    }
  }

  void commit_second(const std::string& session, const std::string& winners) {
    const std::string name = name_of(*row_);
    const std::string before = head();
    const Output mv =
        sh("cat sessions/" + session + "/.commitfs/check; mv sessions/" + session + " commit/");
    const std::string expected = row_->outcome(serializable(), swapped());
    if (expected.empty()) {
      EXPECT_THAT(mv, Succeeded()) << read("sessions/" + session + "/.commitfs/conflicts");
      EXPECT_THAT(mv.out, ::testing::HasSubstr("would succeed"));
      EXPECT_EQ(sorted_words(brief_tree(at("live/" + name))), sorted_words(row_->tree(swapped())));
      const bool makes_none = row_->i_make_no_version && (!swapped() || row_->number == 38);
      EXPECT_EQ(head() != before, !makes_none);
      return;
    }
    EXPECT_EQ(brief_tree(at("live/" + name)), winners);
    EXPECT_EQ(mv.out, read("sessions/" + session + "/.commitfs/conflicts"));
    if (expected == "EAGAIN") {
      EXPECT_THAT(mv, FailedWith("Resource temporarily unavailable"));
    } else if (expected == "ESTALE") {
      EXPECT_THAT(mv, FailedWith("Stale file handle"));
      EXPECT_THAT(mv.out, ::testing::HasSubstr("begin again"));
    } else {
      EXPECT_THAT(mv, FailedWith("Operation canceled"));
      EXPECT_EQ(told(read("sessions/" + session + "/.commitfs/conflicts.json")), expected);
    }
  }

  /// As the table says it: paths from the row's directory.
  std::string told(const std::string& report) const {
    const std::string prefix = name_of(*row_) + "/";
    const auto json = nlohmann::json::parse(report, nullptr, false);
    if (!json.is_object()) return report;
    std::string text;
    for (const auto& conflict : json.at("conflicts")) {
      std::string path = conflict.at("path").get<std::string>();
      if (path.starts_with(prefix)) path.erase(0, prefix.size());
      text += text.empty() ? "" : ", ";
      text += conflict.at("category").get<std::string>() + " " + path;
    }
    return text;
  }

  const TableRow* row_ = nullptr;
};
INSTANTIATE_TEST_SUITE_P(Mounted, ConflictTableOnAMount,
                         ::testing::Combine(::testing::Values(IoMode::passthrough,
                                                              IoMode::ordinary),
                                            ::testing::Bool(), ::testing::Bool()),
                         [](const auto& row) {
                           return to_string(std::get<0>(row.param)) +
                                  (std::get<1>(row.param) ? "_serializable" : "_snapshot") +
                                  (std::get<2>(row.param) ? "_swapped" : "");
                         });

TEST_P(ConflictTableOnAMount, EveryRowEndsAsItSays) {
  for (const TableRow& row : conflict_table()) {
    SCOPED_TRACE(name_of(row));
    play(row);
  }
}

}  // namespace
}  // namespace commitfs::test
