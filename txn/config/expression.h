#pragma once

#include <memory>
#include <string>

#include "meta/base/error.h"

namespace re2 {
class RE2;
}

namespace commitfs {

/// Compiles a regular expression in RE2's syntax, over bytes (Latin-1), `.` any of them. Matching
/// takes time linear in the text, whatever the expression. EINVAL with RE2's reason as its context.
/// Source: Cox, "Regular Expression Matching in the Wild", 2010.
Result<std::shared_ptr<const re2::RE2>> compile_expression(const std::string& expression);

/// `(?<name>…)` as `(?P<name>…)`, the only spelling that every RE2 knows.
std::string with_named_groups(std::string_view expression);

}  // namespace commitfs
