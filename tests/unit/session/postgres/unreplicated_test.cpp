// A commit whose wait for replicas was cancelled: what the server sends, and what of it
// the client is to see. The exchanges are PostgreSQL's own, from one of each kind.
#include "proxy/session/postgres/unreplicated.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <string>

#include "proxy/session/postgres/exchange.hpp"
#include "proxy/wire/postgres/frame.hpp"
#include "proxy/wire/postgres/report.hpp"

namespace relevo::session::postgres {
namespace {

namespace wire = relevo::wire::postgres;
using namespace std::string_literals;
using namespace std::string_view_literals;

// Of a server whose messages are German, cancelled by a user. S V C M D F L R.
const std::string cancelled =
    "SWARNUNG\0VWARNING\0C01000\0"
    "Mstorniere Warten auf synchrone Replikation wegen Benutzeraufforderung\0"
    "DDie Transaktion wurde lokal bereits committet.\0"
    "Fsyncrep.c\0L305\0RSyncRepWaitForLSN\0\0"s;
const std::string terminated =
    "SWARNING\0VWARNING\0C57P01\0Mcanceling the wait for synchronous replication\0"
    "Fsyncrep.c\0L292\0RSyncRepWaitForLSN\0\0"s;
const std::string other_routine = "SWARNING\0VWARNING\0C01000\0Mx\0RWarnNoTransactionBlock\0\0"s;
const std::string other_severity = "SNOTICE\0VNOTICE\0C01000\0Mx\0RSyncRepWaitForLSN\0\0"s;
// Somebody's RAISE WARNING with the same words.
const std::string imitated =
    "SWARNING\0VWARNING\0C57P01\0Mcanceling wait for synchronous replication\0"
    "Rexec_stmt_raise\0\0"s;

std::string message(char type, std::string_view body) {
  std::string bytes;
  wire::Writer writer(bytes);
  writer.begin(static_cast<wire::Backend>(type));
  writer.bytes(wire::as_bytes(body));
  writer.end();
  return bytes;
}

// Messages of the server as the connection passes them on.
class Relay {
 public:
  Exchange& exchange() { return exchange_; }

  Relay& query(std::string_view sql) {
    exchange_.expect_query(Audience::client, analysis(sql));
    return *this;
  }
  Relay& execute(std::string_view sql) {
    exchange_.expect_execute(analysis(sql));
    return *this;
  }

  Relay& from_server(char type, std::string_view body = {}) {
    exchange_.append_due(told_);
    const std::string whole = message(type, body);
    const auto as = static_cast<wire::Backend>(type);
    const Verdict verdict = exchange_.on_message(as, wire::as_bytes(body));
    violated_ = violated_ || verdict.violation;
    noticed_ += verdict.unreplicated ? 1 : 0;
    if (verdict.forward) {
      if (!exchange_.doubtful() || exchange_.pass_doubtful(as, whole, told_)) told_ += whole;
    }
    exchange_.append_due(told_);
    return *this;
  }
  Relay& complete(std::string_view tag) { return from_server('C', std::string(tag) + '\0'); }

  // What the client has been told since the last time, as types; an error with its SQLSTATE.
  std::string told() {
    std::string types;
    for (std::string_view left = told_; !left.empty();) {
      const auto header = wire::read_header(wire::as_bytes(left));
      const auto body = left.substr(wire::limits::header_bytes, header->body_bytes);
      if (!types.empty()) types += ' ';
      types += static_cast<char>(header->type);
      if (header->type == 'Z') types += body;
      if (header->type == 'C') types += ':' + std::string(body.substr(0, body.size() - 1));
      if (header->type == 'E') {
        error_ = std::string(body);
        types += ':' + std::string(wire::decode_report(wire::as_bytes(error_))->sqlstate);
      }
      left.remove_prefix(header->total_bytes());
    }
    told_.clear();
    EXPECT_FALSE(violated_);
    return types;
  }
  wire::Report error() const { return *wire::decode_report(wire::as_bytes(error_)); }
  int noticed() const { return noticed_; }

 private:
  const route::Analysis* analysis(std::string_view sql) {
    texts_.emplace_back(sql);
    return &analyses_.emplace_back(route::analyze_postgres(texts_.back(), {}));
  }

