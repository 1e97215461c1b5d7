#include "txn/version_name.h"

#include <gtest/gtest.h>

#include <limits>

#include "meta/memory_catalog.h"
#include "tests/support/result.h"

namespace commitfs {
namespace {

using test::must;

constexpr TimeNs kSecond = 1'000'000'000;
constexpr TimeNs kEvening = 1'795'197'600 * kSecond;  // 2026-11-20T18:00:00Z

TEST(ParseTime, ReadsRfc3339) {
  EXPECT_EQ(parse_time("2026-11-20T18:00:00Z"), kEvening);
  EXPECT_EQ(parse_time("2026-11-20t18:00:00z"), kEvening);
  EXPECT_EQ(parse_time("2026-11-20T18:00:00.5Z"), kEvening + kSecond / 2);
  EXPECT_EQ(parse_time("2026-11-20T18:00:00.000000001Z"), kEvening + 1);
  EXPECT_EQ(parse_time("2026-11-20T23:30:00+05:30"), kEvening);
  EXPECT_EQ(parse_time("2026-11-20T10:00:00-08:00"), kEvening);
  EXPECT_EQ(parse_time("2026-11-20T18:00:00-00:00"), kEvening);
  EXPECT_EQ(parse_time("2026-11-21T00:00:00.25+06:00"), kEvening + kSecond / 4);
  EXPECT_EQ(parse_time("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(parse_time("1969-12-31T23:59:59.999999999Z"), -1);
  EXPECT_EQ(parse_time("2024-02-29T00:00:00Z"), 1'709'164'800 * kSecond);
  EXPECT_EQ(parse_time("2016-12-31T23:59:60Z"), parse_time("2017-01-01T00:00:00Z"));
}

class NotATime : public ::testing::TestWithParam<const char*> {};
TEST_P(NotATime, IsRefused) {
  EXPECT_EQ(parse_time(GetParam()), std::nullopt);
}
INSTANTIATE_TEST_SUITE_P(
    ParseTime, NotATime,
    ::testing::Values("", "now", "2026", "2026-11-20", "2026-11-20T18:00Z", "2026-11-20T18:00:00",
                      "2026-11-20 18:00:00Z", "2026-13-20T18:00:00Z", "2026-00-20T18:00:00Z",
                      "2026-11-31T18:00:00Z", "2026-02-29T18:00:00Z", "2026-11-00T18:00:00Z",
                      "2026-11-20T24:00:00Z", "2026-11-20T18:60:00Z", "2026-11-20T18:00:61Z",
                      "2026-11-20T18:00:00.Z", "2026-11-20T18:00:00.1234567890Z",
                      "2026-11-20T18:00:00,5Z", "2026-11-20T18:00:00ZZ", " 2026-11-20T18:00:00Z",
                      "2026-11-20T18:00:00+5", "2026-11-20T18:00:00+0530",
                      "2026-11-20T18:00:00+24:00", "2026-11-20T18:00:00+05:60",
                      "26-11-20T18:00:00Z", "+2026-11-20T18:00:00Z", "-026-11-20T18:00:00Z",
                      "9999-12-31T00:00:00Z", "1677-01-01T00:00:00Z", "2026-11-20T18:00:00\xff"));

TEST(FormatTime, HasNineDigitsAndIsUtc) {
  EXPECT_EQ(format_time(kEvening), "2026-11-20T18:00:00.000000000Z");
  EXPECT_EQ(format_time(kEvening + 123'456'789), "2026-11-20T18:00:00.123456789Z");
  EXPECT_EQ(format_time(0), "1970-01-01T00:00:00.000000000Z");
  EXPECT_EQ(format_time(-1), "1969-12-31T23:59:59.999999999Z");
  EXPECT_EQ(format_time(std::numeric_limits<TimeNs>::max()), "2262-04-11T23:47:16.854775807Z");
  EXPECT_EQ(format_time(std::numeric_limits<TimeNs>::min()), "1677-09-21T00:12:43.145224192Z");
}

TEST(FormatTime, IsReadBackByParseTime) {
  for (const TimeNs time :
       {TimeNs{0}, TimeNs{-1}, kEvening, kEvening + 7, -9'000'000'000'000'000'000}) {
    EXPECT_EQ(parse_time(format_time(time)), time);
  }
}

/// Versions 1, 2, 3 at 18:00, 18:01, 18:02.
class ResolveVersion : public ::testing::Test {
 protected:
  void SetUp() override {
    for (std::uint64_t number = 1; number <= 3; ++number) {
      VersionRecord version;
      version.seq_no = SeqNo{number};
      version.time_ns =
          TimeNs{1'700'000'000 * kSecond} + static_cast<TimeNs>(number) * 60 * kSecond;
      auto transaction = must(catalog_->begin());
      must(transaction->add_version(version, {}));
      must(transaction->commit());
    }
  }
  std::optional<SeqNo> resolve(std::string_view text) {
    return must(resolve_version(*catalog_, text));
  }

  std::unique_ptr<Catalog> catalog_ = make_memory_catalog();
};

TEST_F(ResolveVersion, TakesNumbers) {
  EXPECT_EQ(resolve("1"), SeqNo{1});
  EXPECT_EQ(resolve("3"), SeqNo{3});
  EXPECT_EQ(resolve("003"), SeqNo{3});
}

TEST_F(ResolveVersion, KnowsLatestAndPrevious) {
  EXPECT_EQ(resolve("latest"), SeqNo{3});
  EXPECT_EQ(resolve("previous"), SeqNo{2});
}

TEST_F(ResolveVersion, OfATimeIsTheNewestVersionOfThen) {
  EXPECT_EQ(resolve("2023-11-14T22:14:19.999999999Z"), std::nullopt);
  EXPECT_EQ(resolve("2023-11-14T22:14:20Z"), SeqNo{1});
  EXPECT_EQ(resolve("2023-11-14T22:15:19.999999999Z"), SeqNo{1});
  EXPECT_EQ(resolve("2023-11-14T22:15:20Z"), SeqNo{2});
  EXPECT_EQ(resolve("2023-11-14T23:15:20+01:00"), SeqNo{2});
  EXPECT_EQ(resolve("2023-12-01T00:00:00Z"), SeqNo{3});
}

TEST_F(ResolveVersion, OfATimeToComeIsNone) {
  EXPECT_EQ(resolve("2261-01-01T00:00:00Z"), std::nullopt);
}

TEST_F(ResolveVersion, IsNoneForEverythingElse) {
  for (const char* text : {"", "0", "4", "-1", "+1", "1 ", "0x1", "1.0", "18446744073709551616",
                           "18446744073709551617", "99999999999999999999999", "head", "LATEST",
                           "latest ", "next", "\xff"}) {
    EXPECT_EQ(resolve(text), std::nullopt) << text;
  }
}

TEST(ResolveVersionOfAnEmptyCatalog, IsNone) {
  const auto catalog = make_memory_catalog();
  for (const char* text : {"1", "0", "latest", "previous", "2023-11-14T22:14:20Z"}) {
    EXPECT_EQ(must(resolve_version(*catalog, text)), std::nullopt) << text;
  }
}

TEST(ResolveVersionOfOneVersion, HasNoPrevious) {
  const auto catalog = make_memory_catalog();
  auto transaction = must(catalog->begin());
  VersionRecord version;
  version.seq_no = SeqNo{1};
  must(transaction->add_version(version, {}));
  must(transaction->commit());
  EXPECT_EQ(must(resolve_version(*catalog, "latest")), SeqNo{1});
  EXPECT_EQ(must(resolve_version(*catalog, "previous")), std::nullopt);
}

}  // namespace
}  // namespace commitfs
