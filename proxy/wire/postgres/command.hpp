// Simple queries and what ends a command: Query, CommandComplete, ReadyForQuery;
// and NotificationResponse, which may come in between.
//
// Decoders take the whole body of one message.
#pragma once

#include <cstdint>
#include <string_view>

#include "proxy/wire/postgres/decoded.hpp"
#include "proxy/wire/postgres/types.hpp"
#include "proxy/wire/postgres/writer.hpp"

namespace relevo::wire::postgres {

struct NotificationResponse {
  std::uint32_t pid = 0;  // of the session that notified
  std::string_view channel;
  std::string_view payload;
};

Decoded<std::string_view> decode_query(Bytes body);             // the SQL text
Decoded<std::string_view> decode_command_complete(Bytes body);  // the tag: "COMMIT", "SELECT 1"
Decoded<TransactionStatus> decode_ready_for_query(Bytes body);
Decoded<NotificationResponse> decode_notification(Bytes body);
Decoded<std::string_view> decode_copy_fail(Bytes body);  // the client's reason

void encode_query(Writer& out, std::string_view sql);
void encode_command_complete(Writer& out, std::string_view tag);
void encode_ready_for_query(Writer& out, TransactionStatus status);
void encode_notification(Writer& out, const NotificationResponse& notification);
void encode_copy_fail(Writer& out, std::string_view reason);

}  // namespace relevo::wire::postgres
