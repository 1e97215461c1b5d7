#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "txn/condition/condition.h"

namespace commitfs::condition {

enum class TokenKind : std::uint8_t {
  word,    ///< small letters in `text`
  string,  ///< its bytes in `text`, quotes undone
  number,  ///< as it was written in `text`
  symbol,  ///< ( ) , or a comparator
  end,
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::string text;
  Span span;
};

/// The tokens of `text`, the last of kind `end`.
std::expected<std::vector<Token>, ParseError> tokenize(std::string_view text);

/// An error at a byte of `text`. `found` is what stands there when it is empty.
ParseError error_at(std::string_view text, std::size_t offset, std::string expected,
                    std::string found);

}  // namespace commitfs::condition
