#include "txn/config/expression.h"

#include <re2/re2.h>

#include <cerrno>

namespace commitfs {

Result<std::shared_ptr<const re2::RE2>> compile_expression(const std::string& expression) {
  constexpr int kMaxMemoryBytes = 1 << 20;
  re2::RE2::Options options;
  options.set_encoding(re2::RE2::Options::EncodingLatin1);  // names are bytes
  options.set_dot_nl(true);
  options.set_log_errors(false);
  options.set_max_mem(kMaxMemoryBytes);
  auto compiled = std::make_shared<const re2::RE2>(expression, options);
  if (!compiled->ok()) return fail(EINVAL, compiled->error());
  return compiled;
}

std::string with_named_groups(std::string_view expression) {
  std::string out;
  std::size_t class_begin = std::string_view::npos;  // inside [ ], where "(?<" is three characters
  for (std::size_t at = 0; at < expression.size(); ++at) {
    const char next = expression[at];
    out += next;
    if (next == '\\' && at + 1 < expression.size()) {
      out += expression[++at];
    } else if (class_begin != std::string_view::npos) {
      const bool first = at == class_begin + 1 || (at == class_begin + 2 && out.ends_with("^]"));
      if (next == ']' && !first) class_begin = std::string_view::npos;
    } else if (next == '[') {
      class_begin = at;
    } else if (expression.substr(at).starts_with("(?<")) {
      out += "?P";
      ++at;  // the '<' is next
    }
  }
  return out;
}

}  // namespace commitfs
