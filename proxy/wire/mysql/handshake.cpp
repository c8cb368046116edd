#include "proxy/wire/mysql/handshake.hpp"

#include <algorithm>

#include "proxy/wire/mysql/lenenc.hpp"
#include "proxy/wire/mysql/login_fields.hpp"
#include "proxy/wire/mysql/reader.hpp"

namespace relevo::wire::mysql {
namespace {

constexpr std::size_t ssl_request_bytes = 32;
constexpr std::size_t challenge_head_bytes = 8;

// MariaDB's half of the capabilities counts only where the lowest bit is clear.
Capabilities join(std::uint32_t lower, std::uint32_t upper) {
  const auto capabilities = Capabilities::from_word(lower);
  if (capabilities.has(Capability::long_password)) return capabilities;
  return Capabilities::from_word(std::uint64_t{upper} << 32 | lower);
}

std::uint32_t upper_half(Capabilities capabilities) {
  if (capabilities.has(Capability::long_password)) return 0;
  return static_cast<std::uint32_t>(capabilities.word() >> 32);
}

void encode_head(Writer& out, const HandshakeResponse& response) {
  out.u32(static_cast<std::uint32_t>(response.capabilities.word()));
  out.u32(response.packet_bytes_max);
  out.u8(static_cast<std::uint8_t>(response.collation));
  out.zeros(19);
  out.u32(upper_half(response.capabilities));
}

}  // namespace

void ConnectAttributes::iterator::read() {
  if (rest_.empty()) {
    current_ = {};
    return;
  }
  Reader reader(rest_);
  current_.first = reader.lenenc_string();
  current_.second = reader.lenenc_string();
  RELEVO_CHECK(reader.ok());
  rest_ = reader.rest();
}

std::string_view ConnectAttributes::get(std::string_view name) const {
  for (const auto& [key, value] : *this) {
    if (key == name) return value;
  }
  return {};
}

Decoded<Handshake> decode_handshake(Bytes payload) {
  using Answer = Decoded<Handshake>;
  Reader reader(payload);
  if (reader.u8() != protocol_version) {
    return Answer::malformed("greeting is not of protocol version 10");
  }
  Handshake handshake;
  handshake.server_version = reader.cstring();
  handshake.connection_id = reader.u32();
  const Bytes challenge_head = reader.bytes(challenge_head_bytes);
  reader.u8();  // filler
  std::uint32_t capabilities = reader.u16();
  handshake.collation = reader.u8();
  handshake.status = StatusFlags::from_word(reader.u16());
  capabilities |= std::uint32_t{reader.u16()} << 16;
  const std::size_t challenge_size = reader.u8();
  reader.bytes(6);  // reserved
  handshake.capabilities = join(capabilities, reader.u32());
  if (!reader.ok()) return Answer::malformed("greeting is cut short");
  if (!handshake.capabilities.has_all(Capability::protocol_41 | Capability::secure_connection)) {
    return Answer::malformed("server speaks the protocol of before 4.1");
  }
  // At least 13 bytes whatever the length says: 12 of challenge and a NUL.
  const std::size_t tail_size =
      std::max<std::size_t>(challenge_size, challenge_bytes + 1) - challenge_head_bytes;
  const Bytes challenge_tail = reader.bytes(tail_size);
  if (!reader.ok()) return Answer::malformed("greeting is cut short");
  std::copy(challenge_head.begin(), challenge_head.end(), handshake.challenge.begin());
  std::copy_n(challenge_tail.begin(), challenge_bytes - challenge_head_bytes,
              handshake.challenge.begin() + challenge_head_bytes);
  if (handshake.capabilities.has(Capability::plugin_auth)) {
    handshake.auth_plugin = reader.cstring_or_rest();
  }
  return Answer::ok(handshake);
}

bool is_ssl_request(Bytes payload) {
  return payload.size() == ssl_request_bytes &&
         Capabilities::from_word(Reader(payload).u32()).has(Capability::ssl);
}

Decoded<HandshakeResponse> decode_handshake_response(Bytes payload) {
  using Answer = Decoded<HandshakeResponse>;
  Reader reader(payload);
  HandshakeResponse response;
  const std::uint32_t lower = reader.u32();
  response.packet_bytes_max = reader.u32();
  response.collation = reader.u8();
  reader.bytes(19);  // reserved
  response.capabilities = join(lower, reader.u32());
  if (!reader.ok() || !response.capabilities.has(Capability::protocol_41)) {
    return Answer::malformed("client speaks the protocol of before 4.1");
  }
  if (is_ssl_request(payload)) return Answer::ok(response);
  response.user = reader.cstring();
  response.auth_response = response.capabilities.has(Capability::plugin_auth_lenenc_client_data)
                               ? as_bytes(reader.lenenc_string())
                               : read_auth_response(reader, response.capabilities);
  if (!reader.ok()) return Answer::malformed("handshake response is cut short");
  if (response.capabilities.has(Capability::connect_with_db)) {
    response.database = reader.cstring_or_rest();
  }
  if (response.capabilities.has(Capability::plugin_auth)) {
    response.auth_plugin = reader.cstring_or_rest();
  }
  if (response.capabilities.has(Capability::connect_attrs)) {
    const auto attributes = read_attributes(reader);
    if (!attributes) return Answer::malformed(attributes.error());
    response.attributes = *attributes;
  }
  if (response.capabilities.has(Capability::zstd_compression) && reader.left() > 0) {
    response.zstd_level = reader.u8();
  }
  return Answer::ok(response);
}

void encode_handshake(Writer& out, const Handshake& handshake) {
  const auto lower = static_cast<std::uint32_t>(handshake.capabilities.word());
  const Bytes challenge(handshake.challenge);
  out.begin();
  out.u8(protocol_version);
  out.cstring(handshake.server_version);
  out.u32(handshake.connection_id);
  out.bytes(challenge.first(challenge_head_bytes));
  out.u8(0);
  out.u16(static_cast<std::uint16_t>(lower));
  out.u8(static_cast<std::uint8_t>(handshake.collation));
  out.u16(handshake.status.word());
  out.u16(static_cast<std::uint16_t>(lower >> 16));
  const bool plugin_auth = handshake.capabilities.has(Capability::plugin_auth);
  out.u8(plugin_auth ? challenge_bytes + 1 : 0);
  out.zeros(6);
  out.u32(upper_half(handshake.capabilities));
  out.bytes(challenge.subspan(challenge_head_bytes));
  out.u8(0);
  if (plugin_auth) out.cstring(handshake.auth_plugin);
  out.end();
}

void encode_ssl_request(Writer& out, const HandshakeResponse& response) {
  HandshakeResponse request = response;
  request.capabilities = request.capabilities.with(Capability::ssl);
  out.begin();
  encode_head(out, request);
  out.end();
}

void encode_handshake_response(Writer& out, const HandshakeResponse& response) {
  const Capabilities capabilities = response.capabilities;
  out.begin();
  encode_head(out, response);
  out.cstring(response.user);
  if (capabilities.has(Capability::plugin_auth_lenenc_client_data)) {
    out.lenenc_string(as_text(response.auth_response));
  } else {
    write_auth_response(out, response.auth_response, capabilities);
  }
  if (capabilities.has(Capability::connect_with_db)) out.cstring(response.database);
  if (capabilities.has(Capability::plugin_auth)) out.cstring(response.auth_plugin);
  if (capabilities.has(Capability::connect_attrs)) {
    out.lenenc_string(as_text(response.attributes.bytes()));
  }
  if (capabilities.has(Capability::zstd_compression)) out.u8(response.zstd_level);
  out.end();
}

void append_attribute(std::string& pairs, std::string_view name, std::string_view value) {
  append_lenenc_string(pairs, name);
  append_lenenc_string(pairs, value);
}

}  // namespace relevo::wire::mysql
