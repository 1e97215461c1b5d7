// Rows 28 to 31 and 39 of the conflict table: attributes and hard links.
#include <array>

#include "tests/mounted/conflict_case.h"
#include "tests/support/tree_listing.h"

namespace commitfs::test {
namespace {

class ConflictAttributes : public ConflictTable {};

constexpr const char* kSetup = "echo 0 > f; chmod 644 f; setfattr -n user.k -v 0 f";
constexpr const char* kModeAndContent = "stat -c %a f; cat f";

constexpr std::array kCases = {
    ConflictCase{"Row28_ModeThenContent", kSetup, "chmod 600 f", "echo i > f", "", "", "f=i",
                 kModeAndContent, "600\ni"},
    ConflictCase{"Row28_ContentThenMode", kSetup, "echo w > f", "chmod 600 f", "", "", "f=w",
                 kModeAndContent, "600\nw"},
    ConflictCase{"Row28_OwnerThenContent", kSetup, "chown 7:8 f", "echo i >> f", "", "", "f=0\ni",
                 "stat -c %u:%g f", "7:8"},
    ConflictCase{"Row28_ContentThenXattr", kSetup, "echo w > f", "setfattr -n user.k -v 1 f", "",
                 "", "f=w", "getfattr --only-values -n user.k f", "1"},
    ConflictCase{"Row28_XattrThenContent", kSetup, "setfattr -x user.k f", "echo i > f", "", "",
                 "f=i", "getfattr -d f", ""},
    ConflictCase{"Row29_BothModesDiffer", kSetup, "chmod 600 f", "chmod 640 f", "ATTRIBUTE", "f",
                 "f=0", "stat -c %a f", "600"},
    ConflictCase{"Row29_BothOwnersDiffer", kSetup, "chown 7 f", "chown 8 f", "ATTRIBUTE", "f",
                 "f=0", "stat -c %u f", "7"},
    ConflictCase{"Row29_BothXattrsDiffer", kSetup, "setfattr -n user.k -v w f",
                 "setfattr -n user.k -v i f", "ATTRIBUTE", "f", "f=0",
                 "getfattr --only-values -n user.k f", "w"},
    ConflictCase{"Row29_XattrRemovedThenChanged", kSetup, "setfattr -x user.k f",
                 "setfattr -n user.k -v i f", "ATTRIBUTE", "f", "f=0", "getfattr -d f", ""},
    ConflictCase{"Row29_NewXattrDiffers", kSetup, "setfattr -n user.n -v w f",
                 "setfattr -n user.n -v i f", "ATTRIBUTE", "f", "f=0",
                 "getfattr --only-values -n user.n f", "w"},
    ConflictCase{"Row29_SameMode", kSetup, "chmod 600 f", "chmod 600 f", "", "", "f=0",
                 "stat -c %a f", "600"},
    ConflictCase{"Row29_SameXattr", kSetup, "setfattr -n user.k -v s f",
                 "setfattr -n user.k -v s f", "", "", "f=0", "getfattr --only-values -n user.k f",
                 "s"},
    ConflictCase{"Row29_ModeAndOwnerMerge", kSetup, "chmod 600 f", "chown 7:8 f", "", "", "f=0",
                 "stat -c %a:%u:%g f", "600:7:8"},
    ConflictCase{"Row29_DifferentXattrsMerge", kSetup, "setfattr -n user.a -v w f",
                 "setfattr -n user.b -v i f", "", "", "f=0",
                 "getfattr --only-values -n user.a f; getfattr --only-values -n user.b f", "wi"},
    ConflictCase{"Row29_DirectoryModesDiffer", "mkdir d", "chmod 700 d", "chmod 750 d", "ATTRIBUTE",
                 "d", "d/", "stat -c %a d", "700"},
    ConflictCase{"Row28_DirectoryModeThenCreateBelow", "mkdir d", "chmod 700 d", "echo i > d/n", "",
                 "", "d/ d/n=i", "stat -c %a d", "700"},
    ConflictCase{"Row28_CreateBelowThenDirectoryMode", "mkdir d", "echo w > d/n", "chmod 700 d", "",
                 "", "d/ d/n=w", "stat -c %a d", "700"},
    ConflictCase{"Row30_DeleteThenMode", kSetup, "rm f", "chmod 600 f", "DELETE_UPDATE", "f", ""},
    ConflictCase{"Row30_DeleteThenXattr", kSetup, "rm f", "setfattr -n user.k -v i f",
                 "DELETE_UPDATE", "f", ""},
    ConflictCase{"Row31_ModeThenDelete", kSetup, "chmod 600 f; echo w > w", "rm f", "", "", "w=w"},
    ConflictCase{"Row31_XattrThenDelete", kSetup, "setfattr -n user.k -v w f", "rm f", "", "", ""},
    ConflictCase{"Row39_ContentThroughTwoLinks", "echo 0 > f; ln f g", "echo w > f", "echo i > g",
                 "UPDATE_UPDATE", "[fg]", "f=w g=w"},
    ConflictCase{"Row39_ContentThenModeOfTheOtherLinkMerge", "echo 0 > f; ln f g", "echo w > f",
                 "chmod 600 g", "", "", "f=w g=w", "stat -c %a:%h f", "600:2"},
};
INSTANTIATE_CONFLICT_CASES(ConflictAttributes, kCases);

TEST_P(ConflictAttributes, EndsAsTheTableSays) {
  play(std::get<ConflictCase>(GetParam()));
}

}  // namespace
}  // namespace commitfs::test
