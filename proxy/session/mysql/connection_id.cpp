#include "proxy/session/mysql/connection_id.hpp"

#include "proxy/route/names.hpp"
#include "proxy/session/mysql/lone_call.hpp"
#include "proxy/wire/mysql/response.hpp"
#include "proxy/wire/mysql/result.hpp"

namespace relevo::session::mysql {

namespace wire = relevo::wire::mysql;

namespace {

constexpr std::uint16_t not_null = 1, unsigned_number = 32, binary_flag = 128;

}  // namespace

std::optional<std::string> connection_id_column(std::string_view sql, route::MysqlDialect dialect) {
  auto call = lone_call(sql, dialect);
  if (!call || !route::equals_folded(call->function, "connection_id")) return std::nullopt;
  return std::move(call->column);
}

void append_connection_id(std::string& out, std::string_view column, std::uint32_t connection_id,
                          bool mariadb, wire::Capabilities client, wire::StatusFlags status) {
  wire::Writer writer(out, 1);
  wire::encode_column_count(writer, {.columns = 1, .definitions_follow = true}, client);
  wire::Column definition;
  definition.name = column;
  definition.collation = wire::binary;
  definition.type = mariadb ? wire::FieldType::long_ : wire::FieldType::longlong;
  definition.length_max = mariadb ? 10 : 21;
  definition.flags = not_null | unsigned_number | binary_flag;
  wire::encode_column(writer, definition, client);
  if (!client.has(wire::Capability::deprecate_eof)) {
    wire::encode_eof(writer, {.warnings = 0, .status = status});
  }
  writer.begin();
  writer.lenenc_string(std::to_string(connection_id));
  writer.end();
  wire::encode_end(writer, {.of_rows = true, .ok = {.status = status}}, client);
}

}  // namespace relevo::session::mysql
