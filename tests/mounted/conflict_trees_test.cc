// Rows 18 to 24 and 34 of the conflict table: directories and renames.
#include <array>

#include "tests/mounted/conflict_case.h"
#include "tests/support/tree_listing.h"

namespace commitfs::test {
namespace {

class ConflictTrees : public ConflictTable {};

constexpr const char* kSetup = "mkdir -p t/d; echo 0 > t/d/f; mkdir e";

constexpr std::array kCases = {
    ConflictCase{"Row18_DirectoryRenamedThenCreateBelow", kSetup, "mv t/d t/k", "echo i > t/d/n",
                 "PARENT_MOVED", "t/d", "e/ t/ t/k/ t/k/f=0"},
    ConflictCase{"Row18_DirectoryRenamedThenUpdateBelow", kSetup, "mv t/d t/k", "echo i > t/d/f",
                 "PARENT_MOVED", "t/d", "e/ t/ t/k/ t/k/f=0"},
    ConflictCase{"Row18_DirectoryRenamedThenDeleteBelow", kSetup, "mv t/d t/k", "rm t/d/f",
                 "PARENT_MOVED", "t/d", "e/ t/ t/k/ t/k/f=0"},
    ConflictCase{"Row18_AncestorRenamedThenUpdateBelow", kSetup, "mv t k", "echo i > t/d/f",
                 "PARENT_MOVED", "t/d", "e/ k/ k/d/ k/d/f=0"},
    ConflictCase{"Row18_DirectoryMovedAwayThenCreateBelow", kSetup, "mv t/d e/", "mkdir t/d/n",
                 "PARENT_MOVED", "t/d", "e/ e/d/ e/d/f=0 t/"},
    ConflictCase{"Row18_DirectoryRemovedThenCreateBelow", kSetup, "rm -r t/d", "echo i > t/d/n",
                 "PARENT_ABSENT", "t/d", "e/ t/"},
    ConflictCase{"Row18_AncestorRemovedThenCreateBelow", kSetup, "rm -r t", "echo i > t/d/n",
                 "PARENT_ABSENT", "t/d", "e/"},
    ConflictCase{"Row18_DirectoryRemovedThenUpdateBelow", kSetup, "rm -r t/d", "echo i > t/d/f",
                 "PARENT_ABSENT", "t/d", "e/ t/"},
    ConflictCase{"Row18_EmptyDirectoryRemovedThenCreateBelow", kSetup, "rmdir e", "echo i > e/n",
                 "PARENT_ABSENT", "e", "t/ t/d/ t/d/f=0"},
    ConflictCase{"Row18_RemovedAndMadeAnewIsNotTheSame", kSetup, "rm -r t/d; mkdir t/d",
                 "echo i > t/d/n", "PARENT_ABSENT|PARENT_MOVED", "t/d", "e/ t/ t/d/"},
    ConflictCase{"Row18_DirectoryRenamedThenMoveInto", kSetup, "mv t/d t/k",
                 "echo i > n; mv n t/d/n", "PARENT_MOVED", "t/d", "e/ t/ t/k/ t/k/f=0"},
    ConflictCase{"Row19_CreateBelowThenRename", kSetup, "echo w > t/d/n", "mv t/d t/k",
                 "DIR_CHANGED", "t/(d|k)", "e/ t/ t/d/ t/d/f=0 t/d/n=w"},
    ConflictCase{"Row19_UpdateDeepBelowThenRename", kSetup, "echo w > t/d/f", "mv t k",
                 "DIR_CHANGED", "(t|k)", "e/ t/ t/d/ t/d/f=w"},
    ConflictCase{"Row19_AttributeBelowThenRename", kSetup, "chmod 600 t/d/f", "mv t k",
                 "DIR_CHANGED", "(t|k)", "e/ t/ t/d/ t/d/f=0"},
    ConflictCase{"Row19_BothRenameTheDirectory", kSetup, "mv t/d t/w", "mv t/d t/i",
                 "DIR_CHANGED|RENAME_RENAME|PARENT_MOVED", "t/(d|i)", "e/ t/ t/w/ t/w/f=0"},
    ConflictCase{"Row20_CreateBelowThenRemove", kSetup, "echo w > e/n", "rmdir e",
                 "NOT_EMPTY|DIR_CHANGED", "e", "e/ e/n=w t/ t/d/ t/d/f=0"},
    ConflictCase{"Row20_CreateBelowThenRemoveTree", kSetup, "echo w > t/d/n", "rm -r t",
                 "NOT_EMPTY|DIR_CHANGED", "t(/d)?", "e/ t/ t/d/ t/d/f=0 t/d/n=w"},
    ConflictCase{"Row20_UpdateBelowThenRemoveTree", kSetup, "echo w > t/d/f", "rm -r t",
                 "UPDATE_DELETE|DIR_CHANGED|NOT_EMPTY", "t.*", "e/ t/ t/d/ t/d/f=w"},
    ConflictCase{"Row20_MkdirBelowThenRemove", kSetup, "mkdir e/n", "rmdir e",
                 "NOT_EMPTY|DIR_CHANGED", "e", "e/ e/n/ t/ t/d/ t/d/f=0"},
    ConflictCase{"Row21_BothMakeTheDirectory", kSetup, "mkdir m; echo w > m/w",
                 "mkdir m; echo i > m/i", "", "", "e/ m/ m/i=i m/w=w t/ t/d/ t/d/f=0",
                 "stat -c %h m; stat -c %h .", "2\n5"},
    ConflictCase{"Row21_BothMakeADeepTree", kSetup, "mkdir -p m/n/o; echo w > m/n/o/w",
                 "mkdir -p m/n/o; echo i > m/n/o/i", "", "",
                 "e/ m/ m/n/ m/n/o/ m/n/o/i=i m/n/o/w=w t/ t/d/ t/d/f=0"},
    ConflictCase{"Row21_OtherModeFirstWins", kSetup, "mkdir -m 700 m",
                 "mkdir -m 755 m; echo i > m/i", "", "", "e/ m/ m/i=i t/ t/d/ t/d/f=0",
                 "stat -c %a m", "700"},
    ConflictCase{"Row21_MergedWithAFileOfOneName", kSetup, "mkdir m; echo w > m/x",
                 "mkdir m; echo i > m/x", "EXISTS", "m/x", "e/ m/ m/x=w t/ t/d/ t/d/f=0"},
    ConflictCase{"Row22_BothRemoveTheDirectory", kSetup, "rmdir e", "rmdir e", "", "",
                 "t/ t/d/ t/d/f=0", "stat -c %h .", "3"},
    ConflictCase{"Row22_BothRemoveTheTree", kSetup, "rm -r t", "rm -r t", "", "", "e/",
                 "stat -c %h .", "3"},
    ConflictCase{"Row22_BothRemoveTheEmptyDirectoryBesideOtherWork", kSetup, "rmdir e; echo w > w",
                 "rmdir e; echo i > i", "", "", "i=i t/ t/d/ t/d/f=0 w=w"},
    ConflictCase{"Row23_FileThenDirectory", kSetup, "echo w > x", "mkdir x", "TYPE", "x",
                 "e/ t/ t/d/ t/d/f=0 x=w"},
    ConflictCase{"Row23_DirectoryThenFile", kSetup, "mkdir x", "echo i > x", "TYPE", "x",
                 "e/ t/ t/d/ t/d/f=0 x/"},
    ConflictCase{"Row23_SymlinkThenFile", kSetup, "ln -s w x", "echo i > x", "TYPE|EXISTS", "x",
                 "e/ t/ t/d/ t/d/f=0 x->w"},
    ConflictCase{"Row24_RenameThenUpdate", kSetup, "mv t/d/f t/d/g", "echo i > t/d/f",
                 "DELETE_UPDATE|RENAME_RENAME", "t/d/f", "e/ t/ t/d/ t/d/g=0"},
    ConflictCase{"Row24_RenameThenDelete", kSetup, "mv t/d/f t/d/g", "rm t/d/f",
                 "DELETE_DELETE|RENAME_RENAME", "t/d/f", "e/ t/ t/d/ t/d/g=0"},
    ConflictCase{"Row24_RenameThenRenameElsewhere", kSetup, "mv t/d/f t/d/g", "mv t/d/f t/d/h",
                 "RENAME_RENAME|DELETE_DELETE|DELETE_UPDATE", "t/d/[fh]", "e/ t/ t/d/ t/d/g=0"},
    ConflictCase{"Row24_RenameThenSameRename", kSetup, "mv t/d/f t/d/g; echo w > w",
                 "mv t/d/f t/d/g", "RENAME_RENAME|EXISTS|DELETE_DELETE", "t/d/[fg]",
                 "e/ t/ t/d/ t/d/g=0 w=w"},
    ConflictCase{"Row24_RenameThenCreateOfTheNewName", kSetup, "mv t/d/f t/d/g", "echo i > t/d/g",
                 "EXISTS", "t/d/g", "e/ t/ t/d/ t/d/g=0"},
    ConflictCase{"Row24_UpdateThenRename", kSetup, "echo w > t/d/f", "mv t/d/f t/d/g",
                 "UPDATE_DELETE|RENAME_RENAME|UPDATE_UPDATE", "t/d/[fg]", "e/ t/ t/d/ t/d/f=w"},
    ConflictCase{"Row24_DeleteThenRename", kSetup, "rm t/d/f", "mv t/d/f t/d/g",
                 "DELETE_DELETE|DELETE_UPDATE|RENAME_RENAME", "t/d/[fg]", "e/ t/ t/d/"},
    ConflictCase{"Row24_CreateOfTheNewNameThenRename", kSetup, "echo w > t/d/g", "mv t/d/f t/d/g",
                 "EXISTS", "t/d/g", "e/ t/ t/d/ t/d/f=0 t/d/g=w"},
    ConflictCase{"Row34_DirectoriesMovedUnderEachOther", kSetup, "mv t e/", "mv e t/",
                 "DIR_CHANGED", "(t/)?e", "e/ e/t/ e/t/d/ e/t/d/f=0"},
    ConflictCase{"Row34_DeepCycle", kSetup, "mv e t/d/", "mv t/d e/", "DIR_CHANGED", "(t|e)/d",
                 "t/ t/d/ t/d/e/ t/d/f=0"},
};
INSTANTIATE_CONFLICT_CASES(ConflictTrees, kCases);

TEST_P(ConflictTrees, EndsAsTheTableSays) {
  play(std::get<ConflictCase>(GetParam()));
}

}  // namespace
}  // namespace commitfs::test
