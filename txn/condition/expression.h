#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "txn/condition/value.h"

namespace commitfs::condition {

/// Bytes of the condition's text, `end` exclusive.
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// What a path has, or the table.
enum class Attribute : std::uint8_t {
  seq_no,
  primary_term,
  mode,
  mtime,
  size,
  content,
  xattr,
  head_seq_no,
  head_primary_term,
};

/// What an operand's values are; `time` is a number of seconds.
enum class Kind : std::uint8_t { number, time, text };

struct AttributeOf {
  Attribute attribute = Attribute::seq_no;
  std::string path;        ///< "" is the root
  std::string xattr_name;  ///< of an xattr
};

struct Operand {
  Span span;
  Kind kind = Kind::number;
  std::variant<Value, AttributeOf> source;

  const Value* literal() const { return std::get_if<Value>(&source); }
};

enum class Comparator : std::uint8_t { equal, not_equal, less, less_equal, greater, greater_equal };

struct Comparison {
  Comparator comparator = Comparator::equal;
  Operand left, right;
};

struct Between {
  Operand value, low, high;
};

struct In {
  Operand value;
  std::vector<Operand> values;
};

/// attribute_exists and attribute_not_exists, of a path or of an attribute of it.
struct Exists {
  bool wanted = true;
  std::string path;
  std::optional<AttributeOf> attribute;
};

struct HasType {
  std::string path;
  std::optional<AttributeOf> attribute;
  std::string type;
};

struct TextTest {
  enum class Test : std::uint8_t { begins_with, contains };
  Test test = Test::begins_with;
  Operand text, part;
};

struct Expression;

/// AND, OR, NOT (of one part). Chains are flat, so that only parentheses and NOT nest.
struct Logic {
  enum class Operator : std::uint8_t { all, any, none };
  Operator op = Operator::all;
  std::vector<Expression> parts;
};

struct Expression {
  Span span;
  std::variant<Logic, Comparison, Between, In, Exists, HasType, TextTest> node;
};

}  // namespace commitfs::condition
