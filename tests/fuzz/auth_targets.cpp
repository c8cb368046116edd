// Logging in: what a peer may send before it is trusted.
#include <algorithm>

#include "proxy/session/postgres/auth/channel_binding.hpp"
#include "proxy/session/postgres/auth/saslprep.hpp"
#include "proxy/session/postgres/auth/scram_client.hpp"
#include "proxy/session/postgres/auth/scram_server.hpp"
#include "tests/fuzz/targets.hpp"
#include "topology/model/check.hpp"

namespace relevo::fuzz {
namespace {

using namespace session::postgres;
using namespace std::literals;
using wire::postgres::as_text;

// A password costs a PBKDF2 with as many iterations as the input says; keys don't.
const ScramKeys& keys() {
  static const ScramKeys keys = derive_scram_keys("pencil", "salt", 2);
  return keys;
}

ScramServer::Setup server_setup(bool plus) {
  ScramServer::Setup setup;
  setup.verifier = {keys().iterations, keys().salt, sha256(text_of(keys().client_key)),
                    keys().server_key};
  setup.nonce = "server";
  setup.plus_advertised = setup.plus_chosen = plus;
  if (plus) setup.channel_binding = "hash";
  return setup;
}

// Nobody gets in by chance: a proof would have to be found first.
void scram_server(Bytes input) {
  if (input.empty()) return;
  const std::string_view text = as_text(input.subspan(1));
  const bool plus = std::to_integer<int>(input[0]) % 2 != 0;
  ScramServer first(server_setup(plus));
  (void)first.first(text);

  ScramServer final(server_setup(plus));
  const std::string header = plus ? "p=tls-server-end-point,," : "n,,";
  RELEVO_CHECK(final.first(header + "n=,r=client"));
  RELEVO_CHECK(!final.finish(text));
}

void scram_client(Bytes input) {
  const auto make = [] {
    ScramClient::Setup setup;
    setup.keys = keys();
    setup.nonce = "client";
    return setup;
  };
  ScramClient first(make());
  first.first();
  (void)first.respond(as_text(input));

  ScramClient final(make());
  final.first();
  RELEVO_CHECK(final.respond("r=clientserver,s=c2FsdA==,i=2"));
  RELEVO_CHECK(!final.finish(as_text(input)));
}

void stored_password(Bytes input) {
  const auto verifier = parse_verifier(as_text(input));
  if (!verifier) return;
  if (const auto* scram = std::get_if<ScramVerifier>(&*verifier)) {
    RELEVO_CHECK(std::get<ScramVerifier>(parse_verifier(scram->to_string()).value()) == *scram);
  } else {
    RELEVO_CHECK(std::get<Md5Verifier>(*verifier).hash == as_text(input));
  }
}

// Any bytes may be a password; any text may claim to be base64.
void password(Bytes input) {
  // An ASCII result needs no further preparation.
  const std::string once = saslprep(as_text(input));
  if (saslprep(once) != once) {
    RELEVO_CHECK(std::any_of(once.begin(), once.end(),
                             [](char c) { return static_cast<unsigned char>(c) >= 0x80; }));
  }
  const auto decoded = base64_decode(as_text(input));
  if (decoded) RELEVO_CHECK(base64_encode(*decoded) == as_text(input));
}

// A self-signed one, P-256 and SHA-256.
constexpr std::string_view certificate_seed =
    "MIIBdTCCARugAwIBAgIUWhpNKj6jUEEL1mB6mGuZ0OlWEmYwCgYIKoZIzj0EAwIwDzENMAsGA1UEAwwEZnV6ejAg"
    "Fw0yNjExMjIxMjI2MDJaGA8yMTI2MTAyOTEyMjYwMlowDzENMAsGA1UEAwwEZnV6ejBZMBMGByqGSM49AgEGCCqG"
    "SM49AwEHA0IABGcKV1BJQIOAo8IjA5xHhDqzTOKoc8hY0XrMrHgi44BVQep47vdbMT4UX4WWFNo9r/+3jH7vQ/n3"
    "gqQ+H1cSy+mjUzBRMB0GA1UdDgQWBBQjFJ3ONSgZ/Npo/PvqmxaOc6SQfTAfBgNVHSMEGDAWgBQjFJ3ONSgZ/Npo"
    "/PvqmxaOc6SQfTAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIQDDSjoUXTrTvPXhEiMpFkvLc565"
    "jLm63qWwOmNRo8gkbgIgXhPYOwpWMMk0f2VuGlI1zPkeYxTQ7HAyR0mU2Zu6zK4=";

void certificate(Bytes input) { (void)tls_server_end_point(input); }

}  // namespace

std::vector<Target> auth_targets() {
  return {
      {"scram_server",
       scram_server,
       {"\0n,,n=,r=client"s, "\1p=tls-server-end-point,,n=u,r=client,x=1"s,
        "\0c=biws,r=clientserver,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="s,
        "\1c=cD10bHMtc2VydmVyLWVuZC1wb2ludCwsaGFzaA==,r=clientserver,"
        "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="s}},
      {"scram_client",
       scram_client,
       {"r=clientserver,s=c2FsdA==,i=2"s, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="s,
        "e=invalid-proof"s}},
      {"stored_password",
       stored_password,
       {"SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
        "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=:"
        "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="s,
        "md5ae683e9e3a46c249efd75afd69dd69d3"s}},
      {"password",
       password,
       {"e\xcc\x81t\xc2\xad\xef\xac\x81\xc2\xbd"s, "\xd8\xa7\xd8\xa8"s,
        "\xea\xb0\x80\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab"s, "Zm9vYmFy"s, "Zm8="s}},
      {"certificate", certificate, {base64_decode(certificate_seed).value()}},
  };
}

}  // namespace relevo::fuzz
