#include "proxy/session/postgres/held_begin.hpp"

#include <gtest/gtest.h>

#include <string>

namespace relevo::session::postgres {
namespace {

using Kind = PlainControl::Kind;
using route::Demand;
using route::Need;

TEST(PlainControl, ReadsWhatBeginsATransaction) {
  for (const char* text : {"BEGIN", "begin", "Begin Work;", " BEGIN TRANSACTION ; ", "BEGIN;"}) {
    const auto control = read_plain_control(text);
    ASSERT_TRUE(control) << text;
    EXPECT_EQ(control->kind, Kind::begin) << text;
    EXPECT_EQ(control->tag, "BEGIN") << text;
    EXPECT_FALSE(control->read_only || control->serializable) << text;
  }
  EXPECT_EQ(read_plain_control("START TRANSACTION")->tag, "START TRANSACTION");
}

TEST(PlainControl, ReadsModes) {
  const auto one = read_plain_control(
      "BEGIN TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY\n NOT DEFERRABLE;");
  ASSERT_TRUE(one);
  EXPECT_EQ(one->read_only, true);
  EXPECT_EQ(one->serializable, true);
  const auto other =
      read_plain_control("start transaction read write,isolation level read committed");
  ASSERT_TRUE(other);
  EXPECT_EQ(other->read_only, false);
  EXPECT_EQ(other->serializable, false);
  EXPECT_TRUE(read_plain_control("BEGIN ISOLATION LEVEL REPEATABLE READ"));
  EXPECT_TRUE(read_plain_control("BEGIN ISOLATION LEVEL READ UNCOMMITTED DEFERRABLE"));
  const auto set = read_plain_control("SET TRANSACTION READ ONLY");
  ASSERT_TRUE(set);
  EXPECT_EQ(set->kind, Kind::set_transaction);
  EXPECT_EQ(set->read_only, true);
}

TEST(PlainControl, ReadsEnds) {
  for (const char* text : {"COMMIT", "END", "commit work;", "END TRANSACTION AND NO CHAIN"}) {
    ASSERT_TRUE(read_plain_control(text)) << text;
    EXPECT_EQ(read_plain_control(text)->kind, Kind::commit) << text;
    EXPECT_EQ(read_plain_control(text)->tag, "COMMIT") << text;
  }
  for (const char* text : {"ROLLBACK", "abort", "ROLLBACK TRANSACTION;"}) {
    ASSERT_TRUE(read_plain_control(text)) << text;
    EXPECT_EQ(read_plain_control(text)->kind, Kind::rollback) << text;
    EXPECT_EQ(read_plain_control(text)->tag, "ROLLBACK") << text;
  }
}

TEST(PlainControl, LeavesEverythingElseToAServer) {
  for (const char* text : {"",
                           ";",
                           "BEGIN x",
                           "BEGIN /* c */",
                           "BEGIN -- c",
                           "/* relevo: replica */ BEGIN",
                           "BEGINX",
                           "BEGIN; SELECT 1",
                           "BEGIN READ",
                           "BEGIN READ ONLY,",
                           "BEGIN , READ ONLY",
                           "BEGIN READ ONLY READ WRITE",
                           "BEGIN;;",
                           "BEGIN ISOLATION LEVEL",
                           "BEGIN ISOLATION LEVEL SNAPSHOT",
                           "BEGIN ISOLATION LEVEL READ COMMITTED ISOLATION LEVEL SERIALIZABLE",
                           "START",
                           "START WORK",
                           "SET TRANSACTION",
                           "SET TRANSACTION;",
                           "SET TRANSACTION SNAPSHOT 'x'",
                           "SET LOCAL x = 1",
                           "COMMIT AND CHAIN",
                           "ROLLBACK TO s",
                           "ROLLBACK AND CHAIN",
                           "COMMIT PREPARED 'x'",
                           "COMMIT x",
                           "SELECT 1"}) {
    EXPECT_FALSE(read_plain_control(text)) << text;
  }
  EXPECT_FALSE(read_plain_control("BEGIN" + std::string(HeldBegin::text_bytes_max, ' ')));
}

class HeldDemand : public ::testing::Test {
 protected:
  Demand first_of(const char* begin, const char* text, Demand first) {
    begin_.hold(begin, *read_plain_control(begin));
    return begin_.demand(text, first);
  }
  static constexpr Demand a_read{.need = Need::read};
  static constexpr Demand a_write{.need = Need::write};
  static constexpr Demand unproven{.need = Need::write, .unproven = true};
  static constexpr Demand of_session{.need = Need::session};

  HeldBegin begin_;
};

TEST_F(HeldDemand, APlainOneIsThePrimarysWhateverComesFirst) {
  for (const Demand& first : {a_read, unproven, of_session}) {
    EXPECT_EQ(first_of("BEGIN", "SELECT 1", first).need, Need::write);
    EXPECT_TRUE(begin_.demand("SELECT 1", first).unproven)
        << "a session's target may still say otherwise";
  }
}

TEST_F(HeldDemand, AReadOnlyOneIsAReplicasButForWhatOnlyThePrimaryCan) {
  for (const Demand& first : {a_read, unproven, of_session}) {
    EXPECT_EQ(first_of("BEGIN READ ONLY", "SELECT 1", first).need, Need::read);
  }
  const Demand lock = first_of("BEGIN READ ONLY", "SELECT pg_advisory_lock(1)", a_write);
  EXPECT_EQ(lock.need, Need::write);
  EXPECT_FALSE(lock.unproven);
  EXPECT_EQ(first_of("BEGIN READ ONLY ISOLATION LEVEL SERIALIZABLE", "SELECT 1", a_read).need,
            Need::write);
}

TEST_F(HeldDemand, SetTransactionComesInTime) {
  EXPECT_EQ(first_of("BEGIN", "SET TRANSACTION READ ONLY", of_session).need, Need::read);
  EXPECT_EQ(first_of("BEGIN READ ONLY", "SET TRANSACTION READ WRITE", of_session).need,
            Need::write);
  EXPECT_EQ(
      first_of("BEGIN READ ONLY", "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", of_session).need,
      Need::write);
  EXPECT_EQ(first_of("BEGIN", "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", of_session).need,
            Need::write);
}

TEST(HeldBegin, IsHeldToldAndDone) {
  HeldBegin begin;
  EXPECT_FALSE(begin.held() || begin.told());
  begin.hold("BEGIN;", *read_plain_control("BEGIN;"));
  EXPECT_TRUE(begin.held());
  EXPECT_EQ(begin.text(), "BEGIN;");
  begin.tell();
  EXPECT_TRUE(begin.told() && !begin.held());
  begin.hold_again();
  EXPECT_TRUE(begin.held());
  begin.clear();
  EXPECT_FALSE(begin.held() || begin.told());
}

}  // namespace
}  // namespace relevo::session::postgres
