// The client's side of SCRAM-SHA-256 and SCRAM-SHA-256-PLUS: we log in to a
// server, with a password or with keys that a client of ours revealed when it
// logged in to us (ScramServer::Login::keys).
//
//   AuthenticationSASL         -> choose_scram() -> first() -> SASLInitialResponse
//   AuthenticationSASLContinue -> respond()      -> SASLResponse
//   AuthenticationSASLFinal    -> finish()       -> the server has proved itself too
//
// Invariant: a server that doesn't know the verifier is never taken for logged
// in to: the caller must have got an ok from finish() before it believes an
// AuthenticationOk.
//
// Error codes: 08P01 malformed, 0A000 nothing to agree on, 28000 the server's
// proof or our keys don't fit, 28P01 the server refused.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proxy/session/postgres/auth/scram_message.hpp"
#include "proxy/session/postgres/auth/verifier.hpp"
#include "proxy/wire/postgres/authentication.hpp"
#include "topology/model/result.hpp"

namespace relevo::session::postgres {

// As libpq's channel_binding parameter.
enum class ChannelBindingPolicy { disable, prefer, require };

struct ScramChoice {
  std::string_view mechanism;  // scram_sha_256 or scram_sha_256_plus
  Gs2Flag flag = Gs2Flag::unsupported;
};

// `tls`: the connection is encrypted. `binding_available`: and the server's
// certificate has a tls_server_end_point().
Result<ScramChoice> choose_scram(const wire::postgres::SaslMechanisms& offered, bool tls,
                                 bool binding_available, ChannelBindingPolicy policy);

class ScramClient {
 public:
  struct Setup {
    // At least one of the two. Keys are used where they fit the server's salt
    // and iterations (no PBKDF2, so this costs microseconds), else the password.
    std::optional<ScramKeys> keys = {};
    std::optional<std::string> password = {};
    // PostgreSQL knows the user from the start-up packet; libpq leaves it empty here.
    std::string user = {};
    std::string nonce = {};  // ours: random, printable; 18 bytes in base64 are customary
    Gs2Flag flag = Gs2Flag::unsupported;  // as choose_scram() says
    std::string channel_binding = {};     // tls_server_end_point() of the server, for Gs2Flag::used
  };

  explicit ScramClient(Setup setup);

  // Each once, in this order; after an error the exchange is over. The server decides what comes
  // when, so that a message out of turn is its error and not a bug of ours.
  std::string first();
  Result<std::string> respond(std::string_view server_first);
  Result<ScramKeys> finish(
      std::string_view server_final);  // keys worth keeping for the next log-in

 private:
  enum class Stage { start, server_first, server_final, over };

  Setup setup_;
  Stage stage_ = Stage::start;
  std::string client_first_bare_;
  ScramKeys keys_;
  Digest server_signature_{};  // what the server has to send
};

}  // namespace relevo::session::postgres
