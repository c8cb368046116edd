#include "proxy/wire/postgres/session_info.hpp"

#include "proxy/wire/postgres/reader.hpp"

namespace relevo::wire::postgres {

Decoded<ParameterStatus> decode_parameter_status(Bytes body) {
  using Status = Decoded<ParameterStatus>;
  Reader reader(body);
  ParameterStatus status;
  status.name = reader.cstring();
  status.value = reader.cstring();
  if (!reader.ok()) return Status::malformed("parameter status is too short");
  if (!reader.at_end()) return Status::malformed("parameter status has trailing bytes");
  return Status::ok(status);
}

Decoded<BackendKeyData> decode_backend_key_data(Bytes body) {
  using Key = Decoded<BackendKeyData>;
  Reader reader(body);
  BackendKeyData data;
  data.pid = reader.u32();
  data.key = reader.rest();
  if (!reader.ok() || data.key.size() < limits::cancel_key_bytes_min) {
    return Key::malformed("cancel key is too short");
  }
  if (data.key.size() > limits::cancel_key_bytes_max) {
    return Key::malformed("cancel key is too long");
  }
  return Key::ok(data);
}

Decoded<NegotiateProtocolVersion> decode_negotiate_protocol_version(Bytes body) {
  using Negotiate = Decoded<NegotiateProtocolVersion>;
  Reader reader(body);
  NegotiateProtocolVersion message;
  message.newest = ProtocolVersion::from_word(reader.u32());
  message.unrecognized_count = reader.u32();
  const std::size_t names_at = reader.offset();
  // Each name takes a byte at least, so the loop ends with the bytes however
  // large the count claims to be.
  for (std::uint32_t i = 0; i < message.unrecognized_count && reader.ok(); ++i) reader.cstring();
  if (!reader.ok()) return Negotiate::malformed("protocol negotiation is too short");
  if (!reader.at_end()) return Negotiate::malformed("protocol negotiation has trailing bytes");
  message.unrecognized = as_text(body.subspan(names_at));
  return Negotiate::ok(message);
}

void encode_parameter_status(Writer& out, std::string_view name, std::string_view value) {
  out.begin(Backend::parameter_status);
  out.cstring(name);
  out.cstring(value);
  out.end();
}

void encode_backend_key_data(Writer& out, std::uint32_t pid, Bytes key) {
  out.begin(Backend::backend_key_data);
  out.u32(pid);
  out.bytes(key);
  out.end();
}

void encode_negotiate_protocol_version(Writer& out, ProtocolVersion newest,
                                       std::span<const std::string_view> unrecognized) {
  out.begin(Backend::negotiate_protocol_version);
  out.u32(newest.word());
  out.u32(static_cast<std::uint32_t>(unrecognized.size()));
  for (const std::string_view name : unrecognized) out.cstring(name);
  out.end();
}

}  // namespace relevo::wire::postgres
