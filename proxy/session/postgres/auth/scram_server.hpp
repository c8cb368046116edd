// The server's side of SCRAM-SHA-256 and SCRAM-SHA-256-PLUS: a client logs in to
// us. RFC 5802, RFC 7677; https://www.postgresql.org/docs/current/sasl-authentication.html
//
//   SASLInitialResponse -> first() -> AuthenticationSASLContinue
//   SASLResponse        -> finish() -> AuthenticationSASLFinal, and the client's keys
//
// Invariant: finish() succeeds only for a client that knows the password (or the
// ClientKey) of `verifier`, and never with `mock`. All failures that depend on
// the password are one and the same error, after the same work.
//
// Error codes are the SQLSTATE that PostgreSQL gives: 28P01 wrong password,
// 28000 channel binding disagrees, 08P01 malformed, 0A000 not supported. The
// message is for the log; a client is told PostgreSQL's "password authentication
// failed for user ..." on 28P01.
#pragma once

#include <string>
#include <string_view>

#include "proxy/session/postgres/auth/scram_message.hpp"
#include "proxy/session/postgres/auth/verifier.hpp"
#include "topology/model/result.hpp"

namespace relevo::session::postgres {

class ScramServer {
 public:
  struct Setup {
    ScramVerifier verifier = {};   // of the user, or make_mock_verifier()'s
    bool mock = false;             // refuse whatever comes
    std::string nonce = {};        // our part: random, printable; 18 bytes in base64 are customary
    bool plus_advertised = false;  // -PLUS was in our AuthenticationSASL
    bool plus_chosen = false;      // the client's SASLInitialResponse names -PLUS
    std::string channel_binding = {};  // tls_server_end_point() of *our* certificate, for -PLUS
  };

  struct Login {
    std::string server_final;
    ScramKeys keys;  // for logging in to servers as this client
  };

  explicit ScramServer(Setup setup);

  // Each once, in this order; after an error the exchange is over. The peer decides what comes
  // when, so that a message out of turn is its error and not a bug of ours.
  Result<std::string> first(std::string_view client_first);
  Result<Login> finish(std::string_view client_final);

 private:
  enum class Stage { client_first, client_final, over };

  Setup setup_;
  Stage stage_ = Stage::client_first;
  Gs2Flag gs2_flag_ = Gs2Flag::unsupported;
  std::string nonce_;              // the client's and ours
  std::string client_first_bare_;  // these two are the start of AuthMessage
  std::string server_first_;
};

}  // namespace relevo::session::postgres
