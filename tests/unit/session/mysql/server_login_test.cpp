// What a server may say during log-in, and what it gets for an answer.
#include "proxy/session/mysql/server_login.hpp"

#include <gtest/gtest.h>

#include "proxy/session/mysql/auth/ed25519.hpp"
#include "tests/unit/session/mysql/auth/vectors.hpp"
#include "tests/unit/session/mysql/dialogue.hpp"
#include "tests/unit/wire/wire_text.hpp"

namespace relevo::session::mysql {
namespace {

namespace my = relevo::wire::mysql;
namespace plugins = my::auth_plugins;
using my::Capability;
using namespace std::literals;
using Step = ServerLogin::Step;

constexpr auto mysql_8 = Capability::long_password | Capability::protocol_41 |
                         Capability::secure_connection | Capability::plugin_auth |
                         Capability::plugin_auth_lenenc_client_data | Capability::connect_attrs |
                         Capability::connect_with_db | Capability::transactions |
                         Capability::deprecate_eof | Capability::compress |
                         Capability::query_attributes | Capability::multi_factor_authentication;

// A server that the test speaks for.
struct Server {
  explicit Server(ServerLogin::Setup setup) : login(std::move(setup)) {}

  Step say(std::string_view payload) {
    out.clear();
    return login.on_packet(sequence++, relevo::test::HeapBytes(payload), out);
  }
  Step greet(my::Capabilities capabilities, std::string_view plugin,
             std::string_view version = "8.0.36") {
    my::Handshake greeting;
    greeting.server_version = version;
    greeting.connection_id = 9;
    greeting.capabilities = capabilities;
    std::copy_n(my::as_bytes(test::scramble).begin(), greeting.challenge.size(),
                greeting.challenge.begin());
    greeting.auth_plugin = plugin;
    std::string packet;
    my::Writer writer(packet, 0);
    my::encode_handshake(writer, greeting);
    return say(std::string_view(packet).substr(4));
  }
  // The payload of the only packet in `out`; the server's next number follows it.
  std::string answer() {
    const auto header = my::read_packet_header(my::as_bytes(out));
    EXPECT_TRUE(header && header->total_bytes() == out.size());
    EXPECT_EQ(header->sequence, sequence);
    sequence = static_cast<std::uint8_t>(header->sequence + 1);
    return out.substr(4);
  }