  Exchange exchange_;
  std::string told_, error_;
  bool violated_ = false;
  int noticed_ = 0;
  std::deque<std::string> texts_;
  std::deque<route::Analysis> analyses_;
};

TEST(Unreplicated, IsKnownByWhatNoServerTranslates) {
  EXPECT_TRUE(says_unreplicated(wire::as_bytes(cancelled)));
  EXPECT_TRUE(says_unreplicated(wire::as_bytes(terminated)));
  EXPECT_FALSE(says_unreplicated(wire::as_bytes(other_routine)));
  EXPECT_FALSE(says_unreplicated(wire::as_bytes(other_severity)));
  EXPECT_FALSE(says_unreplicated(wire::as_bytes(imitated)));
}

TEST(Unreplicated, NoPartOfTheNoticeIsTakenForIt) {
  for (std::size_t size = 0; size < cancelled.size(); ++size) {
    EXPECT_FALSE(says_unreplicated(wire::as_bytes(std::string_view(cancelled).substr(0, size))));
  }
}

TEST(Unreplicated, AQuerysCommandCompleteBecomesTheError) {
  Relay relay;
  relay.query("COMMIT").from_server('N', cancelled).complete("COMMIT");
  EXPECT_EQ(relay.told(), "N");  // what follows is not known yet
  relay.from_server('Z', "I");
  EXPECT_EQ(relay.told(), "E:08007 ZI");
  EXPECT_EQ(relay.error().severity_nonlocalized, "ERROR");
  EXPECT_NE(relay.error().message.find("committed on the primary"), std::string_view::npos);
  EXPECT_EQ(relay.error().detail, "Die Transaktion wurde lokal bereits committet.");
  EXPECT_EQ(relay.noticed(), 1);
  EXPECT_FALSE(relay.exchange().doubtful());
  EXPECT_TRUE(relay.exchange().at_rest());

  relay.query("COMMIT").complete("COMMIT").from_server('Z', "I");
  EXPECT_EQ(relay.told(), "C:COMMIT ZI");  // the next is the next
}

TEST(Unreplicated, RowsOfTheStatementAreNotTakenBack) {
  Relay relay;
  relay.query("INSERT INTO t VALUES (1) RETURNING a").from_server('T').from_server('D');
  relay.from_server('N', cancelled).complete("INSERT 0 1").from_server('Z', "I");
  EXPECT_EQ(relay.told(), "T D N E:08007 ZI");
}

TEST(Unreplicated, WhatComesUnaskedDoesNotBringTheCommandCompleteBack) {
  Relay relay;
  relay.query("COMMIT").from_server('N', cancelled).complete("COMMIT");
  relay.from_server('S', "a\0b\0"sv).from_server('A', "\0\0\0\1c\0\0"sv);
  relay.from_server('N', other_routine).from_server('Z', "I");
  EXPECT_EQ(relay.told(), "N S A N E:08007 ZI");
}

TEST(Unreplicated, OfSeveralStatementsTheErrorIsTheLastResult) {
  Relay relay;
  relay.query("COMMIT; SELECT 1").from_server('N', cancelled).complete("COMMIT");
  relay.from_server('T').from_server('D').complete("SELECT 1").from_server('Z', "I");
  EXPECT_EQ(relay.told(), "N C:COMMIT T D C:SELECT 1 E:08007 ZI");

  relay.query("INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)").complete("INSERT 0 1");
  relay.from_server('N', cancelled).complete("INSERT 0 1").from_server('Z', "I");
  EXPECT_EQ(relay.told(), "C:INSERT 0 1 N E:08007 ZI");

  relay.query("COMMIT; COPY t FROM STDIN").from_server('N', cancelled).complete("COMMIT");
  relay.from_server('G', "\0\0\0"sv);
  EXPECT_EQ(relay.told(), "N C:COMMIT G");  // the client is asked for its data
  relay.exchange().copy_ended();
  relay.complete("COPY 1").from_server('Z', "I");
  EXPECT_EQ(relay.told(), "C:COPY 1 E:08007 ZI");
}

TEST(Unreplicated, IsToldThoughALaterStatementFails) {
  Relay relay;
  relay.query("COMMIT; SELECT 1/0").from_server('N', cancelled).complete("COMMIT");
  relay.from_server('E', "SERROR\0VERROR\0C22012\0Mdivision by zero\0\0"sv).from_server('Z', "I");
  EXPECT_EQ(relay.told(), "N C:COMMIT E:22012 E:08007 ZI");
  EXPECT_TRUE(relay.exchange().at_rest());
}

TEST(Unreplicated, TheTransactionStatusIsTheServers) {
  Relay relay;
  relay.query("COMMIT AND CHAIN").from_server('N', cancelled).complete("COMMIT");
  relay.from_server('Z', "T");
  EXPECT_EQ(relay.told(), "N E:08007 ZT");
  EXPECT_TRUE(relay.exchange().in_transaction());
}

TEST(Unreplicated, WhatCommitsAtSyncHasHadItsCommandComplete) {
  Relay relay;
  relay.exchange().expect_bind();
  relay.execute("INSERT INTO t VALUES ($1)").exchange().expect_sync();
  relay.from_server('2').complete("INSERT 0 1").from_server('N', cancelled).from_server('Z', "I");
  EXPECT_EQ(relay.told(), "2 C:INSERT 0 1 N E:08007 ZI");
}

TEST(Unreplicated, AnExecutedCommitsCommandCompleteBecomesTheError) {
  Relay relay;
  relay.exchange().expect_bind();
  relay.execute("COMMIT").exchange().expect_sync();
  relay.from_server('2').from_server('N', terminated).complete("COMMIT").from_server('Z', "I");
  EXPECT_EQ(relay.told(), "2 N E:08007 ZI");
}

TEST(Unreplicated, InAPipelineTheErrorStandsAtItsOwnSync) {
  Relay relay;
  relay.exchange().expect_bind();
  relay.execute("COMMIT").exchange().expect_bind();
  relay.execute("INSERT INTO t VALUES (2)").exchange().expect_sync();
  relay.exchange().expect_bind();
  relay.execute("INSERT INTO t VALUES (3)").exchange().expect_sync();
  relay.from_server('2').from_server('N', cancelled).complete("COMMIT");
  EXPECT_EQ(relay.told(), "2 N C:COMMIT");  // more is answered before ReadyForQuery
  relay.from_server('2').complete("INSERT 0 1").from_server('Z', "I");
  EXPECT_EQ(relay.told(), "2 C:INSERT 0 1 E:08007 ZI");
  relay.from_server('2').complete("INSERT 0 1").from_server('Z', "I");
  EXPECT_EQ(relay.told(), "2 C:INSERT 0 1 ZI");
}

TEST(Unreplicated, WhoFlushesIsAnsweredAtOnceAndToldAtSync) {
  Relay relay;
  relay.exchange().expect_bind();
  relay.execute("COMMIT").from_server('2').from_server('N', cancelled).complete("COMMIT");
  EXPECT_EQ(relay.told(), "2 N C:COMMIT");
  EXPECT_TRUE(relay.exchange().doubtful());
  relay.exchange().expect_sync();
  relay.from_server('Z', "I");
  EXPECT_EQ(relay.told(), "E:08007 ZI");
}

TEST(Unreplicated, AReadyOfOursDoesNotPassItEither) {
  Relay relay;
  relay.exchange().expect_bind();
  relay.execute("COMMIT").from_server('2').from_server('N', cancelled).complete("COMMIT");
  relay.exchange().answer_locally(Expected::local_deallocate);
  relay.exchange().expect_sync();
  relay.from_server('Z', "I");
  EXPECT_EQ(relay.told(), "2 N C:COMMIT C:DEALLOCATE E:08007 ZI ZI");
}

TEST(Unreplicated, CopiesFunctionCallsAndTwoPhaseAreNoExceptions) {
  Relay relay;
  relay.query("COPY t FROM STDIN").from_server('G', "\0\0\0"sv);
  relay.exchange().copy_ended();
  relay.from_server('N', cancelled).complete("COPY 2").from_server('Z', "I");
  EXPECT_EQ(relay.told(), "G N E:08007 ZI");

  relay.exchange().expect_function_call();
  relay.from_server('V').from_server('N', cancelled).from_server('Z', "I");
  EXPECT_EQ(relay.told(), "V N E:08007 ZI");

  relay.query("PREPARE TRANSACTION 'a'").from_server('N', cancelled);
  relay.complete("PREPARE TRANSACTION").from_server('Z', "I");
  EXPECT_EQ(relay.told(), "N E:08007 ZI");
}

TEST(Unreplicated, NoClientIsToldOfWhatItDidNotAsk) {
  Relay relay;
  relay.exchange().expect_query(Audience::proxy, nullptr);
  relay.from_server('N', cancelled).complete("DISCARD ALL").from_server('Z', "I");
  EXPECT_EQ(relay.told(), "");
  EXPECT_FALSE(relay.exchange().doubtful());
  relay.from_server('N', cancelled);  // nobody waits for anything
  EXPECT_FALSE(relay.exchange().doubtful());
  EXPECT_EQ(relay.noticed(), 0);
}

TEST(Unreplicated, WhenTheServerGoesTheOutcomeIsOpenWhateverItWas) {
  Relay relay;
  relay.query("SELECT 1").from_server('T').from_server('D');
  EXPECT_FALSE(relay.exchange().outcome_open());
  relay.from_server('N', terminated);  // so it wrote after all
  EXPECT_TRUE(relay.exchange().outcome_open());
}

}  // namespace
}  // namespace relevo::session::postgres
