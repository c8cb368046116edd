// The two halves of log-in, back to back: what one of them sends, the other
// understands, and with any byte changed or missing on the way nobody is let in
// who should not be.
#include <gtest/gtest.h>

#include "proxy/session/mysql/auth/ed25519.hpp"
#include "proxy/session/mysql/auth/sha256_crypt.hpp"
#include "tests/unit/session/mysql/auth/vectors.hpp"
#include "tests/unit/session/mysql/dialogue.hpp"

namespace relevo::session::mysql {
namespace {

using test::Dialogue;
namespace wire = relevo::wire::mysql;
namespace plugins = wire::auth_plugins;

// One round only: what the slow hash does is tested elsewhere.
std::string quick_sha2_hash(std::string_view password) {
  StoredSha2 stored{.rounds = 1000, .salt = "12345678901234567890", .hash = {}};
  stored.hash = sha256_crypt(password, stored.salt, stored.rounds);
  return stored.to_string();
}

struct Case {
  std::string name;
  KnownUser user;
  bool tls = false, local = false;
  std::string default_plugin = std::string(plugins::native);
  std::string method;  // that the exchange ends with
  int packets = 0;     // on the wire, greeting and OK included
};

std::vector<Case> cases() {
  const AuthMethod native{"mysql_native_password", test::native_stored};
  const AuthMethod sha2{"caching_sha2_password", quick_sha2_hash("secret")};
  const AuthMethod ed25519{"ed25519", test::ed25519_stored};
  const AuthMethod socket{"unix_socket", ""};
  const std::string sha2_name(plugins::caching_sha2), native_name(plugins::native);
  KnownUser configured;
  configured.password = "secret";
  KnownUser remembered = test::user_with({sha2});
  remembered.remembered = remember_sha2("secret");
  return {
      {"native", test::user_with({native}), false, false, native_name, native_name, 3},
      {"native, in TLS", test::user_with({native}), true, false, native_name, native_name, 4},
      {"native, not the default", test::user_with({native}), false, false, sha2_name, native_name,
       5},
      {"native or socket", test::user_with({socket, native}), false, false, native_name,
       native_name, 3},
      {"native or ed25519", test::user_with({ed25519, native}), false, false, native_name,
       native_name, 3},
      {"sha2 in full, by RSA", test::user_with({sha2}), false, false, sha2_name, sha2_name, 7},
      {"sha2 in full, in TLS", test::user_with({sha2}), true, false, sha2_name, sha2_name, 6},
      {"sha2 in full, locally", test::user_with({sha2}), false, true, sha2_name, sha2_name, 5},
      {"sha2, not the default", test::user_with({sha2}), false, false, native_name, sha2_name, 9},
      {"sha2, fast", remembered, false, false, sha2_name, sha2_name, 4},
      {"ed25519, by RSA", test::user_with({ed25519}), false, false, native_name, sha2_name, 9},
      {"configured", configured, false, false, native_name, native_name, 3},
      {"configured, sha2", configured, false, false, sha2_name, sha2_name, 4},
  };
}

Dialogue dialogue(const Case& c, std::string_view password = "secret") {
  auto ours = test::listener_setup();
  auto theirs = test::connector_setup(password);
  ours.default_plugin = c.default_plugin;
  ours.tls_offered = c.tls;
  ours.local = theirs.local = c.local;
  theirs.tls = c.tls ? ServerTls::require : ServerTls::prefer;
  return {std::move(ours), std::move(theirs)};
}

TEST(Login, EveryMethodLetsIn) {
  for (const Case& c : cases()) {
    Dialogue d = dialogue(c);
    d.run(c.user);
    EXPECT_TRUE(d.is_in()) << c.name << ": " << d.listener.error().message << " "
                           << d.listener.error().reason << d.connector.error().message;
    EXPECT_EQ(d.listener.method(), c.method) << c.name;
    EXPECT_EQ(d.packets.size(), static_cast<std::size_t>(c.packets)) << c.name;
    const LoginRequest& request = d.listener.request();
    EXPECT_EQ(request.user, "app");
    EXPECT_EQ(request.database, "orders");
    EXPECT_EQ(request.collation, wire::utf8mb4_general_ci);
    ASSERT_EQ(request.attributes.size(), 1U);
    EXPECT_EQ(request.attributes[0],
              std::make_pair(std::string("program_name"), std::string("test")));
    EXPECT_EQ(d.connector.capabilities().with(wire::Capability::ssl),
              request.capabilities.with(wire::Capability::ssl));
    EXPECT_EQ(d.connector.server_version(), "8.0.36-relevo");
    EXPECT_EQ(d.connector.connection_id(), 77U);
  }
}

TEST(Login, EveryMethodRefusesAnotherPassword) {
  for (const Case& c : cases()) {
    for (const std::string_view password : {"Secret", "", "secret1"}) {
      Dialogue d = dialogue(c, password);
      d.run(c.user);
      EXPECT_EQ(d.client, ClientLogin::Step::refused) << c.name << password;
      EXPECT_EQ(d.server, ServerLogin::Step::failed) << c.name << password;
      EXPECT_EQ(d.connector.error().number, 1045) << c.name;
      EXPECT_EQ(d.connector.error().sqlstate, "28000") << c.name;
      EXPECT_EQ(d.connector.error().message,
                std::string("Access denied for user 'app'@'10.1.2.3' (using password: ") +
                    (password.empty() ? "NO)" : "YES)"));
      EXPECT_FALSE(d.listener.take_learned());
    }
  }
}

// The passthrough itself: with what the client revealed, and nothing else, a
// server is opened that has other challenges and the same accounts.
TEST(Login, WhatTheClientRevealedOpensAServer) {
  for (const Case& c : cases()) {
    Dialogue d = dialogue(c);
    d.run(c.user);
    ASSERT_TRUE(d.is_in()) << c.name;
    auto theirs = test::connector_setup();
    theirs.credentials = d.listener.take_credentials();
    auto ours = test::listener_setup();
    ours.default_plugin = c.default_plugin;
    ours.challenge = test::challenge_of('A');
    ours.second_challenge = test::challenge_of('P');
    KnownUser cold = c.user;  // a server that has just been started
    cold.remembered.reset();
    Dialogue on(std::move(ours), std::move(theirs));
    on.run(cold);
    EXPECT_TRUE(on.is_in()) << c.name << ": " << on.connector.error().message;
  }
}

TEST(Login, WhatWasLearnedMakesTheNextLoginFast) {
  for (const Case& c : cases()) {
    if (c.method != plugins::caching_sha2 || c.user.password) continue;
    Dialogue first = dialogue(c);
    first.run(c.user);
    KnownUser user = c.user;
    user.remembered = first.listener.take_learned();
    ASSERT_TRUE(user.remembered) << c.name;
    Dialogue second = dialogue(c);
    second.run(user);
    EXPECT_TRUE(second.is_in()) << c.name;
    EXPECT_LE(second.packets.size(), 6U) << c.name;
    EXPECT_EQ(second.listener.credentials().password, "secret") << c.name;
    Dialogue wrong = dialogue(c, "Secret");
    wrong.run(user);
    EXPECT_EQ(wrong.client, ClientLogin::Step::refused) << c.name;
  }
}

// Every byte of small packets; a sample of keys and ciphers, each of which costs a
// slow hash or an RSA operation.
std::size_t stride(const Case& c, std::size_t packet_bytes) {
  if (packet_bytes > 200) return 37;
  return c.method == plugins::native ? 1 : 3;
}

TEST(Login, AChangedProofLetsNobodyIn) {
  for (const Case& c : cases()) {
    if (c.tls || c.local) continue;  // there the wire is not anybody's to change
    Dialogue plain = dialogue(c);
    plain.run(c.user);
    ASSERT_TRUE(plain.is_in()) << c.name;
    for (std::size_t index = 0; index + 1 < plain.packets.size(); ++index) {
      const std::string& whole = plain.packets[index];
      for (std::size_t at = 0; at < whole.size(); at += stride(c, whole.size())) {
        Dialogue d = dialogue(c);
        d.run(c.user, [&](int i, std::string& packet) {
          if (static_cast<std::size_t>(i) == index && at < packet.size()) {
            packet[at] = static_cast<char>(packet[at] ^ 0x21);
          }
        });
        if (!d.is_in()) continue;
        // Let in all the same: then it was with the true password or key.
        const ServerCredentials& proved = d.listener.credentials();
        EXPECT_TRUE(proved.password == "secret" || proved.native == make_native_key("secret"))
            << c.name << " packet " << index << " byte " << at;
      }
    }
  }
}

TEST(Login, APacketCutAnywhereIsRefusedOrAwaited) {
  for (const Case& c : cases()) {
    Dialogue plain = dialogue(c);
    plain.run(c.user);
    for (std::size_t index = 0; index + 1 < plain.packets.size(); ++index) {
      const std::size_t size = plain.packets[index].size();
      for (std::size_t kept = wire::limits::header_bytes; kept < size; kept += stride(c, size)) {
        Dialogue d = dialogue(c);
        d.run(c.user, [&](int i, std::string& packet) {
          if (static_cast<std::size_t>(i) != index || packet.size() <= kept) return;
          packet.resize(kept);
          const auto length = static_cast<std::uint32_t>(kept - wire::limits::header_bytes);
          packet[0] = static_cast<char>(length);
          packet[1] = static_cast<char>(length >> 8);
        });
        if (!d.is_in()) continue;
        const ServerCredentials& proved = d.listener.credentials();
        EXPECT_TRUE(proved.password == "secret" || proved.native == make_native_key("secret"))
            << c.name << " packet " << index << " kept " << kept;
      }
    }
  }
}

TEST(Login, APacketOutOfOrderEndsIt) {
  for (const Case& c : cases()) {
    Dialogue plain = dialogue(c);
    plain.run(c.user);
    for (std::size_t index = 0; index < plain.packets.size(); ++index) {
      Dialogue d = dialogue(c);
      d.run(c.user, [&](int i, std::string& packet) {
        if (static_cast<std::size_t>(i) == index) ++packet[3];
      });
      EXPECT_FALSE(d.is_in()) << c.name << " packet " << index;
    }
  }
}

}  // namespace
}  // namespace relevo::session::mysql
