// The conversation as a whole: own commands among the client's, files, huge rows,
// and where transactions stand.
#include "proxy/session/mysql/exchange.hpp"

#include <gtest/gtest.h>

#include "tests/unit/session/mysql/state/packets.hpp"

namespace relevo::session::mysql {
namespace {

using wire::mysql::Capabilities;
using wire::mysql::Capability;
using wire::mysql::Command;
using wire::mysql::Status;

constexpr Capabilities classic =
    Capability::protocol_41 | Capability::session_track | Capability::local_files;
const Capabilities modern = classic.with(Capability::deprecate_eof);
constexpr std::string_view column = "036465660000000161000c3f0001000000038100000000";

class ExchangeTest : public testing::Test {
 protected:
  ExchangeTest() {
    exchange.on_logged_in(modern, Status::autocommit);
    exchange.lend(modern);
  }
  void expect(Command command, Audience audience = Audience::client) {
    exchange.expect({.command = command, .audience = audience});
  }
  void query(std::string_view sql) {
    exchange.expect({.meaning = meaning_of(route::analyze_mysql(sql, {}))});
  }
  // What the client gets, as text.
  std::string receive(std::string_view packets) {
    std::vector<TestPacket> received;
    for (const TestPacket& packet : parse_packets(packets)) {
      last = feed(exchange, packet, received);
      if (last.violation) return "violation";
    }
    return to_text(received);
  }

