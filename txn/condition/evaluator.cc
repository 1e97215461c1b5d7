#include <fmt/format.h>

#include <algorithm>

#include "txn/condition/condition.h"
#include "txn/condition/explain.h"
#include "txn/condition/head_values.h"
#include "txn/text.h"

namespace commitfs::condition {
namespace {

bool holds(Comparator comparator, const Value& left, const Value& right) {
  switch (comparator) {
    case Comparator::equal:
      return left == right;
    case Comparator::not_equal:
      return left != right;
    case Comparator::less:
      return left < right;
    case Comparator::less_equal:
      return left <= right;
    case Comparator::greater:
      return left > right;
    case Comparator::greater_equal:
      return left >= right;
  }
  return false;
}

/// Whether an expression is true, a function a node.
class Evaluator {
 public:
  explicit Evaluator(HeadValues& head) : head_(head) {}

  Result<bool> operator()(const Logic& logic) {
    // NOT has one part: none of it may be true.
    const bool stops_at = logic.op != Logic::Operator::all;
    for (const Expression& part : logic.parts) {
      if (TRY(is_true(part)) == stops_at) return logic.op == Logic::Operator::any;
    }
    return logic.op != Logic::Operator::any;
  }

  Result<bool> operator()(const Comparison& comparison) {
    const Found left = TRY(head_.find(comparison.left));
    const Found right = TRY(head_.find(comparison.right));
    return left.value && right.value && holds(comparison.comparator, *left.value, *right.value);
  }

  Result<bool> operator()(const Between& between) {
    const Found value = TRY(head_.find(between.value));
    const Found low = TRY(head_.find(between.low));
    const Found high = TRY(head_.find(between.high));
    return value.value && low.value && high.value && *low.value <= *value.value &&
           *value.value <= *high.value;
  }

  Result<bool> operator()(const In& in) {
    const Found value = TRY(head_.find(in.value));
    if (!value.value) return false;
    for (const Operand& operand : in.values) {
      if (TRY(head_.find(operand)).value == value.value) return true;
    }
    return false;
  }

  Result<bool> operator()(const Exists& exists) {
    const bool found = exists.attribute ? TRY(head_.exists(*exists.attribute))
                                        : TRY(head_.inode(exists.path)) != nullptr;
    return found == exists.wanted;
  }

  Result<bool> operator()(const HasType& has_type) {
    if (!has_type.attribute) {
      const InodeRecord* inode = TRY(head_.inode(has_type.path));
      return inode != nullptr && HeadValues::type_of(*inode) == has_type.type;
    }
    const Found found = TRY(head_.find(*has_type.attribute));
    return found.value && type_of(*found.value) == has_type.type;
  }

  Result<bool> operator()(const TextTest& test) {
    const Found text = TRY(head_.find(test.text));
    const Found part = TRY(head_.find(test.part));
    if (!text.value || !part.value) return false;
    const auto& whole = std::get<std::string>(*text.value);
    const auto& wanted = std::get<std::string>(*part.value);
    return test.test == TextTest::Test::begins_with ? whole.starts_with(wanted)
                                                    : whole.find(wanted) != std::string::npos;
  }

  Result<bool> is_true(const Expression& expression) { return std::visit(*this, expression.node); }

 private:
  HeadValues& head_;
};

/// The parts that make a false expression false.
class Blame {
 public:
  Blame(const Condition& condition, HeadValues& head)
      : condition_(condition), head_(head), evaluator_(head) {}

  Result<void> add(const Expression& expression) {
    const auto* logic = std::get_if<Logic>(&expression.node);
    if (logic == nullptr) return add_test(expression, expression, "");
    if (logic->op == Logic::Operator::none) return add_negated(expression, logic->parts.front());
    for (const Expression& part : logic->parts) {
      if (TRY(evaluator_.is_true(part))) continue;
      TRY(add(part));
      if (logic->op == Logic::Operator::all) return {};
    }
    return {};
  }

  std::vector<FalsePart> take() { return std::move(parts_); }

 private:
  Result<void> add_negated(const Expression& whole, const Expression& inner) {
    if (!std::holds_alternative<Logic>(inner.node)) return add_test(whole, inner, "not: ");
    parts_.push_back({shown(whole), "false after NOT", "true"});
    return {};
  }

  Result<void> add_test(const Expression& whole, const Expression& test, std::string_view prefix) {
    Explanation explanation = TRY(explain(test, head_));
    parts_.push_back(
        {shown(whole), std::string(prefix) + explanation.expected, std::move(explanation.actual)});
    return {};
  }

  std::string shown(const Expression& expression) const {
    return printable(condition_.part(expression.span));
  }

  const Condition& condition_;
  HeadValues& head_;
  Evaluator evaluator_;
  std::vector<FalsePart> parts_;
};

}  // namespace

Result<std::optional<Refusal>> evaluate(const Condition& condition, CatalogReader& catalog,
                                        const ObjectStore& store) {
  HeadValues head(catalog, store);
  if (TRY(Evaluator(head).is_true(condition.root))) return std::nullopt;
  Blame blame(condition, head);
  TRY(blame.add(condition.root));
  return Refusal{TRY(head.head()), printable(condition.text), blame.take()};
}

}  // namespace commitfs::condition
