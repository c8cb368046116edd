#include "proxy/wire/mysql/statements.hpp"

#include "proxy/wire/mysql/binary_value.hpp"
#include "proxy/wire/mysql/reader.hpp"
#include "topology/model/check.hpp"

namespace relevo::wire::mysql {
namespace {

bool takes(Reader& reader, Command command) {
  return reader.u8() == static_cast<std::uint8_t>(command) && reader.ok();
}

void begin(Writer& out, Command command) {
  out.begin();
  out.u8(static_cast<std::uint8_t>(command));
}

// The types of `count` parameters, as they stand.
Bytes read_types(Reader& reader, Bytes payload, std::uint64_t count, bool named) {
  const std::size_t at = reader.offset();
  for (std::uint64_t i = 0; i < count && reader.ok(); ++i) {
    reader.u16();
    if (named) reader.lenenc_string();
  }
  return reader.ok() ? payload.subspan(at, reader.offset() - at) : Bytes{};
}

}  // namespace

Decoded<StatementId> decode_statement_id(Bytes payload) {
  using Answer = Decoded<StatementId>;
  Reader reader(payload);
  reader.u8();
  const StatementId statement = reader.u32();
  return reader.ok() ? Answer::ok(statement) : Answer::malformed("command names no statement");
}

void put_statement_id(std::span<std::byte, statement_id_bytes> at, StatementId id) {
  for (std::size_t i = 0; i < statement_id_bytes; ++i) {
    at[i] = static_cast<std::byte>(id >> (8 * i));
  }
}

Decoded<Execute> decode_execute_head(Bytes head, std::uint64_t payload_bytes,
                                     std::uint16_t parameters, Capabilities capabilities) {
  using Answer = Decoded<Execute>;
  const bool whole = head.size() >= payload_bytes;
  const bool named = capabilities.has(Capability::query_attributes);
  Reader reader(head);
  if (!takes(reader, Command::stmt_execute)) {
    return reader.failure<Execute>(whole || !head.empty(), "not an execution");
  }
  Execute execute;
  execute.statement = reader.u32();
  execute.flags = ExecuteFlags::from_word(reader.u8());
  execute.iterations = reader.u32();
  execute.parameters = parameters;
  const bool counted =
      named && (parameters > 0 || execute.flags.has(ExecuteFlag::parameter_count_available));
  if (counted) execute.parameters = reader.lenenc();
  if (!reader.ok()) return reader.failure<Execute>(whole, "execution is cut short");
  if (execute.parameters > limits::parameters || execute.parameters < parameters) {
    return Answer::malformed("execution has an impossible number of parameters");
  }
  if (execute.parameters == 0) return Answer::ok(execute);
  reader.bytes(null_bitmap_bytes(execute.parameters));
  execute.bound_flag_at = reader.offset();
  const std::uint8_t bound = reader.u8();
  if (bound > 1) return Answer::malformed("execution has a bad flag of new parameters");
  execute.has_types = bound == 1;
  if (execute.has_types) execute.types = read_types(reader, head, execute.parameters, named);
  if (!reader.ok()) return reader.failure<Execute>(whole, "execution is cut short");
  execute.values_at = reader.offset();
  return Answer::ok(execute);
}

void append_execute_with_types(std::string& out, Bytes head, const Execute& execute,
                               StatementId statement, Bytes types) {
  RELEVO_CHECK(execute.bound_flag_at > 0 && !execute.has_types);
  RELEVO_CHECK(head.size() >= execute.values_at);
  const std::size_t from = out.size();
  out += as_text(head.first(execute.bound_flag_at));
  put_statement_id(
      std::span<std::byte, statement_id_bytes>(
          reinterpret_cast<std::byte*>(out.data() + from + statement_id_at), statement_id_bytes),
      statement);
  out += '\1';
  out += as_text(types);
}

Decoded<BulkExecute> decode_bulk_execute_head(Bytes head, std::uint64_t payload_bytes,
                                              std::uint16_t parameters) {
  using Answer = Decoded<BulkExecute>;
  const bool whole = head.size() >= payload_bytes;
  Reader reader(head);
  if (!takes(reader, Command::stmt_bulk_execute)) {
    return reader.failure<BulkExecute>(whole || !head.empty(), "not a bulk execution");
  }
  BulkExecute execute;
  execute.statement = reader.u32();
  execute.flags = reader.u16();
  if (execute.has_types()) execute.types = read_types(reader, head, parameters, false);
  if (!reader.ok()) return reader.failure<BulkExecute>(whole, "bulk execution is cut short");
  execute.values_at = reader.offset();
  return Answer::ok(execute);
}

Decoded<SendLongData> decode_send_long_data_head(Bytes head, std::uint64_t payload_bytes) {
  using Answer = Decoded<SendLongData>;
  const bool whole = head.size() >= payload_bytes;
  Reader reader(head);
  if (!takes(reader, Command::stmt_send_long_data)) {
    return reader.failure<SendLongData>(whole || !head.empty(), "not long data");
  }
  SendLongData data;
  data.statement = reader.u32();
  data.parameter = reader.u16();
  if (!reader.ok()) return reader.failure<SendLongData>(whole, "long data are cut short");
  data.data_at = reader.offset();
  return Answer::ok(data);
}

Decoded<Fetch> decode_fetch(Bytes payload) {
  using Answer = Decoded<Fetch>;
  Reader reader(payload);
  const bool is_fetch = takes(reader, Command::stmt_fetch);
  Fetch fetch;
  fetch.statement = reader.u32();
  fetch.rows = reader.u32();
  if (!is_fetch || !reader.at_end()) return Answer::malformed("fetch is not of nine bytes");
  return Answer::ok(fetch);
}

void encode_prepare(Writer& out, std::string_view sql) {
  begin(out, Command::stmt_prepare);
  out.text(sql);
  out.end();
}

void encode_close(Writer& out, StatementId statement) {
  begin(out, Command::stmt_close);
  out.u32(statement);
  out.end();
}

void encode_statement_reset(Writer& out, StatementId statement) {
  begin(out, Command::stmt_reset);
  out.u32(statement);
  out.end();
}

}  // namespace relevo::wire::mysql
