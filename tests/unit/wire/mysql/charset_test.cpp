#include "proxy/wire/mysql/charset.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

#include "proxy/wire/mysql/types.hpp"

namespace relevo::wire::mysql {
namespace {

// As information_schema.collations of MariaDB 10.11 lists them, and MySQL 8.4's
// gb18030 and utf8mb4.
const std::map<Charset, std::vector<CollationId>> listed = {
    {Charset::big5, {1, 84, 1025, 1108}},
    {Charset::cp932, {95, 96, 1119, 1120}},
    {Charset::gbk, {28, 87, 1052, 1111}},
    {Charset::sjis, {13, 88, 1037, 1112}},
    {Charset::gb18030, {248, 249, 250}},
    {Charset::ucs2, {35, 90, 128, 151, 159, 640, 642, 1059, 1114, 1152, 1174, 2560, 2759}},
    {Charset::utf16, {54, 55, 101, 124, 672, 674, 1078, 1079, 1125, 1147, 2816, 3015}},
    {Charset::utf16le, {56, 62, 1080, 1086}},
    {Charset::utf32, {60, 61, 160, 183, 736, 738, 1084, 1085, 1184, 1206, 3072, 3271}},
    {Charset::utf8mb4,
     {45, 46, 224, 246, 247, 255, 309, 323, 608, 610, 1069, 1070, 1248, 1270, 2304, 2503}},
    // latin1, utf8mb3 (and its NO PAD and UCA 14 forms), ujis, gb2312, euckr, swe7, binary.
    {Charset::other, {0, 8, 33, 83, 192, 215, 1057, 1238, 2048, 2247, 12, 24, 19, 10, 63, 1035}},
};

TEST(Charset, IsFoundByItsCollations) {
  for (const auto& [charset, collations] : listed) {
    for (const CollationId collation : collations) {
      EXPECT_EQ(charset_of(collation), charset) << collation;
    }
  }
}

TEST(Charset, KnowsWhichMayHideAsciiInsideOfACharacter) {
  for (const auto& [charset, collations] : listed) {
    const bool safe = charset == Charset::other || charset == Charset::utf8mb4;
    EXPECT_EQ(is_ascii_safe(charset), safe);
  }
}

TEST(Types, KnowsExactlyTheProtocolsCommands) {
  for (int byte = 0; byte < 256; ++byte) {
    EXPECT_EQ(is_known(static_cast<Command>(byte)), byte <= 0x21 || byte == 0xfa) << byte;
  }
}

TEST(Types, ThreeCommandsHaveNoAnswer) {
  std::set<int> silent;
  for (int byte = 0; byte < 256; ++byte) {
    if (!has_answer(static_cast<Command>(byte))) silent.insert(byte);
  }
  EXPECT_EQ(silent, (std::set<int>{0x01, 0x18, 0x19}));
}

TEST(Flags, AreASet) {
  const Capabilities both = Capability::ssl | Capability::mariadb_progress;
  EXPECT_EQ(both.word(), 0x100000800U);
  EXPECT_TRUE(both.has(Capability::ssl));
  EXPECT_FALSE(both.has(Capability::compress));
  EXPECT_TRUE(both.has_all(Capability::ssl));
  EXPECT_FALSE(Capabilities(Capability::ssl).has_all(both));
  EXPECT_EQ(both.without(Capability::ssl), Capabilities(Capability::mariadb_progress));
  EXPECT_EQ(both.common_with(Capability::ssl | Capability::odbc), Capabilities(Capability::ssl));
  EXPECT_EQ(both.with(Capability::odbc).word(), 0x100000840U);
  EXPECT_EQ(StatusFlags::from_word(0x4002), Status::autocommit | Status::session_state_changed);
}

}  // namespace
}  // namespace relevo::wire::mysql
