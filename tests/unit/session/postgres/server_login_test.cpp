// Logging in to a server that says what it likes: each step, and what may come
// instead of it.
#include "proxy/session/postgres/server_login.hpp"

#include <gtest/gtest.h>

#include "proxy/session/postgres/auth/md5.hpp"
#include "proxy/session/postgres/auth/scram_server.hpp"
#include "proxy/wire/postgres/frame.hpp"
#include "proxy/wire/postgres/startup.hpp"
#include "tests/unit/wire/wire_text.hpp"

namespace relevo::session::postgres {
namespace {

namespace pg = relevo::wire::postgres;
using namespace std::literals;
using pg::Backend;
using Step = ServerLogin::Step;

const std::string ok = test::wire("00000000");
const std::string cleartext = test::wire("00000003");
const std::string md5 = test::wire("00000005 01020304");
const std::string sasl = test::wire("0000000a 'SCRAM-SHA-256' 00 00");
const std::string sasl_plus = test::wire("0000000a 'SCRAM-SHA-256-PLUS' 00 'SCRAM-SHA-256' 00 00");
const std::string server_first = "\0\0\0\x0br=clientserver,s=c2FsdA==,i=2"s;

struct Message {
  char type;
  std::string body;
};

ServerLogin::Setup setup() {
  ServerLogin::Setup made;
  made.user = "app";
  made.database = "orders";
  made.credentials.password = "pencil";
  made.nonce = "client";
  return made;
}

struct Result {
  Step step = Step::more;
  std::string out;
  std::string code;
  std::size_t taken = 0;  // messages up to the one that ended it
};

Result play(const ServerLogin::Setup& with, const std::vector<Message>& messages) {
  ServerLogin login(with);
  Result result;
  for (const Message& message : messages) {
    if (result.step != Step::more) break;
    result.step = login.on_message(static_cast<Backend>(message.type),
                                   test::HeapBytes(message.body), result.out);
    ++result.taken;
  }
  result.code = login.error().code;
  return result;
}

TEST(ServerLogin, IntroducesItself) {
  ServerLogin login(setup());
  std::string out;
  login.start(out);
  const auto request = pg::decode_startup(pg::as_bytes(out));
  ASSERT_TRUE(request);
  const auto& message = std::get<pg::StartupMessage>(*request);
  EXPECT_EQ(message.version, pg::version_3_0);
  EXPECT_EQ(message.user(), "app");
  EXPECT_EQ(message.database(), "orders");
}

TEST(ServerLogin, TakesWhatTheServerTells) {
  ServerLogin login(setup());
  std::string out;
  const Message messages[] = {{'R', ok},
                              {'S',
                               "server_version\0"
                               "15.20\0"s},
                              {'N', "SNOTICE\0Mwelcome\0\0"s},
                              {'S', "TimeZone\0UTC\0"s},
                              {'S', "TimeZone\0GMT\0"s},
                              {'K', test::wire("0000002a 01020304")},
                              {'v', test::wire("00030000 00000000")}};
  for (const Message& message : messages) {
    ASSERT_EQ(
        login.on_message(static_cast<Backend>(message.type), test::HeapBytes(message.body), out),
        Step::more)
        << message.type;
  }
  EXPECT_EQ(login.on_message(Backend::ready_for_query, pg::as_bytes("I"), out), Step::done);
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(login.parameters(), (ParameterMap{{"server_version", "15.20"}, {"TimeZone", "GMT"}}));
  EXPECT_EQ(login.backend_pid(), 42U);
  EXPECT_EQ(login.cancel_key(), test::wire("01020304"));
}

TEST(ServerLogin, AnswersWithThePassword) {
  const Result result = play(setup(), {{'R', cleartext}, {'R', ok}, {'Z', "I"}});
  EXPECT_EQ(result.step, Step::done);
  EXPECT_EQ(result.out, test::wire("'p' 0000000b 'pencil' 00"));
}

TEST(ServerLogin, AnswersMd5WithThePasswordOrTheStoredHash) {
  const pg::Md5Salt salt = {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
  const Md5Verifier hash = make_md5_verifier("pencil", "app").value();
  const std::string answer = test::wire("'p' 00000028") + md5_answer(hash, salt).value() + '\0';
  EXPECT_EQ(play(setup(), {{'R', md5}}).out, answer);
  auto with_hash = setup();
  with_hash.credentials = {{}, {}, hash};
  EXPECT_EQ(play(with_hash, {{'R', md5}}).out, answer);
}

struct FailureCase {
  std::string_view name;
  std::vector<Message> messages;  // the last one fails
  std::string_view code;
};

TEST(ServerLogin, FailsAtEachStep) {
  const FailureCase cases[] = {
      {"refused at once", {{'E', "SFATAL\0C53300\0Mtoo many\0\0"s}}, "53300"},
      {"refused after the password",
       {{'R', cleartext}, {'E', "SFATAL\0C28P01\0Mno\0\0"s}},
       "28P01"},
      {"refused after it was let in",
       {{'R', ok}, {'E', "SFATAL\0C57P03\0Mstarting up\0\0"s}},
       "57P03"},
      {"a malformed error", {{'E', "S"}}, "08P01"},
      {"ready before it let us in", {{'Z', "I"}}, "08P01"},
      {"ready instead of an answer", {{'R', cleartext}, {'Z', "I"}}, "08P01"},
      {"a row", {{'D', ""}}, "08P01"},
      {"a row afterwards", {{'R', ok}, {'D', ""}}, "08P01"},
      {"a message without a name", {{'\0', ""}}, "08P01"},
      {"an empty request", {{'R', ""}}, "08P01"},
      {"an unknown request", {{'R', test::wire("00000001")}}, "08P01"},
      {"Kerberos", {{'R', test::wire("00000002")}}, "28000"},
      {"GSSAPI", {{'R', test::wire("00000007")}}, "28000"},
      {"SSPI", {{'R', test::wire("00000009")}}, "28000"},
      {"md5 without a salt", {{'R', test::wire("00000005")}}, "08P01"},
      {"an unknown mechanism", {{'R', test::wire("0000000a 'SCRAM-SHA-1' 00 00")}}, "0A000"},
      {"-PLUS without TLS", {{'R', sasl_plus}}, "08P01"},
      {"SCRAM goes on before it began", {{'R', server_first}}, "08P01"},
      {"SCRAM ends before it began", {{'R', "\0\0\0\x0cv=AAAA"s}}, "08P01"},
      {"SCRAM ends in the middle", {{'R', sasl}, {'R', "\0\0\0\x0cv=AAAA"s}}, "08P01"},
      {"SCRAM goes on twice", {{'R', sasl}, {'R', server_first}, {'R', server_first}}, "08P01"},
      {"a nonce that is not ours", {{'R', sasl}, {'R', "\0\0\0\x0br=x,s=c2FsdA==,i=2"s}}, "08P01"},
      {"no salt", {{'R', sasl}, {'R', "\0\0\0\x0br=clientserver,i=2"s}}, "08P01"},
      {"iterations without end",
       {{'R', sasl}, {'R', "\0\0\0\x0br=clientserver,s=c2FsdA==,i=4294967295"s}},
       "08P01"},
      {"a wrong signature",
       {{'R', sasl},
        {'R', server_first},
        {'R', "\0\0\0\x0cv=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="s}},
       "28000"},
      {"SCRAM refused",
       {{'R', sasl},
        {'R', server_first},
        {'R',
         "\0\0\0\x0c"
         "e=invalid-proof"s}},
       "28P01"},
      {"let in before its proof", {{'R', sasl}, {'R', ok}}, "28000"},
      {"let in before its proof, in the middle",
       {{'R', sasl}, {'R', server_first}, {'R', ok}},
       "28000"},
      {"another method does not replace its proof",
       {{'R', sasl}, {'R', cleartext}, {'R', ok}},
       "28000"},
      {"a malformed parameter", {{'R', ok}, {'S', "TimeZone"}}, "08P01"},
      {"a short cancel key", {{'R', ok}, {'K', test::wire("0000002a 010203")}}, "08P01"},
  };
  for (const FailureCase& c : cases) {
    const Result result = play(setup(), c.messages);
    EXPECT_EQ(result.step, Step::failed) << c.name;
    EXPECT_EQ(result.code, c.code) << c.name;
    EXPECT_EQ(result.taken, c.messages.size()) << c.name;
  }
}

TEST(ServerLogin, NeedsTheCredentialsThatTheServerAsksFor) {
  auto none = setup();
  none.credentials = {};
  auto keys = none;
  keys.credentials.keys = derive_scram_keys("pencil", "salt", 2);
  auto hash = none;
  hash.credentials.md5 = make_md5_verifier("pencil", "app").value();
  for (const auto& request : {cleartext, md5, sasl}) {
    const Result result = play(none, {{'R', request}});
    EXPECT_EQ(result.step, Step::failed);
    EXPECT_EQ(result.code, "28000");
    EXPECT_TRUE(result.out.empty());
    EXPECT_EQ(play(keys, {{'R', request}}).step, request == sasl ? Step::more : Step::failed);
    EXPECT_EQ(play(hash, {{'R', request}}).step, request == md5 ? Step::more : Step::failed);
  }
  EXPECT_EQ(play(none, {{'R', ok}, {'Z', "I"}}).step, Step::done);
}

TEST(ServerLogin, KeepsNoMoreParametersThanThereMayBe) {
  std::vector<Message> messages = {{'R', ok}};
  for (int i = 0; i < 128; ++i) messages.push_back({'S', "p" + std::to_string(i) + "\0v\0"s});
  EXPECT_EQ(play(setup(), messages).step, Step::more);
  messages.push_back({'S', "one more\0v\0"s});
  EXPECT_EQ(play(setup(), messages).code, "08P01");
}

// Any type byte, in every stage: an answer, and never the end of the process.
TEST(ServerLogin, AnyMessageAtAnyTimeIsAnswered) {
  const std::vector<Message> stages[] = {
      {}, {{'R', cleartext}}, {{'R', sasl}}, {{'R', sasl}, {'R', server_first}}, {{'R', ok}}};
  for (const auto& stage : stages) {
    const bool is_in = !stage.empty() && stage.back().body == ok;
    for (int type = 0; type < 256; ++type) {
      for (const std::string& body : {""s, "I"s, ok, "\0\0"s, std::string(300, '\xff')}) {
        auto messages = stage;
        messages.push_back({static_cast<char>(type), body});
        const Result result = play(setup(), messages);
        EXPECT_EQ(result.step == Step::done, is_in && type == 'Z') << type;
        EXPECT_TRUE(result.step == Step::failed || result.code.empty()) << type;
      }
    }
  }
}

}  // namespace
}  // namespace relevo::session::postgres
