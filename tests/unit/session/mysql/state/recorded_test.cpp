// Replies of MariaDB 10.11 to the same commands, recorded once for a client with
// EOFs and once for one without. Played into an Exchange they must end where they
// end, and the one form must become the other.
#include <gtest/gtest.h>

#include "tests/unit/session/mysql/state/packets.hpp"

namespace relevo::session::mysql {
namespace {

using wire::mysql::Capabilities;
using wire::mysql::Capability;
using wire::mysql::Command;

struct Recorded {
  const char* name;
  Command command;
  std::uint32_t statement;  // of COM_STMT_PREPARE: its number
  const char* classic;
  const char* modern;  // deprecate_eof
  bool failed = false;
};

#define COLUMN_A "036465660000000161000c3f0001000000038100000000"
#define COLUMN_B "036465660000000162000c3f0001000000038100000000"
#define PARAMETER_P "036465660000000170000c3f0000000000068000000000"
#define PARAMETER_Q "036465660000000171000c3f0000000000068000000000"
#define COLUMN_Z "03646566000000017a000c3f0001000000038100000000"
#define CURSOR_Z "03646566000000017a017a0c3f0001000000030100000000"
#define FIELD_ID "036465660161017401740269640269640c3f000b0000000303420000000130"
#define FIELD_V "03646566016101740174017601760c3f000b000000030000000000fb"

const Recorded recorded[] = {
    {"rows", Command::query, 0, "1:01 2:" COLUMN_A " 3:fe00000200 4:0131 5:fe00000200",
     "1:01 2:" COLUMN_A " 3:0131 4:fe000002000000"},
    {"a row that begins with NULL", Command::query, 0,
     "1:02 2:" COLUMN_A " 3:" COLUMN_B " 4:fe00000200 5:fb0131 6:fe00000200",
     "1:02 2:" COLUMN_A " 3:" COLUMN_B " 4:fb0131 5:fe000002000000"},
    {"several results", Command::query, 0,
     "1:01 2:" COLUMN_A " 3:fe00000a00 4:0131 5:fe00000a00 6:0000000a000000 7:01 8:" COLUMN_B
     " 9:fe00000200 10:fe00000200",
     "1:01 2:" COLUMN_A " 3:0131 4:fe00000a000000 5:0000000a000000 6:01 7:" COLUMN_B
     " 8:fe000002000000"},
    {"an error behind a result", Command::query, 0,
     "1:01 2:" COLUMN_A " 3:fe00000a00 4:0131 5:fe00000a00 6:ff1e042334325332326e6f7065",
     "1:01 2:" COLUMN_A " 3:0131 4:fe00000a000000 5:ff1e042334325332326e6f7065", true},
    {"an error", Command::query, 0, "1:ff1e042334325332326e6f7065", "1:ff1e042334325332326e6f7065",
     true},
    {"prepared, parameters and columns", Command::stmt_prepare, 1,
     "1:000100000002000200000000 2:" PARAMETER_P " 3:" PARAMETER_Q " 4:fe00000200 5:" PARAMETER_P
     " 6:" PARAMETER_Q " 7:fe00000200",
     "1:000100000002000200000000 2:" PARAMETER_P " 3:" PARAMETER_Q " 4:" PARAMETER_P
     " 5:" PARAMETER_Q},
    {"prepared, neither", Command::stmt_prepare, 2, "1:000200000000000000000000",
     "1:000200000000000000000000"},
    {"prepared, columns", Command::stmt_prepare, 3,
     "1:000300000001000000000000 2:" COLUMN_Z " 3:fe00000200",
     "1:000300000001000000000000 2:" COLUMN_Z},
    {"prepared, parameters", Command::stmt_prepare, 4,
     "1:000400000000000100000000 2:" PARAMETER_P " 3:fe00000200",
     "1:000400000000000100000000 2:" PARAMETER_P},
    {"binary rows", Command::stmt_execute, 0,
     "1:01 2:" COLUMN_Z " 3:fe00000200 4:000001000000 5:fe00000200",
     "1:01 2:" COLUMN_Z " 3:000001000000 4:fe000002000000"},
    {"a cursor", Command::stmt_execute, 0, "1:01 2:" CURSOR_Z " 3:fe00004200",
     "1:01 2:" CURSOR_Z " 3:fe000042000000"},
    {"the cursor's last row", Command::stmt_fetch, 0, "1:000001000000 2:fe00008200",
     "1:000001000000 2:fe000082000000"},
    {"no cursor", Command::stmt_fetch, 0, "1:ff8d05234859303030546865",
     "1:ff8d05234859303030546865", true},
    {"statement reset", Command::stmt_reset, 0, "1:00000002000000", "1:00000002000000"},
    {"statistics", Command::statistics, 0, "1:557074696d653a203134", "1:557074696d653a203134"},
    {"columns of a table", Command::field_list, 0, "1:" FIELD_ID " 2:" FIELD_V " 3:fe00000200",
     "1:" FIELD_ID " 2:" FIELD_V " 3:fe000002000000"},
    {"option", Command::set_option, 0, "1:fe00000200", "1:fe000002000000"},
    {"ping", Command::ping, 0, "1:00000002000000", "1:00000002000000"},
    {"another schema", Command::init_db, 0, "1:00000002400000000401020162",
     "1:00000002400000000401020162"},
    {"no such schema", Command::init_db, 0, "1:ff1904233432303030556e6b",
     "1:ff1904233432303030556e6b", true},
    {"debug", Command::debug, 0, "1:fe00000200", "1:fe000002000000"},
    {"an OK with words", Command::query, 0, "1:0002002200000006526f77733a20",
     "1:0002002200000006526f77733a20"},
};

constexpr Capabilities classic = Capability::protocol_41 | Capability::session_track;
const Capabilities modern = classic.with(Capability::deprecate_eof);

// The EOF behind definitions has the status of its moment, which a server without
// EOFs doesn't tell: whether more results follow is known only later.
std::string without_moment(std::string text) {
  auto packets = parse_packets(text);
  for (std::size_t i = 1; i < packets.size(); ++i) {
    const bool behind = packets[i - 1].payload.starts_with("\3def");
    if (behind && packets[i].payload.size() == 5 && packets[i].payload[0] == '\xfe') {
      packets[i].payload[3] = static_cast<char>(packets[i].payload[3] & ~0x08);
    }
  }
  return to_text(packets);
}

class RecordedReplies : public testing::TestWithParam<Recorded> {
 protected:
  static void play(Capabilities server, Capabilities client, const char* from, const char* to) {
    const Recorded& reply = GetParam();
    Exchange exchange;
    exchange.on_logged_in(server, wire::mysql::Status::autocommit);
    exchange.lend(client);
    exchange.expect({.command = reply.command, .client_statement = reply.statement});
    const auto packets = parse_packets(from);
    std::vector<TestPacket> received;
    for (std::size_t i = 0; i < packets.size(); ++i) {
      ASSERT_FALSE(exchange.idle()) << "over before packet " << i;
      EXPECT_EQ(exchange.owed_answers(), 1U);
      const Verdict verdict = feed(exchange, packets[i], received);
      ASSERT_FALSE(verdict.violation) << to_text(packets[i]);
      EXPECT_EQ(verdict.complete, i + 1 == packets.size()) << to_text(packets[i]);
      EXPECT_EQ(verdict.failed, verdict.complete && reply.failed);
      EXPECT_FALSE(verdict.for_proxy);
    }
    EXPECT_TRUE(exchange.idle());
    EXPECT_EQ(without_moment(to_text(received)), without_moment(to));
    const Done done = exchange.take_done();
    EXPECT_EQ(done.command, reply.command);
    EXPECT_EQ(done.outcome.failed, reply.failed);
    // Nobody asked for more.
    EXPECT_TRUE(feed(exchange, packets.back(), received).violation);
  }
};

TEST_P(RecordedReplies, PassAsTheyAreBetweenEquals) {
  play(classic, classic, GetParam().classic, GetParam().classic);
  play(modern, modern, GetParam().modern, GetParam().modern);
}

TEST_P(RecordedReplies, GetTheirEofsForAClientThatKnowsThem) {
  play(modern, classic, GetParam().modern, GetParam().classic);
}

TEST_P(RecordedReplies, LoseTheirEofsForAClientThatDoesNot) {
  play(classic, modern, GetParam().classic, GetParam().modern);
}

TEST_P(RecordedReplies, ToTheProxyReachNoClient) {
  for (const bool is_modern : {false, true}) {
    Exchange exchange;
    exchange.on_logged_in(is_modern ? modern : classic, wire::mysql::Status::autocommit);
    exchange.lend(classic);
    exchange.expect({.command = GetParam().command, .audience = Audience::proxy});
    std::vector<TestPacket> received;
    for (const TestPacket& packet :
         parse_packets(is_modern ? GetParam().modern : GetParam().classic)) {
      const Verdict verdict = feed(exchange, packet, received);
      EXPECT_FALSE(verdict.violation);
      EXPECT_TRUE(verdict.for_proxy);
    }
    EXPECT_TRUE(exchange.idle());
    EXPECT_TRUE(received.empty()) << to_text(received);
  }
}

// Whatever byte is changed, the exchange goes on or calls it a violation; what it
// lets through are whole packets in sequence.
TEST_P(RecordedReplies, SurviveEveryChangedByte) {
  const auto packets = parse_packets(GetParam().modern);
  for (std::size_t changed = 0; changed < packets.size(); ++changed) {
    for (std::size_t at = 0; at < packets[changed].payload.size(); ++at) {
      for (const int to : {0x00, 0x01, 0xfb, 0xfe, 0xff}) {
        auto bad = packets;
        bad[changed].payload[at] = static_cast<char>(to);
        Exchange exchange;
        exchange.on_logged_in(modern, wire::mysql::Status::autocommit);
        exchange.lend(classic);
        exchange.expect({.command = GetParam().command, .client_statement = 1});
        std::vector<TestPacket> received;
        for (const TestPacket& packet : bad) {
          if (feed(exchange, packet, received).violation) break;
        }
        for (std::size_t i = 0; i < received.size(); ++i) {
          EXPECT_EQ(received[i].sequence, i + 1) << to_text(received);
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(MariaDb, RecordedReplies, testing::ValuesIn(recorded),
                         [](const auto& one) { return "Reply" + std::to_string(one.index); });

}  // namespace
}  // namespace relevo::session::mysql
