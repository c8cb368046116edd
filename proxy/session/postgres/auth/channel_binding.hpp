// tls-server-end-point channel binding (RFC 5929, section 4.1): a hash of the
// server's certificate, with the hash of the certificate's own signature, where
// MD5 and SHA-1 count as SHA-256. Ties a SCRAM exchange to the TLS connection
// that carries it.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "topology/model/result.hpp"

namespace relevo::session::postgres {

// `signature_hash`: OpenSSL's name, such as "SHA256", in any case.
Result<std::string> tls_server_end_point(std::span<const std::byte> certificate_der,
                                         std::string_view signature_hash);

// The same with the hash read out of the certificate. Fails for signatures
// without one (Ed25519): the RFC leaves them undefined, and -PLUS cannot be used.
Result<std::string> tls_server_end_point(std::span<const std::byte> certificate_der);

}  // namespace relevo::session::postgres
