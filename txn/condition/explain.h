#pragma once

#include <string>

#include "txn/condition/expression.h"
#include "txn/condition/head_values.h"

namespace commitfs::condition {

/// What a test asks for and what the head has, for people: "< 1000" and "2048".
struct Explanation {
  std::string expected;
  std::string actual;
};

/// Of a test: `expression` is no Logic. Errors: those of HeadValues.
Result<Explanation> explain(const Expression& expression, HeadValues& head);

/// 'N', 'S' or 'B', as DynamoDB calls them.
std::string_view type_of(const Value& value);

}  // namespace commitfs::condition
