#pragma once

#include <expected>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "txn/condition/condition.h"
#include "txn/condition/lexer.h"

namespace commitfs::condition {

template <typename T>
using Parsed = std::expected<T, ParseError>;

/// Recursive descent over the tokens of one text, a function a rule of the grammar in condition.h.
/// Used once, by one thread.
class Parser {
 public:
  Parser(std::string_view text, std::vector<Token> tokens)
      : text_(text), tokens_(std::move(tokens)) {}

  Parsed<Expression> parse_all();

 private:
  // Logic, and the tests: parser.cc.
  Parsed<Expression> parse_or(std::size_t depth);
  Parsed<Expression> parse_and(std::size_t depth);
  Parsed<Expression> parse_not(std::size_t depth);
  Parsed<Expression> parse_test();
  Parsed<Expression> parse_comparison();
  Parsed<Expression> parse_between(Operand value);
  Parsed<Expression> parse_in(Operand value);
  Parsed<Expression> parse_exists(bool wanted);
  Parsed<Expression> parse_has_type();
  Parsed<Expression> parse_text_test(TextTest::Test test);

  // Operands and arguments: parser_operands.cc.
  Parsed<Operand> parse_operand();
  Parsed<Operand> parse_text_operand();
  Parsed<AttributeOf> parse_call(Attribute attribute);
  /// A path in the tree, "" for the root.
  Parsed<std::string> parse_path();
  Parsed<std::string> parse_xattr_name();
  Parsed<AttributeOf> parse_attribute_name(std::string path);
  Parsed<std::string> parse_type(bool of_attribute);
  /// Makes both comparable: a string beside a time becomes one.
  Parsed<void> unify(Operand& left, Operand& right) const;

  const Token& peek() const { return tokens_[next_]; }
  const Token& take() { return tokens_[next_ + 1 == tokens_.size() ? next_ : next_++]; }
  bool is_word(std::string_view word) const;
  bool take_word(std::string_view word);
  bool take_symbol(std::string_view symbol);
  Parsed<void> expect_symbol(std::string_view symbol, const char* expected);
  /// At the next token, which is not what was expected.
  std::unexpected<ParseError> unexpected_token(std::string expected) const;
  std::unexpected<ParseError> error(const Span& at, std::string expected, std::string found) const;
  /// From `begin` to the end of the last token taken.
  Span span_from(std::size_t begin) const {
    return {begin, next_ == 0 ? 0 : tokens_[next_ - 1].span.end};
  }
  std::string shown(const Span& span) const;

  const std::string_view text_;
  const std::vector<Token> tokens_;
  std::size_t next_ = 0;
  std::size_t tests_ = 0;
};

}  // namespace commitfs::condition
