#include "proxy/wire/mysql/login_fields.hpp"

namespace relevo::wire::mysql {

Bytes read_auth_response(Reader& reader, Capabilities capabilities) {
  if (capabilities.has(Capability::secure_connection)) return reader.bytes(reader.u8());
  return as_bytes(reader.cstring());
}

void write_auth_response(Writer& out, Bytes auth_response, Capabilities capabilities) {
  if (!capabilities.has(Capability::secure_connection)) {
    out.cstring(as_text(auth_response));
    return;
  }
  if (auth_response.size() > 255) out.spoil();
  out.u8(static_cast<std::uint8_t>(auth_response.size()));
  out.bytes(auth_response);
}

Decoded<ConnectAttributes> read_attributes(Reader& reader) {
  using Attributes = Decoded<ConnectAttributes>;
  if (reader.left() == 0) return Attributes::ok({});  // announced and left out: some drivers do
  const Bytes pairs = as_bytes(reader.lenenc_string());
  if (!reader.ok()) return Attributes::malformed("connection attributes are cut short");
  if (pairs.size() > limits::connect_attributes_bytes) {
    return Attributes::malformed("connection attributes are too long");
  }
  Reader pair(pairs);
  for (std::size_t count = 0; !pair.at_end(); ++count) {
    pair.lenenc_string();
    pair.lenenc_string();
    if (!pair.ok()) return Attributes::malformed("connection attribute is cut short");
    if (count == limits::connect_attributes) {
      return Attributes::malformed("too many connection attributes");
    }
  }
  return Attributes::ok(ConnectAttributes(pairs));
}

}  // namespace relevo::wire::mysql
