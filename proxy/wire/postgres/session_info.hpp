// What a server tells about a session after it let it in: its parameters, its
// cancel key, the protocol version it settled on.
//
// Decoders take the whole body of one message.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "proxy/wire/postgres/decoded.hpp"
#include "proxy/wire/postgres/types.hpp"
#include "proxy/wire/postgres/writer.hpp"

namespace relevo::wire::postgres {

struct ParameterStatus {
  std::string_view name;
  std::string_view value;
};

struct BackendKeyData {
  std::uint32_t pid = 0;
  Bytes key;  // 4 bytes in 3.0, up to 256 since 3.2
};

// "I don't know all that you asked for." The documentation calls the first field
// the newest *minor* version; what servers send, and libpq expects, is the whole
// version word (3.2 is 0x00030002).
struct NegotiateProtocolVersion {
  ProtocolVersion newest;
  std::uint32_t unrecognized_count = 0;
  std::string_view unrecognized;  // that many names, each with its NUL
};

Decoded<ParameterStatus> decode_parameter_status(Bytes body);
Decoded<BackendKeyData> decode_backend_key_data(Bytes body);
Decoded<NegotiateProtocolVersion> decode_negotiate_protocol_version(Bytes body);

void encode_parameter_status(Writer& out, std::string_view name, std::string_view value);
void encode_backend_key_data(Writer& out, std::uint32_t pid, Bytes key);
void encode_negotiate_protocol_version(Writer& out, ProtocolVersion newest,
                                       std::span<const std::string_view> unrecognized);

}  // namespace relevo::wire::postgres
