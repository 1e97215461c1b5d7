#include "txn/condition/lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "txn/text.h"

namespace commitfs::condition {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
char to_small(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::expected<Token, ParseError> next() {
    while (at_ < text_.size() && is_blank(text_[at_]))
      ++at_;
    const std::size_t begin = at_;
    Token token{.kind = TokenKind::end, .text = {}, .span = {begin, begin}};
    if (at_ == text_.size()) return token;
    const char first = text_[at_];
    if (first == '\'') {
      token.kind = TokenKind::string;
      token.text = TRY(string());
    } else if (is_letter(first)) {
      token.kind = TokenKind::word;
      token.text = word();
    } else if (is_digit(first) || first == '-') {
      token.kind = TokenKind::number;
      token.text = TRY(number());
    } else {
      token.kind = TokenKind::symbol;
      token.text = TRY(symbol());
    }
    token.span.end = at_;
    return token;
  }

 private:
  std::unexpected<ParseError> error(std::size_t offset, const char* expected, std::string found) {
    return std::unexpected(error_at(text_, offset, expected, std::move(found)));
  }

  std::expected<std::string, ParseError> string() {
    const std::size_t begin = at_++;
    std::string value;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '\0') return error(at_ - 1, "no NUL in a string", "one");
      if (c != '\'') {
        value += c;
      } else if (at_ < text_.size() && text_[at_] == '\'') {
        value += text_[at_++];
      } else {
        return value;
      }
    }
    return error(begin, "a closing quote for this string", "none");
  }

  std::string word() {
    std::string value;
    while (at_ < text_.size() && (is_letter(text_[at_]) || is_digit(text_[at_]))) {
      value += to_small(text_[at_++]);
    }
    return value;
  }

  /// All that hangs together, so that `12x` and `1.2.3` are one bad number.
  std::expected<std::string, ParseError> number() {
    const std::size_t begin = at_++;
    while (at_ < text_.size() &&
           (is_digit(text_[at_]) || is_letter(text_[at_]) || text_[at_] == '.')) {
      ++at_;
    }
    std::string value(text_.substr(begin, at_ - begin));
    if (!parse_number(value)) {
      return error(begin, "a number (digits, at most 9 after a point; 0 begins an octal one)",
                   fmt::format("'{}'", value));
    }
    return value;
  }

  std::expected<std::string, ParseError> symbol() {
    const std::string_view rest = text_.substr(at_);
    for (const std::string_view known : {"<>", "<=", ">=", "<", ">", "=", "(", ")", ","}) {
      if (!rest.starts_with(known)) continue;
      at_ += known.size();
      return std::string(known);
    }
    return error(at_, "a word, a number, a string in ' ', a comparator or a parenthesis", "");
  }

  const std::string_view text_;
  std::size_t at_ = 0;
};

/// The character at `offset`, however long.
std::string_view character_at(std::string_view text, std::size_t offset) {
  std::size_t end = offset + 1;
  while (end < text.size() && end < offset + 4 &&
         (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) {
    ++end;
  }
  return text.substr(offset, end - offset);
}

}  // namespace

std::expected<std::vector<Token>, ParseError> tokenize(std::string_view text) {
  Lexer lexer(text);
  std::vector<Token> tokens;
  do {
    tokens.push_back(TRY(lexer.next()));
  } while (tokens.back().kind != TokenKind::end);
  return tokens;
}

ParseError error_at(std::string_view text, std::size_t offset, std::string expected,
                    std::string found) {
  offset = std::min(offset, text.size());
  if (found.empty()) {
    found = offset == text.size() ? "the end"
                                  : fmt::format("'{}'", printable(character_at(text, offset)));
  }
  const auto is_first_byte = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
  const auto before = std::ranges::count_if(text.substr(0, offset), is_first_byte);
  return {static_cast<std::size_t>(before) + 1, std::move(expected), std::move(found)};
}

std::string ParseError::describe() const {
  return fmt::format("column {}: expected {}, found {}", column, expected, found);
}

}  // namespace commitfs::condition
