#include "txn/condition/parser.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "txn/text.h"

namespace commitfs::condition {
namespace {

constexpr std::size_t kShownBytesMax = 40;

constexpr std::array<std::pair<std::string_view, Comparator>, 6> kComparators = {{
    {"=", Comparator::equal},
    {"<>", Comparator::not_equal},
    {"<", Comparator::less},
    {"<=", Comparator::less_equal},
    {">", Comparator::greater},
    {">=", Comparator::greater_equal},
}};

}  // namespace

std::expected<Condition, ParseError> parse(std::string_view text) {
  if (text.size() > kTextMaxBytes) {
    return std::unexpected(
        error_at(text, kTextMaxBytes, "at most 64 KiB", fmt::format("{} bytes", text.size())));
  }
  Parser parser(text, TRY(tokenize(text)));
  Expression root = TRY(parser.parse_all());
  return Condition{std::string(text), std::move(root)};
}

Parsed<Expression> Parser::parse_all() {
  Expression root = TRY(parse_or(0));
  if (peek().kind != TokenKind::end) return unexpected_token("AND, OR or the end");
  return root;
}

Parsed<Expression> Parser::parse_or(std::size_t depth) {
  const std::size_t begin = peek().span.begin;
  Logic any{.op = Logic::Operator::any, .parts = {}};
  do {
    any.parts.push_back(TRY(parse_and(depth)));
  } while (take_word("or"));
  if (any.parts.size() == 1) return std::move(any.parts.front());
  return Expression{span_from(begin), std::move(any)};
}

Parsed<Expression> Parser::parse_and(std::size_t depth) {
  const std::size_t begin = peek().span.begin;
  Logic all{.op = Logic::Operator::all, .parts = {}};
  do {
    all.parts.push_back(TRY(parse_not(depth)));
  } while (take_word("and"));
  if (all.parts.size() == 1) return std::move(all.parts.front());
  return Expression{span_from(begin), std::move(all)};
}

Parsed<Expression> Parser::parse_not(std::size_t depth) {
  const Span here = peek().span;
  const bool nests = is_word("not") || (peek().kind == TokenKind::symbol && peek().text == "(");
  if (nests && depth == kDepthMax) {
    return error(here, fmt::format("at most {} levels of NOT and parentheses", kDepthMax), "more");
  }
  if (take_word("not")) {
    Logic none{.op = Logic::Operator::none, .parts = {}};
    none.parts.push_back(TRY(parse_not(depth + 1)));
    return Expression{span_from(here.begin), std::move(none)};
  }
  if (!take_symbol("(")) return parse_test();
  Expression inner = TRY(parse_or(depth + 1));
  TRY(expect_symbol(")", "AND, OR or ')'"));
  inner.span = span_from(here.begin);
  return inner;
}

Parsed<Expression> Parser::parse_test() {
  const Span here = peek().span;
  if (++tests_ > kTestsMax) return error(here, fmt::format("at most {} tests", kTestsMax), "more");
  auto test = [&]() -> Parsed<Expression> {
    if (take_word("attribute_exists")) return parse_exists(true);
    if (take_word("attribute_not_exists")) return parse_exists(false);
    if (take_word("attribute_type")) return parse_has_type();
    if (take_word("begins_with")) return parse_text_test(TextTest::Test::begins_with);
    if (take_word("contains")) return parse_text_test(TextTest::Test::contains);
    return parse_comparison();
  }();
  if (test) test->span = span_from(here.begin);
  return test;
}

Parsed<Expression> Parser::parse_comparison() {
  Operand left = TRY(parse_operand());
  if (take_word("between")) return parse_between(std::move(left));
  if (take_word("in")) return parse_in(std::move(left));
  for (const auto& [symbol, comparator] : kComparators) {
    if (!take_symbol(symbol)) continue;
    Operand right = TRY(parse_operand());
    TRY(unify(left, right));
    return Expression{{}, Comparison{comparator, std::move(left), std::move(right)}};
  }
  return unexpected_token("= <> < <= > >=, BETWEEN or IN");
}

Parsed<Expression> Parser::parse_between(Operand value) {
  Operand low = TRY(parse_operand());
  if (!take_word("and")) return unexpected_token("AND and the upper end of BETWEEN");
  Operand high = TRY(parse_operand());
  TRY(unify(value, low));
  TRY(unify(value, high));
  // The upper end may have told what the other two are.
  TRY(unify(value, low));
  return Expression{{}, Between{std::move(value), std::move(low), std::move(high)}};
}

Parsed<Expression> Parser::parse_in(Operand value) {
  TRY(expect_symbol("(", "'(' and the values of IN"));
  In in{.value = std::move(value), .values = {}};
  do {
    if (in.values.size() == kInValuesMax) {
      return unexpected_token(fmt::format("at most {} values in IN", kInValuesMax));
    }
    in.values.push_back(TRY(parse_operand()));
    TRY(unify(in.value, in.values.back()));
  } while (take_symbol(","));
  TRY(expect_symbol(")", "',' or ')'"));
  // A later value may have told what the first ones are.
  for (Operand& one : in.values)
    TRY(unify(in.value, one));
  return Expression{{}, std::move(in)};
}

Parsed<Expression> Parser::parse_exists(bool wanted) {
  TRY(expect_symbol("(", "'('"));
  Exists exists{.wanted = wanted, .path = TRY(parse_path()), .attribute = {}};
  if (take_symbol(",")) exists.attribute = TRY(parse_attribute_name(exists.path));
  TRY(expect_symbol(")", exists.attribute ? "')'" : "',' or ')'"));
  return Expression{{}, std::move(exists)};
}

Parsed<Expression> Parser::parse_has_type() {
  TRY(expect_symbol("(", "'('"));
  HasType has_type{.path = TRY(parse_path()), .attribute = {}, .type = {}};
  TRY(expect_symbol(",", "',' and a type"));
  // The last argument is the type: what stands before it, if anything, is the attribute's name.
  const bool has_name = tokens_[next_].kind != TokenKind::end &&
                        tokens_[next_ + 1].kind == TokenKind::symbol &&
                        tokens_[next_ + 1].text == ",";
  if (has_name) {
    has_type.attribute = TRY(parse_attribute_name(has_type.path));
    TRY(expect_symbol(",", "',' and a type"));
  }
  has_type.type = TRY(parse_type(has_name));
  TRY(expect_symbol(")", "')'"));
  return Expression{{}, std::move(has_type)};
}

Parsed<Expression> Parser::parse_text_test(TextTest::Test test) {
  TRY(expect_symbol("(", "'('"));
  Operand text = TRY(parse_text_operand());
  TRY(expect_symbol(",", "','"));
  Operand part = TRY(parse_text_operand());
  TRY(expect_symbol(")", "')'"));
  return Expression{{}, TextTest{test, std::move(text), std::move(part)}};
}

bool Parser::is_word(std::string_view word) const {
  return peek().kind == TokenKind::word && peek().text == word;
}

bool Parser::take_word(std::string_view word) {
  if (!is_word(word)) return false;
  take();
  return true;
}

bool Parser::take_symbol(std::string_view symbol) {
  if (peek().kind != TokenKind::symbol || peek().text != symbol) return false;
  take();
  return true;
}

Parsed<void> Parser::expect_symbol(std::string_view symbol, const char* expected) {
  if (take_symbol(symbol)) return {};
  return unexpected_token(expected);
}

std::unexpected<ParseError> Parser::unexpected_token(std::string expected) const {
  const bool at_end = peek().kind == TokenKind::end;
  return error(peek().span, std::move(expected), at_end ? "the end" : shown(peek().span));
}

std::unexpected<ParseError> Parser::error(const Span& at, std::string expected,
                                          std::string found) const {
  return std::unexpected(error_at(text_, at.begin, std::move(expected), std::move(found)));
}

std::string Parser::shown(const Span& span) const {
  const std::string_view part = text_.substr(span.begin, span.end - span.begin);
  const bool is_cut = part.size() > kShownBytesMax;
  return printable(part.substr(0, kShownBytesMax)) + (is_cut ? "…" : "");
}

}  // namespace commitfs::condition
