#include "proxy/session/postgres/auth/scram_client.hpp"

#include <charconv>
#include <utility>

#include "topology/model/check.hpp"

namespace relevo::session::postgres {
namespace {

tl::unexpected<Error> malformed(std::string what) {
  return fail("08P01", "Malformed SCRAM message from the server: " + std::move(what) + ".");
}

std::optional<std::uint32_t> parse_iterations(std::string_view text) {
  std::uint32_t value = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || at != end || value < 1 || value > scram_iterations_max) {
    return std::nullopt;
  }
  return value;
}

// RFC 5802's saslname: the two characters that mean something to the message.
std::string escape(std::string_view name) {
  std::string escaped;
  for (const char c : name) {
    if (c == ',') {
      escaped += "=2C";
    } else if (c == '=') {
      escaped += "=3D";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

}  // namespace

Result<ScramChoice> choose_scram(const wire::postgres::SaslMechanisms& offered, bool tls,
                                 bool binding_available, ChannelBindingPolicy policy) {
  const bool could_bind = tls && binding_available && policy != ChannelBindingPolicy::disable;
  if (offered.contains(scram_sha_256_plus)) {
    // No honest server does so; libpq refuses as well.
    if (!tls) return fail("08P01", "The server offers SCRAM-SHA-256-PLUS without TLS.");
    if (could_bind) return ScramChoice{scram_sha_256_plus, Gs2Flag::used};
  }
  if (policy == ChannelBindingPolicy::require) {
    return fail("0A000", "Channel binding is required, but cannot be had with this server.");
  }
  if (!offered.contains(scram_sha_256)) {
    return fail("0A000", "The server offers no SASL mechanism that is supported.");
  }
  // Not offered, although we could: the server checks that it really did not.
  return ScramChoice{scram_sha_256, could_bind ? Gs2Flag::not_offered : Gs2Flag::unsupported};
}

ScramClient::ScramClient(Setup setup) : setup_(std::move(setup)) {
  RELEVO_CHECK(is_scram_printable(setup_.nonce));
  RELEVO_CHECK(setup_.keys || setup_.password);
  RELEVO_CHECK(setup_.flag != Gs2Flag::used || !setup_.channel_binding.empty());
}

std::string ScramClient::first() {
  RELEVO_CHECK(stage_ == Stage::start);
  stage_ = Stage::server_first;
  client_first_bare_ = "n=" + escape(setup_.user) + ",r=" + setup_.nonce;
  return gs2_header(setup_.flag) + client_first_bare_;
}

Result<std::string> ScramClient::respond(std::string_view server_first) {
  if (std::exchange(stage_, Stage::over) != Stage::server_first) return malformed("out of turn");
  if (server_first.starts_with("m=")) {
    return fail("0A000", "The server requires a SCRAM extension that is not supported.");
  }
  ScramAttributes attributes(server_first);
  const auto nonce = attributes.next('r');
  if (!nonce || !is_scram_printable(*nonce)) return malformed("no valid nonce");
  if (nonce->size() <= setup_.nonce.size() || !nonce->starts_with(setup_.nonce)) {
    return malformed("the nonce does not continue ours");
  }
  const auto salt_text = attributes.next('s');
  const auto salt = salt_text ? base64_decode(*salt_text) : std::nullopt;
  if (!salt || salt->empty()) return malformed("invalid salt");
  const auto iterations_text = attributes.next('i');
  const auto iterations = iterations_text ? parse_iterations(*iterations_text) : std::nullopt;
  if (!iterations) return malformed("invalid iteration count");
  if (!attributes.skip_extensions()) return malformed("garbage at the end");

  if (setup_.keys && setup_.keys->fits(*salt, *iterations)) {
    keys_ = *setup_.keys;
  } else if (setup_.password) {
    keys_ = derive_scram_keys(*setup_.password, *salt, *iterations);
  } else {
    return fail("28000",
                "The server's SCRAM verifier is another than the one that the keys are for.");
  }

  const std::string without_proof =
      "c=" + channel_binding_attribute(setup_.flag, setup_.channel_binding) +
      ",r=" + std::string(*nonce);
  const auto sign = [&](const Digest& key) {
    return hmac_sha256(text_of(key), {client_first_bare_, ",", server_first, ",", without_proof});
  };
  server_signature_ = sign(keys_.server_key);
  const Digest proof = exclusive_or(keys_.client_key, sign(sha256(text_of(keys_.client_key))));
  stage_ = Stage::server_final;
  return without_proof + ",p=" + base64_encode(text_of(proof));
}

Result<ScramKeys> ScramClient::finish(std::string_view server_final) {
  if (std::exchange(stage_, Stage::over) != Stage::server_final) return malformed("out of turn");
  ScramAttributes attributes(server_final);
  if (const auto error = attributes.next('e')) {
    return fail("28P01", "The server refused the SCRAM log-in: " + std::string(*error) + ".");
  }
  const auto text = attributes.next('v');
  const auto signature = text ? base64_decode_digest(*text) : std::nullopt;
  if (!signature) return malformed("invalid server signature");
  if (!attributes.skip_extensions()) return malformed("garbage at the end");
  if (!equal_in_constant_time(text_of(*signature), text_of(server_signature_))) {
    return fail("28000", "The server does not know the password: its SCRAM signature is wrong.");
  }
  return keys_;
}

}  // namespace relevo::session::postgres
