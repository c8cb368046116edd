#include "proxy/session/mysql/command.hpp"

#include <gtest/gtest.h>

#include "proxy/route/shape.hpp"
#include "tests/unit/session/mysql/state/packets.hpp"

namespace relevo::session::mysql {
namespace {

using route::Need;
using Status = CommandPlan::Status;
using Way = CommandPlan::Way;
using wire::mysql::Command;

class CommandTest : public testing::Test {
 protected:
  CommandTest() {
    ClientStatement statement;
    statement.statement = table.intern("SELECT 1", no_state(), {});
    number = client.add(statement).value();
  }
  static std::string packet(std::string_view payload, std::uint8_t sequence = 0) {
    std::string bytes;
    for (const std::byte b :
         wire::mysql::packet_header_bytes(static_cast<std::uint32_t>(payload.size()), sequence)) {
      bytes += static_cast<char>(b);
    }
    return bytes.append(payload);
  }
  static std::string command(Command command, std::string_view rest = {}) {
    return packet(std::string(1, static_cast<char>(command)).append(rest));
  }
  CommandPlan plan(std::string bytes, std::size_t bytes_max = 256 * 1024) {
    kept = std::move(bytes);
    return plan_command({.bytes = kept, .bytes_max = bytes_max, .statements = client});
  }
  std::string numbered(Command which, std::uint32_t statement, std::string_view rest = {}) const {
    std::string body;
    for (int shift = 0; shift < 32; shift += 8) body += static_cast<char>(statement >> shift);
    return command(which, body.append(rest));
  }

