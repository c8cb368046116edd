// OpenSSL contexts: one towards clients (our certificate), one towards servers
// (whom to trust). Made anew on reload; connections keep the one they began with.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <optional>
#include <string>

#include "proxy/config/config.hpp"
#include "topology/model/result.hpp"

namespace relevo::net {

struct TlsContext {
  std::shared_ptr<SSL_CTX> context;
  // tls-server-end-point data of our own certificate, for SCRAM-SHA-256-PLUS.
  std::optional<std::string> channel_binding;
};

// Null context: TLS is off.
Result<TlsContext> make_client_side_tls(const config::TlsClientSide& settings);
Result<TlsContext> make_server_side_tls(const config::TlsServerSide& settings);

// tls-server-end-point data of the peer's certificate; none where it has no hash.
std::optional<std::string> peer_channel_binding(SSL* ssl);

}  // namespace relevo::net
