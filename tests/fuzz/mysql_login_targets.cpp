// Logging in, from both sides: what a peer may send before it is trusted.
#include <algorithm>
#include <array>

#include "proxy/session/mysql/auth/ed25519.hpp"
#include "proxy/session/mysql/auth/sha256_crypt.hpp"
#include "proxy/session/mysql/client_login.hpp"
#include "proxy/session/mysql/quote.hpp"
#include "proxy/session/mysql/server_login.hpp"
#include "proxy/wire/mysql/frame.hpp"
#include "tests/fuzz/targets.hpp"
#include "topology/model/check.hpp"

namespace relevo::fuzz {
namespace {

namespace wire = relevo::wire::mysql;
using namespace session::mysql;
using namespace std::literals;
using wire::as_bytes;
using wire::as_text;

constexpr std::string_view password = "correct horse";

std::shared_ptr<const RsaKeyPair> rsa() {
  static const auto pair = std::make_shared<const RsaKeyPair>(RsaKeyPair::generate());
  return pair;
}

wire::Challenge challenge_of(char first) {
  wire::Challenge challenge;
  for (auto& byte : challenge) byte = static_cast<std::byte>(first++);
  return challenge;
}

// Splits the rest of an input into packets by a byte of length each.
template <typename OnPacket>
void each_packet(Bytes input, OnPacket on_packet) {
  while (!input.empty()) {
    const std::size_t size = std::to_integer<std::size_t>(input[0]);
    const Bytes packet = input.subspan(1, std::min(size, input.size() - 1));
    input = input.subspan(1 + packet.size());
    if (!on_packet(packet)) return;
  }
}

KnownUser user_of(unsigned choice) {
  KnownUser user;
  const auto account = [&](std::vector<AuthMethod> methods) {
    user.accounts.push_back({.host = "%", .methods = std::move(methods)});
  };
  const std::string native = make_native_verifier(make_native_key(password)).to_string();
  switch (choice % 6) {
    case 0:
      break;  // unknown
    case 1:
      account({{"mysql_native_password", native}});
      break;
    case 2:
      // Few rounds: what the hash costs is not what is looked for.
      account({{"caching_sha2_password", "$A$001$" + std::string(63, 'x')}});
      user.remembered = remember_sha2(password);
      break;
    case 3:
      account({{"ed25519", std::string(43, 'A')}, {"mysql_native_password", native}});
      break;
    case 4:
      account({{"pam", ""}});
      account({{"mysql_native_password", native}});
      break;
    default:
      user.password = std::string(password);
  }
  return user;
}

// Nobody gets in by chance: the password, or a proof, would have to be found first.
void mysql_client_login(Bytes input) {
  if (input.size() < 2) return;
  const auto choice = std::to_integer<unsigned>(input[0]);
  const auto known = std::to_integer<unsigned>(input[1]);
  ClientLogin::Setup setup;
  setup.server_version = (choice & 1U) != 0 ? "8.0.36" : "10.11.6-MariaDB";
  setup.capabilities = wire::Capability::multi_statements | wire::Capability::deprecate_eof;
  setup.challenge = challenge_of('0');
  setup.second_challenge = challenge_of('a');
  if ((choice & 2U) != 0) setup.default_plugin = wire::auth_plugins::caching_sha2;
  if ((choice & 4U) != 0) setup.decoy_plugins = {setup.default_plugin};
  if ((choice & 8U) != 0) setup.rsa = rsa();
  setup.tls_offered = (choice & 16U) != 0;
  setup.tls_required = (choice & 32U) != 0;
  setup.local = (choice & 64U) != 0;
  setup.mock_secret = "secret";
  const bool change_user = (choice & 128U) != 0;
  ClientLogin login(std::move(setup));
  std::string out;
  std::uint8_t sequence = 1;
  if (!change_user) login.start(out);
  bool first = true;
  each_packet(input.subspan(2), [&](Bytes packet) {
    out.clear();
    auto step = change_user && first
                    ? login.on_change_user(
                          0, packet,
                          wire::Capability::protocol_41 | wire::Capability::plugin_auth |
                              wire::Capability::secure_connection | wire::Capability::connect_attrs,
                          login.is_tls())
                    : login.on_packet(sequence, packet, out);
    first = false;
    if (step == ClientLogin::Step::look_up) step = login.on_user(user_of(known), out);
    if (step == ClientLogin::Step::start_tls) {
      login.set_tls();
      ++sequence;
      return true;
    }
    RELEVO_CHECK(step != ClientLogin::Step::accepted);
    if (step == ClientLogin::Step::verify_on_server) {
      step = login.on_server_verdict(LoginError{1045, "28000", "no", ""});
    }
    if (step != ClientLogin::Step::need_more) {
      RELEVO_CHECK(step == ClientLogin::Step::refused && login.error().number != 0);
      login.append_error(out);
      return false;
    }
    RELEVO_CHECK(out.find(password) == std::string::npos);
    sequence = login.next_sequence();
    return true;
  });
}

// A server, or who poses as one, never gets the password from a connection that
// anyone may listen to, nor makes us answer for ever.
void mysql_server_login(Bytes input) {
  if (input.empty()) return;
  const auto choice = std::to_integer<unsigned>(input[0]);
  ServerLogin::Setup setup;
  setup.user = "app";
  setup.database = (choice & 1U) != 0 ? "app" : "";
  if ((choice & 2U) != 0) setup.credentials.password = std::string(password);
  if ((choice & 4U) != 0) setup.credentials.native = make_native_key(password);
  if ((choice & 8U) != 0) setup.credentials.sha2 = make_sha2_key(password);
  setup.capabilities = wire::Capability::deprecate_eof | wire::Capability::session_track;
  setup.tls = (choice & 16U) != 0 ? ServerTls::prefer : ServerTls::disable;
  setup.request_public_key = (choice & 32U) != 0;
  ServerLogin login(std::move(setup));
  std::uint8_t sequence = 0;
  bool tls = false;
  each_packet(input.subspan(1), [&](Bytes packet) {
    std::string out;
    const auto step = login.on_packet(sequence, packet, out);
    RELEVO_CHECK(tls || out.find(password) == std::string::npos);
    ++sequence;
    if (step == ServerLogin::Step::failed) {
      RELEVO_CHECK(login.error().number != 0);
      return false;
    }
    if (step == ServerLogin::Step::done) login.change_user("app", "", {}, 45, out);
    if (step == ServerLogin::Step::start_tls) {
      login.set_tls(out);
      tls = true;
    }
    // The server's next packet counts on from our last.
    for (Bytes left = as_bytes(out); !left.empty();) {
      const auto header = wire::read_packet_header(left);
      RELEVO_CHECK(header && header->total_bytes() <= left.size());
      sequence = static_cast<std::uint8_t>(header->sequence + 1);
      left = left.subspan(header->total_bytes());
    }
    return true;
  });
}

// What a catalogue, a client or SQL text may hold in place of a password's traces.
void mysql_stored_password(Bytes input) {
  const std::string_view text = as_text(input);
  if (const auto native = parse_native_verifier(text)) {
    RELEVO_CHECK(parse_native_verifier(native->to_string()) == native);
  }
  if (const auto sha2 = parse_stored_sha2(text)) {
    RELEVO_CHECK(parse_stored_sha2(sha2->to_string()) == sha2);
    RELEVO_CHECK(sha2->rounds > 5'000 || !password_matches(*sha2, text));
  }
  (void)parse_ed25519_public_key(text);
  const NativeVerifier verifier = make_native_verifier(make_native_key(password));
  RELEVO_CHECK(!check_native_proof(verifier, "01234567890123456789", text));
  const RememberedSha2 remembered = remember_sha2(password);
  RELEVO_CHECK(!check_sha2_proof(remembered, "01234567890123456789", text));
  RELEVO_CHECK(
      !unseal_password({remembered.double_sha256, std::string(text)}, make_sha2_key(text)));
  for (const bool no_backslash_escapes : {false, true}) {
    const LiteralContext context{.no_backslash_escapes = no_backslash_escapes,
                                 .ansi_quotes = false,
                                 .charset = "utf8mb4",
                                 .collation = {}};
    const auto literal = portable_literal(text, context);
    // Said once, it means the same in every session, so saying it again does too.
    if (!literal) continue;
    RELEVO_CHECK(std::all_of(literal->begin(), literal->end(),
                             [](char c) { return c >= ' ' && c <= '~' && c != '\\' && c != '"'; }));
  }
}

}  // namespace

std::vector<Target> mysql_login_targets() {
  const auto sized = [](std::string_view part) {
    return std::string(1, static_cast<char>(part.size())) + std::string(part);
  };
  const std::string response =
      "\x05\x82\x18\0\0\0\0\1\x2d\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0app\0\x14"s +
      "abcdefghijklmnopqrst"s + "mysql_native_password\0"s;
  const std::string sha2 =
      "\x05\x82\x08\0\0\0\0\1\x2d\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0app\0\x20"s +
      "abcdefghijklmnopqrstuvwxyz012345"s + "caching_sha2_password\0"s;
  const std::string proof = "abcdefghijklmnopqrst"s;
  const std::string tls =
      "\x05\x8a\x08\0\0\0\0\1\x2d\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"s;
  const std::string change = "\x11"s + "app\0\0db\0\x2d\0mysql_native_password\0"s;
  const std::string greeting = "\x0a"s + "8.4.3\0\x0b\0\0\0"s +
                               "12345678\0\xff\xff\xff\2\0\xff\xdf\x15\0\0\0\0\0\0\0\0\0\0"s +
                               "abcdefghijkl\0caching_sha2_password\0"s;
  const std::string switched = "\xfe"s + "mysql_native_password\0"s + "01234567890123456789\0"s;
  const std::string curve = "\xfe"s + "client_ed25519\0"s + std::string(32, 'c');
  const std::string clear = "\xfe"s + "mysql_clear_password\0"s;
  const std::string ok = "\0\0\0\2\0\0\0"s;
  return {
      {"mysql_client_login",
       mysql_client_login,
       {"\0\1"s + sized(response), "\0\2"s + sized(response) + sized(sha2),
        "\x0a\2"s + sized(sha2) + sized("\2") + sized(std::string(255, 'r')),
        "\x12\2"s + sized(tls) + sized(sha2) + sized("wrong\0"s),
        "\x4a\4"s + sized(sha2) + sized("x\0"s), "\x80\1"s + sized(change) + sized(proof),
        "\0\0"s + sized(sha2) + sized(proof), "\1\5"s + sized(response),
        "\4\0"s + sized(response)}},
      {"mysql_server_login",
       mysql_server_login,
       {"\3"s + sized(greeting) + sized(switched) + sized(ok),
        "\x22"s + sized(greeting) + sized("\1\4") + sized("\1-----BEGIN PUBLIC KEY-----"),
        "\2"s + sized(greeting) + sized(curve) + sized(ok), "\2"s + sized(greeting) + sized(clear),
        "\x13"s + sized(greeting) + sized(clear) + sized(ok),
        "\x0c"s + sized(greeting) + sized("\1\3") + sized(ok) + sized(switched),
        "\1"s + sized("\xff\x10\4Too many connections"s)}},
      {"mysql_stored_password",
       mysql_stored_password,
       {"*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19"s,
        "$A$005$"s + std::string(20, 's') + std::string(43, 'h'),
        "ZIgUREUg5PVgQ6LskhXmO+eZLS0nC8be6HPjYWR4YJY"s, "_utf8mb4'it''s \\' \\% x'"s, "X'1f'"s,
        "-1.5e9"s}},
  };
}

}  // namespace relevo::fuzz
