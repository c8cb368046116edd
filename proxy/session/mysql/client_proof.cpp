#include <algorithm>
#include <array>
#include <vector>

#include "proxy/session/mysql/auth/ed25519.hpp"
#include "proxy/session/mysql/auth/sha256_crypt.hpp"
#include "proxy/session/mysql/client_login.hpp"

// How a user proves itself, once it is known who it claims to be.

namespace relevo::session::mysql {

namespace wire = relevo::wire::mysql;
namespace plugins = wire::auth_plugins;
using wire::Capability;

namespace {

// Of one user; more are not looked at. Each may cost a slow hash.
constexpr std::size_t candidates_max = 32;

enum class Kind {
  native,
  sha2,
  ed25519,
  server,  // only a server can check it, given the password
  none,    // the password is not what it asks for: unix_socket, gssapi, no login at all
};

Kind kind_of(const AuthMethod& method) {
  static constexpr std::array<std::string_view, 5> by_server = {
      "pam", "pam_v1", "authentication_pam", "authentication_ldap_simple", plugins::sha256};
  if (method.plugin.empty() || method.plugin == plugins::native) return Kind::native;
  if (method.plugin == plugins::caching_sha2) return Kind::sha2;
  if (method.plugin == "ed25519") return Kind::ed25519;
  const bool known =
      std::find(by_server.begin(), by_server.end(), method.plugin) != by_server.end();
  return known ? Kind::server : Kind::none;
}

struct Candidate {
  const Account* account;
  const AuthMethod* method;
  Kind kind;
};

// What a password or proof is compared with; accounts that may log in come first,
// so that one that may not says so only when it alone fits.
std::vector<Candidate> candidates(const KnownUser& user) {
  std::vector<Candidate> found;
  for (const bool barred : {false, true}) {
    for (const Account& account : user.accounts) {
      if ((account.locked || account.password_expired) != barred) continue;
      for (const AuthMethod& method : account.methods) {
        if (found.size() == candidates_max) return found;
        found.push_back({&account, &method, kind_of(method)});
      }
    }
  }
  return found;
}

std::string_view plugin_for(bool native) {
  return native ? plugins::native : plugins::caching_sha2;
}

// For users that have nothing to compare with: takes as long as the real thing.
void pretend_to_compare(std::string_view secret, std::string_view password) {
  const Sha256 salt = sha256({secret});
  password_matches({.salt = std::string(text_of(salt).substr(0, sha256_crypt_salt_bytes)),
                    .hash = std::string(43, '.')},
                   password);
}

}  // namespace

std::string_view ClientLogin::method() const { return plugin_for(front_ == Front::native); }

std::string_view ClientLogin::challenge() const {
  return wire::as_text(wire::Bytes(switched_ ? setup_.second_challenge : setup_.challenge));
}

ClientLogin::Front ClientLogin::choose_front() const {
  const auto front_of = [](std::string_view plugin) {
    return plugin == plugins::native ? Front::native : Front::sha2;
  };
  const bool clients_is_spoken =
      request_.auth_plugin == plugins::native || request_.auth_plugin == plugins::caching_sha2;
  const Front clients = front_of(clients_is_spoken ? request_.auth_plugin : setup_.default_plugin);
  if (user_.password) return clients;
  bool has_native = false, has_other = false;
  for (const Candidate& candidate : candidates(user_)) {
    if (candidate.kind == Kind::native) has_native = true;
    if (candidate.kind != Kind::native && candidate.kind != Kind::none) has_other = true;
  }
  if (has_native && has_other) return clients;
  if (has_native || has_other) return has_native ? Front::native : Front::sha2;
  // Nobody, or nobody with a password: the same name always gets the same method.
  if (setup_.decoy_plugins.empty()) return clients;
  const Sha256 choice = sha256({setup_.mock_secret, request_.user});
  return front_of(setup_.decoy_plugins[choice[0] % setup_.decoy_plugins.size()]);
}

// Only what the fingerprint covers: a password changed in LDAP changes no account.
bool ClientLogin::may_remember() const {
  const auto all = candidates(user_);
  return !user_.password && std::none_of(all.begin(), all.end(), [](const Candidate& candidate) {
    return candidate.kind == Kind::server;
  });
}

ClientLogin::Step ClientLogin::on_user(KnownUser user, std::string& out) {
  RELEVO_CHECK(state_ == State::waiting);
  user_ = std::move(user);
  front_ = choose_front();
  std::string sent = std::move(auth_response_);
  auth_response_.clear();
  if (request_.auth_plugin == plugins::clear && front_ == Front::sha2 && is_secure() &&
      !change_user_) {
    state_ = State::full;
    const Step step = on_full(sent, out);
    wipe(sent);
    return step;
  }
  const bool can_switch = request_.capabilities.has(Capability::plugin_auth);
  // A client that would rather use another plugin than our greeting's has not
  // answered the greeting's challenge; one that knows no plugins always has.
  const bool has_answered = !change_user_ && request_.auth_plugin == method() &&
                            (setup_.default_plugin == method() || !can_switch);
  if (has_answered) return on_proof(sent, out);
  if (!can_switch) {
    return refuse(wire::errors::not_supported_auth_mode,
                  "Client does not support authentication protocol requested by server; "
                  "consider upgrading MySQL client");
  }
  wire::Writer writer(out, sequence_);
  wire::encode_auth_switch_request(writer, method(), setup_.second_challenge);
  sequence_ = writer.next_sequence();
  switched_ = true;
  state_ = State::proof;
  return Step::need_more;
}

ClientLogin::Step ClientLogin::on_proof(std::string_view proof, std::string& out) {
  return front_ == Front::native ? on_native_proof(proof) : on_sha2_proof(proof, out);
}

// ---- mysql_native_password ------------------------------------------------------

ClientLogin::Step ClientLogin::on_native_proof(std::string_view proof) {
  if (proof.empty()) return on_no_password(plugins::native);
  password_used_ = true;
  if (user_.password) {
    const auto verifier = make_native_verifier(make_native_key(*user_.password));
    if (user_.password->empty() || !check_native_proof(verifier, challenge(), proof)) {
      return denied("wrong password");
    }
    return accept();
  }
  for (const Candidate& candidate : candidates(user_)) {
    if (candidate.kind != Kind::native) continue;
    const auto verifier = parse_native_verifier(candidate.method->authentication_string);
    if (!verifier) continue;  // no password, or "invalid": MariaDB's for "none fits"
    credentials_.native = check_native_proof(*verifier, challenge(), proof);
    if (credentials_.native) return proved(*candidate.account);
  }
  return denied(user_.accounts.empty() ? "unknown user" : "wrong password");
}

// Nothing was sent, which says: my password is empty.
ClientLogin::Step ClientLogin::on_no_password(std::string_view plugin) {
  credentials_.password = std::string();
  if (user_.password) return user_.password->empty() ? accept() : denied("no password was sent");
  for (const Candidate& candidate : candidates(user_)) {
    const bool is_plugins = plugin_for(candidate.kind == Kind::native) == plugin &&
                            (candidate.kind == Kind::native || candidate.kind == Kind::sha2);
    if (is_plugins && candidate.method->authentication_string.empty()) {
      return proved(*candidate.account);
    }
  }
  return denied(user_.accounts.empty() ? "unknown user" : "no password was sent");
}

// ---- caching_sha2_password --------------------------------------------------------

ClientLogin::Step ClientLogin::on_sha2_proof(std::string_view proof, std::string& out) {
  using namespace std::string_view_literals;
  if (proof.empty() || proof == "\0"sv) return on_no_password(plugins::caching_sha2);
  password_used_ = true;
  if (proof.size() != sizeof(Sha256)) return denied("a proof of the wrong size");
  auto remembered = user_.remembered;
  if (user_.password) remembered = remember_sha2(*user_.password);
  const auto key = remembered ? check_sha2_proof(*remembered, challenge(), proof) : std::nullopt;
  wire::Writer writer(out, sequence_);
  const auto say = [&](std::uint8_t word) {
    const auto byte = static_cast<std::byte>(word);
    wire::encode_auth_more_data(writer, {&byte, 1});
    sequence_ = writer.next_sequence();
  };
  if (key) {
    say(wire::caching_sha2::fast_auth_success);
    credentials_.sha2 = key;
    credentials_.password = unseal_password(*remembered, *key);
    if (user_.password) return accept();
    const auto known = candidates(user_);
    if (known.empty()) return denied("the user is gone");
    return proved(*known.front().account);
  }
  if (!is_secure() && setup_.rsa == nullptr) {
    return denied("the password would have to cross the connection in clear text: use TLS");
  }
  say(wire::caching_sha2::perform_full_authentication);
  state_ = State::full;
  return Step::need_more;
}

ClientLogin::Step ClientLogin::on_full(std::string_view packet, std::string& out) {
  if (is_secure()) {
    // A C string: the first zero byte ends it, and it has one.
    if (packet.empty() || packet.find('\0') != packet.size() - 1) {
      return malformed("a password without its end");
    }
    return on_password(packet.substr(0, packet.size() - 1));
  }
  const bool asks_for_key = packet.size() == 1 && static_cast<std::uint8_t>(packet[0]) ==
                                                      wire::caching_sha2::request_public_key;
  if (asks_for_key && state_ == State::full) {
    wire::Writer writer(out, sequence_);
    wire::encode_auth_more_data(writer, wire::as_bytes(setup_.rsa->public_key_pem()));
    sequence_ = writer.next_sequence();
    state_ = State::encrypted;
    return Step::need_more;
  }
  auto password = setup_.rsa->decrypt_password(packet, challenge());
  if (!password) return denied("a password that is not encrypted with our key and challenge");
  const Step step = on_password(*password);
  wipe(*password);
  return step;
}

ClientLogin::Step ClientLogin::on_password(std::string_view password) {
  password_used_ = !password.empty();
  if (password.size() > password_bytes_max) return denied("a password longer than servers allow");
  if (user_.password) {
    const bool matches = equal_in_constant_time(*user_.password, password);
    return matches ? accept() : denied("wrong password");
  }
  bool compared = false, server_may_know = false;
  for (const Candidate& candidate : candidates(user_)) {
    const std::string& stored = candidate.method->authentication_string;
    bool matches = false;
    if (candidate.kind == Kind::sha2) {
      const auto hash = parse_stored_sha2(stored);
      matches = hash && password_matches(*hash, password);
      compared = compared || hash.has_value();
    } else if (candidate.kind == Kind::ed25519) {
      const auto key = parse_ed25519_public_key(stored);
      matches = key && equal_in_constant_time(*key, make_ed25519_public_key(password));
    }
    if (candidate.kind == Kind::native) {
      const auto verifier = parse_native_verifier(stored);
      const NativeVerifier given = make_native_verifier(make_native_key(password));
      matches = verifier && equal_in_constant_time(verifier->double_sha1, given.double_sha1);
    }
    if (matches) {
      credentials_.password = std::string(password);
      return proved(*candidate.account);
    }
    server_may_know = server_may_know || candidate.kind == Kind::server;
  }
  if (server_may_know) {
    credentials_.password = std::string(password);
    return ask_server();
  }
  if (!compared) pretend_to_compare(setup_.mock_secret, password);
  return denied(user_.accounts.empty() ? "unknown user"
                                       : "wrong password, or no method that asks for one");
}

}  // namespace relevo::session::mysql
