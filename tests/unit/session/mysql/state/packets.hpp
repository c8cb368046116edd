// Packets as text, for tables of what a server says: "2:fe00000200" is the payload
// fe 00 00 02 00 in a packet of sequence number 2. Spaces separate packets.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proxy/session/mysql/exchange.hpp"
#include "proxy/wire/mysql/frame.hpp"

namespace relevo::session::mysql {

struct TestPacket {
  std::uint8_t sequence = 0;
  std::string payload;

  wire::mysql::PacketHeader header() const {
    return {static_cast<std::uint32_t>(payload.size()), sequence};
  }
};

std::vector<TestPacket> parse_packets(std::string_view text);
std::string to_text(const TestPacket& packet);
std::string to_text(const std::vector<TestPacket>& packets);
// Whole packets, headers and all, as they go over the wire.
std::vector<TestPacket> split_packets(std::string_view wire_bytes);

// Feeds one packet and appends what the client is sent for it. Where the exchange
// doesn't want it whole, it is shown no more than the three bytes that tell kinds apart.
Verdict feed(Exchange& exchange, const TestPacket& packet, std::vector<TestPacket>& to_client);

}  // namespace relevo::session::mysql
