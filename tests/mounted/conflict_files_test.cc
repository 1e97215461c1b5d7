// Rows 1 to 10, 17, 32, 33 and 38 of the conflict table: files, their content and their absence.
#include <array>

#include "tests/mounted/conflict_case.h"
#include "tests/support/tree_listing.h"

namespace commitfs::test {
namespace {

class ConflictFiles : public ConflictTable {};

constexpr const char* kSetup = "mkdir d; echo 0 > d/g; echo 0 > d/h";

constexpr std::array kCases = {
    ConflictCase{"Row1_CreatesInOneDirectory", kSetup, "echo w > d/x", "echo i > d/y", "", "",
                 "d/ d/g=0 d/h=0 d/x=w d/y=i"},
    ConflictCase{"Row2_SameNameOtherBytes", kSetup, "echo w > d/p", "echo i > d/p", "EXISTS", "d/p",
                 "d/ d/g=0 d/h=0 d/p=w"},
    ConflictCase{"Row2_SameNameOneEmpty", kSetup, "echo w > d/p", ": > d/p", "EXISTS", "d/p",
                 "d/ d/g=0 d/h=0 d/p=w"},
    ConflictCase{"Row2_SameNameSymlinksElsewhere", kSetup, "ln -s w l", "ln -s i l", "EXISTS", "l",
                 "d/ d/g=0 d/h=0 l->w"},
    ConflictCase{"Row3_SameNameSameBytes", kSetup, "echo same > d/p", "echo same > d/p", "", "",
                 "d/ d/g=0 d/h=0 d/p=same"},
    ConflictCase{"Row3_SameBytesBesideOtherWork", kSetup, "echo same > d/p; echo w > w",
                 "echo same > d/p; echo i > i", "", "", "d/ d/g=0 d/h=0 d/p=same i=i w=w"},
    ConflictCase{"Row3_SameBytesOtherMode", kSetup, "echo same > d/p",
                 "echo same > d/p; chmod 600 d/p", "EXISTS|ATTRIBUTE", "d/p",
                 "d/ d/g=0 d/h=0 d/p=same"},
    ConflictCase{"Row3_BothEmpty", kSetup, ": > d/p", ": > d/p", "", "", "d/ d/g=0 d/h=0 d/p="},
    ConflictCase{"Row3_ThenChangedAgainByWinner", kSetup, "echo same > d/p; echo w >> d/p",
                 "echo same > d/p", "EXISTS", "d/p", "d/ d/g=0 d/h=0 d/p=same\nw"},
    ConflictCase{"Row5_BothUpdate", kSetup, "echo w > d/g", "echo i > d/g", "UPDATE_UPDATE", "d/g",
                 "d/ d/g=w d/h=0"},
    ConflictCase{"Row5_BothAppend", kSetup, "echo w >> d/g", "echo i >> d/g", "UPDATE_UPDATE",
                 "d/g", "d/ d/g=0\nw d/h=0"},
    ConflictCase{"Row5_BothReplaceByRename", kSetup, "echo w > t; mv t d/g", "echo i > t; mv t d/g",
                 "UPDATE_UPDATE|RENAME_RENAME", "d/g", "d/ d/g=w d/h=0"},
    ConflictCase{"Row5_BothTruncate", kSetup, "truncate -s 1 d/g", "truncate -s 0 d/g",
                 "UPDATE_UPDATE", "d/g", "d/ d/g=0 d/h=0"},
    ConflictCase{"Row5_SameBytes", kSetup, "echo same > d/g", "echo same > d/g", "UPDATE_UPDATE",
                 "d/g", "d/ d/g=same d/h=0"},
    ConflictCase{"Row6_UpdatesOfDifferentFiles", kSetup, "echo w > d/g", "cat d/g; echo i > d/h",
                 "", "", "d/ d/g=w d/h=i"},
    ConflictCase{"Row7_UpdateThenDelete", kSetup, "echo w > d/g", "rm d/g", "UPDATE_DELETE", "d/g",
                 "d/ d/g=w d/h=0"},
    ConflictCase{"Row8_DeleteThenUpdate", kSetup, "rm d/g", "echo i > d/g", "DELETE_UPDATE", "d/g",
                 "d/ d/h=0"},
    ConflictCase{"Row8_DeleteThenAppend", kSetup, "rm d/g", "echo i >> d/g", "DELETE_UPDATE", "d/g",
                 "d/ d/h=0"},
    ConflictCase{"Row8_DeleteThenDeleteAndCreateAnew", kSetup, "rm d/g", "rm d/g; echo i > d/g",
                 "DELETE_UPDATE", "d/g", "d/ d/h=0"},
    ConflictCase{"Row9_BothOnlyDelete", kSetup, "rm d/g", "rm d/g", "", "", "d/ d/h=0"},
    ConflictCase{"Row9_BothOnlyDeleteSomeMore", kSetup, "rm d/g", "rm d/g d/h", "", "", "d/"},
    ConflictCase{"Row10_BothDeleteAndAdd", kSetup, "rm d/g; echo w > d/w", "rm d/g; echo i > d/i",
                 "DELETE_DELETE", "d/g", "d/ d/h=0 d/w=w"},
    ConflictCase{"Row10_WinnerOnlyDeletes", kSetup, "rm d/g", "rm d/g; echo i > d/i",
                 "DELETE_DELETE", "d/g", "d/ d/h=0"},
    ConflictCase{"Row10_IOnlyDelete", kSetup, "rm d/g; echo w > d/w", "rm d/g", "DELETE_DELETE",
                 "d/g", "d/ d/h=0 d/w=w"},
    ConflictCase{"Row17_IOnlyRead", kSetup, "echo w > d/g", "cat d/g; ls d", "", "",
                 "d/ d/g=w d/h=0", "readlink ../snapshots/latest", "3"},
    ConflictCase{"Row32_TimesAlone", kSetup, "touch -d 2001-01-01 d/g; echo w > w",
                 "touch -d 2002-02-02 d/g", "", "", "d/ d/g=0 d/h=0 w=w",
                 "readlink ../snapshots/latest", "3"},
    ConflictCase{"Row32_TimesAgainstContent", kSetup, "echo w > d/g",
                 "touch -d 2002-02-02 d/g; echo i > i", "", "", "d/ d/g=w d/h=0 i=i"},
    ConflictCase{"Row32_ContentAgainstTimes", kSetup, "touch -d 2002-02-02 d/g; echo w > w",
                 "echo i > d/g", "", "", "d/ d/g=i d/h=0 w=w"},
    ConflictCase{"Row33_RewrittenWithTheBytesOfTheBase", kSetup, "echo w > d/g", "echo 0 > d/g", "",
                 "", "d/ d/g=w d/h=0"},
    ConflictCase{"Row33_ReplacedWithTheBytesOfTheBase", kSetup, "echo w > d/g",
                 "echo 0 > t; cat t > d/g; rm t; echo i > i", "", "", "d/ d/g=w d/h=0 i=i"},
    ConflictCase{"Row33_OpenedForWritingAndNotWritten", kSetup, "echo w > d/g",
                 "exec 3>> d/g; exec 3>&-", "", "", "d/ d/g=w d/h=0",
                 "readlink ../snapshots/latest", "3"},
    ConflictCase{"Row33_TemporaryFilesOfOneName", kSetup, "echo w > d/tmp",
                 "echo i > d/tmp; rm d/tmp", "", "", "d/ d/g=0 d/h=0 d/tmp=w",
                 "readlink ../snapshots/latest", "3"},
    ConflictCase{"Row33_WrittenAndPutBack", kSetup, "echo w > d/g", "echo i > d/g; echo 0 > d/g",
                 "", "", "d/ d/g=w d/h=0"},
    ConflictCase{"Row38_SameTokenAnswersTheFirst", kSetup, "echo w > d/g; echo T > .commitfs/token",
                 "echo i > d/h; echo T > .commitfs/token", "", "", "d/ d/g=w d/h=0",
                 "readlink ../snapshots/latest", "3"},
};
INSTANTIATE_CONFLICT_CASES(ConflictFiles, kCases);

TEST_P(ConflictFiles, EndsAsTheTableSays) {
  play(std::get<ConflictCase>(GetParam()));
}

}  // namespace
}  // namespace commitfs::test
