#include "proxy/wire/postgres/extended.hpp"

#include "proxy/wire/postgres/reader.hpp"

namespace relevo::wire::postgres {
namespace {

void encode_named(Writer& out, Frontend type, Target target, std::string_view name) {
  out.begin(type);
  out.u8(static_cast<std::uint8_t>(target));
  out.cstring(name);
  out.end();
}

}  // namespace

std::uint32_t TypeOids::operator[](std::size_t i) const {
  RELEVO_CHECK(i < size());
  return Reader(words_.subspan(4 * i)).u32();
}

Decoded<ParseHead> decode_parse_head(Bytes prefix, std::size_t body_bytes) {
  using Head = Decoded<ParseHead>;
  RELEVO_CHECK(prefix.size() <= body_bytes);
  Reader reader(prefix);
  ParseHead head;
  head.statement = reader.cstring();
  head.rest_at = reader.offset();
  if (reader.ok()) return Head::ok(head);
  if (prefix.size() < body_bytes) return Head::need_more();
  return Head::malformed("statement name in Parse has no terminator");
}

Decoded<BindHead> decode_bind_head(Bytes prefix, std::size_t body_bytes) {
  using Head = Decoded<BindHead>;
  RELEVO_CHECK(prefix.size() <= body_bytes);
  Reader reader(prefix);
  BindHead head;
  head.portal = reader.cstring();
  head.statement = reader.cstring();
  head.rest_at = reader.offset();
  if (reader.ok()) return Head::ok(head);
  if (prefix.size() < body_bytes) return Head::need_more();
  return Head::malformed("name in Bind has no terminator");
}

Decoded<Parse> decode_parse(Bytes body) {
  using Message = Decoded<Parse>;
  Reader reader(body);
  Parse parse;
  parse.statement = reader.cstring();
  parse.query = reader.cstring();
  // PostgreSQL reads the count as unsigned, so that 65535 parameters are possible.
  const std::size_t types = reader.u16();
  parse.types = TypeOids(reader.bytes(4 * types));
  if (!reader.ok()) return Message::malformed("Parse is too short");
  if (!reader.at_end()) return Message::malformed("Parse has trailing bytes");
  return Message::ok(parse);
}

Decoded<DescribeOrClose> decode_describe_or_close(Bytes body) {
  using Message = Decoded<DescribeOrClose>;
  Reader reader(body);
  DescribeOrClose message;
  message.target = static_cast<Target>(reader.u8());
  message.name = reader.cstring();
  if (!reader.ok()) return Message::malformed("Describe or Close is too short");
  if (!reader.at_end()) return Message::malformed("Describe or Close has trailing bytes");
  if (message.target != Target::statement && message.target != Target::portal) {
    return Message::malformed("Describe or Close names neither a statement nor a portal");
  }
  return Message::ok(message);
}

Decoded<Execute> decode_execute(Bytes body) {
  using Message = Decoded<Execute>;
  Reader reader(body);
  Execute message;
  message.portal = reader.cstring();
  const std::int32_t rows_max = reader.i32();
  if (!reader.ok()) return Message::malformed("Execute is too short");
  if (!reader.at_end()) return Message::malformed("Execute has trailing bytes");
  // The server too takes a negative count for "all".
  message.rows_max = rows_max > 0 ? static_cast<std::uint32_t>(rows_max) : 0;
  return Message::ok(message);
}

void encode_parse_head(Writer& out, std::string_view statement, std::uint32_t rest_bytes) {
  out.begin(Frontend::parse);
  out.cstring(statement);
  out.end(rest_bytes);
}

void encode_bind_head(Writer& out, std::string_view portal, std::string_view statement,
                      std::uint32_t rest_bytes) {
  out.begin(Frontend::bind);
  out.cstring(portal);
  out.cstring(statement);
  out.end(rest_bytes);
}

void encode_parse(Writer& out, std::string_view statement, std::string_view query, TypeOids types) {
  RELEVO_CHECK(types.size() <= 0xffff);
  out.begin(Frontend::parse);
  out.cstring(statement);
  out.cstring(query);
  out.u16(static_cast<std::uint16_t>(types.size()));
  out.bytes(types.bytes());
  out.end();
}

void encode_describe(Writer& out, Target target, std::string_view name) {
  encode_named(out, Frontend::describe, target, name);
}

void encode_close(Writer& out, Target target, std::string_view name) {
  encode_named(out, Frontend::close, target, name);
}

void encode_execute(Writer& out, std::string_view portal, std::uint32_t rows_max) {
  out.begin(Frontend::execute);
  out.cstring(portal);
  out.u32(rows_max);
  out.end();
}

}  // namespace relevo::wire::postgres
