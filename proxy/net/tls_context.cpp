#include "proxy/net/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cstring>
#include <vector>

#include "proxy/session/postgres/auth/channel_binding.hpp"

namespace relevo::net {
namespace {

std::string openssl_error(const std::string& what) {
  char text[256] = "unknown error";
  if (const unsigned long code = ERR_get_error(); code != 0)
    ERR_error_string_n(code, text, sizeof text);
  ERR_clear_error();
  return what + ": " + text;
}

std::optional<std::string> binding_of(X509* certificate) {
  if (certificate == nullptr) return std::nullopt;
  const int size = i2d_X509(certificate, nullptr);
  if (size <= 0) return std::nullopt;
  std::vector<unsigned char> der(static_cast<std::size_t>(size));
  unsigned char* at = der.data();
  i2d_X509(certificate, &at);
  auto data = session::postgres::tls_server_end_point(std::as_bytes(std::span(der)));
  if (!data) return std::nullopt;
  return std::move(*data);
}

std::shared_ptr<SSL_CTX> make_context(const SSL_METHOD* method) {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(method), SSL_CTX_free);
  if (context == nullptr) return nullptr;
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  return context;
}

// PostgreSQL's ALPN name; required of clients that start with TLS at once.
int select_alpn(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                unsigned in_size, void*) {
  static constexpr unsigned char name[] = "\x0apostgresql";
  unsigned char* selected = nullptr;
  if (SSL_select_next_proto(&selected, out_size, name, sizeof name - 1, in, in_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = selected;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

Result<TlsContext> make_client_side_tls(const config::TlsClientSide& settings) {
  if (settings.mode == config::ClientTls::disable) return TlsContext{};
  auto context = make_context(TLS_server_method());
  if (context == nullptr) return fail("tls", openssl_error("TLS"));
  if (SSL_CTX_use_certificate_chain_file(context.get(), settings.cert.c_str()) != 1) {
    return fail("tls", openssl_error("certificate " + settings.cert));
  }
  if (SSL_CTX_use_PrivateKey_file(context.get(), settings.key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context.get()) != 1) {
    return fail("tls", openssl_error("private key " + settings.key));
  }
  if (!settings.client_ca.empty()) {
    if (SSL_CTX_load_verify_locations(context.get(), settings.client_ca.c_str(), nullptr) != 1) {
      return fail("tls", openssl_error("client CA " + settings.client_ca));
    }
    SSL_CTX_set_client_CA_list(context.get(), SSL_load_client_CA_file(settings.client_ca.c_str()));
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  SSL_CTX_set_num_tickets(context.get(), 0);
  SSL_CTX_set_alpn_select_cb(context.get(), select_alpn, nullptr);
  TlsContext made{.context = context, .channel_binding = {}};
  made.channel_binding = binding_of(SSL_CTX_get0_certificate(context.get()));
  return made;
}

Result<TlsContext> make_server_side_tls(const config::TlsServerSide& settings) {
  using config::ServerTls;
  if (settings.mode == ServerTls::disable) return TlsContext{};
  auto context = make_context(TLS_client_method());
  if (context == nullptr) return fail("tls", openssl_error("TLS"));
  const bool verify =
      settings.mode == ServerTls::verify_ca || settings.mode == ServerTls::verify_full;
  if (!settings.ca.empty()) {
    if (SSL_CTX_load_verify_locations(context.get(), settings.ca.c_str(), nullptr) != 1) {
      return fail("tls", openssl_error("server CA " + settings.ca));
    }
  } else if (verify) {
    SSL_CTX_set_default_verify_paths(context.get());
  }
  // As libpq: a CA that is given is used in mode require, too.
  const bool check = verify || (settings.mode == ServerTls::require && !settings.ca.empty());
  SSL_CTX_set_verify(context.get(), check ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  return TlsContext{.context = context, .channel_binding = {}};
}

std::optional<std::string> peer_channel_binding(SSL* ssl) {
  if (ssl == nullptr) return std::nullopt;
  std::unique_ptr<X509, decltype(&X509_free)> certificate(SSL_get1_peer_certificate(ssl),
                                                          X509_free);
  return binding_of(certificate.get());
}

}  // namespace relevo::net
