#include "proxy/wire/mysql/authentication.hpp"

#include <algorithm>

#include "proxy/wire/mysql/login_fields.hpp"
#include "proxy/wire/mysql/reader.hpp"

namespace relevo::wire::mysql {
namespace {

bool takes(Reader& reader, AuthKind kind) {
  return reader.u8() == static_cast<std::uint8_t>(kind) && reader.ok();
}

}  // namespace

Bytes AuthSwitchRequest::challenge() const {
  return data.first(std::min(data.size(), challenge_bytes));
}

Decoded<AuthSwitchRequest> decode_auth_switch_request(Bytes payload) {
  using Answer = Decoded<AuthSwitchRequest>;
  Reader reader(payload);
  if (!takes(reader, AuthKind::switch_request)) {
    return Answer::malformed("not an authentication switch request");
  }
  if (reader.left() == 0) return Answer::ok({auth_plugins::old_password, {}});
  AuthSwitchRequest request;
  request.plugin = reader.cstring();
  request.data = reader.rest();
  if (!reader.ok()) return Answer::malformed("authentication switch request is cut short");
  return Answer::ok(request);
}

Decoded<Bytes> decode_auth_more_data(Bytes payload) {
  Reader reader(payload);
  if (!takes(reader, AuthKind::more_data)) {
    return Decoded<Bytes>::malformed("not more authentication data");
  }
  return Decoded<Bytes>::ok(reader.rest());
}

Decoded<AuthNextFactor> decode_auth_next_factor(Bytes payload) {
  using Answer = Decoded<AuthNextFactor>;
  Reader reader(payload);
  if (!takes(reader, AuthKind::next_factor)) {
    return Answer::malformed("not a next authentication factor");
  }
  AuthNextFactor factor;
  factor.plugin = reader.cstring();
  factor.data = reader.rest();
  if (!reader.ok()) return Answer::malformed("next authentication factor is cut short");
  return Answer::ok(factor);
}

Decoded<ChangeUser> decode_change_user(Bytes payload, Capabilities capabilities) {
  using Answer = Decoded<ChangeUser>;
  Reader reader(payload);
  if (reader.u8() != static_cast<std::uint8_t>(Command::change_user)) {
    return Answer::malformed("not a change of user");
  }
  ChangeUser message;
  message.user = reader.cstring();
  message.auth_response = read_auth_response(reader, capabilities);
  message.database = reader.cstring_or_rest();
  if (!reader.ok()) return Answer::malformed("change of user is cut short");
  if (reader.left() == 0) return Answer::ok(message);  // as before 5.1
  message.collation = reader.u16();
  if (capabilities.has(Capability::plugin_auth)) message.auth_plugin = reader.cstring_or_rest();
  if (!reader.ok()) return Answer::malformed("change of user is cut short");
  if (capabilities.has(Capability::connect_attrs)) {
    const auto attributes = read_attributes(reader);
    if (!attributes) return Answer::malformed(attributes.error());
    message.attributes = *attributes;
  }
  return Answer::ok(message);
}

void encode_auth_switch_request(Writer& out, std::string_view plugin, const Challenge& challenge) {
  out.begin();
  out.u8(static_cast<std::uint8_t>(AuthKind::switch_request));
  out.cstring(plugin);
  out.bytes(challenge);
  out.u8(0);
  out.end();
}

void encode_auth_more_data(Writer& out, Bytes data) {
  out.begin();
  out.u8(static_cast<std::uint8_t>(AuthKind::more_data));
  out.bytes(data);
  out.end();
}

void encode_auth_response(Writer& out, Bytes data) {
  out.begin();
  out.bytes(data);
  out.end();
}

void encode_change_user(Writer& out, const ChangeUser& message, Capabilities capabilities) {
  out.begin();
  out.u8(static_cast<std::uint8_t>(Command::change_user));
  out.cstring(message.user);
  write_auth_response(out, message.auth_response, capabilities);
  out.cstring(message.database);
  out.u16(message.collation);
  if (capabilities.has(Capability::plugin_auth)) out.cstring(message.auth_plugin);
  if (capabilities.has(Capability::connect_attrs)) {
    out.lenenc_string(as_text(message.attributes.bytes()));
  }
  out.end();
}

}  // namespace relevo::wire::mysql
