// The fields that a handshake response and COM_CHANGE_USER have in common. Both
// readers take what is theirs off a cursor; the caller checks it.
#pragma once

#include "proxy/wire/mysql/handshake.hpp"
#include "proxy/wire/mysql/reader.hpp"

namespace relevo::wire::mysql {

// With a length of one byte, or up to a NUL without Capability::secure_connection.
Bytes read_auth_response(Reader& reader, Capabilities capabilities);
void write_auth_response(Writer& out, Bytes auth_response, Capabilities capabilities);

// Every pair is looked at, so that ConnectAttributes can be walked without a check.
Decoded<ConnectAttributes> read_attributes(Reader& reader);

}  // namespace relevo::wire::mysql
