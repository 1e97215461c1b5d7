#include "txn/condition/explain.h"

#include <fmt/format.h>

#include <cassert>

#include "txn/text.h"

namespace commitfs::condition {
namespace {

/// How the numbers of a test are written.
enum class Style { plain, time, mode };

Style style_of(const Operand& operand) {
  if (operand.kind == Kind::time) return Style::time;
  const auto* attribute = std::get_if<AttributeOf>(&operand.source);
  return attribute != nullptr && attribute->attribute == Attribute::mode ? Style::mode
                                                                         : Style::plain;
}

/// One operand with an unusual style makes the others show theirs likewise.
Style style_of(const Operand& first, const Operand& second) {
  const Style style = style_of(first);
  return style == Style::plain ? style_of(second) : style;
}

std::string show_value(const Value& value, Style style) {
  if (const auto* text = std::get_if<std::string>(&value)) return show(*text);
  const Number& number = std::get<Number>(value);
  if (style == Style::time) return show_time(number);
  const bool is_mode = style == Style::mode && number.whole >= 0 && number.nanos == 0;
  return is_mode ? show_mode(number) : show(number);
}

std::string_view symbol(Comparator comparator) {
  switch (comparator) {
    case Comparator::equal:
      return "=";
    case Comparator::not_equal:
      return "<>";
    case Comparator::less:
      return "<";
    case Comparator::less_equal:
      return "<=";
    case Comparator::greater:
      return ">";
    case Comparator::greater_equal:
      return ">=";
  }
  return "?";
}

/// The comparator with its sides exchanged.
Comparator mirrored(Comparator comparator) {
  switch (comparator) {
    case Comparator::less:
      return Comparator::greater;
    case Comparator::less_equal:
      return Comparator::greater_equal;
    case Comparator::greater:
      return Comparator::less;
    case Comparator::greater_equal:
      return Comparator::less_equal;
    default:
      return comparator;
  }
}

std::string type_text(std::string_view type) {
  return fmt::format("type '{}'", type);
}

class Explainer {
 public:
  explicit Explainer(HeadValues& head) : head_(head) {}

  Result<Explanation> operator()(const Logic&) {
    assert(false);
    return Explanation{"true", "false"};
  }

  Result<Explanation> operator()(const Comparison& comparison) {
    const Style style = style_of(comparison.left, comparison.right);
    // What the table says is the actual value, on whichever side it stands.
    const bool swap = comparison.left.literal() != nullptr && comparison.right.literal() == nullptr;
    const Operand& actual = swap ? comparison.right : comparison.left;
    const Operand& expected = swap ? comparison.left : comparison.right;
    const Comparator comparator = swap ? mirrored(comparison.comparator) : comparison.comparator;
    return Explanation{fmt::format("{} {}", symbol(comparator), TRY(shown(expected, style))),
                       TRY(shown(actual, style))};
  }

  Result<Explanation> operator()(const Between& between) {
    const Style style = style_of(between.value, between.low);
    return Explanation{fmt::format("between {} and {}", TRY(shown(between.low, style)),
                                   TRY(shown(between.high, style))),
                       TRY(shown(between.value, style))};
  }

  Result<Explanation> operator()(const In& in) {
    std::string values;
    for (const Operand& value : in.values) {
      if (!values.empty()) values += ", ";
      values += TRY(shown(value, style_of(in.value, value)));
    }
    return Explanation{"one of " + values,
                       TRY(shown(in.value, style_of(in.value, in.values.front())))};
  }

  Result<Explanation> operator()(const Exists& exists) {
    const InodeRecord* inode = TRY(head_.inode(exists.path));
    std::string actual = "no such path";
    if (inode != nullptr && exists.attribute && !TRY(head_.exists(*exists.attribute))) {
      actual = "no such attribute";
    } else if (inode != nullptr) {
      actual = fmt::format("it exists, last changed in version {}", raw(inode->since));
    }
    return Explanation{exists.wanted ? "it exists" : "it does not exist", std::move(actual)};
  }

  Result<Explanation> operator()(const HasType& has_type) {
    Explanation explanation{type_text(has_type.type), "no such path"};
    if (has_type.attribute) {
      const Found found = TRY(head_.find(*has_type.attribute));
      explanation.actual = found.value ? type_text(type_of(*found.value)) : found.missing;
    } else if (const InodeRecord* inode = TRY(head_.inode(has_type.path))) {
      explanation.actual = type_text(HeadValues::type_of(*inode));
    }
    return explanation;
  }

  Result<Explanation> operator()(const TextTest& test) {
    const char* verb = test.test == TextTest::Test::begins_with ? "begins with" : "contains";
    return Explanation{fmt::format("{} {}", verb, TRY(shown(test.part, Style::plain))),
                       TRY(shown(test.text, Style::plain))};
  }

 private:
  Result<std::string> shown(const Operand& operand, Style style) {
    const Found found = TRY(head_.find(operand));
    return found.value ? show_value(*found.value, style) : found.missing;
  }

  HeadValues& head_;
};

}  // namespace

std::string_view type_of(const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr) return "N";
  return is_utf8(*text) ? "S" : "B";
}

Result<Explanation> explain(const Expression& expression, HeadValues& head) {
  return std::visit(Explainer(head), expression.node);
}

}  // namespace commitfs::condition
