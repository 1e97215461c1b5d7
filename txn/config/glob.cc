#include "txn/config/glob.h"

#include <re2/re2.h>

#include <cerrno>

#include "txn/config/expression.h"

namespace commitfs {
namespace {

/// Turns a pattern into an expression of RE2, piece by piece.
class Translator {
 public:
  Translator(std::string_view pattern, bool paths) : rest_(pattern), paths_(paths) {}

  std::string run() {
    while (!rest_.empty()) {
      const char next = take();
      switch (next) {
        case '*':
          out_ += paths_ ? "[^/]*" : ".*";
          break;
        case '?':
          out_ += paths_ ? "[^/]" : ".";
          break;
        case '[':
          take_class();
          break;
        case '\\':
          literal(rest_.empty() ? next : take());
          break;
        default:
          literal(next);
          break;
      }
    }
    return std::move(out_);
  }

 private:
  char take() {
    const char next = rest_.front();
    rest_.remove_prefix(1);
    return next;
  }

  void literal(char byte) { out_ += re2::RE2::QuoteMeta(std::string_view(&byte, 1)); }

  /// After '['. Without its end it is an ordinary bracket, as in a shell.
  void take_class() {
    const std::size_t sign = rest_.starts_with('!') || rest_.starts_with('^') ? 1 : 0;
    const std::size_t end = rest_.find(']', sign + 1);  // a ']' that comes first is a member
    if (end == std::string_view::npos) return literal('[');
    std::string_view members = rest_.substr(sign, end - sign);
    rest_.remove_prefix(end + 1);
    out_ += sign == 1 ? (paths_ ? "[^/" : "[^") : "[";
    while (!members.empty()) {
      literal(members.front());
      members.remove_prefix(1);
      if (members.size() < 2 || members.front() != '-') continue;
      out_ += '-';
      literal(members[1]);
      members.remove_prefix(2);
    }
    out_ += ']';
  }

  std::string_view rest_;
  const bool paths_;
  std::string out_;
};

Result<void> check(std::string_view pattern) {
  if (pattern.empty()) return fail(EINVAL, "an empty pattern");
  if (pattern.size() > Glob::kMaxBytes) return fail(EINVAL, "a pattern that is too long");
  return {};
}

}  // namespace

Result<Glob> Glob::compile(const std::string& expression, std::string_view pattern) {
  auto compiled = compile_expression(expression);
  if (compiled) return Glob(*std::move(compiled));
  return fail(EINVAL, "pattern '" + std::string(pattern) + "': " + compiled.error().context);
}

Result<Glob> Glob::for_names(std::string_view pattern) {
  TRY(check(pattern));
  return compile("^(?:" + Translator(pattern, false).run() + ")$", pattern);
}

Result<Glob> Glob::for_directories(std::string_view pattern) {
  TRY(check(pattern));
  if (pattern == ".") return compile("^$", pattern);
  if (pattern.starts_with('/') || pattern.ends_with('/')) {
    return fail(EINVAL, "pattern '" + std::string(pattern) + "': a path begins and ends in a name");
  }
  Glob glob = TRY(compile("^(?:" + Translator(pattern, true).run() + ")(?:/.*)?$", pattern));
  glob.skips_root_ = true;
  return glob;
}

bool Glob::matches(std::string_view text) const {
  if (skips_root_ && text.empty()) return false;
  return expression_->Match(text, 0, text.size(), re2::RE2::UNANCHORED, nullptr, 0);
}

}  // namespace commitfs
