#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meta/catalog.h"
#include "meta/object_store.h"
#include "txn/condition/expression.h"

/// Conditions on the head that a session demands with its `require` file.
///
///   condition  = and { OR and }
///   and        = not { AND not }
///   not        = NOT not | "(" condition ")" | test
///   test       = operand ( = | <> | < | <= | > | >= ) operand
///              | operand BETWEEN operand AND operand          both ends included
///              | operand IN "(" operand { "," operand } ")"
///              | attribute_exists "(" path [ "," name ] ")"
///              | attribute_not_exists "(" path [ "," name ] ")"
///              | attribute_type "(" path [ "," name ] "," type ")"
///              | begins_with "(" operand "," operand ")"
///              | contains "(" operand "," operand ")"         bytes in bytes
///   operand    = number | string | head_seq_no | head_primary_term
///              | seq_no "(" path ")" | primary_term "(" path ")"   of the path's last change
///              | mode "(" path ")"                            permission bits, as chmod(1) has
///              them | mtime "(" path ")"                           seconds since 1970 | size "("
///              path ")"                            bytes | content "(" path ")" | xattr "(" path
///              "," name ")"
///   path       = string: from the table's root, without "/" at either end; "." is the root
///   name       = seq_no | primary_term | mode | mtime | size | content, bare or as a string,
///                or a string with the name of an extended attribute, prefix and all: 'user.origin'
///   type       = of a path: 'file' 'directory' 'symlink' 'fifo' 'socket' 'block' 'character';
///                of an attribute, as DynamoDB has them: 'N' number, 'S' UTF-8 text, 'B' other
///                bytes
///   number     = [-] digits [ . 1 to 9 digits ]; whole ones that begin with 0 are octal (0644)
///   string     = '…' with '' for a quote; any bytes but NUL
/// Words may be written in capitals or small letters; blanks, tabs and newlines separate. Columns
/// count characters from 1.
///
/// Types are checked by the parser: numbers are compared with numbers, text with text (bytewise),
/// and mtime also with a string that is a time as RFC 3339 writes it ('2026-11-20T18:00:00Z').
/// Symbolic links are not followed; content and size of one are its target's. Directories and
/// special files have neither.
/// A test with a missing attribute (or path) is false, also with <>; so is one with content of more
/// than kContentMaxBytes. NOT turns that into true, as any other false.
/// Source: Amazon DynamoDB Developer Guide, "Condition and filter expressions, operators, and
/// functions", which also has the precedence and the limits of 300 operators and 100 values in IN.
namespace commitfs::condition {

constexpr std::size_t kTextMaxBytes = 64 * 1024;
constexpr std::size_t kContentMaxBytes = 64 * 1024;
constexpr std::size_t kDepthMax = 100;  ///< of parentheses and NOT within each other
constexpr std::size_t kTestsMax = 300;
constexpr std::size_t kInValuesMax = 100;

/// A condition that can be evaluated. Immutable; any thread may read it.
struct Condition {
  std::string text;
  Expression root;

  std::string_view part(const Span& span) const {
    return std::string_view(text).substr(span.begin, span.end - span.begin);
  }
};

/// Why a text is no condition.
struct ParseError {
  std::size_t column = 0;
  std::string expected;
  std::string found;

  /// "column 12: expected a number, found 'x'".
  std::string describe() const;
};

/// Thread-safe. A text of more than kTextMaxBytes is refused at the column after them.
std::expected<Condition, ParseError> parse(std::string_view text);

/// One test that makes a condition false, and what was found instead; for people.
struct FalsePart {
  std::string part;  ///< as it was written
  std::string expected;
  std::string actual;
  bool operator==(const FalsePart&) const = default;
};

/// A condition that was false. Its texts are UTF-8 without control characters.
struct Refusal {
  SeqNo head = SeqNo::none;      ///< the version it was held against
  std::string text;              ///< all of it
  std::vector<FalsePart> parts;  ///< of AND the first that is false, of OR all
  bool operator==(const Refusal&) const = default;
};

/// Holds the condition against the head of `catalog` (a transaction's own head when it is one);
/// empty when it is true. Reads at most kContentMaxBytes of each content it names.
/// Errors: EIO, EAGAIN of catalog and store.
Result<std::optional<Refusal>> evaluate(const Condition& condition, CatalogReader& catalog,
                                        const ObjectStore& store);

}  // namespace commitfs::condition
