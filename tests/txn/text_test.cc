#include "txn/text.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace commitfs {
namespace {

TEST(QuoteName, LeavesPrintableUtf8AsItIs) {
  for (const char* name : {"a", "part-1.parquet", "with space", "naïve", "日本語", "😀", "it's"}) {
    EXPECT_EQ(quote_name(name), name);
  }
}

TEST(QuoteName, QuotesAndEscapesTheRestAsGitDoes) {
  EXPECT_EQ(quote_name("a\nb"), R"("a\nb")");
  EXPECT_EQ(quote_name("a\tb"), R"("a\tb")");
  EXPECT_EQ(quote_name("a\"b"), R"("a\"b")");
  EXPECT_EQ(quote_name("a\\b"), R"("a\\b")");
  EXPECT_EQ(quote_name("\x1b[31m"), R"("\033[31m")");
  EXPECT_EQ(quote_name("\x7f"), R"("\177")");
  EXPECT_EQ(quote_name("\xff\xfe"), R"("\377\376")");
  EXPECT_EQ(quote_name("é\xe9"), "\"é\\351\"");
  EXPECT_EQ(quote_name(""), "\"\"");
}

TEST(QuoteName, EscapesControlCharactersBeyondAscii) {
  EXPECT_EQ(quote_name("\xc2\x9b"
                       "31m"),
            R"("\302\23331m")");
}

TEST(IsUtf8, RefusesOverlongFormsSurrogatesAndWhatIsTooHigh) {
  EXPECT_TRUE(is_utf8("a é € 😀 \xf4\x8f\xbf\xbf"));
  for (const char* text : {"\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80",
                           "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\x80",
                           "\xc3", "\xe2\x82", "\xf0\x9f\x98", "\xc3(", "\xe2\x82("}) {
    EXPECT_FALSE(is_utf8(text)) << quote_name(text);
  }
}

TEST(Printable, IsOneLineAndKeepsQuotes) {
  EXPECT_EQ(printable("say \"hi\" \\o/"), "say \"hi\" \\o/");
  EXPECT_EQ(printable("a\nb\x01\xff"), R"(a\nb\001\377)");
}

TEST(ToUtf8, EscapesOnlyWhatIsNotUtf8AndSaysSo) {
  EXPECT_EQ(to_utf8("é\n\\x").text, "é\n\\x");
  EXPECT_FALSE(to_utf8("é\n\\x").escaped);
  EXPECT_EQ(to_utf8("a\xff\\b\xc3\xa9").text, R"(a\xff\x5cb\xc3\xa9)");
  EXPECT_TRUE(to_utf8("a\xff").escaped);
}

TEST(UserName, IsTheNumberWhereThereIsNoName) {
  EXPECT_EQ(user_name(0), "root");
  EXPECT_EQ(user_name(4'000'000'123U), "4000000123");
}

TEST(CountOf, KnowsSingularAndPlural) {
  EXPECT_EQ(count_of(0, "file", "files"), "0 files");
  EXPECT_EQ(count_of(1, "file", "files"), "1 file");
  EXPECT_EQ(count_of(2, "file", "files"), "2 files");
}

}  // namespace
}  // namespace commitfs
