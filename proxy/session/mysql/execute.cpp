#include "proxy/session/mysql/execute.hpp"

#include <algorithm>
#include <span>

#include "proxy/wire/mysql/frame.hpp"
#include "proxy/wire/mysql/statements.hpp"
#include "topology/model/check.hpp"

namespace relevo::session::mysql {

namespace wire = relevo::wire::mysql;
using wire::Bytes;
using wire::Capabilities;
using wire::Capability;
using wire::Command;

namespace {

constexpr std::size_t number_end = wire::statement_id_at + wire::statement_id_bytes;
constexpr std::uint16_t bulk_has_types = 128;

ExecutePlan without_types() {
  ExecutePlan plan;
  plan.status = ExecutePlan::Status::no_types;
  return plan;
}

bool same(const ParameterTypes& known, std::string_view types) {
  return known != nullptr && *known == types;
}

void learn(ClientStatement& client, ServerStatement& server, std::string_view types) {
  if (!same(client.types, types)) client.types = std::make_shared<const std::string>(types);
  server.types = client.types;
}

bool knows_types(const ClientStatement& client, const ServerStatement& server) {
  return server.types != nullptr &&
         (server.types == client.types || *server.types == *client.types);
}

ExecutePlan renumbered(Bytes payload, const ServerStatement& server) {
  return {.status = ExecutePlan::Status::ready,
          .head = with_statement_number(wire::as_text(payload.first(number_end)), server.number),
          .head_bytes = number_end,
          .cursor = false};
}

ExecutePlan plan_bulk(Bytes payload, std::uint64_t payload_bytes, ClientStatement& client,
                      ServerStatement& server) {
  const auto bulk = wire::decode_bulk_execute_head(payload, payload_bytes, client.parameters);
  if (!bulk) return {};
  if (bulk->has_types()) learn(client, server, wire::as_text(bulk->types));
  if (client.types == nullptr) return without_types();
  ExecutePlan plan = renumbered(payload, server);
  if (bulk->has_types() || knows_types(client, server)) return plan;
  const auto flags = static_cast<std::uint16_t>(bulk->flags | bulk_has_types);
  plan.head += static_cast<char>(flags & 0xff);
  plan.head += static_cast<char>(flags >> 8);
  plan.head += *client.types;
  plan.head_bytes = bulk->values_at;
  server.types = client.types;
  return plan;
}

}  // namespace

std::string with_statement_number(std::string_view payload, std::uint32_t number) {
  RELEVO_CHECK(payload.size() >= number_end);
  std::string renumbered(payload);
  wire::put_statement_id(std::as_writable_bytes(std::span(renumbered))
                             .subspan(wire::statement_id_at)
                             .first<wire::statement_id_bytes>(),
                         number);
  return renumbered;
}

ExecutePlan plan_execute(Bytes payload, std::uint64_t payload_bytes, Capabilities capabilities,
                         ClientStatement& client, ServerStatement& server) {
  if (payload.size() < number_end) return {};
  if (static_cast<Command>(payload.front()) == Command::stmt_bulk_execute) {
    // MariaDB's; query attributes, which put names between the types, are MySQL's.
    if (capabilities.has(Capability::query_attributes)) return {};
    return plan_bulk(payload, payload_bytes, client, server);
  }
  const auto execute =
      wire::decode_execute_head(payload, payload_bytes, client.parameters, capabilities);
  if (!execute) return {};
  ExecutePlan plan = renumbered(payload, server);
  plan.cursor = execute->opens_cursor();
  if (execute->parameters == 0) return plan;
  if (execute->has_types) {
    learn(client, server, wire::as_text(execute->types));
    client.typed_parameters = execute->parameters;
    return plan;
  }
  if (client.types == nullptr) return without_types();
  if (knows_types(client, server)) return plan;
  // Query attributes count as parameters: an execution may have others than the one
  // that the types are of.
  if (client.typed_parameters != execute->parameters) return without_types();
  plan.head.clear();
  wire::append_execute_with_types(plan.head, payload, *execute, server.number,
                                  wire::as_bytes(*client.types));
  plan.head_bytes = execute->values_at;
  server.types = client.types;
  return plan;
}

// -- cut into packets again ------------------------------------------------------------

Repacket::Repacket(std::string head, std::size_t head_bytes)
    : held_(std::move(head)), drop_(head_bytes) {
  // A payload that shrank would leave packets of the client's that are full short.
  RELEVO_CHECK(held_.size() >= drop_);
}

void Repacket::begin_packet(std::uint64_t body_bytes, std::string& out) {
  const auto size =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(body_bytes, wire::limits::packet_bytes));
  for (const std::byte b : wire::packet_header_bytes(size, sequence_)) {
    out += static_cast<char>(b);
  }
  ++sequence_;
  out_left_ = size;
  out_full_ = size == wire::limits::packet_bytes;
}

// Bytes of the payload, in order: as many as the open packet takes, the rest held.
void Repacket::put(std::string_view bytes, std::string& out) {
  const std::size_t now = std::min<std::uint64_t>(bytes.size(), out_left_);
  out.append(bytes.substr(0, now));
  out_left_ -= now;
  held_.append(bytes.substr(now));
}

void Repacket::on_packet(std::uint32_t body_bytes, std::string& out) {
  RELEVO_CHECK(!done_ && in_left_ == 0 && out_left_ == 0);
  in_left_ = body_bytes;
  in_last_ = body_bytes != wire::limits::packet_bytes;
  const std::uint64_t known = held_.size() + body_bytes - std::min<std::size_t>(drop_, body_bytes);
  begin_packet(known, out);
  const std::string ahead = std::exchange(held_, {});
  put(ahead, out);
  if (in_left_ == 0) on_bytes({}, out);
}

void Repacket::on_bytes(std::string_view bytes, std::string& out) {
  RELEVO_CHECK(bytes.size() <= in_left_);
  in_left_ -= static_cast<std::uint32_t>(bytes.size());
  const std::size_t dropped = std::min(drop_, bytes.size());
  drop_ -= dropped;
  put(bytes.substr(dropped), out);
  if (in_left_ > 0 || !in_last_) return;
  // The client's payload is over; ours may be a packet or two behind.
  while (out_full_) {
    begin_packet(held_.size(), out);
    const std::string rest = std::exchange(held_, {});
    put(rest, out);
  }
  done_ = true;
}

}  // namespace relevo::session::mysql
