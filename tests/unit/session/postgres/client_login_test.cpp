// What a client may say before it is let in, and what it is answered.
#include "proxy/session/postgres/client_login.hpp"

#include <gtest/gtest.h>

#include "proxy/session/postgres/auth/md5.hpp"
#include "tests/unit/wire/wire_text.hpp"

namespace relevo::session::postgres {
namespace {

namespace pg = relevo::wire::postgres;
using namespace std::literals;
using Step = ClientLogin::Step;
using Parameters = std::vector<pg::StartupParameters::Parameter>;

const std::string ssl_request = test::wire("00000008 04d2162f");
const std::string gss_request = test::wire("00000008 04d21630");

ClientLogin::Setup setup() {
  ClientLogin::Setup made;
  made.nonce = "nonce";
  made.mock_secret = "secret";
  return made;
}

std::string startup(const Parameters& parameters, pg::ProtocolVersion version = pg::version_3_0) {
  std::string packet;
  pg::Writer out(packet);
  pg::encode_startup_message(out, version, parameters);
  return packet;
}

// One packet from an exact heap copy.
Step start(ClientLogin& login, std::string_view packet, std::string& out) {
  return login.on_startup(test::HeapBytes(packet), out);
}

Step start(ClientLogin& login, std::string_view packet) {
  std::string out;
  return start(login, packet, out);
}

std::string password(std::string_view text) { return std::string(text) + '\0'; }

TEST(ClientStartup, TheRequestIsTaken) {
  ClientLogin login(setup());
  std::string out;
  const Parameters parameters = {{"user", "app"},
                                 {"database", "orders"},
                                 {"application_name", "psql"},
                                 {"DateStyle", "ISO"},
                                 {"options", "-c work_mem=1MB -c search_path=a,\\ b"}};
  EXPECT_EQ(start(login, startup(parameters), out), Step::look_up);
  EXPECT_TRUE(out.empty());
  const LoginRequest& request = login.request();
  EXPECT_EQ(request.user, "app");
  EXPECT_EQ(request.database, "orders");
  EXPECT_EQ(request.application_name, "psql");
  EXPECT_EQ(request.version, pg::version_3_0);
  const auto flat = [](std::string text) {
    return SettingValue{std::move(text), SettingValue::Form::flat};
  };
  EXPECT_EQ(request.settings, (SettingsMap{{"application_name", flat("psql")},
                                           {"datestyle", flat("ISO")},
                                           {"search_path", flat("a, b")},
                                           {"work_mem", flat("1MB")}}));
}

TEST(ClientStartup, TheDatabaseIsTheUsersUnlessNamed) {
  ClientLogin login(setup());
  EXPECT_EQ(start(login, startup({{"user", "app"}, {"database", ""}})), Step::look_up);
  EXPECT_EQ(login.request().database, "app");
}

// PostgreSQL reads `options` first, wherever it stands in the packet.
TEST(ClientStartup, AParameterOfItsOwnWinsOverOptions) {
  for (const bool options_last : {false, true}) {
    Parameters parameters = {{"user", "app"}, {"search_path", "a"}};
    parameters.insert(options_last ? parameters.end() : parameters.begin(),
                      {"options", "-c search_path=b -c application_name=x"});
    ClientLogin login(setup());
    ASSERT_EQ(start(login, startup(parameters)), Step::look_up);
    EXPECT_EQ(login.request().settings.at("search_path").text, "a");
    EXPECT_EQ(login.request().application_name, "x");
  }
}

TEST(ClientStartup, TheVersionIsNegotiatedDown) {
  struct Case {
    std::uint16_t minor;
    Parameters more;
    pg::ProtocolVersion settled;
    std::string answer;
  };
  const Case cases[] = {
      {0, {}, pg::version_3_0, ""},
      {2, {}, pg::version_3_2, ""},
      {1, {}, pg::version_3_0, test::wire("'v' 0000000c 00030000 00000000")},
      {9999, {}, pg::version_3_2, test::wire("'v' 0000000c 00030002 00000000")},
      {0,
       {{"_pq_.a", "1"}, {"_pq_.b", "2"}},
       pg::version_3_0,
       test::wire("'v' 0000001a 00030000 00000002 '_pq_.a' 00 '_pq_.b' 00")},
  };
  for (const Case& c : cases) {
    Parameters parameters = {{"user", "app"}};
    parameters.insert(parameters.end(), c.more.begin(), c.more.end());
    ClientLogin login(setup());
    std::string out;
    EXPECT_EQ(start(login, startup(parameters, {3, c.minor}), out), Step::look_up);
    EXPECT_EQ(out, c.answer) << c.minor;
    EXPECT_EQ(login.request().version, c.settled) << c.minor;
    EXPECT_TRUE(login.request().settings.empty());
  }
}

struct RefusedCase {
  std::string packet;
  std::string_view sqlstate;
};

TEST(ClientStartup, WhatIsNotPossibleIsRefused) {
  const RefusedCase cases[] = {
      {startup({{"user", "app"}}, {2, 0}), "0A000"},
      {startup({{"user", "app"}}, {4, 0}), "0A000"},
      {startup({{"user", "app"}, {"replication", "true"}}), "0A000"},
      {startup({{"user", "app"}, {"replication", "database"}}), "0A000"},
      {startup({{"user", "app"}, {"options", "-c"}}), "42601"},
      {startup({{"user", "app"}, {"options", "-d 5"}}), "42601"},
      {startup({{"database", "app"}}), "08P01"},
      {startup({{"user", "app"}, {"user", "app"}}), "08P01"},
      {test::wire("00000008 00030000"), "08P01"},
      {test::wire("00000009 04d2162f 00"), "08P01"},
      {"", "08P01"},
  };
  for (const RefusedCase& c : cases) {
    ClientLogin login(setup());
    EXPECT_EQ(start(login, c.packet), Step::refused);
    EXPECT_EQ(login.error().sqlstate, c.sqlstate);
    EXPECT_FALSE(login.error().message.empty());
  }
  for (const std::string_view off : {"false", "off", "no", "0"}) {
    ClientLogin login(setup());
    EXPECT_EQ(start(login, startup({{"user", "app"}, {"replication", off}})), Step::look_up);
    EXPECT_TRUE(login.request().settings.empty());
  }
}

TEST(ClientStartup, ACancelRequestIsPassedOn) {
  ClientLogin login(setup());
  EXPECT_EQ(start(login, test::wire("00000014 04d2162e 0000002a 01020304 00000000")), Step::cancel);
  EXPECT_EQ(login.cancel_pid(), 42U);
  EXPECT_EQ(login.cancel_key(), test::wire("01020304 00000000"));
}

TEST(ClientStartup, EncryptionIsAskedForOnce) {
  ClientLogin plain(setup());
  std::string out;
  EXPECT_EQ(start(plain, gss_request, out), Step::need_more);
  EXPECT_EQ(start(plain, ssl_request, out), Step::need_more);
  EXPECT_EQ(out, "NN");
  ClientLogin again = ClientLogin(setup());
  EXPECT_EQ(start(again, ssl_request), Step::need_more);
  EXPECT_EQ(start(again, ssl_request), Step::refused);
  EXPECT_EQ(again.error().sqlstate, "08P01");
  ClientLogin gss_again = ClientLogin(setup());
  EXPECT_EQ(start(gss_again, gss_request), Step::need_more);
  EXPECT_EQ(start(gss_again, gss_request), Step::refused);
  EXPECT_EQ(start(plain, startup({{"user", "app"}})), Step::look_up);
}

TEST(ClientStartup, InsideOfTlsThereIsNoMore) {
  auto with_tls = setup();
  with_tls.tls_offered = true;
  for (const std::string& request : {ssl_request, gss_request}) {
    ClientLogin login(with_tls);
    std::string out;
    EXPECT_EQ(start(login, ssl_request, out), Step::start_tls);
    EXPECT_EQ(out, "S");
    login.set_tls(std::nullopt);
    EXPECT_TRUE(login.is_tls());
    EXPECT_EQ(start(login, request), Step::refused);
    EXPECT_EQ(login.error().sqlstate, "08P01");
  }
}

TEST(ClientStartup, ARequiredTlsIsRequired) {
  auto required = setup();
  required.tls_offered = required.tls_required = true;
  ClientLogin plain(required);
  EXPECT_EQ(start(plain, startup({{"user", "app"}})), Step::refused);
  EXPECT_EQ(plain.error().sqlstate, "28000");
  ClientLogin encrypted(required);
  EXPECT_EQ(start(encrypted, ssl_request), Step::start_tls);
  encrypted.set_tls(std::nullopt);
  EXPECT_EQ(start(encrypted, startup({{"user", "app"}})), Step::look_up);
}

// -- the exchange ------------------------------------------------------------------

ClientLogin asked(ClientLogin::Setup with, const KnownUser& user, std::string& out,
                  std::optional<std::string> binding = std::nullopt, bool tls = false) {
  ClientLogin login(std::move(with));
  if (tls) login.set_tls(std::move(binding));
  EXPECT_EQ(start(login, startup({{"user", "app"}})), Step::look_up);
  EXPECT_EQ(login.on_user(user, out), Step::need_more);
  return login;
}

KnownUser scram_user() { return {make_scram_verifier("pencil", "salt", 2), {}}; }

TEST(ClientLogin, OffersWhatItCanDo) {
  std::string out;
  asked(setup(), scram_user(), out);
  EXPECT_EQ(out, test::wire("'R' 00000017 0000000a 'SCRAM-SHA-256' 00 00"));
  out.clear();
  asked(setup(), KnownUser{}, out);
  EXPECT_EQ(out, test::wire("'R' 00000017 0000000a 'SCRAM-SHA-256' 00 00"));
  out.clear();
  asked(setup(), scram_user(), out, "hash", true);
  EXPECT_EQ(out, test::wire("'R' 0000002a 0000000a 'SCRAM-SHA-256-PLUS' 00 'SCRAM-SHA-256' 00 00"));
  out.clear();
  auto salted = setup();
  salted.md5_salt = {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
  asked(salted, {make_md5_verifier("pencil", "app").value(), {}}, out);
  EXPECT_EQ(out, test::wire("'R' 0000000c 00000005 01020304"));
}

TEST(ClientLogin, AsksForTheClearTextInsideOfTlsOnlyAndOfEveryUser) {
  auto cleartext = setup();
  cleartext.cleartext_over_tls = true;
  const std::string request = test::wire("'R' 00000008 00000003");
  std::string out;
  asked(cleartext, scram_user(), out, std::nullopt, true);
  EXPECT_EQ(out, request);
  out.clear();
  asked(cleartext, KnownUser{}, out, std::nullopt, true);
  EXPECT_EQ(out, request);
  out.clear();
  asked(cleartext, scram_user(), out);
  EXPECT_NE(out, request);
}

TEST(ClientLogin, ATrustedUserStillHasToExist) {
  auto trusted = setup();
  trusted.trusted = true;
  ClientLogin login(trusted);
  std::string out;
  ASSERT_EQ(start(login, startup({{"user", "app"}})), Step::look_up);
  EXPECT_EQ(login.on_user({make_md5_verifier("pencil", "app").value(), "pencil"}, out),
            Step::accepted);
  EXPECT_EQ(out, test::wire("'R' 00000008 00000000"));
  const ServerCredentials credentials = login.take_credentials();
  EXPECT_EQ(credentials.password, "pencil");
  EXPECT_TRUE(credentials.md5);
  ClientLogin unknown(trusted);
  ASSERT_EQ(start(unknown, startup({{"user", "app"}})), Step::look_up);
  EXPECT_EQ(unknown.on_user({}, out), Step::refused);
  EXPECT_EQ(unknown.error().sqlstate, "28000");
}

// A failure at each step: what a client may send instead of what it should.
TEST(ClientLogin, RefusesWhatIsNoAnswerToItsRequest) {
  const auto sasl = [](std::string_view mechanism, std::string_view data) {
    std::string body = password(mechanism);
    for (int shift = 24; shift >= 0; shift -= 8) body += static_cast<char>(data.size() >> shift);
    return body + std::string(data);
  };
  const std::string first = sasl("SCRAM-SHA-256", "n,,n=,r=client");
  struct Case {
    std::string_view name;
    std::vector<std::string> bodies;  // all but the last are accepted
    std::string_view sqlstate;
  };
  const Case cases[] = {
      {"a password instead of SCRAM", {password("pencil")}, "08P01"},
      {"nothing", {""}, "08P01"},
      {"no data", {password("SCRAM-SHA-256") + "\xff\xff\xff\xff"}, "08P01"},
      {"another mechanism", {sasl("SCRAM-SHA-1", "n,,n=,r=client")}, "08P01"},
      {"-PLUS, which was not offered", {sasl("SCRAM-SHA-256-PLUS", "p=x,,n=,r=client")}, "08P01"},
      {"channel binding", {sasl("SCRAM-SHA-256", "p=tls-server-end-point,,n=,r=c")}, "08P01"},
      {"an authorization identity", {sasl("SCRAM-SHA-256", "n,a=x,n=,r=client")}, "0A000"},
      {"garbage", {sasl("SCRAM-SHA-256", "garbage")}, "08P01"},
      {"the first message again", {first, first}, "08P01"},
      {"no proof", {first, "c=biws,r=clientnonce"}, "08P01"},
      {"another nonce", {first, "c=biws,r=other,p=AAAA"}, "08P01"},
      {"a short proof", {first, "c=biws,r=clientnonce,p=AAAA"}, "08P01"},
      {"a wrong proof",
       {first, "c=biws,r=clientnonce,p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="},
       "28P01"},
  };
  for (const Case& c : cases) {
    std::string out;
    ClientLogin login = asked(setup(), scram_user(), out);
    for (std::size_t i = 0; i + 1 < c.bodies.size(); ++i) {
      ASSERT_EQ(login.on_password(test::HeapBytes(c.bodies[i]), out), Step::need_more) << c.name;
    }
    out.clear();
    EXPECT_EQ(login.on_password(test::HeapBytes(c.bodies.back()), out), Step::refused) << c.name;
    EXPECT_EQ(login.error().sqlstate, c.sqlstate) << c.name;
    EXPECT_TRUE(out.empty()) << c.name;
    // And nothing that follows helps.
    EXPECT_NE(login.on_password(test::HeapBytes(first), out), Step::accepted) << c.name;
  }
}

TEST(ClientLogin, RefusesMalformedPasswords) {
  auto cleartext = setup();
  cleartext.cleartext_over_tls = true;
  const KnownUser md5{make_md5_verifier("pencil", "app").value(), {}};
  for (const std::string& body : {""s, "pencil"s, "pencil\0\0"s, "pencil\0x"s}) {
    std::string out;
    ClientLogin by_password = asked(cleartext, scram_user(), out, std::nullopt, true);
    EXPECT_EQ(by_password.on_password(test::HeapBytes(body), out), Step::refused);
    EXPECT_EQ(by_password.error().sqlstate, "08P01");
    ClientLogin by_md5 = asked(setup(), md5, out);
    EXPECT_EQ(by_md5.on_password(test::HeapBytes(body), out), Step::refused);
    EXPECT_EQ(by_md5.error().sqlstate, "08P01");
  }
}

TEST(ClientLogin, APasswordBeforeItWasAskedForIsRefused) {
  ClientLogin login(setup());
  std::string out;
  EXPECT_EQ(login.on_password(test::HeapBytes(password("pencil")), out), Step::refused);
  EXPECT_EQ(login.error().sqlstate, "08P01");
}

}  // namespace
}  // namespace relevo::session::postgres
