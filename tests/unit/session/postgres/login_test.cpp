// The two halves of log-in, back to back: what one of them sends, the other
// understands, and with one byte changed anywhere on the way nobody is let in.
#include <gtest/gtest.h>

#include <functional>

#include "proxy/session/postgres/auth/md5.hpp"
#include "proxy/session/postgres/client_login.hpp"
#include "proxy/wire/postgres/authentication.hpp"
#include "proxy/wire/postgres/command.hpp"
#include "proxy/wire/postgres/frame.hpp"
#include "proxy/wire/postgres/session_info.hpp"

namespace relevo::session::postgres {
namespace {

namespace wire = relevo::wire::postgres;
using namespace std::literals;

constexpr std::string_view binding = "hash of the certificate";

enum class Method { trust, cleartext, md5, scram, scram_plus };

struct Login {
  Method method = Method::scram;
  std::string name;
};

// Few iterations: what PBKDF2 does is tested elsewhere.
const ScramVerifier& scram_verifier() {
  static const ScramVerifier verifier = make_scram_verifier("pencil", "some salt", 2);
  return verifier;
}

ClientLogin::Setup client_setup(Method method) {
  ClientLogin::Setup setup;
  setup.nonce = "nonce-of-the-listener";
  setup.md5_salt = {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
  setup.mock_secret = "secret";
  setup.trusted = method == Method::trust;
  setup.cleartext_over_tls = method == Method::cleartext;
  return setup;
}

KnownUser known_user(Method method) {
  KnownUser user;
  if (method == Method::md5) {
    user.verifier = make_md5_verifier("pencil", "app").value();
  } else {
    user.verifier = scram_verifier();
  }
  return user;
}

ServerLogin::Setup server_setup(Method method, std::string_view password = "pencil") {
  ServerLogin::Setup setup;
  setup.user = "app";
  setup.database = "orders";
  if (method != Method::trust) setup.credentials.password = password;
  setup.nonce = "nonce-of-the-connector";
  setup.tls = method == Method::cleartext || method == Method::scram_plus;
  if (method == Method::scram_plus) setup.channel_binding = binding;
  return setup;
}

// Both ends and the wire in between.
struct Dialogue {
  // Called with each message body between start-up and the end; may change it.
  using Tamper = std::function<void(int index, std::string& body)>;

  Dialogue(ClientLogin::Setup listener_setup, ServerLogin::Setup connector_setup)
      : listener(std::move(listener_setup)), connector(std::move(connector_setup)) {}

  void run(const KnownUser& user, const Tamper& tamper = nullptr) {
    std::string packet;
    connector.start(packet);
    std::string to_connector;
    client = listener.on_startup(wire::as_bytes(packet), to_connector);
    ASSERT_EQ(client, ClientLogin::Step::look_up);
    client = listener.on_user(user, to_connector);
    while (!to_connector.empty() && server == ServerLogin::Step::more) {
      std::string to_listener;
      deliver(to_connector, tamper, [&](std::uint8_t type, wire::Bytes body) {
        if (server != ServerLogin::Step::more) return;
        server = connector.on_message(static_cast<wire::Backend>(type), body, to_listener);
      });
      to_connector.clear();
      deliver(to_listener, tamper, [&](std::uint8_t type, wire::Bytes body) {
        ASSERT_EQ(type, 'p');
        if (client == ClientLogin::Step::need_more)
          client = listener.on_password(body, to_connector);
      });
    }
    if (client != ClientLogin::Step::accepted || server != ServerLogin::Step::more) return;
    std::string welcome;
    wire::Writer out(welcome);
    wire::encode_ready_for_query(out, wire::TransactionStatus::idle);
    deliver(welcome, nullptr, [&](std::uint8_t type, wire::Bytes body) {
      std::string none;
      server = connector.on_message(static_cast<wire::Backend>(type), body, none);
    });
  }

  bool both_are_in() const {
    return client == ClientLogin::Step::accepted && server == ServerLogin::Step::done;
  }

  template <typename To>
  void deliver(std::string_view bytes, const Tamper& tamper, const To& to) {
    while (!bytes.empty()) {
      const auto header = wire::read_header(wire::as_bytes(bytes));
      ASSERT_TRUE(header);
      ASSERT_GE(bytes.size(), header->total_bytes());
      std::string body(bytes.substr(wire::limits::header_bytes, header->body_bytes));
      if (tamper) tamper(messages, body);
      ++messages;
      to(header->type, wire::as_bytes(body));
      bytes.remove_prefix(header->total_bytes());
    }
  }

  ClientLogin listener;
  ServerLogin connector;
  ClientLogin::Step client = ClientLogin::Step::need_more;
  ServerLogin::Step server = ServerLogin::Step::more;
  int messages = 0;
};

void set_tls(Dialogue& dialogue, Method method) {
  if (method == Method::cleartext) dialogue.listener.set_tls(std::nullopt);
  if (method == Method::scram_plus) dialogue.listener.set_tls(std::string(binding));
}

class LoginRoundTrip : public testing::TestWithParam<Login> {};

TEST_P(LoginRoundTrip, LetsInWhoKnowsThePassword) {
  const Method method = GetParam().method;
  Dialogue dialogue(client_setup(method), server_setup(method));
  set_tls(dialogue, method);
  dialogue.run(known_user(method));
  EXPECT_TRUE(dialogue.both_are_in())
      << dialogue.listener.error().message << dialogue.connector.error().message;
  EXPECT_EQ(dialogue.listener.request().user, "app");
  EXPECT_EQ(dialogue.listener.request().database, "orders");
  EXPECT_EQ(dialogue.listener.request().application_name, "relevo");
}

// What the client revealed gets us into the server that it meant.
TEST_P(LoginRoundTrip, AndWhatItRevealedServesForTheNextServer) {
  const Method method = GetParam().method;
  Dialogue first(client_setup(method), server_setup(method));
  set_tls(first, method);
  KnownUser user = known_user(method);
  if (method == Method::trust) user.password = "pencil";  // nothing is revealed there
  first.run(user);
  ASSERT_TRUE(first.both_are_in());

  const Method server_method = method == Method::md5 ? Method::md5 : Method::scram;
  ServerLogin::Setup setup = server_setup(server_method);
  setup.credentials = first.listener.take_credentials();
  if (method == Method::scram || method == Method::scram_plus) {
    EXPECT_FALSE(setup.credentials.password);
    ASSERT_TRUE(setup.credentials.keys);
    EXPECT_EQ(setup.credentials.keys->salt, "some salt");
    EXPECT_EQ(sha256(text_of(setup.credentials.keys->client_key)), scram_verifier().stored_key);
  }
  Dialogue second(client_setup(server_method), std::move(setup));
  second.run(known_user(server_method));
  EXPECT_TRUE(second.both_are_in()) << second.connector.error().message;
}

TEST_P(LoginRoundTrip, RefusesAWrongPassword) {
  const Method method = GetParam().method;
  if (method == Method::trust) return;
  Dialogue dialogue(client_setup(method), server_setup(method, "crayon"));
  set_tls(dialogue, method);
  dialogue.run(known_user(method));
  EXPECT_EQ(dialogue.client, ClientLogin::Step::refused);
  EXPECT_EQ(dialogue.listener.error().sqlstate, "28P01");
  EXPECT_EQ(dialogue.listener.error().message, "password authentication failed for user \"app\"");
  EXPECT_NE(dialogue.server, ServerLogin::Step::done);
}

TEST_P(LoginRoundTrip, RefusesAnUnknownUserByTheSameExchange) {
  const Method method = GetParam().method;
  Dialogue known(client_setup(method), server_setup(method, "crayon"));
  set_tls(known, method);
  known.run(known_user(method));
  Dialogue unknown(client_setup(method), server_setup(method));
  set_tls(unknown, method);
  unknown.run(KnownUser{});
  EXPECT_EQ(unknown.client, ClientLogin::Step::refused);
  if (method == Method::trust) {
    EXPECT_EQ(unknown.listener.error().sqlstate, "28000");
    return;
  }
  EXPECT_EQ(unknown.listener.error().sqlstate, "28P01");
  EXPECT_EQ(unknown.listener.error().message, known.listener.error().message);
  // PostgreSQL too tells by md5 that the user is there.
  if (method != Method::md5) {
    EXPECT_EQ(unknown.messages, known.messages);
  }
}

TEST_P(LoginRoundTrip, OneChangedByteAnywhereLetsNobodyIn) {
  const Method method = GetParam().method;
  if (method == Method::trust) return;
  Dialogue plain(client_setup(method), server_setup(method));
  set_tls(plain, method);
  std::vector<std::size_t> sizes;
  plain.run(known_user(method), [&](int, std::string& body) { sizes.push_back(body.size()); });
  ASSERT_TRUE(plain.both_are_in());
  for (std::size_t index = 0; index < sizes.size(); ++index) {
    // With -PLUS among the mechanisms, a change to the other one is no loss; that
    // -PLUS itself cannot be taken out is tested below.
    if (method == Method::scram_plus && index == 0) continue;
    for (std::size_t at = 0; at < sizes[index]; ++at) {
      Dialogue dialogue(client_setup(method), server_setup(method));
      set_tls(dialogue, method);
      dialogue.run(known_user(method), [&](int i, std::string& body) {
        if (static_cast<std::size_t>(i) == index) body[at] = static_cast<char>(body[at] ^ 1);
      });
      EXPECT_FALSE(dialogue.both_are_in()) << "message " << index << ", byte " << at;
    }
    // Cut short by one.
    Dialogue dialogue(client_setup(method), server_setup(method));
    set_tls(dialogue, method);
    dialogue.run(known_user(method), [&](int i, std::string& body) {
      if (static_cast<std::size_t>(i) == index) body.pop_back();
    });
    EXPECT_FALSE(dialogue.both_are_in()) << "message " << index << ", cut";
  }
}

INSTANTIATE_TEST_SUITE_P(Methods, LoginRoundTrip,
                         testing::Values(Login{Method::trust, "Trust"},
                                         Login{Method::cleartext, "Cleartext"},
                                         Login{Method::md5, "Md5"}, Login{Method::scram, "Scram"},
                                         Login{Method::scram_plus, "ScramPlus"}),
                         [](const auto& test) { return test.param.name; });

TEST(Login, NobodyInTheMiddleTakesChannelBindingAway) {
  Dialogue dialogue(client_setup(Method::scram_plus), server_setup(Method::scram_plus));
  set_tls(dialogue, Method::scram_plus);
  dialogue.run(known_user(Method::scram_plus), [](int index, std::string& body) {
    if (index == 0) body = "\0\0\0\x0aSCRAM-SHA-256\0\0"s;
  });
  EXPECT_EQ(dialogue.client, ClientLogin::Step::refused);
  EXPECT_EQ(dialogue.listener.error().sqlstate, "28000");
}

TEST(Login, AnotherCertificateIsAnotherConnection) {
  auto setup = server_setup(Method::scram_plus);
  setup.channel_binding = "the interceptor's";
  Dialogue dialogue(client_setup(Method::scram_plus), std::move(setup));
  set_tls(dialogue, Method::scram_plus);
  dialogue.run(known_user(Method::scram_plus));
  EXPECT_EQ(dialogue.client, ClientLogin::Step::refused);
  EXPECT_EQ(dialogue.listener.error().sqlstate, "28000");
}

TEST(Login, KeysOfAnotherSaltNeedThePassword) {
  auto setup = server_setup(Method::scram);
  setup.credentials.password.reset();
  setup.credentials.keys = derive_scram_keys("pencil", "other salt", 2);
  Dialogue keys_only(client_setup(Method::scram), setup);
  keys_only.run(known_user(Method::scram));
  EXPECT_EQ(keys_only.server, ServerLogin::Step::failed);
  EXPECT_EQ(keys_only.connector.error().code, "28000");
  setup.credentials.password = "pencil";
  Dialogue with_password(client_setup(Method::scram), setup);
  with_password.run(known_user(Method::scram));
  EXPECT_TRUE(with_password.both_are_in());
}

}  // namespace
}  // namespace relevo::session::postgres
