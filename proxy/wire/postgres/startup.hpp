// The first packets of a connection, which have a length but no type byte:
// SSLRequest, GSSENCRequest, CancelRequest, StartupMessage.
// https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-START-UP
//
// They come from anyone who can reach the port, so they are checked strictly: a
// packet is accepted only when its every byte is accounted for.
//
// One thing is the caller's to check: after an SSLRequest or GSSENCRequest no
// byte may already be waiting behind the packet. Taking such bytes into the
// encrypted session would let a man in the middle inject them (CVE-2021-23214).
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <variant>

#include "proxy/wire/postgres/decoded.hpp"
#include "proxy/wire/postgres/types.hpp"
#include "proxy/wire/postgres/writer.hpp"

namespace relevo::wire::postgres {

// name\0value\0 name\0value\0 ... \0, checked before, seen in place.
class StartupParameters {
 public:
  using Parameter = std::pair<std::string_view, std::string_view>;

  class iterator {
   public:
    using value_type = Parameter;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;
    iterator() = default;
    explicit iterator(std::string_view rest) : rest_(rest) { read(); }
    const Parameter& operator*() const { return current_; }
    const Parameter* operator->() const { return &current_; }
    iterator& operator++() {
      read();
      return *this;
    }
    iterator operator++(int) {
      iterator before = *this;
      read();
      return before;
    }
    bool operator==(const iterator& other) const {
      return current_.first.data() == other.current_.first.data();
    }

   private:
    void read();
    std::string_view rest_;
    Parameter current_;  // null views: the end
  };

  StartupParameters() = default;
  explicit StartupParameters(std::string_view pairs) : pairs_(pairs) {}

  iterator begin() const { return iterator(pairs_); }
  iterator end() const { return {}; }
  std::optional<std::string_view> find(std::string_view name) const;
  // `fallback` when absent, and when empty: PostgreSQL treats both alike for user and database.
  std::string_view get(std::string_view name, std::string_view fallback = {}) const;

 private:
  std::string_view pairs_;  // without the closing NUL
};

struct SslRequest {};
struct GssEncRequest {};

struct CancelRequest {
  std::uint32_t pid = 0;
  Bytes key;  // 4 .. 256 bytes
};

struct StartupMessage {
  ProtocolVersion version;       // major is 3; minor may be newer than what we know
  StartupParameters parameters;  // no name twice, "user" not empty; "_pq_." names included

  std::string_view user() const { return parameters.get("user"); }
  std::string_view database() const { return parameters.get("database", user()); }
};

// A major version other than 3. Its parameters are not read: their form isn't known.
struct UnsupportedProtocol {
  ProtocolVersion version;
};

using StartupRequest =
    std::variant<SslRequest, GssEncRequest, CancelRequest, StartupMessage, UnsupportedProtocol>;

// Size of the packet at the front of `bytes`, its length word included: 8 .. 10004.
Decoded<std::size_t> read_startup_size(Bytes bytes);

// `packet`: exactly one packet, as read_startup_size() measured it.
Decoded<StartupRequest> decode_startup(Bytes packet);

void encode_ssl_request(Writer& out);
void encode_cancel_request(Writer& out, std::uint32_t pid, Bytes key);
void encode_startup_message(Writer& out, ProtocolVersion version,
                            std::span<const StartupParameters::Parameter> parameters);

}  // namespace relevo::wire::postgres
