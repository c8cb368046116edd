#include "proxy/session/mysql/plain_control.hpp"

#include <gtest/gtest.h>

#include <string>

namespace relevo::session::mysql {
namespace {

using Kind = PlainControl::Kind;

TEST(MysqlPlainControl, ReadsWhatBeginsAndEnds) {
  for (const char* text :
       {"BEGIN", "begin work;", " Start  Transaction ", "START TRANSACTION READ WRITE;"}) {
    const auto control = read_plain_control(text);
    ASSERT_TRUE(control) << text;
    EXPECT_EQ(control->kind, Kind::begin) << text;
    EXPECT_FALSE(control->read_only) << text;
  }
  ASSERT_TRUE(read_plain_control("START TRANSACTION READ ONLY"));
  EXPECT_TRUE(read_plain_control("START TRANSACTION READ ONLY")->read_only);
  for (const char* text : {"COMMIT", "commit work", "COMMIT;"}) {
    ASSERT_TRUE(read_plain_control(text)) << text;
    EXPECT_EQ(read_plain_control(text)->kind, Kind::commit) << text;
  }
  ASSERT_TRUE(read_plain_control("ROLLBACK WORK;"));
  EXPECT_EQ(read_plain_control("ROLLBACK")->kind, Kind::rollback);
}

TEST(MysqlPlainControl, LeavesEverythingElseToAServer) {
  for (const char* text : {"",
                           ";",
                           "BEGIN x",
                           "BEGIN NOT ATOMIC",
                           "BEGIN # c",
                           "/*!BEGIN*/",
                           "/* relevo: replica */ BEGIN",
                           "BEGIN;;",
                           "BEGIN; SELECT 1",
                           "BEGIN READ ONLY",
                           "START",
                           "START WORK",
                           "START TRANSACTION WITH CONSISTENT SNAPSHOT",
                           "START TRANSACTION READ ONLY, WITH CONSISTENT SNAPSHOT",
                           "START TRANSACTION READ",
                           "START SLAVE",
                           "COMMIT AND CHAIN",
                           "COMMIT RELEASE",
                           "COMMIT AND NO CHAIN NO RELEASE",
                           "ROLLBACK TO s",
                           "ROLLBACK RELEASE",
                           "SELECT 1",
                           "XA START 'x'"}) {
    EXPECT_FALSE(read_plain_control(text)) << text;
  }
  EXPECT_FALSE(read_plain_control("BEGIN" + std::string(200, ' ')));
}

}  // namespace
}  // namespace relevo::session::mysql
