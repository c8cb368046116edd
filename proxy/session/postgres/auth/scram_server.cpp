#include "proxy/session/postgres/auth/scram_server.hpp"

#include <utility>

#include "topology/model/check.hpp"

namespace relevo::session::postgres {
namespace {

tl::unexpected<Error> malformed(std::string what) {
  return fail("08P01", "Malformed SCRAM message: " + std::move(what) + ".");
}

// Takes "n,", "y," or "p=name," off the front.
Result<Gs2Flag> take_gs2_flag(std::string_view& message) {
  constexpr std::string_view used = "p=tls-server-end-point,";
  if (message.starts_with("n,") || message.starts_with("y,")) {
    const auto flag = static_cast<Gs2Flag>(message[0]);
    message.remove_prefix(2);
    return flag;
  }
  if (message.starts_with(used)) {
    message.remove_prefix(used.size());
    return Gs2Flag::used;
  }
  if (message.starts_with("p=")) {
    return fail("08P01",
                "The client asks for a type of SCRAM channel binding that is not supported.");
  }
  return malformed("unexpected channel binding flag");
}

}  // namespace

ScramServer::ScramServer(Setup setup) : setup_(std::move(setup)) {
  RELEVO_CHECK(is_scram_printable(setup_.nonce));
  RELEVO_CHECK(!setup_.verifier.salt.empty());
  RELEVO_CHECK(!setup_.plus_advertised || !setup_.channel_binding.empty());
}

Result<std::string> ScramServer::first(std::string_view client_first) {
  if (std::exchange(stage_, Stage::over) != Stage::client_first) return malformed("out of turn");
  if (client_first.size() > scram_message_bytes_max) return malformed("too long");

  if (setup_.plus_chosen && !setup_.plus_advertised) {
    return fail("08P01", "The client selected a SASL mechanism that was not offered.");
  }

  std::string_view rest = client_first;
  const auto flag = take_gs2_flag(rest);
  if (!flag) return tl::make_unexpected(flag.error());
  gs2_flag_ = *flag;
  if (setup_.plus_chosen != (gs2_flag_ == Gs2Flag::used)) {
    return malformed("the channel binding flag does not fit the mechanism");
  }
  // The client believes that we cannot bind, but we said that we can: somebody
  // between us took it out of the list.
  if (gs2_flag_ == Gs2Flag::not_offered && setup_.plus_advertised) {
    return fail("28000", "SCRAM channel binding negotiation was tampered with (downgrade).");
  }
  if (rest.starts_with("a=")) {
    return fail("0A000", "The client uses an authorization identity, which is not supported.");
  }
  if (!rest.starts_with(',')) return malformed("unexpected attribute in the gs2 header");
  rest.remove_prefix(1);
  if (rest.starts_with("m=")) {
    return fail("0A000", "The client requires a SCRAM extension that is not supported.");
  }

  ScramAttributes attributes(rest);
  // The user is the start-up packet's, as with PostgreSQL; this one is ignored.
  if (!attributes.next('n')) return malformed("no user name in client-first-message");
  const auto client_nonce = attributes.next('r');
  if (!client_nonce || !is_scram_printable(*client_nonce)) {
    return malformed("no valid nonce in client-first-message");
  }
  if (!attributes.skip_extensions()) return malformed("garbage in client-first-message");

  client_first_bare_ = rest;
  nonce_ = std::string(*client_nonce) + setup_.nonce;
  server_first_ = "r=" + nonce_ + ",s=" + base64_encode(setup_.verifier.salt) +
                  ",i=" + std::to_string(setup_.verifier.iterations);
  stage_ = Stage::client_final;
  return server_first_;
}

Result<ScramServer::Login> ScramServer::finish(std::string_view client_final) {
  if (std::exchange(stage_, Stage::over) != Stage::client_final) return malformed("out of turn");
  if (client_final.size() > scram_message_bytes_max) return malformed("too long");

  ScramAttributes attributes(client_final);
  const auto binding = attributes.next('c');
  if (!binding) return malformed("no channel binding in client-final-message");
  if (!equal_in_constant_time(*binding,
                              channel_binding_attribute(gs2_flag_, setup_.channel_binding))) {
    // With -PLUS: the client sees another certificate than ours.
    return fail(gs2_flag_ == Gs2Flag::used ? "28000" : "08P01",
                "The SCRAM channel binding check failed.");
  }
  const auto nonce = attributes.next('r');
  if (!nonce || !equal_in_constant_time(*nonce, nonce_)) {
    return fail("08P01", "Invalid SCRAM response: the nonce does not match.");
  }

  std::optional<std::string_view> proof_text;
  std::size_t proof_at = 0;
  while (!proof_text) {
    proof_at = attributes.offset();
    const auto attribute = attributes.next();
    if (!attribute) return malformed("no proof in client-final-message");
    if (attribute->first == 'p') proof_text = attribute->second;
  }
  if (!attributes.at_end()) return malformed("garbage at the end of client-final-message");
  const auto proof = base64_decode_digest(*proof_text);
  if (!proof) return malformed("the proof is not 32 bytes in base64");

  // AuthMessage, in parts. The comma in front of the proof is not in it.
  const std::string_view without_proof = client_final.substr(0, proof_at - 1);
  const auto sign = [&](const Digest& key) {
    return hmac_sha256(text_of(key), {client_first_bare_, ",", server_first_, ",", without_proof});
  };
  const ScramVerifier& verifier = setup_.verifier;
  const Digest client_key = exclusive_or(*proof, sign(verifier.stored_key));
  const bool proved =
      equal_in_constant_time(text_of(sha256(text_of(client_key))), text_of(verifier.stored_key));
  // Both are evaluated before either may decide: equal work, known user or not.
  const Digest server_signature = sign(verifier.server_key);
  if (!proved || setup_.mock) return fail("28P01", "The SCRAM proof is wrong.");

  return Login{"v=" + base64_encode(text_of(server_signature)),
               ScramKeys{client_key, verifier.server_key, verifier.salt, verifier.iterations}};
}

}  // namespace relevo::session::postgres