  ServerLogin login;
  std::uint8_t sequence = 0;
  std::string out;
};

std::string switch_to(std::string_view plugin, std::string_view data) {
  return "\xfe" + std::string(plugin) + '\0' + std::string(data) + '\0';
}

const std::string ok = relevo::test::wire("00 00 00 0200 0000");
const std::string fast = "\x01\x03", full = "\x01\x04";

TEST(ServerLogin, TheResponseSaysWhatWasAskedFor) {
  Server server(test::connector_setup());
  ASSERT_EQ(server.greet(mysql_8, plugins::native), Step::more);
  const std::string payload = server.answer();
  const auto response = my::decode_handshake_response(my::as_bytes(payload));
  ASSERT_TRUE(response) << response.error();
  EXPECT_EQ(response->user, "app");
  EXPECT_EQ(response->database, "orders");
  EXPECT_EQ(response->auth_plugin, plugins::native);
  EXPECT_EQ(my::as_text(response->auth_response), test::native_secret_proof);
  EXPECT_EQ(response->collation, my::utf8mb4_general_ci);
  EXPECT_EQ(response->attributes.get("program_name"), "test");
  EXPECT_EQ(response->capabilities,
            mysql_8.without(Capability::compress | Capability::query_attributes |
                            Capability::multi_factor_authentication));
  EXPECT_EQ(server.say(ok), Step::done);
  EXPECT_TRUE(server.login.status().has(my::Status::autocommit));
  EXPECT_EQ(server.login.capabilities(), response->capabilities);
}

TEST(ServerLogin, WhatNobodyMayAskForIsNotAskedFor) {
  auto setup = test::connector_setup();
  setup.capabilities = my::Capabilities::from_word(~0ULL);
  setup.database.clear();
  setup.attributes.clear();
  for (const auto offered : {my::Capabilities::from_word(~0ULL),
                             my::Capabilities::from_word(~1ULL)}) {  // MySQL, MariaDB
    Server server(setup);
    ASSERT_EQ(server.greet(offered, plugins::native), Step::more);
    const auto agreed = server.login.capabilities();
    for (const auto never :
         {Capability::ssl, Capability::compress, Capability::zstd_compression,
          Capability::connect_with_db, Capability::connect_attrs,
          Capability::multi_factor_authentication, Capability::optional_resultset_metadata}) {
      EXPECT_FALSE(agreed.has(never));
    }
    const bool is_mysql = offered.has(Capability::long_password);
    EXPECT_EQ(agreed.has(Capability::long_password), is_mysql);
    EXPECT_EQ(agreed.has(Capability::mariadb_extended_metadata), !is_mysql);
  }
}

TEST(ServerLogin, TheFirstGuessFollowsWhatIsKnown) {
  struct Case {
    bool password, native, sha2;
    std::string_view servers, guess;
  };
  const Case cases[] = {
      {true, false, false, plugins::native, plugins::native},
      {true, false, false, plugins::caching_sha2, plugins::caching_sha2},
      {true, false, false, plugins::ed25519, plugins::native},
      {false, true, false, plugins::caching_sha2, plugins::native},
      {false, false, true, plugins::native, plugins::caching_sha2},
      {false, true, true, plugins::native, plugins::native},
      {false, true, true, plugins::caching_sha2, plugins::caching_sha2},
      {false, false, false, plugins::caching_sha2, plugins::native},
  };
  for (const Case& c : cases) {
    auto setup = test::connector_setup();
    setup.credentials = {};
    if (c.password) setup.credentials.password = "secret";
    if (c.native) setup.credentials.native = make_native_key("secret");
    if (c.sha2) setup.credentials.sha2 = make_sha2_key("secret");
    Server server(std::move(setup));
    ASSERT_EQ(server.greet(mysql_8, c.servers), Step::more);
    const std::string payload = server.answer();
    const auto response = my::decode_handshake_response(my::as_bytes(payload));
    ASSERT_TRUE(response);
    EXPECT_EQ(response->auth_plugin, c.guess);
    const bool knows_none = !c.password && !c.native && !c.sha2;
    EXPECT_EQ(my::as_text(response->auth_response), knows_none ? ""
                                                    : c.guess == plugins::native
                                                        ? test::native_secret_proof
                                                        : test::sha2_secret_proof);
  }
}

TEST(ServerLogin, FastAuthenticationNeedsTheKeyOnly) {
  auto setup = test::connector_setup();
  setup.credentials = {};
  setup.credentials.sha2 = make_sha2_key("secret");
  Server server(std::move(setup));
  ASSERT_EQ(server.greet(mysql_8, plugins::caching_sha2), Step::more);
  server.answer();
  ASSERT_EQ(server.say(fast), Step::more);
  EXPECT_TRUE(server.out.empty());
  EXPECT_EQ(server.say(ok), Step::done);
}

TEST(ServerLogin, FullAuthenticationNeedsThePassword) {
  auto setup = test::connector_setup();
  setup.credentials = {};
  setup.credentials.sha2 = make_sha2_key("secret");
  Server server(std::move(setup));
  ASSERT_EQ(server.greet(mysql_8, plugins::caching_sha2), Step::more);
  server.answer();
  EXPECT_EQ(server.say(full), Step::failed);
  EXPECT_EQ(server.login.error().message,
            "The server does not remember user app and asks for the password, which is not known.");
}

TEST(ServerLogin, ThePasswordDoesNotCrossAnOpenConnection) {
  for (const auto plugin : {plugins::clear, plugins::sha256}) {
    Server server(test::connector_setup());
    ASSERT_EQ(server.greet(mysql_8, plugins::native), Step::more);
    server.answer();
    EXPECT_EQ(server.say(switch_to(plugin, test::scramble)), Step::failed);
    EXPECT_EQ(server.out.find("secret"), std::string::npos);
    EXPECT_TRUE(server.login.error().message.ends_with("it would show the password: use TLS."))
        << server.login.error().message;
  }
  auto setup = test::connector_setup();
  setup.request_public_key = false;
  Server server(std::move(setup));
  ASSERT_EQ(server.greet(mysql_8, plugins::caching_sha2), Step::more);
  server.answer();
  EXPECT_EQ(server.say(full), Step::failed);
  EXPECT_TRUE(server.out.empty());
}

TEST(ServerLogin, ThePasswordCrossesAHiddenConnection) {
  for (const auto plugin : {plugins::clear, plugins::sha256, plugins::caching_sha2}) {
    auto setup = test::connector_setup();
    setup.local = true;
    Server server(std::move(setup));
    ASSERT_EQ(server.greet(mysql_8, plugins::native), Step::more);
    server.answer();
    ASSERT_EQ(server.say(switch_to(plugin, test::scramble)), Step::more);
    if (plugin == plugins::caching_sha2) {
      EXPECT_EQ(server.answer(), test::sha2_secret_proof);
      ASSERT_EQ(server.say(full), Step::more);
    }
    EXPECT_EQ(server.answer(), "secret\0"s);
    EXPECT_EQ(server.say(ok), Step::done);
  }
}

TEST(ServerLogin, ThePasswordIsEncryptedWithTheServersKey) {
  Server server(test::connector_setup());
  ASSERT_EQ(server.greet(mysql_8, plugins::caching_sha2), Step::more);
  server.answer();
  ASSERT_EQ(server.say(full), Step::more);
  EXPECT_EQ(server.answer(), "\x02");
  ASSERT_EQ(server.say("\x01" + test::rsa()->public_key_pem()), Step::more);
  EXPECT_EQ(test::rsa()->decrypt_password(server.answer(), test::scramble), "secret");
  EXPECT_EQ(server.say(ok), Step::done);
}

TEST(ServerLogin, AKeyThatIsNoneEndsIt) {
  for (const std::string& word :
       {"\x01"s, "\x01nonsense"s, ok, fast, full, switch_to(plugins::clear, test::scramble)}) {
    Server server(test::connector_setup());
    ASSERT_EQ(server.greet(mysql_8, plugins::caching_sha2), Step::more);
    server.answer();
    ASSERT_EQ(server.say(full), Step::more);
    server.answer();
    EXPECT_EQ(server.say(word), Step::failed);
    EXPECT_TRUE(server.out.empty());
  }
}

TEST(ServerLogin, Ed25519IsSigned) {
  Server server(test::connector_setup());
  ASSERT_EQ(server.greet(mysql_8, plugins::native), Step::more);
  server.answer();
  const std::string challenge = "0123456789abcdef0123456789ABCDEF";
  ASSERT_EQ(server.say("\xfe"
                       "client_ed25519\0"s +
                       challenge),
            Step::more);
  const auto key = *parse_ed25519_public_key(test::ed25519_stored);
  EXPECT_TRUE(ed25519_verify(key, challenge, server.answer()));
  EXPECT_EQ(server.say(ok), Step::done);
}

// An account of MariaDB's that has both methods.
TEST(ServerLogin, Ed25519WithoutThePasswordMakesWayForANativeProof) {
  ServerLogin::Setup setup = test::connector_setup();
  setup.credentials = {};
  setup.credentials.native = make_native_key("secret");
  Server server(std::move(setup));
  ASSERT_EQ(server.greet(mysql_8, plugins::native), Step::more);
  server.answer();
  ASSERT_EQ(server.say(switch_to(plugins::ed25519, std::string(32, 'c'))), Step::more);
  EXPECT_EQ(server.answer(), std::string(64, '\0'));
  ASSERT_EQ(server.say(switch_to(plugins::native, test::scramble)), Step::more);
  EXPECT_EQ(server.answer(), text_of(native_proof(make_native_key("secret"), test::scramble)));
  EXPECT_EQ(server.say(ok), Step::done);
}

TEST(ServerLogin, MethodsThatCannotBeAnsweredAreNamed) {
  struct Case {
    std::string word, message;
  };
  const Case cases[] = {
      {switch_to(plugins::dialog, "\x04Password:"),
       "The server asks user app for dialog: the method is not supported."},
      {switch_to("auth_gssapi_client", ""),
       "The server asks user app for auth_gssapi_client: the method is not supported."},
      {"\xfe", "The server asks user app for mysql_old_password: the method is not supported."},
      {"\x02"
       "authentication_webauthn_client\0data"s,
       "The account asks for a second factor, which nobody here can give."},
  };
  for (const Case& c : cases) {
    Server server(test::connector_setup());
    ASSERT_EQ(server.greet(mysql_8, plugins::native), Step::more);
    server.answer();
    EXPECT_EQ(server.say(c.word), Step::failed);
    EXPECT_EQ(server.login.error().message, c.message);
    EXPECT_TRUE(server.out.empty());
  }
}

TEST(ServerLogin, TheServersErrorIsKeptAtEachStep) {
  const std::string before = relevo::test::wire("ff 1004 'Too many connections'");
  const std::string after = relevo::test::wire("ff 1504 '#28000Access denied'");
  {
    Server server(test::connector_setup());
    ASSERT_EQ(server.say(before), Step::failed);
    EXPECT_EQ(server.login.error().number, 1040);
    EXPECT_EQ(server.login.error().sqlstate, "HY000");
    EXPECT_EQ(server.login.error().message, "Too many connections");
  }
  const std::vector<std::vector<std::string>> ways = {
      {},
      {fast},
      {full},
      {full, "\x01" + test::rsa()->public_key_pem()},
      {switch_to(plugins::native, test::scramble)}};
  for (const auto& way : ways) {
    Server server(test::connector_setup());
    ASSERT_EQ(server.greet(mysql_8, plugins::caching_sha2), Step::more);
    server.answer();
    for (const std::string& word : way) {
      ASSERT_EQ(server.say(word), Step::more);
      if (!server.out.empty()) server.answer();
    }
    ASSERT_EQ(server.say(after), Step::failed);
    EXPECT_EQ(server.login.error().number, 1045);
    EXPECT_EQ(server.login.error().sqlstate, "28000");
    EXPECT_EQ(server.login.error().message, "Access denied");
  }
}

TEST(ServerLogin, NonsenseEndsIt) {
  const std::string words[] = {"",
                               "\x03",
                               "\x00"s,
                               "\x01",
                               "\x01\x05",
                               "\x01\x03\x03",
                               switch_to(plugins::native, "short"),
                               "\xfe"
                               "unterminated",
                               switch_to(plugins::ed25519, test::scramble)};
  for (const std::string& word : words) {
    Server server(test::connector_setup());
    ASSERT_EQ(server.greet(mysql_8, plugins::caching_sha2), Step::more);
    server.answer();
    EXPECT_EQ(server.say(word), Step::failed) << testing::PrintToString(word);
    EXPECT_EQ(server.login.error().number, 1835);
    EXPECT_EQ(server.say(ok), Step::failed);  // and it stays ended
  }
}

TEST(ServerLogin, MoreDataBelongsToOneMethodOnly) {
  Server server(test::connector_setup());
  ASSERT_EQ(server.greet(mysql_8, plugins::native), Step::more);
  server.answer();
  EXPECT_EQ(server.say(full), Step::failed);
}

TEST(ServerLogin, AServerCannotKeepUsSwitching) {
  Server server(test::connector_setup());
  ASSERT_EQ(server.greet(mysql_8, plugins::native), Step::more);
  server.answer();
  int switches = 0;
  while (server.say(switch_to(plugins::native, test::scramble)) == Step::more) {
    server.answer();
    ASSERT_LT(++switches, 100);
  }
  EXPECT_EQ(server.login.error().number, 1835);
}

TEST(ServerLogin, TlsIsUsedAsTold) {
  const auto with_tls = mysql_8.with(Capability::ssl);
  struct Case {
    ServerTls told;
    bool has;
    Step step;
  };
  const Case cases[] = {
      {ServerTls::disable, true, Step::more},      {ServerTls::disable, false, Step::more},
      {ServerTls::prefer, true, Step::start_tls},  {ServerTls::prefer, false, Step::more},
      {ServerTls::require, true, Step::start_tls}, {ServerTls::require, false, Step::failed},
  };
  for (const Case& c : cases) {
    auto setup = test::connector_setup();
    setup.tls = c.told;
    Server server(std::move(setup));
    ASSERT_EQ(server.greet(c.has ? with_tls : mysql_8, plugins::native), c.step);
    if (c.step == Step::failed) {
      EXPECT_EQ(server.login.error().message, "The server has no TLS.");
      continue;
    }
    const std::string first = server.answer();
    EXPECT_EQ(my::is_ssl_request(my::as_bytes(first)), c.step == Step::start_tls);
    if (c.step != Step::start_tls) continue;
    EXPECT_EQ(first.find("app"), std::string::npos);
    --server.sequence;
    EXPECT_EQ(my::read_packet_header(my::as_bytes(server.out))->sequence, 1);
    server.out.clear();
    server.login.set_tls(server.out);
    EXPECT_EQ(my::read_packet_header(my::as_bytes(server.out))->sequence, 2);
    server.sequence = 3;
    EXPECT_EQ(server.say(ok), Step::done);
  }
}

TEST(ServerLogin, TooOldAServerIsRefused) {
  Server server(test::connector_setup());
  EXPECT_EQ(server.greet(Capability::protocol_41 | Capability::secure_connection, ""),
            Step::failed);
  EXPECT_EQ(server.login.error().message, "The server is older than MySQL 5.5.");
}

}  // namespace
}  // namespace relevo::session::mysql
