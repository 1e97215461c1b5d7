#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "meta/name.h"
#include "txn/condition/parser.h"
#include "txn/control_text.h"
#include "txn/version_name.h"

namespace commitfs::condition {
namespace {

struct AttributeWord {
  std::string_view word;
  Attribute attribute;
  Kind kind;
};

constexpr std::array kAttributes = {
    AttributeWord{"seq_no", Attribute::seq_no, Kind::number},
    AttributeWord{"primary_term", Attribute::primary_term, Kind::number},
    AttributeWord{"mode", Attribute::mode, Kind::number},
    AttributeWord{"mtime", Attribute::mtime, Kind::time},
    AttributeWord{"size", Attribute::size, Kind::number},
    AttributeWord{"content", Attribute::content, Kind::text},
    AttributeWord{"xattr", Attribute::xattr, Kind::text},
    AttributeWord{"head_seq_no", Attribute::head_seq_no, Kind::number},
    AttributeWord{"head_primary_term", Attribute::head_primary_term, Kind::number},
};

constexpr std::array<std::string_view, 7> kPathTypes = {"file",   "directory", "symlink",  "fifo",
                                                        "socket", "block",     "character"};
constexpr std::array<std::string_view, 3> kAttributeTypes = {"N", "S", "B"};

constexpr char kOperandExpected[] =
    "a test such as attribute_exists('path') or size('path') < 9, or a value";
constexpr char kNameExpected[] =
    "seq_no, primary_term, mode, mtime, size, content, or an extended attribute such as "
    "'user.origin'";

bool is_of_table(Attribute attribute) {
  return attribute == Attribute::head_seq_no || attribute == Attribute::head_primary_term;
}

const AttributeWord* find_attribute(std::string_view word) {
  const auto* found = std::ranges::find(kAttributes, word, &AttributeWord::word);
  return found == kAttributes.end() ? nullptr : found;
}

/// Every name the kernel takes begins with its namespace.
bool is_xattr_name(std::string_view name) {
  const std::size_t point = name.find('.');
  return point != 0 && point != std::string_view::npos && point + 1 < name.size() &&
         name.size() <= kNameMaxBytes;
}

std::string_view noun(Kind kind) {
  switch (kind) {
    case Kind::number:
      return "a number";
    case Kind::time:
      return "a time such as '2026-11-20T18:00:00Z', or seconds since 1970";
    case Kind::text:
      return "text";
  }
  return "a value";
}

/// Turns a string into the time it writes.
bool become_time(Operand& operand) {
  const Value* literal = operand.literal();
  if (literal == nullptr || operand.kind != Kind::text) return false;
  const auto time_ns = parse_time(std::get<std::string>(*literal));
  if (!time_ns) return false;
  operand.source = Value(number_of_time(*time_ns));
  operand.kind = Kind::time;
  return true;
}

}  // namespace

Parsed<Operand> Parser::parse_operand() {
  const Span here = peek().span;
  if (peek().kind == TokenKind::number) {
    // The lexer took none that this does not.
    return Operand{here, Kind::number, Value(*parse_number(take().text))};
  }
  if (peek().kind == TokenKind::string) return Operand{here, Kind::text, Value(take().text)};
  const AttributeWord* known =
      peek().kind == TokenKind::word ? find_attribute(peek().text) : nullptr;
  if (known == nullptr) return unexpected_token(kOperandExpected);
  take();
  AttributeOf attribute{.attribute = known->attribute, .path = {}, .xattr_name = {}};
  if (!is_of_table(known->attribute)) attribute = TRY(parse_call(known->attribute));
  return Operand{span_from(here.begin), known->kind, std::move(attribute)};
}

Parsed<Operand> Parser::parse_text_operand() {
  Operand operand = TRY(parse_operand());
  if (operand.kind == Kind::text) return operand;
  return error(operand.span, "text", shown(operand.span));
}

Parsed<AttributeOf> Parser::parse_call(Attribute attribute) {
  TRY(expect_symbol("(", "'(' and a path"));
  AttributeOf call{.attribute = attribute, .path = TRY(parse_path()), .xattr_name = {}};
  if (attribute == Attribute::xattr) {
    TRY(expect_symbol(",", "',' and a name"));
    call.xattr_name = TRY(parse_xattr_name());
  }
  TRY(expect_symbol(")", "')'"));
  return call;
}

Parsed<std::string> Parser::parse_path() {
  if (peek().kind != TokenKind::string) return unexpected_token("a path in ' '");
  const Token& token = take();
  auto path = control::checked_path(token.text);
  if (path) return *path == "." ? std::string() : *std::move(path);
  return error(token.span, "a path from the table's root, such as 'd/f' or '.'", shown(token.span));
}

Parsed<std::string> Parser::parse_xattr_name() {
  const bool fits = peek().kind == TokenKind::string && is_xattr_name(peek().text);
  if (!fits) return unexpected_token("an extended attribute's name such as 'user.origin'");
  return take().text;
}

Parsed<AttributeOf> Parser::parse_attribute_name(std::string path) {
  AttributeOf attribute{.attribute = {}, .path = std::move(path), .xattr_name = {}};
  const Token& token = peek();
  if (token.kind == TokenKind::string && is_xattr_name(token.text)) {
    attribute.attribute = Attribute::xattr;
    attribute.xattr_name = take().text;
    return attribute;
  }
  const bool may_name = token.kind == TokenKind::word || token.kind == TokenKind::string;
  const AttributeWord* known = may_name ? find_attribute(token.text) : nullptr;
  if (known == nullptr || known->attribute == Attribute::xattr || is_of_table(known->attribute)) {
    return unexpected_token(kNameExpected);
  }
  take();
  attribute.attribute = known->attribute;
  return attribute;
}

Parsed<std::string> Parser::parse_type(bool of_attribute) {
  const bool known = of_attribute
                         ? std::ranges::find(kAttributeTypes, peek().text) != kAttributeTypes.end()
                         : std::ranges::find(kPathTypes, peek().text) != kPathTypes.end();
  if (peek().kind == TokenKind::string && known) return take().text;
  if (of_attribute) return unexpected_token("a type of an attribute: 'N', 'S' or 'B'");
  return unexpected_token(fmt::format("a type of a path: '{}'", fmt::join(kPathTypes, "', '")));
}

Parsed<void> Parser::unify(Operand& left, Operand& right) const {
  if (left.kind == right.kind) return {};
  if (left.kind == Kind::time && become_time(right)) return {};
  if (right.kind == Kind::time && become_time(left)) return {};
  if (left.kind != Kind::text && right.kind != Kind::text) return {};  // seconds are numbers
  const bool blame_left = right.kind == Kind::time;
  const Operand& wrong = blame_left ? left : right;
  return error(wrong.span, std::string(noun(blame_left ? right.kind : left.kind)),
               shown(wrong.span));
}

}  // namespace commitfs::condition
