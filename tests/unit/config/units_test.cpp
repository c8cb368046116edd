#include "proxy/config/units.hpp"

#include <gtest/gtest.h>

namespace relevo::config {
namespace {

TEST(Units, ReadsDurations) {
  EXPECT_EQ(parse_duration("0ms"), Milliseconds(0));
  EXPECT_EQ(parse_duration("250ms"), Milliseconds(250));
  EXPECT_EQ(parse_duration("5s"), Milliseconds(5000));
  EXPECT_EQ(parse_duration("10m"), Milliseconds(600000));
  EXPECT_EQ(parse_duration("1h"), Milliseconds(3600000));
  EXPECT_EQ(parse_duration("007s"), Milliseconds(7000));
}

TEST(Units, ReadsSizes) {
  EXPECT_EQ(parse_size_bytes("0B"), 0u);
  EXPECT_EQ(parse_size_bytes("512B"), 512u);
  EXPECT_EQ(parse_size_bytes("64KiB"), 65536u);
  EXPECT_EQ(parse_size_bytes("16MiB"), 16u << 20);
  EXPECT_EQ(parse_size_bytes("3GiB"), 3ULL << 30);
}

TEST(Units, RefusesWhatIsNotExactlyANumberAndAUnit) {
  for (const char* text : {"", "5", "s", "ms", "5 s", " 5s", "5s ", "+5s", "-5s", "1.5s", "5S",
                           "5sec", "5d", "0x5s", "1e3s", "5ss", "5s5ms", "5\xc2\xb5s"})
    EXPECT_FALSE(parse_duration(text)) << text;
  for (const char* text :
       {"", "16", "MiB", "16MB", "16M", "16mib", "16 MiB", "-1B", "1.5GiB", "1TiB"})
    EXPECT_FALSE(parse_size_bytes(text)) << text;
}

TEST(Units, RefusesWhatDoesNotFit) {
  EXPECT_TRUE(parse_duration("9223372036854775807ms"));
  EXPECT_FALSE(parse_duration("9223372036854775808ms"));
  EXPECT_TRUE(parse_duration("2562047788015h"));
  EXPECT_FALSE(parse_duration("2562047788016h"));
  EXPECT_FALSE(parse_duration("99999999999999999999s"));
  EXPECT_FALSE(parse_size_bytes("8589934592GiB"));
}

TEST(Units, WritesInTheGreatestExactUnit) {
  EXPECT_EQ(format_duration(Milliseconds(0)), "0ms");
  EXPECT_EQ(format_duration(Milliseconds(250)), "250ms");
  EXPECT_EQ(format_duration(Milliseconds(1500)), "1500ms");
  EXPECT_EQ(format_duration(Milliseconds(90000)), "90s");
  EXPECT_EQ(format_duration(Milliseconds(3600000)), "1h");
  EXPECT_EQ(format_size_bytes(0), "0B");
  EXPECT_EQ(format_size_bytes(1536), "1536B");
  EXPECT_EQ(format_size_bytes(16u << 20), "16MiB");
}

}  // namespace
}  // namespace relevo::config
