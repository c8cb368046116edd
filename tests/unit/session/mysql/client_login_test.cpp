// What a client may say before it is let in, and what it is answered.
#include "proxy/session/mysql/client_login.hpp"

#include <gtest/gtest.h>

#include <set>

#include "proxy/session/mysql/auth/sha256_crypt.hpp"
#include "tests/unit/session/mysql/auth/vectors.hpp"
#include "tests/unit/session/mysql/dialogue.hpp"
#include "tests/unit/wire/wire_text.hpp"

namespace relevo::session::mysql {
namespace {

namespace my = relevo::wire::mysql;
namespace plugins = my::auth_plugins;
using my::Capability;
using namespace std::literals;
using Step = ClientLogin::Step;

constexpr auto usual = Capability::long_password | Capability::protocol_41 |
                       Capability::secure_connection | Capability::plugin_auth |
                       Capability::plugin_auth_lenenc_client_data | Capability::connect_with_db;

std::string_view text_of_challenge(const my::Challenge& challenge) {
  return my::as_text(my::Bytes(challenge));
}

// A client that the test speaks for.
struct Client {
  explicit Client(ClientLogin::Setup setup = test::listener_setup()) : login(std::move(setup)) {
    login.start(out);
    sequence = 1;
  }

  Step say(std::string_view payload) {
    out.clear();
    return login.on_packet(sequence, relevo::test::HeapBytes(payload), out);
  }
  Step respond(std::string_view proof, std::string_view plugin = plugins::native,
               my::Capabilities capabilities = usual, std::string_view user = "app") {
    return say(response(proof, plugin, capabilities, user));
  }
  static std::string response(std::string_view proof, std::string_view plugin = plugins::native,
                              my::Capabilities capabilities = usual,
                              std::string_view user = "app") {
    my::HandshakeResponse made;
    made.capabilities = capabilities;
    made.packet_bytes_max = 1 << 24;
    made.collation = my::utf8mb4_bin;
    made.user = user;
    made.auth_response = my::as_bytes(proof);
    made.database = "orders";
    made.auth_plugin = plugin;
    std::string packet;
    my::Writer writer(packet, 1);
    my::encode_handshake_response(writer, made);
    EXPECT_TRUE(writer.ok());
    return packet.substr(4);
  }
  Step identify(KnownUser user) {
    out.clear();
    return login.on_user(std::move(user), out);
  }
  // The payload of the only packet in `out`.
  std::string answer() {
    const auto header = my::read_packet_header(my::as_bytes(out));
    EXPECT_TRUE(header && header->total_bytes() == out.size());
    sequence = static_cast<std::uint8_t>(header->sequence + 1);
    return out.substr(4);
  }

