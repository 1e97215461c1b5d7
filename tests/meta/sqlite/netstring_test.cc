#include "meta/sqlite/netstring.h"

#include "tests/support/result.h"

namespace commitfs::sqlite {
namespace {

using ::commitfs::test::must;

TEST(NetstringTest, MapsOfAnyBytesComeBack) {
  const std::map<std::string, std::string> map = {
      {"", ""},
      {"key", "value"},
      {"1:a,", ",:"},
      {std::string("\0", 1), std::string(1000, '\xFF')}};
  EXPECT_EQ(must(decode_map(encode_map(map))), map);
  EXPECT_EQ(encode_map({}), "");
  EXPECT_EQ(encode_map({{"key", "value"}}), "3:key,5:value,");
}

TEST(NetstringTest, AnythingElseIsEio) {
  for (const auto* text :
       {"x", "3", "3:", "3:key", "3:key,", "3:key,5:value", "3:key,4:value,", "-1:,", ":,",
        "18446744073709551615:a,", "99999999999999999999:a,", "0:,0:,0", "3:key;5:value;"}) {
    EXPECT_ERRNO(decode_map(text), EIO) << text;
  }
}

}  // namespace
}  // namespace commitfs::sqlite
