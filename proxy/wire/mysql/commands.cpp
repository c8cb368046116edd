#include "proxy/wire/mysql/commands.hpp"

#include "proxy/wire/mysql/binary_value.hpp"
#include "proxy/wire/mysql/reader.hpp"

namespace relevo::wire::mysql {
namespace {

bool takes(Reader& reader, Command command) {
  return reader.u8() == static_cast<std::uint8_t>(command) && reader.ok();
}

void begin(Writer& out, Command command) {
  out.begin();
  out.u8(static_cast<std::uint8_t>(command));
}

// Leaves the reader where the text of the query begins. Text of static life says
// what is wrong; empty when nothing is, or when only the reader ran short.
std::string_view skip_attributes(Reader& reader, std::uint64_t count) {
  const Bytes nulls = reader.bytes(null_bitmap_bytes(count));
  if (reader.u8() != 1 && reader.ok()) return "query attributes come without types";
  Reader types = reader;  // read again, once the values are reached
  for (std::uint64_t i = 0; i < count && reader.ok(); ++i) {
    reader.u16();
    reader.lenenc_string();
  }
  for (std::uint64_t i = 0; i < count && reader.ok(); ++i) {
    const auto type = static_cast<FieldType>(types.u16() & 0xff);  // above: unsigned or not
    types.lenenc_string();
    if (is_null(nulls, i)) continue;
    if (!skip_binary_value(reader, type)) return "query attribute is of an unknown type";
  }
  return {};
}

}  // namespace

Decoded<Command> decode_command(Bytes payload) {
  if (payload.empty()) return Decoded<Command>::malformed("command is empty");
  return Decoded<Command>::ok(static_cast<Command>(payload.front()));
}

Decoded<Query> decode_query_head(Bytes payload, std::uint64_t payload_bytes,
                                 Capabilities capabilities) {
  using Answer = Decoded<Query>;
  const bool whole = payload.size() >= payload_bytes;
  Reader reader(payload);
  if (!takes(reader, Command::query)) {
    return reader.failure<Query>(whole || !payload.empty(), "not a query");
  }
  Query query;
  if (capabilities.has(Capability::query_attributes)) {
    query.attributes = reader.lenenc();
    const std::uint64_t sets = reader.lenenc();
    if (reader.ok() && sets != 1) return Answer::malformed("query has not one set of attributes");
    if (query.attributes > limits::parameters) {
      return Answer::malformed("query has too many attributes");
    }
    if (query.attributes > 0) {
      const std::string_view wrong = skip_attributes(reader, query.attributes);
      if (!wrong.empty()) return Answer::malformed(wrong);
    }
  }
  if (!reader.ok()) return reader.failure<Query>(whole, "query attributes are cut short");
  query.sql_at = reader.offset();
  query.sql = reader.rest_text();
  return Answer::ok(query);
}

Decoded<std::uint32_t> decode_process_kill(Bytes payload) {
  using Answer = Decoded<std::uint32_t>;
  Reader reader(payload);
  const bool is_kill = takes(reader, Command::process_kill);
  const std::uint32_t connection_id = reader.u32();
  if (!is_kill || !reader.at_end()) return Answer::malformed("kill is not of five bytes");
  return Answer::ok(connection_id);
}

Decoded<SetOption> decode_set_option(Bytes payload) {
  using Answer = Decoded<SetOption>;
  Reader reader(payload);
  const bool is_option = takes(reader, Command::set_option);
  const std::uint16_t option = reader.u16();
  if (!is_option || !reader.at_end() || option > 1) return Answer::malformed("unknown option");
  return Answer::ok(static_cast<SetOption>(option));
}

Decoded<FieldList> decode_field_list(Bytes payload) {
  using Answer = Decoded<FieldList>;
  Reader reader(payload);
  const bool is_list = takes(reader, Command::field_list);
  FieldList list;
  list.table = reader.cstring();
  list.wildcard = reader.rest_text();
  if (!is_list || !reader.ok()) return Answer::malformed("field list names no table");
  return Answer::ok(list);
}

void encode_bare(Writer& out, Command command) {
  begin(out, command);
  out.end();
}

void encode_query(Writer& out, std::string_view sql, Capabilities capabilities) {
  begin(out, Command::query);
  if (capabilities.has(Capability::query_attributes)) {
    out.lenenc(0);
    out.lenenc(1);
  }
  out.text(sql);
  out.end();
}

void encode_init_db(Writer& out, std::string_view schema) {
  begin(out, Command::init_db);
  out.text(schema);
  out.end();
}

void encode_set_option(Writer& out, SetOption option) {
  begin(out, Command::set_option);
  out.u16(static_cast<std::uint16_t>(option));
  out.end();
}

void encode_process_kill(Writer& out, std::uint32_t connection_id) {
  begin(out, Command::process_kill);
  out.u32(connection_id);
  out.end();
}

}  // namespace relevo::wire::mysql
