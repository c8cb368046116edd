#include "proxy/wire/postgres/authentication.hpp"

#include <algorithm>

#include "proxy/wire/postgres/reader.hpp"

namespace relevo::wire::postgres {
namespace {

using Auth = Decoded<Authentication>;

void begin_authentication(Writer& out, AuthenticationKind kind) {
  out.begin(Backend::authentication);
  out.u32(static_cast<std::uint32_t>(kind));
}

Auth decode_mechanisms(Authentication message, Bytes list) {
  Reader reader(list);
  std::size_t names_bytes = 0;
  for (;;) {
    const std::string_view name = reader.cstring();
    if (!reader.ok()) return Auth::malformed("list of SASL mechanisms has no terminator");
    if (name.empty()) break;
    names_bytes = reader.offset();
  }
  if (!reader.at_end()) return Auth::malformed("authentication request has trailing bytes");
  message.mechanisms = SaslMechanisms(as_text(list.first(names_bytes)));
  return Auth::ok(message);
}

}  // namespace

bool SaslMechanisms::contains(std::string_view mechanism) const {
  std::string_view rest = names_;
  while (!rest.empty()) {
    const std::size_t size = rest.find('\0');
    RELEVO_CHECK(size != std::string_view::npos);
    if (rest.substr(0, size) == mechanism) return true;
    rest.remove_prefix(size + 1);
  }
  return false;
}

Decoded<Authentication> decode_authentication(Bytes body) {
  Reader reader(body);
  Authentication message;
  message.kind = static_cast<AuthenticationKind>(reader.u32());
  if (!reader.ok()) return Auth::malformed("authentication request is too short");
  switch (message.kind) {
    case AuthenticationKind::md5_password: {
      const Bytes salt = reader.bytes(message.salt.size());
      std::copy(salt.begin(), salt.end(), message.salt.begin());
      break;
    }
    case AuthenticationKind::sasl:
      return decode_mechanisms(message, reader.rest());
    case AuthenticationKind::gss_continue:
    case AuthenticationKind::sasl_continue:
    case AuthenticationKind::sasl_final:
      message.data = reader.rest();
      break;
    case AuthenticationKind::ok:
    case AuthenticationKind::kerberos_v5:
    case AuthenticationKind::cleartext_password:
    case AuthenticationKind::gss:
    case AuthenticationKind::sspi:
      break;
    default:
      return Auth::malformed("unknown authentication request");
  }
  if (!reader.ok()) return Auth::malformed("authentication request is too short");
  if (!reader.at_end()) return Auth::malformed("authentication request has trailing bytes");
  return Auth::ok(message);
}

Decoded<std::string_view> decode_password(Bytes body) {
  using Password = Decoded<std::string_view>;
  Reader reader(body);
  const std::string_view password = reader.cstring();
  if (!reader.ok()) return Password::malformed("password message has no terminator");
  if (!reader.at_end()) return Password::malformed("password message has trailing bytes");
  return Password::ok(password);
}

Decoded<SaslInitialResponse> decode_sasl_initial_response(Bytes body) {
  using Response = Decoded<SaslInitialResponse>;
  Reader reader(body);
  SaslInitialResponse response;
  response.mechanism = reader.cstring();
  const std::int32_t size = reader.i32();
  if (!reader.ok()) return Response::malformed("SASL initial response is too short");
  if (size < -1) return Response::malformed("SASL initial response has a negative length");
  if (size >= 0) response.data = reader.bytes(static_cast<std::size_t>(size));
  if (!reader.ok()) return Response::malformed("SASL initial response is too short");
  if (!reader.at_end()) return Response::malformed("SASL initial response has trailing bytes");
  return Response::ok(response);
}

void encode_authentication_ok(Writer& out) {
  begin_authentication(out, AuthenticationKind::ok);
  out.end();
}

void encode_authentication_cleartext(Writer& out) {
  begin_authentication(out, AuthenticationKind::cleartext_password);
  out.end();
}

void encode_authentication_md5(Writer& out, const Md5Salt& salt) {
  begin_authentication(out, AuthenticationKind::md5_password);
  out.bytes(salt);
  out.end();
}

void encode_authentication_sasl(Writer& out, std::span<const std::string_view> mechanisms) {
  begin_authentication(out, AuthenticationKind::sasl);
  for (const std::string_view mechanism : mechanisms) out.cstring(mechanism);
  out.u8(0);
  out.end();
}

void encode_authentication_sasl_continue(Writer& out, std::string_view data) {
  begin_authentication(out, AuthenticationKind::sasl_continue);
  out.bytes(as_bytes(data));
  out.end();
}

void encode_authentication_sasl_final(Writer& out, std::string_view data) {
  begin_authentication(out, AuthenticationKind::sasl_final);
  out.bytes(as_bytes(data));
  out.end();
}

void encode_password(Writer& out, std::string_view password) {
  out.begin(Frontend::password);
  out.cstring(password);
  out.end();
}

void encode_sasl_initial_response(Writer& out, std::string_view mechanism, std::string_view data) {
  out.begin(Frontend::password);
  out.cstring(mechanism);
  out.u32(static_cast<std::uint32_t>(data.size()));
  out.bytes(as_bytes(data));
  out.end();
}

void encode_sasl_response(Writer& out, std::string_view data) {
  out.begin(Frontend::password);
  out.bytes(as_bytes(data));
  out.end();
}

}  // namespace relevo::wire::postgres
