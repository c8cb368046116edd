#include "proxy/wire/postgres/command.hpp"

#include "proxy/wire/postgres/reader.hpp"

namespace relevo::wire::postgres {
namespace {

// A body that is one C string and nothing else.
Decoded<std::string_view> decode_text(Bytes body) {
  using Text = Decoded<std::string_view>;
  Reader reader(body);
  const std::string_view text = reader.cstring();
  if (!reader.ok()) return Text::malformed("string in message has no terminator");
  if (!reader.at_end()) return Text::malformed("message has trailing bytes");
  return Text::ok(text);
}

template <typename Type>
void encode_text(Writer& out, Type type, std::string_view text) {
  out.begin(type);
  out.cstring(text);
  out.end();
}

}  // namespace

Decoded<std::string_view> decode_query(Bytes body) { return decode_text(body); }
Decoded<std::string_view> decode_command_complete(Bytes body) { return decode_text(body); }
Decoded<std::string_view> decode_copy_fail(Bytes body) { return decode_text(body); }

Decoded<TransactionStatus> decode_ready_for_query(Bytes body) {
  using Status = Decoded<TransactionStatus>;
  if (body.size() != 1) return Status::malformed("ReadyForQuery has a wrong length");
  const auto status = static_cast<TransactionStatus>(body[0]);
  switch (status) {
    case TransactionStatus::idle:
    case TransactionStatus::in_transaction:
    case TransactionStatus::failed:
      return Status::ok(status);
  }
  return Status::malformed("ReadyForQuery has an unknown transaction status");
}

Decoded<NotificationResponse> decode_notification(Bytes body) {
  using Notification = Decoded<NotificationResponse>;
  Reader reader(body);
  NotificationResponse message;
  message.pid = reader.u32();
  message.channel = reader.cstring();
  message.payload = reader.cstring();
  if (!reader.ok()) return Notification::malformed("notification is too short");
  if (!reader.at_end()) return Notification::malformed("notification has trailing bytes");
  return Notification::ok(message);
}

void encode_query(Writer& out, std::string_view sql) { encode_text(out, Frontend::query, sql); }
void encode_command_complete(Writer& out, std::string_view tag) {
  encode_text(out, Backend::command_complete, tag);
}
void encode_copy_fail(Writer& out, std::string_view reason) {
  encode_text(out, Frontend::copy_fail, reason);
}

void encode_ready_for_query(Writer& out, TransactionStatus status) {
  out.begin(Backend::ready_for_query);
  out.u8(static_cast<std::uint8_t>(status));
  out.end();
}

void encode_notification(Writer& out, const NotificationResponse& notification) {
  out.begin(Backend::notification_response);
  out.u32(notification.pid);
  out.cstring(notification.channel);
  out.cstring(notification.payload);
  out.end();
}

}  // namespace relevo::wire::postgres
