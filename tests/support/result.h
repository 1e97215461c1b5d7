#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "meta/base/error.h"

namespace commitfs {

/// How a failed comparison prints an error.
inline void PrintTo(const Error& error, std::ostream* out) {
  *out << error.describe();
}

}  // namespace commitfs

namespace commitfs::test {

template <typename T>
::testing::AssertionResult is_ok(const Result<T>& result) {
  if (result) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << result.error().describe();
}

template <typename T>
::testing::AssertionResult is_errno(const Result<T>& result, int code) {
  if (result) return ::testing::AssertionFailure() << "it succeeded";
  if (result.error().code == code) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << result.error().describe();
}

/// The value of a result that must be one; throws, which fails the test, when it is an error.
template <typename T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().describe());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

}  // namespace commitfs::test

#define ASSERT_OK(expression) ASSERT_TRUE(::commitfs::test::is_ok((expression)))
#define EXPECT_OK(expression) EXPECT_TRUE(::commitfs::test::is_ok((expression)))
#define ASSERT_ERRNO(expression, code) ASSERT_TRUE(::commitfs::test::is_errno((expression), code))
#define EXPECT_ERRNO(expression, code) EXPECT_TRUE(::commitfs::test::is_errno((expression), code))
