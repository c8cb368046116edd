// The first packets of a connection: the server's greeting, the client's answer,
// and the wish for TLS in between.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets.html
// https://mariadb.com/docs/server/reference/clientserver-protocol/1-connecting/connection
//
// Decoders take one whole payload. These come from anyone who can reach the port,
// so they are checked strictly; where servers are lenient for the sake of old
// drivers, so are we, and say so.
//
// One thing is the caller's to check: after an SSLRequest no byte may already be
// waiting behind the packet. Taking such bytes into the encrypted session would
// let a man in the middle inject them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include "proxy/wire/mysql/charset.hpp"
#include "proxy/wire/mysql/types.hpp"
#include "proxy/wire/mysql/writer.hpp"

namespace relevo::wire::mysql {

// The nonce of an authentication. No byte of it may be NUL, nor '$' for the sake
// of MySQL's own clients; whoever draws it takes care of that.
using Challenge = std::array<std::byte, challenge_bytes>;

// Protocol::HandshakeV10, from the server.
struct Handshake {
  std::string_view server_version;  // MariaDB may put "5.5.5-" ahead: see is_mariadb()
  std::uint32_t connection_id = 0;
  Capabilities capabilities;
  CollationId collation = 0;  // its low byte: all that fits
  StatusFlags status;
  Challenge challenge{};         // travels in two parts, hence a copy
  std::string_view auth_plugin;  // empty without Capability::plugin_auth

  // By the version's text, since a MariaDB server that proxies a MySQL one exists.
  bool is_mariadb() const { return server_version.find("MariaDB") != std::string_view::npos; }
};

// The pairs of CLIENT_CONNECT_ATTRS, checked before, seen in place.
class ConnectAttributes {
 public:
  using Attribute = std::pair<std::string_view, std::string_view>;

  class iterator {
   public:
    using value_type = Attribute;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;
    iterator() = default;
    explicit iterator(Bytes rest) : rest_(rest) { read(); }
    const Attribute& operator*() const { return current_; }
    const Attribute* operator->() const { return &current_; }
    iterator& operator++() {
      read();
      return *this;
    }
    bool operator==(const iterator& other) const {
      return current_.first.data() == other.current_.first.data();
    }

   private:
    void read();
    Bytes rest_;
    Attribute current_;  // null views: the end
  };

  ConnectAttributes() = default;
  explicit ConnectAttributes(Bytes pairs) : pairs_(pairs) {}

  iterator begin() const { return iterator(pairs_); }
  iterator end() const { return {}; }
  // The first of this name; empty when there is none.
  std::string_view get(std::string_view name) const;
  Bytes bytes() const { return pairs_; }  // as they travel, without their total length
  bool empty() const { return pairs_.empty(); }

 private:
  Bytes pairs_;
};

// Protocol::HandshakeResponse41. As Protocol::SSLRequest, which is its first 32
// bytes and nothing more, only the first three fields are set.
struct HandshakeResponse {
  Capabilities capabilities;  // upper half: MariaDB's, zero unless the client speaks them
  std::uint32_t packet_bytes_max = 0;
  CollationId collation = 0;  // low byte only
  std::string_view user;
  Bytes auth_response;
  std::string_view database;     // empty: none
  std::string_view auth_plugin;  // empty: the client named none
  ConnectAttributes attributes;
  std::uint8_t zstd_level = 0;  // 1 .. 22 with Capability::zstd_compression

  bool wants_tls() const { return capabilities.has(Capability::ssl); }
};

// Malformed too: a server of before 4.1, which has no plugin and half a challenge.
Decoded<Handshake> decode_handshake(Bytes payload);
// An ERR in place of the greeting ("Too many connections", a blocked host) is
// told by its first byte: is_err() in response.hpp.

// True for a payload that is an SSLRequest: 32 bytes that ask for TLS.
bool is_ssl_request(Bytes payload);
// Either. A pre-4.1 answer (no Capability::protocol_41) is malformed.
Decoded<HandshakeResponse> decode_handshake_response(Bytes payload);

// Capabilities in the upper half are written only when Capability::long_password
// is not set.
void encode_handshake(Writer& out, const Handshake& handshake);
void encode_ssl_request(Writer& out, const HandshakeResponse& response);
// What the capabilities don't announce is left out. An auth response that does
// not fit its form (over 255 bytes without plugin_auth_lenenc_client_data, a NUL
// without secure_connection) spoils the message.
void encode_handshake_response(Writer& out, const HandshakeResponse& response);

// Appends one pair to what ConnectAttributes reads.
void append_attribute(std::string& pairs, std::string_view name, std::string_view value);

}  // namespace relevo::wire::mysql
