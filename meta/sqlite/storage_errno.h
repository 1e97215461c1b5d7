#pragma once

namespace commitfs::sqlite {

/// SQLite says what it could not do, and of the reason only what errno was at the end: after a file
/// that could not be made for want of a descriptor it tries to open it as it is, and reports that
/// it is not there. So the reason is kept where it arises. All per thread.

/// Makes SQLite's system calls and its log tell the reason; once, before the first connection.
void watch_storage_errors();
/// What failed before has nothing to do with what is called next.
void forget_storage_errno();
/// The errno of the first call that failed since, ENOENT left out; 0 when there was none.
int storage_errno();

}  // namespace commitfs::sqlite