  Exchange exchange;
  Verdict last;
};

TEST_F(ExchangeTest, TakesOutTheAnswersToCommandsOfOurOwn) {
  expect(Command::init_db, Audience::proxy);
  expect(Command::query, Audience::proxy);
  query("SELECT 1");
  EXPECT_EQ(exchange.owed_answers(), 1U);
  EXPECT_TRUE(exchange.answers_proxy());
  EXPECT_EQ(receive("1:00000002000000"), "");
  EXPECT_TRUE(last.complete && last.for_proxy && !last.failed);
  EXPECT_EQ(receive("1:00000002000000"), "");
  EXPECT_FALSE(exchange.answers_proxy());
  EXPECT_FALSE(exchange.answer_begun());
  EXPECT_EQ(receive("1:01"), "1:01");
  EXPECT_TRUE(exchange.answer_begun());
}

TEST_F(ExchangeTest, KeepsFromTheClientWhatRanBehindAFailureOfOurOwn) {
  expect(Command::query, Audience::proxy);
  query("DELETE FROM t");
  EXPECT_EQ(receive("1:ff1904233432303030556e6b"), "");
  EXPECT_TRUE(last.failed && last.for_proxy);
  EXPECT_EQ(exchange.take_done().outcome.error, 1049);
  EXPECT_EQ(receive("1:00000002000000"), "");
  EXPECT_TRUE(last.complete && last.for_proxy);
  // It is over with the conversation.
  query("SELECT 1");
  EXPECT_EQ(receive("1:00000002000000"), "1:00000002000000");
}

// MySQL's answers to SET sql_mode = '' and to DO 1, as 9.7 gives them to whoever
// tracks all system variables.
TEST_F(ExchangeTest, MysqlsCountOfStatementsIsNoChangeOfTheSession) {
  query("SET sql_mode = ''");
  receive("1:000000024000000021000a0873716c5f6d6f64650000100c73746174656d656e745f6964023238020131");
  const auto changed = exchange.take_done().outcome.variables;
  ASSERT_EQ(changed.size(), 1U);
  EXPECT_EQ(changed[0].first, "sql_mode");
  query("DO 1");
  receive("1:00000002400000001200100c73746174656d656e745f6964023236");
  EXPECT_TRUE(last.complete);
  EXPECT_TRUE(exchange.take_done().outcome.variables.empty());
}

TEST_F(ExchangeTest, GivesAPreparedStatementTheClientsNumber) {
  exchange.expect({.command = Command::stmt_prepare, .client_statement = 0x01020304});
  EXPECT_EQ(receive("1:000700000000000000000000"), "1:000403020100000000000000");
  const Done done = exchange.take_done();
  EXPECT_EQ(done.outcome.statement_id, 7U);
  EXPECT_EQ(done.client_statement, 0x01020304U);
}

TEST_F(ExchangeTest, LetsTheClientSendItsFile) {
  query("LOAD DATA LOCAL INFILE 'x' INTO TABLE t");
  EXPECT_EQ(receive("1:fb78"), "1:fb78");
  EXPECT_TRUE(exchange.wants_client_data());
  EXPECT_EQ(exchange.on_client_data({4, 2}), 2);
  EXPECT_TRUE(exchange.wants_client_data());
  EXPECT_EQ(exchange.on_client_data({0, 3}), 3);
  EXPECT_FALSE(exchange.wants_client_data());
  EXPECT_EQ(receive("4:00020002000000"), "4:00020002000000");
  EXPECT_TRUE(exchange.idle());
}

TEST_F(ExchangeTest, RenumbersTheClientsFileBehindAResultThatGotAnEof) {
  exchange.lend(classic);
  query("SELECT 1; LOAD DATA LOCAL INFILE 'x' INTO TABLE t");
  EXPECT_EQ(receive("1:01 2:" + std::string(column) + " 3:0131 4:fe00000a000000 5:fb78"),
            "1:01 2:" + std::string(column) + " 3:fe00000200 4:0131 5:fe00000a00 6:fb78");
  EXPECT_EQ(exchange.on_client_data({4, 7}), 6);
  EXPECT_EQ(exchange.on_client_data({0, 8}), 7);
  EXPECT_EQ(receive("8:00020002000000"), "9:00020002000000");
}

TEST_F(ExchangeTest, KnowsAnEmptyPacketBehindAFullOneFromTheFilesEnd) {
  query("LOAD DATA LOCAL INFILE 'x' INTO TABLE t");
  receive("1:fb78");
  exchange.on_client_data({wire::mysql::limits::packet_bytes, 2});
  exchange.on_client_data({0, 3});
  EXPECT_TRUE(exchange.wants_client_data());
  exchange.on_client_data({0, 4});
  EXPECT_FALSE(exchange.wants_client_data());
}

TEST_F(ExchangeTest, RefusesTheRequestForAFileFromAServerThatMayNotAsk) {
  exchange.on_logged_in(modern.without(Capability::local_files), Status::autocommit);
  query("SELECT 1");
  EXPECT_EQ(receive("1:fb78"), "violation");
}

TEST_F(ExchangeTest, FollowsARowOverItsPackets) {
  for (const char first : {'\xfe', '\xfd', '\x00'}) {
    query("SELECT 1");
    receive("1:01 2:" + std::string(column));
    const std::string head(3, first);
    const auto packet = [&](std::uint32_t size, std::uint8_t sequence) {
      Additions additions;
      const wire::mysql::PacketHeader header{size, sequence};
      const auto byte = static_cast<std::uint8_t>(first);
      EXPECT_FALSE(exchange.wants_whole(header, byte));
      return exchange.on_packet(header, wire::mysql::as_bytes(head), additions);
    };
    const Verdict begin = packet(wire::mysql::limits::packet_bytes, 3);
    EXPECT_EQ(begin.kind, PacketKind::row);
    EXPECT_TRUE(begin.forward);
    const Verdict middle = packet(wire::mysql::limits::packet_bytes, 4);
    EXPECT_EQ(middle.kind, PacketKind::rest);
    // Its last packet may begin with any byte, and be empty.
    const Verdict end = packet(first == '\xfe' ? 7 : 0, 5);
    EXPECT_EQ(end.kind, PacketKind::rest);
    EXPECT_FALSE(end.complete);
    EXPECT_EQ(receive("6:fe000002000000"), "6:fe000002000000");
    EXPECT_TRUE(last.complete);
    EXPECT_EQ(exchange.take_done().outcome.rows, 1U);
  }
}

TEST_F(ExchangeTest, HidesProgressFromAClientThatDoesNotKnowIt) {
  const std::string progress = "ffffff0101020000000131";
  query("ALTER TABLE t FORCE");
  EXPECT_EQ(receive("1:" + progress + " 2:" + progress + " 3:00000002000000"), "1:00000002000000");
  exchange.lend(modern.with(Capability::mariadb_progress));
  query("ALTER TABLE t FORCE");
  EXPECT_EQ(receive("1:" + progress + " 2:00000002000000"), "1:" + progress + " 2:00000002000000");
}

TEST_F(ExchangeTest, ShowsTrackersOnlyToAClientThatAskedForThem) {
  const std::string ok = "1:00000002400000000401020162";
  query("USE b");
  EXPECT_EQ(receive(ok), ok);
  EXPECT_EQ(exchange.take_done().outcome.schema, "b");
  exchange.lend(modern.without(Capability::session_track));
  query("USE b");
  EXPECT_EQ(receive(ok), "1:00000002000000");
  EXPECT_EQ(exchange.take_done().outcome.schema, "b");
}

TEST_F(ExchangeTest, AnEmptyPayloadIsNoAnswer) {
  query("SELECT 1");
  EXPECT_EQ(receive("1:"), "violation");
}

TEST_F(ExchangeTest, CommandsWithoutAnAnswerLeaveNothingToExpect) {
  for (const Command silent : {Command::quit, Command::stmt_close, Command::stmt_send_long_data}) {
    expect(silent);
    EXPECT_TRUE(exchange.idle());
  }
}

// -- transactions ---------------------------------------------------------------------

TEST_F(ExchangeTest, KnowsWhereTheTransactionStands) {
  EXPECT_FALSE(exchange.in_transaction());
  query("BEGIN");
  EXPECT_FALSE(exchange.outcome_open());
  receive("1:00000003000000");
  EXPECT_TRUE(exchange.in_transaction());
  query("INSERT INTO t VALUES (1)");
  EXPECT_FALSE(exchange.outcome_open()) << "nothing commits it yet";
  receive("1:00010003000000");
  query("COMMIT");
  EXPECT_TRUE(exchange.outcome_open());
  receive("1:00000002000000");
  EXPECT_FALSE(exchange.in_transaction());
  EXPECT_FALSE(exchange.outcome_open());
}

TEST_F(ExchangeTest, AWriteOutsideOfATransactionCommitsByItself) {
  query("INSERT INTO t VALUES (1)");
  EXPECT_TRUE(exchange.outcome_open());
  receive("1:00010002000000");
  query("SELECT 1");
  EXPECT_FALSE(exchange.outcome_open());
}

TEST_F(ExchangeTest, WithoutAutocommitAWriteBeginsATransaction) {
  query("SET autocommit=0");
  receive("1:00000000000000");
  EXPECT_FALSE(exchange.autocommit());
  query("INSERT INTO t VALUES (1)");
  EXPECT_FALSE(exchange.outcome_open());
  receive("1:00010001000000");
  EXPECT_TRUE(exchange.in_transaction());
}

TEST_F(ExchangeTest, DdlCommitsTheTransactionThatIsOpen) {
  query("BEGIN");
  receive("1:00000003000000");
  query("CREATE TABLE u (i INT)");
  EXPECT_TRUE(exchange.outcome_open());
}

TEST_F(ExchangeTest, AnErrorInATransactionLeavesItsEndToBeConfirmed) {
  query("BEGIN");
  receive("1:00000003000000");
  query("UPDATE t SET a=1");
  receive("1:ffbd04234030303031646561");  // 1213: rolled back as a whole
  EXPECT_TRUE(exchange.in_transaction()) << "the error does not tell";
  EXPECT_TRUE(exchange.must_confirm());
  expect(Command::ping, Audience::proxy);
  EXPECT_FALSE(exchange.must_confirm()) << "it is being asked";
  EXPECT_EQ(receive("1:00000002000000"), "");
  EXPECT_FALSE(exchange.must_confirm());
  EXPECT_FALSE(exchange.in_transaction());
}

TEST_F(ExchangeTest, AnErrorWithoutAutocommitMayHaveBegunATransaction) {
  query("SET autocommit=0");
  receive("1:00000000000000");
  query("INSERT INTO t VALUES (1)");
  receive("1:ff2604233233303030647570");
  EXPECT_TRUE(exchange.must_confirm());
}

TEST_F(ExchangeTest, AnErrorOfOnePlainStatementChangesNothing) {
  query("SELECT nope");
  receive("1:ff1e042334325332326e6f7065");
  EXPECT_FALSE(exchange.must_confirm());
  query("BEGIN; SELECT nope");
  receive("1:0000000b000000 2:ff1e042334325332326e6f7065");
  EXPECT_TRUE(exchange.must_confirm());
}

TEST_F(ExchangeTest, AFileThatNobodyWouldSendIsAViolation) {
  expect(Command::init_db, Audience::proxy);
  query("LOAD DATA LOCAL INFILE 'f' INTO TABLE t");
  EXPECT_EQ(receive("1:ff1904233432303030556e6b6e6f776e"), "");
  EXPECT_EQ(receive("1:fb66"), "violation");
}

TEST_F(ExchangeTest, OnlyAStatementOrAnErrorAnswersPrepare) {
  expect(Command::stmt_prepare);
  EXPECT_EQ(receive("1:01"), "violation");
}

TEST_F(ExchangeTest, ProgressMayComeBetweenDefinitionsAndRows) {
  exchange.on_logged_in(classic, Status::autocommit);
  exchange.lend(classic);
  query("SELECT 1");
  receive("1:01 2:" + std::string(column));
  EXPECT_EQ(receive("3:ffffff010101000000046e616d65"), "") << "not asked for by this client";
  EXPECT_FALSE(last.complete);
  EXPECT_EQ(receive("4:fe00000200 5:fe00000200"), "3:fe00000200 4:fe00000200");
  EXPECT_TRUE(last.complete && !last.failed);
}

TEST_F(ExchangeTest, AShortRowCannotBeginWithALengthOfEightBytes) {
  exchange.on_logged_in(classic, Status::autocommit);
  query("SELECT 1");
  receive("1:01 2:" + std::string(column) + " 3:fe00000200");
  EXPECT_EQ(receive("4:fe01000000000000000061"), "violation");
}

}  // namespace
}  // namespace relevo::session::mysql
