#include "proxy/session/mysql/prepared.hpp"

#include <gtest/gtest.h>

#include "proxy/session/mysql/capabilities.hpp"
#include "proxy/session/mysql/execute.hpp"
#include "proxy/wire/mysql/frame.hpp"
#include "proxy/wire/mysql/statements.hpp"
#include "tests/unit/session/mysql/state/packets.hpp"

namespace relevo::session::mysql {
namespace {

class PreparedTest : public testing::Test {
 protected:
  Prepared intern(std::string_view text, std::string schema = "a") {
    return table.intern(text, states.intern({std::move(schema), {}, {}}), {});
  }
  std::uint32_t add(std::string_view text, std::uint16_t parameters = 0) {
    ClientStatement statement;
    statement.statement = intern(text);
    statement.parameters = parameters;
    return client.add(statement).value();
  }

  StateTable states;
  PreparedTable table{1000, 1U << 20};
  ClientStatements client;
};

TEST_F(PreparedTest, OneTextInOneContextIsOneStatement) {
  const Prepared one = intern("SELECT 1");
  EXPECT_EQ(one, intern("SELECT 1"));
  EXPECT_NE(one, intern("SELECT 1", "b")) << "names mean other tables there";
  EXPECT_NE(one, intern("SELECT 2"));
  EXPECT_GT(one->id, 1000U);
  EXPECT_EQ(one->analysis.cls, route::StatementClass::read);
}

TEST_F(PreparedTest, ForgetsTheOldestTextsThatNobodyHolds) {
  PreparedTable small(0, 64 * 1024);
  const State context = no_state();
  const Prepared held = small.intern("SELECT 'held'", context, {});
  for (int i = 0; i < 1000; ++i) {
    small.intern("SELECT " + std::to_string(i) + std::string(200, ' '), context, {});
  }
  EXPECT_EQ(held->text, "SELECT 'held'");
  EXPECT_NE(small.intern("SELECT 'held'", context, {})->id, held->id);
}

TEST_F(PreparedTest, AServerKeepsTheStatementsUsedLast) {
  ServerStatements server(2);
  EXPECT_FALSE(server.add(1, {.number = 11, .parameters = 0, .types = nullptr}));
  EXPECT_FALSE(server.add(2, {.number = 12, .parameters = 0, .types = nullptr}));
  EXPECT_EQ(server.find(1)->number, 11U);  // used
  EXPECT_EQ(server.add(3, {.number = 13, .parameters = 0, .types = nullptr}), 12U);
  EXPECT_EQ(server.find(2), nullptr);
  EXPECT_EQ(server.add(3, {.number = 14, .parameters = 0, .types = nullptr}), 13U)
      << "prepared twice: the older one has to be closed";
  EXPECT_EQ(server.find(3)->number, 14U);
  server.remove(3);
  server.remove(3);
  EXPECT_EQ(server.size(), 1U);
  server.clear();
  EXPECT_EQ(server.size(), 0U);
}

TEST_F(PreparedTest, AClientsNumbersAreItsOwn) {
  const std::uint32_t one = add("SELECT 1");
  const std::uint32_t two = add("SELECT 2");
  EXPECT_NE(one, two);
  EXPECT_EQ(client.find(wire::mysql::last_prepared), client.find(two));
  client.prepare_failed();
  EXPECT_EQ(client.find(wire::mysql::last_prepared), nullptr);
  client.remove(one);
  EXPECT_EQ(client.find(one), nullptr);
  EXPECT_NE(add("SELECT 3"), two);
  client.clear();
  EXPECT_EQ(client.size(), 0U);
}

TEST_F(PreparedTest, AClientHasNoMoreThanItMay) {
  for (std::size_t i = 0; i < ClientStatements::count_max; ++i) add("SELECT 1");
  ClientStatement more;
  more.statement = intern("SELECT 1");
  EXPECT_FALSE(client.add(more));
  client.remove(1);
  EXPECT_TRUE(client.add(more));
}

// -- executions -----------------------------------------------------------------------

class ExecuteTest : public PreparedTest {
 protected:
  ExecuteTest() : statement(*client.find(add("INSERT INTO t VALUES (?, ?)", 2))) {
    server.number = 0x0a0b0c0d;
    server.parameters = 2;
  }
  // COM_STMT_EXECUTE 7 of two parameters, in hexadecimal from the NULL bitmap on.
  static std::string execute(std::string_view rest) {
    return parse_packets(
               "0:170700000000"
               "01000000" +
               std::string(rest))[0]
        .payload;
  }
  // What goes to the server, or "" when it isn't ready.
  std::string sent(const std::string& payload) {
    const ExecutePlan plan = plan_execute(wire::as_bytes(payload), payload.size(),
                                          wire::mysql::Capability::protocol_41, statement, server);
    status = plan.status;
    if (plan.status != ExecutePlan::Status::ready) return "";
    return to_text({{0, plan.head + payload.substr(plan.head_bytes)}});
  }

