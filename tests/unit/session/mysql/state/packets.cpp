#include "tests/unit/session/mysql/state/packets.hpp"

#include <algorithm>
#include <charconv>
#include <sstream>

#include "proxy/wire/mysql/response.hpp"

namespace relevo::session::mysql {

namespace wire = relevo::wire::mysql;

std::vector<TestPacket> parse_packets(std::string_view text) {
  std::vector<TestPacket> packets;
  std::istringstream words{std::string(text)};
  for (std::string word; words >> word;) {
    const auto colon = word.find(':');
    TestPacket packet;
    packet.sequence = static_cast<std::uint8_t>(std::stoi(word.substr(0, colon)));
    for (std::size_t at = colon + 1; at + 1 < word.size(); at += 2) {
      packet.payload += static_cast<char>(std::stoi(word.substr(at, 2), nullptr, 16));
    }
    packets.push_back(packet);
  }
  return packets;
}

std::string to_text(const TestPacket& packet) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text = std::to_string(packet.sequence) + ':';
  for (const char c : packet.payload) {
    text += digits[static_cast<unsigned char>(c) >> 4];
    text += digits[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

std::string to_text(const std::vector<TestPacket>& packets) {
  std::string text;
  for (const TestPacket& packet : packets) text += (text.empty() ? "" : " ") + to_text(packet);
  return text;
}

std::vector<TestPacket> split_packets(std::string_view bytes) {
  std::vector<TestPacket> packets;
  while (!bytes.empty()) {
    const auto header = wire::read_packet_header(wire::as_bytes(bytes));
    if (!header || bytes.size() < header->total_bytes()) return {{255, "cut short"}};
    packets.push_back({header->sequence, std::string(bytes.substr(4, header->body_bytes))});
    bytes.remove_prefix(header->total_bytes());
  }
  return packets;
}

Verdict feed(Exchange& exchange, const TestPacket& packet, std::vector<TestPacket>& to_client) {
  const auto first =
      packet.payload.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(packet.payload.front());
  const bool whole = exchange.wants_whole(packet.header(), first);
  const std::string_view shown =
      std::string_view(packet.payload).substr(0, whole ? std::string::npos : wire::kind_bytes);
  Additions additions;
  const Verdict verdict = exchange.on_packet(packet.header(), wire::as_bytes(shown), additions);
  for (TestPacket& added : split_packets(additions.before)) to_client.push_back(std::move(added));
  if (verdict.forward) to_client.push_back({verdict.sequence, packet.payload});
  for (TestPacket& added : split_packets(additions.after)) to_client.push_back(std::move(added));
  return verdict;
}

}  // namespace relevo::session::mysql
