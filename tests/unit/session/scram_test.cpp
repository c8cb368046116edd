// SCRAM, both sides: the RFC's example, whole exchanges, and failures at every
// step and in every field.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "proxy/session/postgres/auth/scram_client.hpp"
#include "proxy/session/postgres/auth/scram_server.hpp"
#include "proxy/wire/postgres/authentication.hpp"
#include "tests/unit/session/postgres_vectors.hpp"

namespace relevo::session::postgres {
namespace {

using namespace std::literals;

// RFC 7677, section 3: user "user", password "pencil".
const std::string rfc_client_nonce = "rOprNGfwEbeRWgbNEkqO";
const std::string rfc_server_nonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
const std::string rfc_client_first = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
const std::string rfc_server_first =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
const std::string rfc_client_final =
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
const std::string rfc_server_final = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

const ScramVerifier& rfc_verifier() {
  static const ScramVerifier verifier =
      make_scram_verifier("pencil", *base64_decode("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096);
  return verifier;
}

ScramServer::Setup rfc_server() {
  ScramServer::Setup setup;
  setup.verifier = rfc_verifier();
  setup.nonce = rfc_server_nonce;
  return setup;
}

ScramServer::Setup plus_server() {
  ScramServer::Setup setup = rfc_server();
  setup.plus_advertised = true;
  setup.plus_chosen = true;
  setup.channel_binding = "certificate hash";
  return setup;
}

ScramClient::Setup rfc_client() {
  ScramClient::Setup setup;
  setup.password = "pencil";
  setup.user = "user";
  setup.nonce = rfc_client_nonce;
  return setup;
}

ScramClient::Setup plus_client() {
  ScramClient::Setup setup = rfc_client();
  setup.flag = Gs2Flag::used;
  setup.channel_binding = "certificate hash";
  return setup;
}

template <typename T>
std::string code_of(const Result<T>& result) {
  return result ? "ok" : result.error().code;
}

// Runs both sides against each other; `tamper` may change message 0 .. 3 on its way.
struct Outcome {
  std::string server = "not reached", client = "not reached";
  std::optional<ScramKeys> server_learned, client_kept;
};
using Tamper = std::function<void(int, std::string&)>;

Outcome run(
    ScramClient::Setup client_setup, ScramServer::Setup server_setup,
    const Tamper& tamper = [](int, std::string&) {}) {
  Outcome outcome;
  ScramClient client(std::move(client_setup));
  ScramServer server(std::move(server_setup));
  std::string message = client.first();
  tamper(0, message);
  auto server_first = server.first(message);
  outcome.server = code_of(server_first);
  if (!server_first) return outcome;
  tamper(1, *server_first);
  auto client_final = client.respond(*server_first);
  outcome.client = code_of(client_final);
  if (!client_final) return outcome;
  tamper(2, *client_final);
  auto login = server.finish(*client_final);
  outcome.server = code_of(login);
  if (!login) return outcome;
  outcome.server_learned = login->keys;
  tamper(3, login->server_final);
  auto kept = client.finish(login->server_final);
  outcome.client = code_of(kept);
  if (kept) outcome.client_kept = *kept;
  return outcome;
}

TEST(ScramRfc7677, TheServerSpeaksTheExample) {
  ScramServer server(rfc_server());
  EXPECT_EQ(server.first(rfc_client_first).value(), rfc_server_first);
  const auto login = server.finish(rfc_client_final);
  ASSERT_TRUE(login);
  EXPECT_EQ(login->server_final, rfc_server_final);
  const ScramKeys keys = derive_scram_keys("pencil", rfc_verifier().salt, 4096);
  EXPECT_EQ(login->keys.client_key, keys.client_key);
  EXPECT_EQ(login->keys.server_key, keys.server_key);
  EXPECT_TRUE(login->keys.fits(keys.salt, keys.iterations));
}

TEST(ScramRfc7677, TheClientSpeaksTheExample) {
  ScramClient client(rfc_client());
  EXPECT_EQ(client.first(), rfc_client_first);
  EXPECT_EQ(client.respond(rfc_server_first).value(), rfc_client_final);
  EXPECT_TRUE(client.finish(rfc_server_final));
}

TEST(Scram, LogsInWithAndWithoutChannelBinding) {
  EXPECT_EQ(run(rfc_client(), rfc_server()).client, "ok");
  EXPECT_EQ(run(plus_client(), plus_server()).client, "ok");
  ScramClient::Setup could_bind = rfc_client();
  could_bind.flag = Gs2Flag::not_offered;
  EXPECT_EQ(run(could_bind, rfc_server()).client, "ok");
  ScramServer::Setup offered = plus_server();  // but a client without binding is let in
  offered.plus_chosen = false;
  EXPECT_EQ(run(rfc_client(), offered).client, "ok");
}

TEST(Scram, LogsInAgainstVerifiersOfARealServer) {
  for (const auto& row : test::postgres_scram_vectors) {
    ScramServer::Setup server = rfc_server();
    server.verifier = std::get<ScramVerifier>(parse_verifier(row.rolpassword).value());
    ScramClient::Setup client = rfc_client();
    client.password = row.password;
    EXPECT_EQ(run(client, server).client, "ok") << row.rolpassword;
    client.password = std::string(row.password) + "x";
    EXPECT_EQ(run(client, server).server, "28P01") << row.rolpassword;
  }
}

TEST(Scram, KeysLearnedFromAClientOpenTheServersBehind) {
  const Outcome front = run(rfc_client(), rfc_server());
  ASSERT_TRUE(front.server_learned);
  ScramClient::Setup behind;
  behind.keys = front.server_learned;
  behind.nonce = "another";
  const Outcome back = run(behind, rfc_server());
  EXPECT_EQ(back.client, "ok");
  EXPECT_EQ(back.client_kept->client_key, front.server_learned->client_key);
  EXPECT_EQ(run(
                [&] {
                  ScramClient::Setup bound = behind;
                  bound.flag = Gs2Flag::used;
                  bound.channel_binding = "certificate hash";
                  return bound;
                }(),
                plus_server())
                .client,
            "ok");

  ScramServer::Setup changed = rfc_server();  // the password was changed in between
  changed.verifier = make_scram_verifier("pencil", "another salt", 4096);
  EXPECT_EQ(run(behind, changed).client, "28000");
  behind.password = "pencil";  // keys that don't fit, and a password that does
  const Outcome renewed = run(behind, changed);
  EXPECT_EQ(renewed.client, "ok");
  EXPECT_TRUE(renewed.client_kept->fits("another salt", 4096));
}

TEST(Scram, WrongPasswordsAndWrongKeysAreRefused) {
  ScramClient::Setup client = rfc_client();
  for (const char* password : {"", "pencil ", "Pencil", "pencil\n"}) {
    client.password = password;
    EXPECT_EQ(run(client, rfc_server()).server, "28P01") << password;
  }
  client.password.reset();
  client.keys = derive_scram_keys("pencil", rfc_verifier().salt, 4096);
  client.keys->client_key[0] ^= std::byte{1};
  EXPECT_EQ(run(client, rfc_server()).server, "28P01");
}

TEST(Scram, AServerThatDoesNotKnowThePasswordIsNotBelieved) {
  ScramServer::Setup server = rfc_server();
  server.verifier.server_key[31] ^= std::byte{1};  // StoredKey is right, ServerKey isn't
  EXPECT_EQ(run(rfc_client(), server).client, "28000");
}

TEST(Scram, AMockExchangeIsRefusedWhateverComes) {
  ScramServer::Setup server = rfc_server();
  server.mock = true;  // even were the verifier the right one
  const Outcome refused = run(rfc_client(), server);
  EXPECT_EQ(refused.server, "28P01");
  EXPECT_FALSE(refused.server_learned);

  const auto first_to = [](const ScramVerifier& verifier, bool mock) {
    ScramServer::Setup setup;
    setup.verifier = verifier;
    setup.mock = mock;
    setup.nonce = "server";
    ScramServer exchange(setup);
    return exchange.first("n,,n=,r=client").value();
  };
  const std::string unknown = first_to(make_mock_verifier("secret", "nobody"), true);
  const std::string known = first_to(rfc_verifier(), false);
  EXPECT_EQ(unknown, first_to(make_mock_verifier("secret", "nobody"), true));
  EXPECT_EQ(unknown.size(), known.size());  // nothing tells the two apart
}

TEST(Scram, ADifferentCertificateOnEachSideIsRefused) {
  ScramClient::Setup client = plus_client();
  client.channel_binding = "certificate of a man in the middle";
  EXPECT_EQ(run(client, plus_server()).server, "28000");
}

TEST(Scram, ADowngradeIsNoticed) {
  ScramClient::Setup client = rfc_client();
  client.flag = Gs2Flag::not_offered;  // somebody hid -PLUS from it
  ScramServer::Setup server = plus_server();
  server.plus_chosen = false;
  EXPECT_EQ(run(client, server).server, "28000");
}

// A man in the middle changes one byte of one message: nobody may end logged in
// on both sides. Every message, every byte, three ways.
void tamper_everywhere(const ScramClient::Setup& client, const ScramServer::Setup& server) {
  std::vector<std::size_t> sizes(4);
  ASSERT_EQ(run(client, server, [&](int i, std::string& m) { sizes[i] = m.size(); }).client, "ok");
  for (int target = 0; target < 4; ++target) {
    for (std::size_t at = 0; at < sizes[target]; ++at) {
      for (const int change : {1, 0x20, 0x80}) {
        const Outcome outcome = run(client, server, [&](int i, std::string& m) {
          if (i == target) m[at] = static_cast<char>(m[at] ^ change);
        });
        EXPECT_FALSE(outcome.client_kept) << "message " << target << ", byte " << at;
        if (target < 3) {
          EXPECT_FALSE(outcome.server_learned) << "message " << target << ", byte " << at;
        }
      }
    }
  }
}

// Keys instead of a password, so that the many runs take no PBKDF2.
ScramClient::Setup keyed(ScramClient::Setup setup) {
  setup.keys = derive_scram_keys("pencil", rfc_verifier().salt, 4096);
  setup.password.reset();
  return setup;
}

TEST(Scram, AnyChangedByteIsNoticed) { tamper_everywhere(keyed(rfc_client()), rfc_server()); }

TEST(Scram, AnyChangedByteIsNoticedWithChannelBinding) {
  tamper_everywhere(keyed(plus_client()), plus_server());
}

TEST(Scram, AnyMessageCutShortIsNoticed) {
  const ScramClient::Setup client = keyed(rfc_client());
  for (int target = 0; target < 4; ++target) {
    std::size_t size = 0;
    run(client, rfc_server(), [&](int i, std::string& m) {
      if (i == target) size = m.size();
    });
    for (std::size_t cut = 0; cut < size; ++cut) {
      const Outcome outcome = run(client, rfc_server(), [&](int i, std::string& m) {
        if (i == target) m.resize(cut);
      });
      EXPECT_FALSE(outcome.client_kept) << "message " << target << " cut to " << cut;
    }
  }
}

TEST(ScramServer, RefusesMalformedFirstMessages) {
  const struct {
    std::string message;
    const char* code;
  } table[] = {
      {"", "08P01"},
      {"n", "08P01"},
      {"n,", "08P01"},
      {"n,,", "08P01"},
      {"x,,n=,r=abc", "08P01"},
      {"n,n=,r=abc", "08P01"},
      {"nn,,n=,r=abc", "08P01"},
      {"n,,r=abc", "08P01"},  // no user
      {"n,,n=", "08P01"},     // no nonce
      {"n,,n=,", "08P01"},
      {"n,,n=,r=", "08P01"},     // empty nonce
      {"n,,n=,r=a b", "08P01"},  // a blank in the nonce
      {"n,,n=,r=a\xc3\xa9", "08P01"},
      {"n,,n=,r=abc,", "08P01"},
      {"n,,n=,r=abc,x", "08P01"},
      {"n,,n=,r=abc,1=2", "08P01"},
      {"n,,r=abc,n=", "08P01"},  // wrong order
      {"n,,n=a\0b,r=abc"s, "08P01"},
      {"n,a=root,n=,r=abc", "0A000"},  // authorization identity
      {"n,x,n=,r=abc", "08P01"},
      {"n,,m=ext,n=,r=abc", "0A000"},  // mandatory extension
      {"p=tls-unique,,n=,r=abc", "08P01"},
      {"p=tls-server-end-point,,n=,r=abc", "08P01"},  // binds, but not with -PLUS
      {"p=,,n=,r=abc", "08P01"},
      {"n,,n=,r=" + std::string(1024, 'a'), "08P01"},  // too long
  };
  for (const auto& row : table) {
    ScramServer server(rfc_server());
    EXPECT_EQ(code_of(server.first(row.message)), row.code) << row.message;
  }
  for (const char* flag : {"n", "y", "p=tls-unique", "p="}) {
    ScramServer server(plus_server());
    EXPECT_EQ(code_of(server.first(flag + ",,n=,r=abc"s)), "08P01") << flag;
  }
}

TEST(ScramServer, RefusesAMechanismThatItDidNotOffer) {
  ScramServer::Setup setup = rfc_server();
  setup.plus_chosen = true;  // the client's word
  ScramServer server(setup);
  EXPECT_EQ(code_of(server.first("p=tls-server-end-point,,n=,r=abc")), "08P01");
}

TEST(ScramServer, RefusesMessagesOutOfTurn) {
  ScramServer early(rfc_server());
  EXPECT_EQ(code_of(early.finish(rfc_client_final)), "08P01");
  ScramServer twice(rfc_server());
  ASSERT_TRUE(twice.first(rfc_client_first));
  EXPECT_EQ(code_of(twice.first(rfc_client_first)), "08P01");
  EXPECT_EQ(code_of(twice.finish(rfc_client_final)), "08P01");
  ScramServer again(rfc_server());  // one guess per exchange
  ASSERT_TRUE(again.first(rfc_client_first));
  EXPECT_EQ(code_of(again.finish("")), "08P01");
  EXPECT_EQ(code_of(again.finish(rfc_client_final)), "08P01");
}

TEST(ScramServer, IgnoresTheUserAndOptionalExtensions) {
  ScramServer server(rfc_server());
  EXPECT_TRUE(server.first("n,,n=some=2Cbody,r=abc,x=1,y="));
}

TEST(ScramServer, RefusesMalformedFinalMessages) {
  const std::string nonce = rfc_client_nonce + rfc_server_nonce;
  const std::string proof = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
  const struct {
    std::string message;
    const char* code;
  } table[] = {
      {"", "08P01"},
      {"c=biws", "08P01"},
      {"c=biws,r=" + nonce, "08P01"},                  // no proof
      {"r=" + nonce + ",p=" + proof, "08P01"},         // no binding
      {"c=eSws,r=" + nonce + ",p=" + proof, "08P01"},  // y,, after n,,
      {"c=biw,r=" + nonce + ",p=" + proof, "08P01"},
      {"c=,r=" + nonce + ",p=" + proof, "08P01"},
      {"c=biws,r=" + rfc_client_nonce + ",p=" + proof, "08P01"},  // without our part
      {"c=biws,r=" + rfc_server_nonce + ",p=" + proof, "08P01"},
      {"c=biws,r=" + nonce + "x,p=" + proof, "08P01"},
      {"c=biws,r=,p=" + proof, "08P01"},
      {"c=biws,p=" + proof + ",r=" + nonce, "08P01"},  // wrong order
      {"c=biws,r=" + nonce + ",p=", "08P01"},
      {"c=biws,r=" + nonce + ",p=c2hvcnQ=", "08P01"},                // proof too short
      {"c=biws,r=" + nonce + ",p=" + proof.substr(0, 43), "08P01"},  // no padding
      {"c=biws,r=" + nonce + ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVR=", "08P01"},
      {"c=biws,r=" + nonce + ",p= " + proof, "08P01"},
      {"c=biws,r=" + nonce + ",p=" + proof + ",", "08P01"},
      {"c=biws,r=" + nonce + ",p=" + proof + ",x=1", "08P01"},  // after the proof
      {"c=biws,r=" + nonce + ",p=" + proof + "\0"s, "08P01"},
      {"c=biws,r=" + nonce + ",x=1,p=" + proof, "28P01"},  // well formed, but not what was proved
      {"c=biws,r=" + nonce + ",x=" + std::string(1024, 'x') + ",p=" + proof, "08P01"},
  };
  for (const auto& row : table) {
    ScramServer server(rfc_server());
    ASSERT_TRUE(server.first(rfc_client_first));
    EXPECT_EQ(code_of(server.finish(row.message)), row.code) << row.message;
  }
}

TEST(ScramClient, RefusesMalformedFirstMessages) {
  const std::string nonce = rfc_client_nonce + "x";
  const struct {
    std::string message;
    const char* code;
  } table[] = {
      {"", "08P01"},
      {"r=" + nonce, "08P01"},
      {"r=" + nonce + ",s=c2FsdA==", "08P01"},
      {"r=" + rfc_client_nonce + ",s=c2FsdA==,i=1", "08P01"},  // nothing of its own
      {"r=x" + nonce + ",s=c2FsdA==,i=1", "08P01"},
      {"r=other,s=c2FsdA==,i=1", "08P01"},
      {"r=" + nonce + "\x01,s=c2FsdA==,i=1", "08P01"},
      {"r=" + nonce + ",s=,i=1", "08P01"},
      {"r=" + nonce + ",s=c2FsdA=,i=1", "08P01"},
      {"r=" + nonce + ",s=c2FsdA==,i=", "08P01"},
      {"r=" + nonce + ",s=c2FsdA==,i=0", "08P01"},
      {"r=" + nonce + ",s=c2FsdA==,i=-1", "08P01"},
      {"r=" + nonce + ",s=c2FsdA==,i=+1", "08P01"},
      {"r=" + nonce + ",s=c2FsdA==,i=1x", "08P01"},
      {"r=" + nonce + ",s=c2FsdA==,i=10000001", "08P01"},  // would cost seconds of CPU
      {"r=" + nonce + ",s=c2FsdA==,i=99999999999999999999", "08P01"},
      {"r=" + nonce + ",i=1,s=c2FsdA==", "08P01"},
      {"r=" + nonce + ",s=c2FsdA==,i=1,", "08P01"},
      {"r=" + nonce + ",s=c2FsdA==,i=1,x", "08P01"},
      {"m=ext,r=" + nonce + ",s=c2FsdA==,i=1", "0A000"},
  };
  for (const auto& row : table) {
    ScramClient client(rfc_client());
    client.first();
    EXPECT_EQ(code_of(client.respond(row.message)), row.code) << row.message;
  }
  ScramClient client(rfc_client());
  client.first();
  EXPECT_TRUE(client.respond("r=" + nonce + ",s=c2FsdA==,i=1"));  // few, but libpq takes it too
}

TEST(ScramClient, RefusesMalformedFinalMessages) {
  const struct {
    std::string message;
    const char* code;
  } table[] = {
      {"", "08P01"},
      {"v", "08P01"},
      {"v=", "08P01"},
      {"v=c2hvcnQ=", "08P01"},
      {rfc_server_final + ",", "08P01"},
      {rfc_server_final + "x", "08P01"},
      {"x=1," + rfc_server_final, "08P01"},
      {"v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", "28000"},
      {"e=invalid-proof", "28P01"},
      {"e=other-error", "28P01"},
  };
  for (const auto& row : table) {
    ScramClient client(rfc_client());
    client.first();
    ASSERT_TRUE(client.respond(rfc_server_first));
    EXPECT_EQ(code_of(client.finish(row.message)), row.code) << row.message;
  }
}

TEST(ScramClient, RefusesMessagesOutOfTurn) {
  ScramClient early(rfc_client());
  EXPECT_EQ(code_of(early.respond(rfc_server_first)), "08P01");
  ScramClient skipped(rfc_client());
  skipped.first();
  EXPECT_EQ(code_of(skipped.finish(rfc_server_final)), "08P01");
  ScramClient twice(rfc_client());
  twice.first();
  ASSERT_TRUE(twice.respond(rfc_server_first));
  EXPECT_EQ(code_of(twice.respond(rfc_server_first)), "08P01");
  EXPECT_EQ(code_of(twice.finish(rfc_server_final)), "08P01");
}

TEST(ScramClient, EscapesTheUser) {
  ScramClient::Setup setup = rfc_client();
  setup.user = "a,b=c";
  EXPECT_EQ(ScramClient(setup).first(), "n,,n=a=2Cb=3Dc,r=" + rfc_client_nonce);
}

TEST(ChooseScram, DecidesAsLibpqDoes) {
  const wire::postgres::SaslMechanisms both("SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0"sv);
  const wire::postgres::SaslMechanisms plain("SCRAM-SHA-256\0"sv);
  const wire::postgres::SaslMechanisms plus("SCRAM-SHA-256-PLUS\0"sv);
  const wire::postgres::SaslMechanisms other("OAUTHBEARER\0"sv);
  using Policy = ChannelBindingPolicy;
  const struct {
    const char* name;
    const wire::postgres::SaslMechanisms& offered;
    bool tls, binding;
    Policy policy;
    const char* expected;  // mechanism and flag, or an error code
  } table[] = {
      {"TLS, offered", both, true, true, Policy::prefer, "SCRAM-SHA-256-PLUS p"},
      {"TLS, required", both, true, true, Policy::require, "SCRAM-SHA-256-PLUS p"},
      {"TLS, not wanted", both, true, true, Policy::disable, "SCRAM-SHA-256 n"},
      {"TLS, certificate without a hash", both, true, false, Policy::prefer, "SCRAM-SHA-256 n"},
      {"the same, required", both, true, false, Policy::require, "0A000"},
      {"TLS, not offered", plain, true, true, Policy::prefer, "SCRAM-SHA-256 y"},
      {"TLS, not offered, not wanted", plain, true, true, Policy::disable, "SCRAM-SHA-256 n"},
      {"TLS, not offered, required", plain, true, true, Policy::require, "0A000"},
      {"TLS, only PLUS", plus, true, true, Policy::prefer, "SCRAM-SHA-256-PLUS p"},
      {"TLS, only PLUS, not wanted", plus, true, true, Policy::disable, "0A000"},
      {"no TLS", plain, false, false, Policy::prefer, "SCRAM-SHA-256 n"},
      {"no TLS, required", plain, false, false, Policy::require, "0A000"},
      {"no TLS, PLUS offered", both, false, false, Policy::prefer, "08P01"},
      {"nothing known", other, true, true, Policy::prefer, "0A000"},
      {"nothing at all", {}, true, true, Policy::prefer, "0A000"},
  };
  for (const auto& row : table) {
    const auto choice = choose_scram(row.offered, row.tls, row.binding, row.policy);
    EXPECT_EQ(choice ? std::string(choice->mechanism) + " " + static_cast<char>(choice->flag)
                     : choice.error().code,
              row.expected)
        << row.name;
  }
}

}  // namespace
}  // namespace relevo::session::postgres