  ClientStatement& statement;
  ServerStatement server;
  ExecutePlan::Status status = ExecutePlan::Status::ready;
};

constexpr std::string_view head = "0:170d0c0b0a0001000000";
constexpr std::string_view with_types =
    "00010800fe00"
    "05000000000000000161";  // bigint, string
constexpr std::string_view without_types =
    "0000"
    "06000000000000000162";

TEST_F(ExecuteTest, GetsTheServersNumber) {
  EXPECT_EQ(sent(execute(with_types)), std::string(head) + std::string(with_types));
  EXPECT_EQ(sent(execute(without_types)), std::string(head) + std::string(without_types))
      << "this server has heard the types";
}

TEST_F(ExecuteTest, TellsTypesToAServerThatDoesNotKnowThem) {
  sent(execute(with_types));
  server = {.number = server.number, .parameters = 2, .types = nullptr};
  const std::string whole = std::string(head) +
                            "00010800fe00"
                            "06000000000000000162";
  EXPECT_EQ(sent(execute(without_types)), whole);
  EXPECT_EQ(sent(execute(without_types)), std::string(head) + std::string(without_types));
}

TEST_F(ExecuteTest, TellsTypesAfterSomebodyElsesOfTheSameStatement) {
  sent(execute(with_types));
  server.types = std::make_shared<const std::string>("\x03\0\x03\0", 4);
  EXPECT_EQ(sent(execute(without_types)).substr(0, 26), std::string(head) + "0001");
}

TEST_F(ExecuteTest, TellsTypesAgainWhenTheServerMayNotHaveTakenThem) {
  sent(execute(with_types));
  forget_types(server);
  EXPECT_EQ(sent(execute(without_types)).substr(0, 26), std::string(head) + "0001");
}

TEST_F(ExecuteTest, RefusesToGuessTypesThatWereNeverTold) {
  EXPECT_EQ(sent(execute(without_types)), "");
  EXPECT_EQ(status, ExecutePlan::Status::no_types);
}

TEST_F(ExecuteTest, IsMalformedWhereverItIsCutAheadOfItsValues) {
  const std::string payload = execute(with_types);
  for (std::size_t size = 1; size < 16; ++size) {
    EXPECT_EQ(sent(payload.substr(0, size)), "") << size;
    EXPECT_EQ(status, ExecutePlan::Status::malformed) << size;
  }
}

TEST_F(ExecuteTest, TellsTypesOfABulkExecution) {
  const auto bulk = [](std::string_view rest) {
    return parse_packets("0:fa07000000" + std::string(rest))[0].payload;
  };
  EXPECT_EQ(sent(bulk("0000"
                      "0005")),
            "");
  EXPECT_EQ(status, ExecutePlan::Status::no_types);
  EXPECT_EQ(sent(bulk("8000"
                      "0800fe00"
                      "0005")),
            "0:fa0d0c0b0a80000800fe000005");
  server.types = nullptr;
  EXPECT_EQ(sent(bulk("0000"
                      "0005")),
            "0:fa0d0c0b0a80000800fe000005");
}

// -- cut into packets again -----------------------------------------------------------------

std::string framed(std::string_view payload) {
  std::string out;
  wire::mysql::Writer writer(out, 0);
  writer.begin();
  writer.text(payload);
  writer.end();
  return out;
}

TEST(RepacketTest, CutsAGrownPayloadAsAWriterWould) {
  constexpr std::size_t full = wire::mysql::limits::packet_bytes;
  const std::string new_head = "0123456789";
  constexpr std::size_t old_head = 4;
  for (const std::size_t size : {old_head, std::size_t{100}, full - 7, full - 6, full - 1, full,
                                 full + 1, 2 * full - 6, 2 * full}) {
    const std::string client(size, 'x');
    const std::string bytes = framed(client);
    Repacket repacket(new_head, old_head);
    std::string out;
    std::string_view left = bytes;
    while (!left.empty()) {
      ASSERT_FALSE(repacket.done());
      const auto header = *wire::mysql::read_packet_header(wire::as_bytes(left));
      left.remove_prefix(wire::mysql::limits::header_bytes);
      repacket.on_packet(header.body_bytes, out);
      for (std::size_t done = 0; done < header.body_bytes;) {
        const std::size_t part =
            std::min<std::size_t>(header.body_bytes - done, done < 9 ? 3 : 1U << 20);
        repacket.on_bytes(left.substr(done, part), out);
        done += part;
      }
      left.remove_prefix(header.body_bytes);
    }
    EXPECT_TRUE(repacket.done()) << size;
    EXPECT_TRUE(out == framed(new_head + client.substr(old_head))) << size;
  }
}

// -- with query attributes: types have names, and there may be more than parameters ------

class AttributesTest : public ExecuteTest {
 protected:
  AttributesTest() { statement.parameters = 1; }
  std::string with_attributes(const std::string& payload) {
    const ExecutePlan plan =
        plan_execute(wire::as_bytes(payload), payload.size(),
                     wire::mysql::Capability::query_attributes, statement, server);
    status = plan.status;
    if (plan.status != ExecutePlan::Status::ready) return "";
    return to_text({{0, plan.head + payload.substr(plan.head_bytes)}});
  }
  static std::string payload(std::string_view hex) {
    return parse_packets("0:" + std::string(hex))[0].payload;
  }
};

TEST_F(AttributesTest, TypesAreToldTogetherWithTheirNames) {
  // A parameter without a name and an attribute `id`, both strings.
  const std::string rest =
      "0200"
      "01"
      "fe0000"
      "fe00026964"
      "0161"
      "0162";
  EXPECT_EQ(with_attributes(payload("17070000000801000000" + rest)),
            "0:170d0c0b0a0801000000" + rest);
  server = {.number = server.number, .parameters = 1, .types = nullptr};
  EXPECT_EQ(with_attributes(payload("170700000008010000000200"
                                    "00"
                                    "0163"
                                    "0164")),
            "0:170d0c0b0a08010000000200"
            "01"
            "fe0000"
            "fe00026964"
            "0163"
            "0164");
}

TEST_F(AttributesTest, TypesOfOtherAttributesAreNotGuessed) {
  with_attributes(
      payload("170700000008010000000200"
              "01"
              "fe0000"
              "fe00026964"
              "0161"
              "0162"));
  server = {.number = server.number, .parameters = 1, .types = nullptr};
  with_attributes(
      payload("170700000008010000000100"
              "00"
              "0163"));
  EXPECT_EQ(status, ExecutePlan::Status::no_types);
}

TEST_F(AttributesTest, BulkExecutionsHaveNone) {
  with_attributes(
      payload("fa07000000"
              "8000"
              "fe00"
              "000161"));
  EXPECT_EQ(status, ExecutePlan::Status::malformed);
}

TEST(CapabilitiesTest, QueryAttributesOnlyWhereServersHaveThem) {
  using wire::mysql::Capability;
  const wire::mysql::Capabilities both = Capability::query_attributes | Capability::local_files;
  EXPECT_TRUE(offered_capabilities(both).has(Capability::query_attributes));
  EXPECT_FALSE(offered_capabilities(Capability::local_files).has(Capability::query_attributes));
  const auto form = connection_form(both);
  EXPECT_TRUE(server_capabilities(form).has(Capability::query_attributes));
  EXPECT_TRUE(serves_form(both, form));
  EXPECT_FALSE(serves_form(Capability::local_files, form)) << "it would read commands wrongly";
  EXPECT_TRUE(serves_form(Capability::query_attributes, form))
      << "LOAD DATA LOCAL is refused there";
}

}  // namespace
}  // namespace relevo::session::mysql
