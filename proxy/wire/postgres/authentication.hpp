// Logging in: the Authentication* family from the server and the answers, which
// all share the type byte 'p' and mean what the server's last request makes them.
// https://www.postgresql.org/docs/current/sasl-authentication.html
//
// Decoders take the whole body of one message (all are short).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "proxy/wire/postgres/decoded.hpp"
#include "proxy/wire/postgres/types.hpp"
#include "proxy/wire/postgres/writer.hpp"

namespace relevo::wire::postgres {

enum class AuthenticationKind : std::uint32_t {
  ok = 0,
  kerberos_v5 = 2,
  cleartext_password = 3,
  md5_password = 5,
  gss = 7,
  gss_continue = 8,
  sspi = 9,
  sasl = 10,
  sasl_continue = 11,
  sasl_final = 12,
};

using Md5Salt = std::array<std::byte, 4>;

// name\0 name\0 ... \0, checked before.
class SaslMechanisms {
 public:
  SaslMechanisms() = default;
  explicit SaslMechanisms(std::string_view names) : names_(names) {}
  bool contains(std::string_view mechanism) const;

 private:
  std::string_view names_;  // each with its NUL, without the closing one
};

struct Authentication {
  AuthenticationKind kind = AuthenticationKind::ok;
  Md5Salt salt{};             // md5_password
  SaslMechanisms mechanisms;  // sasl
  Bytes data;                 // sasl_continue, sasl_final, gss_continue
};

struct SaslInitialResponse {
  std::string_view mechanism;
  std::optional<Bytes> data;  // none: the length on the wire is -1
};

// A request code that we don't know is malformed: nobody could answer it.
Decoded<Authentication> decode_authentication(Bytes body);

Decoded<std::string_view> decode_password(Bytes body);
Decoded<SaslInitialResponse> decode_sasl_initial_response(Bytes body);
// SASLResponse is its body as it stands: use as_text(body).

void encode_authentication_ok(Writer& out);
void encode_authentication_cleartext(Writer& out);
void encode_authentication_md5(Writer& out, const Md5Salt& salt);
void encode_authentication_sasl(Writer& out, std::span<const std::string_view> mechanisms);
void encode_authentication_sasl_continue(Writer& out, std::string_view data);
void encode_authentication_sasl_final(Writer& out, std::string_view data);

void encode_password(Writer& out, std::string_view password);
void encode_sasl_initial_response(Writer& out, std::string_view mechanism, std::string_view data);
void encode_sasl_response(Writer& out, std::string_view data);

}  // namespace relevo::wire::postgres
