#include "fs/control_content.h"

#include <gtest/gtest.h>

#include "fs/mount_state.h"
#include "tests/support/result.h"

namespace commitfs::fs {
namespace {

using test::must;

// What the files under test were last set to; a control file's functions know nothing but their source.
std::string value;
int writes = 0;

Result<ControlText> read_value(const ControlSource&) {
  return ControlText{.text = value, .more = {}};
}
Result<void> write_value(const ControlSource&, std::string_view written) {
  if (written.find("bad") != std::string_view::npos) return fail(EINVAL);
  value = written;
  ++writes;
  return {};
}
Result<ControlText> read_in_pieces(const ControlSource&) {
  ControlText text;
  text.more = [piece = 0]() mutable -> Result<std::string> {
    ++piece;
    return piece > 3 ? std::string() : std::string("piece") + std::to_string(piece) + "\n";
  };
  return text;
}

constexpr ControlFile kPlain{.name = "plain", .read = read_value, .write = write_value};
constexpr ControlFile kAppending{
    .name = "appending", .read = read_value, .write = write_value, .appends = true};
constexpr ControlFile kPieces{.name = "pieces", .read = read_in_pieces};

class ControlContentTest : public ::testing::Test {
 protected:
  ControlContentTest() {
    value.clear();
    writes = 0;
  }

  ControlContent open(const ControlFile& file, bool append = false) {
    return ControlContent(file, ControlSource{*static_cast<Mount*>(nowhere_), nullptr, {}}, append);
  }

 private:
  alignas(64) std::byte storage_[64] = {};
  void* nowhere_ = storage_;  ///< no function here looks at the mount
};

TEST_F(ControlContentTest, NewlineAtTheEndIsNotPartOfTheValue) {
  auto content = open(kPlain);
  ASSERT_OK(content.write(0, "one\n"));
  EXPECT_EQ(value, "one");
}

TEST_F(ControlContentTest, OnlyOneNewlineIsTaken) {
  auto content = open(kPlain);
  ASSERT_OK(content.write(0, "one\n\n"));
  EXPECT_EQ(value, "one\n");
}

TEST_F(ControlContentTest, WriteThatGoesOnContinuesTheValue) {
  auto content = open(kPlain);
  ASSERT_OK(content.write(0, "one "));
  ASSERT_OK(content.write(4, "two\n"));
  EXPECT_EQ(value, "one two");
}

TEST_F(ControlContentTest, WriteAtTheStartBeginsAnew) {
  auto content = open(kPlain);
  ASSERT_OK(content.write(0, "one"));
  ASSERT_OK(content.write(0, "two"));
  EXPECT_EQ(value, "two");
}

TEST_F(ControlContentTest, WriteElsewhereIsEinval) {
  auto content = open(kPlain);
  ASSERT_OK(content.write(0, "one"));
  EXPECT_ERRNO(content.write(7, "two"), EINVAL);
  EXPECT_EQ(value, "one");
}

TEST_F(ControlContentTest, BadValueIsRefusedAndForgotten) {
  auto content = open(kPlain);
  EXPECT_ERRNO(content.write(0, "bad"), EINVAL);
  ASSERT_OK(content.write(0, "good"));
  EXPECT_EQ(value, "good");
}

TEST_F(ControlContentTest, ValueBeyondTheLimitIsEfbig) {
  auto content = open(kPlain);
  EXPECT_ERRNO(content.write(0, std::string(ControlContent::kMaxValueBytes + 1, 'x')), EFBIG);
  EXPECT_EQ(writes, 0);
}

TEST_F(ControlContentTest, AppendToAMessageKeepsWhatItWas) {
  value = "one\n";
  auto content = open(kAppending, true);
  ASSERT_OK(content.write(0, "two\n"));
  EXPECT_EQ(value, "one\ntwo");
}

TEST_F(ControlContentTest, AppendToAPlainValueSetsIt) {
  value = "one\n";
  auto content = open(kPlain, true);
  ASSERT_OK(content.write(4, "two\n"));
  EXPECT_EQ(value, "two");
}

TEST_F(ControlContentTest, TruncationEmptiesWhatMayBeEmpty) {
  value = "one";
  auto appending = open(kAppending);
  ASSERT_OK(appending.truncate());
  EXPECT_EQ(value, "");
}

TEST_F(ControlContentTest, TruncationLeavesAPlainValue) {
  value = "one";
  auto plain = open(kPlain);
  ASSERT_OK(plain.truncate());
  EXPECT_EQ(value, "one");
}

TEST_F(ControlContentTest, ReadsShowItAsItWasWhenOpened) {
  value = "one\n";
  auto content = open(kPlain);
  ASSERT_OK(content.render());
  value = "two\n";
  EXPECT_EQ(must(content.read(0, 100)), "one\n");
  EXPECT_EQ(must(content.read(1, 2)), "ne");
  EXPECT_EQ(must(content.read(4, 100)), "");
}

TEST_F(ControlContentTest, PiecesComeAsTheReaderGetsOn) {
  auto content = open(kPieces);
  ASSERT_OK(content.render());
  EXPECT_EQ(must(content.read(0, 9)), "piece1\npi");
  EXPECT_EQ(must(content.read(9, 100)), "ece2\npiece3\n");
  EXPECT_EQ(must(content.read(21, 100)), "");
}

}  // namespace
}  // namespace commitfs::fs