  ClientLogin login;
  std::string out;
  std::uint8_t sequence = 0;
};

std::string native_proof_of(std::string_view password, const my::Challenge& challenge) {
  const Sha1 proof = native_proof(make_native_key(password), text_of_challenge(challenge));
  return std::string(text_of(proof));
}
std::string sha2_proof_of(std::string_view password, const my::Challenge& challenge) {
  const Sha256 proof = sha2_proof(make_sha2_key(password), text_of_challenge(challenge));
  return std::string(text_of(proof));
}
const my::Challenge first = test::challenge_of('0'), second = test::challenge_of('a');

KnownUser native_user() {
  return test::user_with({{"mysql_native_password", test::native_stored}});
}
KnownUser sha2_user() { return test::user_with({{"caching_sha2_password", test::sha2_stored}}); }
KnownUser ed25519_user() { return test::user_with({{"ed25519", test::ed25519_stored}}); }

std::string denied(bool with_password, std::string_view user = "app") {
  return "Access denied for user '" + std::string(user) +
         "'@'10.1.2.3' (using password: " + (with_password ? "YES)" : "NO)");
}

TEST(ClientLogin, TheGreetingSaysWhoWeAre) {
  for (const bool tls : {false, true}) {
    auto setup = test::listener_setup();
    setup.tls_offered = tls;
    setup.default_plugin = plugins::caching_sha2;
    Client client(std::move(setup));
    const std::string payload = client.answer();
    const auto greeting = my::decode_handshake(my::as_bytes(payload));
    ASSERT_TRUE(greeting) << greeting.error();
    EXPECT_EQ(greeting->server_version, "8.0.36-relevo");
    EXPECT_EQ(greeting->connection_id, 77U);
    EXPECT_EQ(greeting->challenge, first);
    EXPECT_EQ(greeting->auth_plugin, plugins::caching_sha2);
    EXPECT_EQ(greeting->status, my::Status::autocommit);
    EXPECT_EQ(greeting->capabilities.has(Capability::ssl), tls);
    EXPECT_TRUE(greeting->capabilities.has_all(
        Capability::multi_statements | Capability::deprecate_eof | Capability::plugin_auth));
    EXPECT_FALSE(greeting->capabilities.has(Capability::compress));
  }
}

TEST(ClientLogin, TheRequestIsTakenAsFarAsWeOfferedIt) {
  Client client;
  ASSERT_EQ(client.respond("", plugins::native,
                           usual | Capability::multi_statements | Capability::local_files),
            Step::look_up);
  const LoginRequest& request = client.login.request();
  EXPECT_EQ(request.user, "app");
  EXPECT_EQ(request.database, "orders");
  EXPECT_EQ(request.collation, my::utf8mb4_bin);
  EXPECT_EQ(request.packet_bytes_max, 1U << 24);
  EXPECT_TRUE(request.capabilities.has(Capability::multi_statements));
  EXPECT_FALSE(request.capabilities.has(Capability::local_files));
  EXPECT_FALSE(request.capabilities.has(Capability::deprecate_eof));
}

// ---- TLS --------------------------------------------------------------------------

std::string ssl_request() {
  return Client::response("", plugins::native, usual | Capability::ssl).substr(0, 32);
}

TEST(ClientLogin, TlsComesFirst) {
  auto setup = test::listener_setup();
  setup.tls_offered = setup.tls_required = true;
  Client client(setup);
  ASSERT_EQ(client.say(ssl_request()), Step::start_tls);
  EXPECT_TRUE(client.out.empty());
  client.login.set_tls();
  client.sequence = 2;
  EXPECT_EQ(client.respond("", plugins::native, usual | Capability::ssl), Step::look_up);

  Client without(setup);
  EXPECT_EQ(without.respond(""), Step::refused);
  EXPECT_EQ(without.login.error().number, 3159);

  Client twice(setup);
  ASSERT_EQ(twice.say(ssl_request()), Step::start_tls);
  twice.login.set_tls();
  twice.sequence = 2;
  EXPECT_EQ(twice.say(ssl_request()), Step::refused);
  EXPECT_EQ(twice.login.error().sqlstate, "08S01");
}

TEST(ClientLogin, TlsThatWasNotOfferedIsNotGiven) {
  Client client;
  EXPECT_EQ(client.say(ssl_request()), Step::refused);
  EXPECT_EQ(client.login.error().number, 1835);
}

// Somebody in between might have put the two together.
TEST(ClientLogin, ALoginInClearTextThatAsksForTlsIsRefused) {
  auto setup = test::listener_setup();
  setup.tls_offered = true;
  Client client(std::move(setup));
  EXPECT_EQ(client.respond("", plugins::native, usual | Capability::ssl), Step::refused);
  EXPECT_EQ(client.login.error().number, 1835);
}

// ---- Which method -----------------------------------------------------------------

TEST(ClientLogin, TheMethodIsTheAccountsNotTheClients) {
  struct Case {
    KnownUser user;
    std::string_view clients, defaults, method;
    bool switched;
  };
  KnownUser configured;
  configured.password = "secret";
  auto both = native_user();
  both.accounts[0].methods.push_back({"caching_sha2_password", test::sha2_stored});
  const Case cases[] = {
      {native_user(), plugins::native, plugins::native, plugins::native, false},
      {native_user(), plugins::caching_sha2, plugins::native, plugins::native, true},
      {native_user(), plugins::native, plugins::caching_sha2, plugins::native, true},
      {native_user(), plugins::ed25519, plugins::native, plugins::native, true},
      {native_user(), "", plugins::native, plugins::native, true},
      {sha2_user(), plugins::native, plugins::native, plugins::caching_sha2, true},
      {sha2_user(), plugins::caching_sha2, plugins::caching_sha2, plugins::caching_sha2, false},
      {ed25519_user(), plugins::ed25519, plugins::native, plugins::caching_sha2, true},
      {both, plugins::native, plugins::native, plugins::native, false},
      {both, plugins::caching_sha2, plugins::caching_sha2, plugins::caching_sha2, false},
      {both, plugins::clear, plugins::caching_sha2, plugins::caching_sha2, true},
      {configured, plugins::native, plugins::native, plugins::native, false},
      {configured, plugins::caching_sha2, plugins::native, plugins::caching_sha2, true},
      {configured, "unheard_of", plugins::native, plugins::native, true},
  };
  for (const Case& c : cases) {
    auto setup = test::listener_setup();
    setup.default_plugin = c.defaults;
    Client client(std::move(setup));
    ASSERT_EQ(client.respond(std::string(32, 'x'), c.clients), Step::look_up);
    const Step step = client.identify(c.user);
    EXPECT_EQ(client.login.method(), c.method);
    const std::string said = client.out.empty() ? "" : client.answer();
    const auto request = my::decode_auth_switch_request(my::as_bytes(said));
    ASSERT_EQ(static_cast<bool>(request), c.switched) << c.clients << " " << c.defaults;
    if (!c.switched) continue;
    EXPECT_EQ(step, Step::need_more);
    EXPECT_EQ(request->plugin, c.method);
    EXPECT_EQ(my::as_text(request->challenge()), text_of_challenge(second));
  }
}

TEST(ClientLogin, AClientThatKnowsNoPluginsIsNative) {
  const auto old =
      usual.without(Capability::plugin_auth | Capability::plugin_auth_lenenc_client_data);
  for (const auto defaults : {plugins::native, plugins::caching_sha2}) {
    auto setup = test::listener_setup();
    setup.default_plugin = defaults;
    Client client(setup);
    ASSERT_EQ(client.respond(native_proof_of("secret", first), "", old), Step::look_up);
    EXPECT_EQ(client.identify(native_user()), Step::accepted);

    Client cannot(setup);
    ASSERT_EQ(cannot.respond(native_proof_of("secret", first), "", old), Step::look_up);
    EXPECT_EQ(cannot.identify(sha2_user()), Step::refused);
    EXPECT_EQ(cannot.login.error().number, 1251);
  }
}

TEST(ClientLogin, TheSecondChallengeIsTheOneInUse) {
  Client client;
  ASSERT_EQ(client.respond("", plugins::caching_sha2), Step::look_up);
  ASSERT_EQ(client.identify(native_user()), Step::need_more);
  client.answer();
  Client replayed;
  ASSERT_EQ(replayed.respond("", plugins::caching_sha2), Step::look_up);
  ASSERT_EQ(replayed.identify(native_user()), Step::need_more);
  replayed.answer();
  EXPECT_EQ(client.say(native_proof_of("secret", second)), Step::accepted);
  EXPECT_EQ(client.login.next_sequence(), 4);
  EXPECT_EQ(client.login.credentials().native, make_native_key("secret"));
  EXPECT_EQ(replayed.say(native_proof_of("secret", first)), Step::refused);
}

// ---- Empty passwords --------------------------------------------------------------

TEST(ClientLogin, AnEmptyPasswordOpensAnEmptyAccountOnly) {
  const auto empty = [](std::string_view plugin) {
    return test::user_with({{std::string(plugin), ""}});
  };
  KnownUser configured_empty, configured;
  configured_empty.password = "";
  configured.password = "secret";
  struct Case {
    KnownUser user;
    std::string_view plugin;
    std::string sent;
    bool in;
  };
  const Case cases[] = {
      {empty(plugins::native), plugins::native, "", true},
      {empty(plugins::native), plugins::native, std::string(20, 'x'), false},
      {empty(plugins::caching_sha2), plugins::caching_sha2, "", true},
      {empty(plugins::caching_sha2), plugins::caching_sha2, "\0"s, true},
      {empty("ed25519"), plugins::caching_sha2, "", false},
      {empty("pam"), plugins::caching_sha2, "", false},
      {empty("unix_socket"), plugins::native, "", false},
      {empty("mysql_no_login"), plugins::native, "", false},
      {native_user(), plugins::native, "", false},
      {sha2_user(), plugins::caching_sha2, "", false},
      {KnownUser{}, plugins::native, "", false},
      {KnownUser{}, plugins::caching_sha2, "", false},
      {configured_empty, plugins::native, "", true},
      {configured_empty, plugins::caching_sha2, "", true},
      {configured_empty, plugins::native, std::string(20, 'x'), false},
      {configured, plugins::native, "", false},
      {configured, plugins::caching_sha2, "", false},
  };
  for (const Case& c : cases) {
    auto setup = test::listener_setup();
    setup.default_plugin = c.plugin;
    Client client(std::move(setup));
    ASSERT_EQ(client.respond(c.sent, c.plugin), Step::look_up);
    EXPECT_EQ(client.identify(c.user), c.in ? Step::accepted : Step::refused);
    if (c.in) {
      EXPECT_EQ(client.login.credentials().password, "");
      EXPECT_FALSE(client.login.take_learned());
    } else {
      const bool with_password = c.sent.size() > 1;
      EXPECT_EQ(client.login.error().message, denied(with_password));
    }
  }
}

// ---- The password in full -----------------------------------------------------------

// Up to the point where the password itself is asked for.
Client asked_in_full(KnownUser user, ClientLogin::Setup setup = test::listener_setup()) {
  setup.default_plugin = plugins::caching_sha2;
  Client client(std::move(setup));
  EXPECT_EQ(client.respond(sha2_proof_of("hashcat", first), plugins::caching_sha2), Step::look_up);
  EXPECT_EQ(client.identify(std::move(user)), Step::need_more);
  EXPECT_EQ(client.answer(), "\x01\x04");
  return client;
}

TEST(ClientLogin, WithoutTlsThePasswordTakesRsa) {
  Client client = asked_in_full(sha2_user());
  ASSERT_EQ(client.say("\x02"), Step::need_more);
  EXPECT_EQ(client.answer(), "\x01" + test::rsa()->public_key_pem());
  const auto cipher =
      encrypt_password(test::rsa()->public_key_pem(), "hashcat", text_of_challenge(first));
  EXPECT_EQ(client.say(*cipher), Step::accepted);
  EXPECT_EQ(client.login.credentials().password, "hashcat");

  Client knows_the_key = asked_in_full(sha2_user());
  EXPECT_EQ(knows_the_key.say(*cipher), Step::accepted);
}

TEST(ClientLogin, WithoutTlsNothingElseWillDo) {
  const auto for_another =
      encrypt_password(test::rsa()->public_key_pem(), "hashcat", text_of_challenge(second));
  for (const std::string& packet :
       {"hashcat\0"s, ""s, "\x03"s, std::string(256, 'x'), *for_another}) {
    Client client = asked_in_full(sha2_user());
    EXPECT_EQ(client.say(packet), Step::refused);
    EXPECT_EQ(client.login.error().number, 1045);
  }
  Client twice = asked_in_full(sha2_user());
  ASSERT_EQ(twice.say("\x02"), Step::need_more);
  twice.answer();
  EXPECT_EQ(twice.say("\x02"), Step::refused);

  auto setup = test::listener_setup();
  setup.rsa = nullptr;
  setup.default_plugin = plugins::caching_sha2;
  Client no_key(std::move(setup));
  ASSERT_EQ(no_key.respond(sha2_proof_of("hashcat", first), plugins::caching_sha2), Step::look_up);
  EXPECT_EQ(no_key.identify(sha2_user()), Step::refused);
  EXPECT_TRUE(no_key.login.error().reason.ends_with("use TLS")) << no_key.login.error().reason;
}

TEST(ClientLogin, APasswordIsACString) {
  auto setup = test::listener_setup();
  setup.local = true;
  for (const std::string& packet : {"hashcat"s, ""s, "hash\0cat\0"s, "hashcat\0\0"s}) {
    Client client = asked_in_full(sha2_user(), setup);
    EXPECT_EQ(client.say(packet), Step::refused);
    EXPECT_EQ(client.login.error().number, 1835) << testing::PrintToString(packet);
  }
  Client right = asked_in_full(sha2_user(), setup);
  EXPECT_EQ(right.say("hashcat\0"s), Step::accepted);
  Client long_one = asked_in_full(sha2_user(), setup);
  EXPECT_EQ(long_one.say(std::string(password_bytes_max + 1, 'x') + '\0'), Step::refused);
  EXPECT_EQ(long_one.login.error().number, 1045);
}

// An operator who tells clients to: mysql --enable-cleartext-plugin.
TEST(ClientLogin, ThePasswordMayComeAtOnceWhereNobodyListens) {
  for (const bool local : {false, true}) {
    auto setup = test::listener_setup();
    setup.local = local;
    Client client(std::move(setup));
    ASSERT_EQ(client.respond("hashcat\0"s, plugins::clear), Step::look_up);
    const Step step = client.identify(sha2_user());
    EXPECT_EQ(step, local ? Step::accepted : Step::need_more);
  }
}

TEST(ClientLogin, AProofOfTheWrongSizeIsRefused) {
  for (const std::size_t size : {1, 20, 31, 33, 256}) {
    auto setup = test::listener_setup();
    setup.default_plugin = plugins::caching_sha2;
    Client client(std::move(setup));
    ASSERT_EQ(client.respond(std::string(size, 'x'), plugins::caching_sha2,
                             usual | Capability::plugin_auth_lenenc_client_data),
              Step::look_up);
    EXPECT_EQ(client.identify(sha2_user()), Step::refused) << size;
  }
}

// ---- Several accounts of one name -----------------------------------------------------

TEST(ClientLogin, TheServerSaysWhichOfSeveralAccountsItIs) {
  KnownUser user = native_user();
  user.accounts.push_back({.host = "localhost", .methods = {{"mysql_native_password", ""}}});
  for (const bool with_password : {false, true}) {
    for (const bool welcome : {false, true}) {
      Client client;
      const auto proof = with_password ? native_proof_of("secret", first) : "";
      ASSERT_EQ(client.respond(proof), Step::look_up);
      ASSERT_EQ(client.identify(user), Step::verify_on_server);
      const ServerCredentials& credentials = client.login.credentials();
      EXPECT_EQ(credentials.native.has_value(), with_password);
      EXPECT_EQ(credentials.password.has_value(), !with_password);
      std::optional<LoginError> verdict;
      if (!welcome) verdict = {1045, "28000", "Access denied for user 'app'@'relevo'", {}};
      EXPECT_EQ(client.login.on_server_verdict(verdict), welcome ? Step::accepted : Step::refused);
      if (!welcome) {
        EXPECT_EQ(client.login.error().message, denied(with_password));
        EXPECT_EQ(client.login.error().reason, verdict->message);
      }
    }
  }
}

TEST(ClientLogin, TheServersOtherTroublesAreToldAsTheyAre) {
  KnownUser user = native_user();
  user.accounts.push_back({.host = "localhost", .methods = {}});
  Client client;
  ASSERT_EQ(client.respond(native_proof_of("secret", first)), Step::look_up);
  ASSERT_EQ(client.identify(user), Step::verify_on_server);
  EXPECT_EQ(client.login.on_server_verdict(LoginError{1040, "08004", "Too many connections", {}}),
            Step::refused);
  EXPECT_EQ(client.login.error().number, 1040);
}

TEST(ClientLogin, AccountsThatAreAlikeNeedNoServer) {
  KnownUser user = native_user();
  user.accounts.push_back(user.accounts[0]);
  user.accounts[1].host = "10.%";
  Client client;
  ASSERT_EQ(client.respond(native_proof_of("secret", first)), Step::look_up);
  EXPECT_EQ(client.identify(user), Step::accepted);
}

TEST(ClientLogin, WhatOnlyAServerCanCheckIsCheckedThere) {
  auto setup = test::listener_setup();
  setup.local = true;
  for (const bool welcome : {false, true}) {
    Client client = asked_in_full(test::user_with({{"pam", "mysql"}}), setup);
    ASSERT_EQ(client.say("hashcat\0"s), Step::verify_on_server);
    EXPECT_EQ(client.login.credentials().password, "hashcat");
    std::optional<LoginError> verdict;
    if (!welcome) verdict = {1045, "28000", "Access denied", {}};
    EXPECT_EQ(client.login.on_server_verdict(verdict), welcome ? Step::accepted : Step::refused);
    // The directory may change the password without a word to anybody.
    EXPECT_FALSE(client.login.take_learned());
  }
}

TEST(ClientLogin, OnlyWhoKnowsThePasswordHearsThatTheAccountIsBarred) {
  for (const bool locked : {false, true}) {
    for (const bool right : {false, true}) {
      KnownUser user = native_user();
      (locked ? user.accounts[0].locked : user.accounts[0].password_expired) = true;
      Client client;
      ASSERT_EQ(client.respond(native_proof_of(right ? "secret" : "wrong", first)), Step::look_up);
      ASSERT_EQ(client.identify(user), Step::refused);
      EXPECT_EQ(client.login.error().number, !right ? 1045 : locked ? 3118 : 1862);
    }
  }
}

// Whether the barred one stands in the way is the server's to say.
TEST(ClientLogin, AnAccountThatIsNotBarredComesFirst) {
  KnownUser user = native_user();
  user.accounts.push_back(user.accounts[0]);
  user.accounts[0].locked = true;
  Client client;
  ASSERT_EQ(client.respond(native_proof_of("secret", first)), Step::look_up);
  EXPECT_EQ(client.identify(user), Step::verify_on_server);
}

TEST(ClientLogin, TheFingerprintChangesWithTheAccounts) {
  const KnownUser user = native_user();
  const auto same = fingerprint("app", user.accounts);
  EXPECT_EQ(fingerprint("app", native_user().accounts), same);
  EXPECT_NE(fingerprint("app2", user.accounts), same);
  const auto changed = [&](auto change) {
    auto accounts = native_user().accounts;
    change(accounts);
    return fingerprint("app", accounts);
  };
  EXPECT_NE(changed([](auto& a) { a[0].host = "10.%"; }), same);
  EXPECT_NE(changed([](auto& a) { a[0].locked = true; }), same);
  EXPECT_NE(changed([](auto& a) { a[0].password_expired = true; }), same);
  EXPECT_NE(changed([](auto& a) { a[0].methods[0].plugin = "ed25519"; }), same);
  EXPECT_NE(changed([](auto& a) { a[0].methods[0].authentication_string[5] ^= 1; }), same);
  EXPECT_NE(changed([](auto& a) { a[0].methods.push_back(a[0].methods[0]); }), same);
  EXPECT_NE(changed([](auto& a) { a.push_back(a[0]); }), same);
  EXPECT_NE(changed([](auto& a) { a.clear(); }), same);
}

// ---- Users that do not exist ------------------------------------------------------------

TEST(ClientLogin, AnUnknownUserGoesThroughTheSameExchange) {
  auto setup = test::listener_setup();
  setup.default_plugin = plugins::caching_sha2;
  setup.local = true;
  Client known = asked_in_full(sha2_user(), setup), unknown = asked_in_full(KnownUser{}, setup);
  EXPECT_EQ(known.say("wrong\0"s), Step::refused);
  EXPECT_EQ(unknown.say("wrong\0"s), Step::refused);
  std::string one, other;
  known.login.append_error(one);
  unknown.login.append_error(other);
  EXPECT_EQ(one, other);
  EXPECT_NE(known.login.error().reason, unknown.login.error().reason);

  for (const auto proof : {"", "01234567890123456789"}) {
    Client a, b;
    ASSERT_EQ(a.respond(proof), Step::look_up);
    ASSERT_EQ(b.respond(proof), Step::look_up);
    EXPECT_EQ(a.identify(native_user()), Step::refused);
    EXPECT_EQ(b.identify(KnownUser{}), Step::refused);
    EXPECT_EQ(a.out, b.out);
    EXPECT_EQ(a.login.error().message, b.login.error().message);
  }
}

TEST(ClientLogin, ADecoysMethodIsDecidedByItsNameAndOurSecret) {
  const auto method = [](std::string_view user, std::string_view secret) {
    auto setup = test::listener_setup();
    setup.decoy_plugins = {"mysql_native_password", "caching_sha2_password"};
    setup.mock_secret = secret;
    Client client(std::move(setup));
    EXPECT_EQ(client.respond("", plugins::native, usual, user), Step::look_up);
    client.identify(KnownUser{});
    return std::string(client.login.method());
  };
  std::set<std::string> seen;
  bool secret_matters = false;
  for (int i = 0; i < 40; ++i) {
    const auto user = "user" + std::to_string(i);
    seen.insert(method(user, "one"));
    EXPECT_EQ(method(user, "one"), method(user, "one"));
    secret_matters = secret_matters || method(user, "one") != method(user, "two");
  }
  EXPECT_EQ(seen.size(), 2U);
  EXPECT_TRUE(secret_matters);
}

TEST(ClientLogin, WhereTheConfigurationListsUsersUnknownOnesLookLikeThem) {
  KnownUser configured;
  configured.password = "secret";
  for (const auto plugin : {plugins::native, plugins::caching_sha2, plugins::ed25519}) {
    Client real, made_up;
    ASSERT_EQ(real.respond("", plugin), Step::look_up);
    ASSERT_EQ(made_up.respond("", plugin), Step::look_up);
    EXPECT_EQ(real.identify(configured), made_up.identify(KnownUser{})) << plugin;
    EXPECT_EQ(real.out, made_up.out) << plugin;
  }
}

// An account that no password opens looks like no account at all.
TEST(ClientLogin, AccountsWithoutPasswordsAreRefusedLikeUnknownOnes) {
  for (const auto plugin : {"unix_socket", "auth_socket", "mysql_no_login", "gssapi"}) {
    Client client;
    ASSERT_EQ(client.respond(native_proof_of("", first)), Step::look_up);
    EXPECT_EQ(client.identify(test::user_with({{plugin, ""}})), Step::refused);
    EXPECT_EQ(client.login.error().message, denied(true));
  }
}

TEST(ClientLogin, MariadbsInvalidPasswordFitsNothing) {
  for (const auto& proof : {std::string(), native_proof_of("invalid", first)}) {
    Client client;
    ASSERT_EQ(client.respond(proof), Step::look_up);
    EXPECT_EQ(client.identify(test::user_with({{"mysql_native_password", "invalid"}})),
              Step::refused);
  }
}

// ---- COM_CHANGE_USER ------------------------------------------------------------------

std::string change_user(std::string_view user, my::Capabilities agreed) {
  my::ChangeUser message;
  message.user = user;
  message.database = "other";
  message.collation = 255;
  message.auth_plugin = plugins::native;
  const std::string proof = native_proof_of("secret", first);
  message.auth_response = my::as_bytes(proof);
  std::string packet;
  my::Writer writer(packet, 0);
  my::encode_change_user(writer, message, agreed);
  return packet.substr(4);
}

TEST(ClientLogin, ChangeUserIsAsProvedAnew) {
  Client client;
  client.out.clear();
  const auto agreed = usual.without(Capability::long_password);
  ASSERT_EQ(client.login.on_change_user(0, my::as_bytes(change_user("app", agreed)), agreed, false),
            Step::look_up);
  EXPECT_EQ(client.login.request().database, "other");
  EXPECT_EQ(client.login.request().collation, 255);
  ASSERT_EQ(client.identify(native_user()), Step::need_more);
  const std::string said = client.answer();
  EXPECT_EQ(client.sequence, 2);
  const auto request = my::decode_auth_switch_request(my::as_bytes(said));
  ASSERT_TRUE(request);
  EXPECT_EQ(my::as_text(request->challenge()), text_of_challenge(second));
  EXPECT_EQ(client.say(native_proof_of("secret", second)), Step::accepted);
  EXPECT_EQ(client.login.next_sequence(), 3);
}

TEST(ClientLogin, AChangeOfUserCutAnywhereIsRefused) {
  const std::string whole = change_user("app", usual);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    ClientLogin login(test::listener_setup());
    const relevo::test::HeapBytes cut(std::string_view(whole).substr(0, size));
    const Step step = login.on_change_user(0, cut, usual, false);
    if (step == Step::refused) {
      EXPECT_EQ(login.error().number, 1835);
    } else {
      EXPECT_EQ(step, Step::look_up);  // what follows the database may be left out
    }
  }
  ClientLogin login(test::listener_setup());
  EXPECT_EQ(login.on_change_user(1, my::as_bytes(whole), usual, false), Step::refused);
}

// ---- Nonsense -----------------------------------------------------------------------------

TEST(ClientLogin, AResponseCutAnywhereIsRefused) {
  const std::string whole = Client::response(native_proof_of("secret", first));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    Client client;
    const Step step = client.say(std::string_view(whole).substr(0, size));
    if (step == Step::look_up) continue;  // a name that ends where the packet does
    EXPECT_EQ(step, Step::refused) << size;
    EXPECT_EQ(client.login.error().number, 1835) << size;
    std::string error;
    client.login.append_error(error);
    EXPECT_TRUE(my::is_err(my::as_bytes(error).subspan(4)));
  }
}

TEST(ClientLogin, NamesLongerThanAnyServersAreRefused) {
  Client client;
  EXPECT_EQ(client.respond("", plugins::native, usual, std::string(100'000, 'u')), Step::refused);
  EXPECT_LT(client.login.error().message.size(), 1000U);
}

TEST(ClientLogin, AfterItsEndNothingIsTaken) {
  Client client;
  ASSERT_EQ(client.respond(native_proof_of("secret", first)), Step::look_up);
  ASSERT_EQ(client.identify(native_user()), Step::accepted);
  client.sequence = client.login.next_sequence();
  EXPECT_EQ(client.say("anything"), Step::refused);
}

TEST(ClientLogin, WhileTheUserIsLookedUpNothingIsTaken) {
  Client client;
  ASSERT_EQ(client.respond(""), Step::look_up);
  client.sequence = client.login.next_sequence();
  EXPECT_EQ(client.say(""), Step::refused);
}

}  // namespace
}  // namespace relevo::session::mysql