  PreparedTable table{0, 1U << 20};
  ClientStatements client;
  std::uint32_t number = 0;
  std::string kept;
};

TEST_F(CommandTest, AQueryIsReadWhenAllOfItIsHere) {
  const std::string bytes = command(Command::query, "SELECT 1");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(plan(bytes.substr(0, size)).status, Status::need_more) << size;
  }
  const CommandPlan ready = plan(bytes + "more");
  EXPECT_EQ(ready.status, Status::ready);
  EXPECT_EQ(ready.way, Way::forward);
  EXPECT_EQ(ready.text, "SELECT 1");
  EXPECT_EQ(ready.bytes, bytes.size());
  EXPECT_EQ(ready.demand.need, Need::read);
  EXPECT_TRUE(ready.whole);
  EXPECT_EQ(ready.runs(), &ready.analysis);
}

TEST_F(CommandTest, KnowsBeginningsAndEndsOfTransactions) {
  EXPECT_TRUE(plan(command(Command::query, "BEGIN")).begins_transaction);
  const CommandPlan commit = plan(command(Command::query, "COMMIT"));
  EXPECT_TRUE(commit.ends_transaction && commit.only_ends && commit.commits);
  const CommandPlan chain = plan(command(Command::query, "ROLLBACK AND CHAIN"));
  EXPECT_TRUE(chain.ends_transaction && !chain.only_ends && !chain.commits);
  EXPECT_TRUE(plan(command(Command::query, "CREATE TABLE t (i INT)")).ends_transaction);
}

TEST_F(CommandTest, WhatIsTooLargeGoesToThePrimaryUnread) {
  const std::string bytes = command(Command::query, "SELECT " + std::string(1000, '1'));
  EXPECT_EQ(plan(bytes.substr(0, 99), 100).status, Status::need_more);
  const CommandPlan large = plan(bytes.substr(0, 100), 100);
  EXPECT_EQ(large.status, Status::ready);
  EXPECT_TRUE(large.oversized && !large.whole);
  EXPECT_EQ(large.demand.need, Need::write);
  EXPECT_EQ(large.runs(), nullptr);
  // A text that is to be prepared has to be kept, and so is waited for.
  const std::string prepare = command(Command::stmt_prepare, "SELECT " + std::string(1000, '1'));
  EXPECT_EQ(plan(prepare.substr(0, 100), 100).status, Status::need_more);
  EXPECT_EQ(plan(prepare, 100).way, Way::prepare);
  EXPECT_EQ(plan(prepare, 100).demand.need, Need::read);
}

TEST_F(CommandTest, AnExecutionAsksForWhatItsStatementDoes) {
  const CommandPlan ready =
      plan(numbered(Command::stmt_execute, number, std::string_view("\0\1\0\0\0", 5)));
  EXPECT_EQ(ready.way, Way::execute);
  EXPECT_EQ(ready.number, number);
  EXPECT_EQ(ready.demand.need, Need::read);
  ASSERT_NE(ready.prepared, nullptr);
  EXPECT_EQ(ready.runs(), &ready.prepared->statement->analysis);
}

TEST_F(CommandTest, AnUnknownStatementIsRefusedAsAServerDoes) {
  for (const Command which : {Command::stmt_execute, Command::stmt_fetch, Command::stmt_reset,
                              Command::stmt_bulk_execute}) {
    const CommandPlan refused = plan(numbered(which, 99, "\1\1\1\1\1"));
    EXPECT_EQ(refused.way, Way::refuse);
    EXPECT_EQ(refused.error.number, 1243);
    EXPECT_EQ(refused.message,
              "Unknown prepared statement handler (99) given to mysqld_stmt_execute");
  }
  // These have no answer, not even an error.
  EXPECT_EQ(plan(numbered(Command::stmt_close, 99)).way, Way::close);
  EXPECT_EQ(plan(numbered(Command::stmt_send_long_data, 99, "\0\0x")).way, Way::long_data);
}

TEST_F(CommandTest, AStatementIsResetWhereItHasSomethingToReset) {
  EXPECT_EQ(plan(numbered(Command::stmt_reset, number)).way, Way::ok);
  client.find(number)->long_data = true;
  EXPECT_EQ(plan(numbered(Command::stmt_reset, number)).way, Way::execute);
  client.find(number)->long_data = false;
  client.find(number)->cursor = true;
  EXPECT_EQ(plan(numbered(Command::stmt_reset, number)).way, Way::execute);
}

TEST_F(CommandTest, EachCommandHasItsWay) {
  EXPECT_EQ(plan(command(Command::quit)).status, Status::quit);
  EXPECT_EQ(plan(command(Command::ping)).way, Way::ok);
  EXPECT_EQ(plan(command(Command::statistics)).way, Way::statistics);
  EXPECT_EQ(plan(command(Command::reset_connection)).way, Way::reset);
  EXPECT_EQ(plan(command(Command::change_user, "u")).way, Way::change_user);
  const CommandPlan init = plan(command(Command::init_db, "shop"));
  EXPECT_EQ(init.way, Way::init_db);
  EXPECT_EQ(init.text, "shop");
  EXPECT_EQ(plan(command(Command::field_list, std::string_view("t\0", 2))).demand.need, Need::read);
  const CommandPlan kill = plan(command(Command::process_kill, std::string_view("\5\0\0\0", 4)));
  EXPECT_EQ(kill.way, Way::kill);
  EXPECT_EQ(kill.number, 5U);
}

TEST_F(CommandTest, MultiStatementsAreSwitchedWhereTheyDiffer) {
  const std::string off = command(Command::set_option, std::string_view("\1\0", 2));
  const std::string on = command(Command::set_option, std::string_view("\0\0", 2));
  EXPECT_EQ(plan(off).way, Way::end_of_rows);
  EXPECT_EQ(plan(on).way, Way::forward);
  EXPECT_EQ(plan(command(Command::set_option, "\7\7")).way, Way::refuse);
}

TEST_F(CommandTest, SomeCommandsDoNotPass) {
  for (const Command which : {Command::shutdown, Command::binlog_dump, Command::register_slave,
                              Command::clone, Command::sleep, Command{0x77}}) {
    const CommandPlan refused = plan(command(which, "xxxx"));
    EXPECT_EQ(refused.status, Status::ready);
    EXPECT_EQ(refused.way, Way::refuse) << static_cast<int>(which);
    EXPECT_NE(refused.error.number, 0);
  }
}

TEST_F(CommandTest, WhatIsNoCommandEndsTheSession) {
  EXPECT_EQ(plan(packet("")).status, Status::malformed);
  EXPECT_EQ(plan(packet("\x03SELECT 1", 1)).status, Status::malformed);
  EXPECT_EQ(plan(command(Command::stmt_execute, "\1")).status, Status::malformed);
  EXPECT_EQ(plan(packet("")).error.number, 1835);
}

// What a replica refused before goes straight to the primary, however it is said.
TEST_F(CommandTest, WhatWasRefusedIsAWrite) {
  route::RefusedShapes refused;
  refused.add(route::shape_of_mysql("SELECT * FROM sneaky WHERE id = 1", {}), {});
  const auto need = [&](Command which, std::string_view text) {
    kept = command(which, text);
    return plan_command({.bytes = kept, .statements = client, .refused = &refused}).demand.need;
  };
  EXPECT_EQ(need(Command::query, "select * from sneaky where id = 22"), Need::write);
  EXPECT_EQ(need(Command::query, "/* relevo: replica */ SELECT * FROM sneaky WHERE id='x'"),
            Need::write);
  EXPECT_EQ(need(Command::stmt_prepare, "SELECT * FROM sneaky WHERE id = ?"), Need::write);
  EXPECT_EQ(need(Command::query, "SELECT * FROM honest WHERE id = 1"), Need::read);
}

// MySQL puts them between the command's byte and the text.
TEST_F(CommandTest, QueryAttributesAreNoPartOfTheStatement) {
  const auto plan_with_attributes = [&](std::string_view rest) {
    kept = command(Command::query, rest);
    return plan_command(
        {.bytes = kept, .statements = client, .client = wire::mysql::Capability::query_attributes});
  };
  using namespace std::string_view_literals;
  const CommandPlan none = plan_with_attributes("\0\1SELECT 1"sv);
  EXPECT_EQ(none.text, "SELECT 1");
  EXPECT_EQ(none.demand.need, Need::read);
  // Two: a string `DELETE`, and a NULL.
  const CommandPlan two = plan_with_attributes(
      "\2\1\2\1\xfe\0\1a\xfe\0\1b\6DELETE"
      "SELECT 2"sv);
  EXPECT_EQ(two.status, Status::ready);
  EXPECT_EQ(two.text, "SELECT 2");
  EXPECT_EQ(two.demand.need, Need::read);
  EXPECT_EQ(two.bytes, kept.size());
  EXPECT_EQ(plan_with_attributes("\1\1\0\1\xfe\0\1a\2xyDELETE FROM t"sv).demand.need, Need::write);
  for (const std::string_view bad :
       {"SELECT 1"sv, "\1\1\0\0SELECT 1"sv, "\1\2\0\1\xfe\0\1a\1xSELECT 1"sv,
        "\1\1\0\1\xfe\0\1a\xffSELECT 1"sv, "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\1"sv, ""sv}) {
    EXPECT_EQ(plan_with_attributes(bad).status, Status::malformed) << bad;
  }
}

}  // namespace
}  // namespace relevo::session::mysql
