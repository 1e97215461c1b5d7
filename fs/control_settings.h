#pragma once

#include "fs/control.h"

/// The control files of a session that stand for its settings (txn/session_settings.h). Readers
/// show the value as it is now, writers answer EINVAL for a bad one.
namespace commitfs::fs::settings {

/// Whether the machine went down while the session was open; "accept" says that somebody looked.
Result<ControlText> read_recovered(const ControlSource& source);
Result<void> write_recovered(const ControlSource& source, std::string_view value);
Result<ControlText> read_isolation(const ControlSource& source);
Result<void> write_isolation(const ControlSource& source, std::string_view value);
Result<ControlText> read_operation(const ControlSource& source);
Result<void> write_operation(const ControlSource& source, std::string_view value);
Result<ControlText> read_early(const ControlSource& source);
Result<void> write_early(const ControlSource& source, std::string_view value);
Result<ControlText> read_require(const ControlSource& source);
Result<void> write_require(const ControlSource& source, std::string_view value);
Result<ControlText> read_replace(const ControlSource& source);
Result<void> write_replace(const ControlSource& source, std::string_view value);
Result<ControlText> read_frozen(const ControlSource& source);
/// "1" waits for handles that were closed but not released: not for a request thread. EBUSY while
/// files are open for writing.
Result<void> write_frozen(const ControlSource& source, std::string_view value);

}  // namespace commitfs::fs::settings
