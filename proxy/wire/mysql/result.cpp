#include "proxy/wire/mysql/result.hpp"

#include "proxy/wire/mysql/lenenc.hpp"
#include "proxy/wire/mysql/response.hpp"
#include "topology/model/check.hpp"

namespace relevo::wire::mysql {
namespace {

constexpr std::string_view catalog = "def";
// What follows the names: of fixed length, and says so.
constexpr std::uint64_t fixed_bytes = 12;

}  // namespace

Decoded<Column> decode_column(Bytes payload, Capabilities capabilities) {
  using Answer = Decoded<Column>;
  Reader reader(payload);
  Column column;
  reader.lenenc_string();  // catalog
  column.schema = reader.lenenc_string();
  column.table = reader.lenenc_string();
  column.table_original = reader.lenenc_string();
  column.name = reader.lenenc_string();
  column.name_original = reader.lenenc_string();
  if (capabilities.has(Capability::mariadb_extended_metadata)) {
    column.extended_metadata = reader.lenenc_string();
  }
  const std::uint64_t size = reader.lenenc();
  column.collation = reader.u16();
  column.length_max = reader.u32();
  column.type = static_cast<FieldType>(reader.u8());
  column.flags = reader.u16();
  column.decimals = reader.u8();
  reader.u16();  // filler
  if (!reader.ok() || size != fixed_bytes) return Answer::malformed("column is cut short");
  return Answer::ok(column);
}

void encode_column(Writer& out, const Column& column, Capabilities capabilities) {
  out.begin();
  out.lenenc_string(catalog);
  out.lenenc_string(column.schema);
  out.lenenc_string(column.table);
  out.lenenc_string(column.table_original);
  out.lenenc_string(column.name);
  out.lenenc_string(column.name_original);
  if (capabilities.has(Capability::mariadb_extended_metadata)) {
    out.lenenc_string(column.extended_metadata);
  }
  out.lenenc(fixed_bytes);
  out.u16(column.collation);
  out.u32(column.length_max);
  out.u8(static_cast<std::uint8_t>(column.type));
  out.u16(column.flags);
  out.u8(column.decimals);
  out.u16(0);
  out.end();
}

bool TextRow::next(TextValue& value) {
  if (reader_.left() == 0) return false;
  value = reader_.lenenc_string_or_null();
  return reader_.ok();
}

TextResult::TextResult(std::string& out, std::uint8_t sequence, Capabilities capabilities,
                       StatusFlags status)
    : writer_(out, sequence), capabilities_(capabilities), status_(status) {}

void TextResult::columns(std::span<const std::string_view> names) {
  RELEVO_CHECK(columns_ == 0 && !names.empty());
  columns_ = names.size();
  encode_column_count(writer_, {columns_, true}, capabilities_);
  for (const std::string_view name : names) {
    Column column;
    column.name = name;
    column.length_max = 65535;
    encode_column(writer_, column, capabilities_);
  }
  if (!capabilities_.has(Capability::deprecate_eof)) encode_eof(writer_, {0, status_});
}

void TextResult::row(std::span<const TextValue> values) {
  RELEVO_CHECK(columns_ > 0 && values.size() == columns_);
  writer_.begin();
  for (const TextValue& value : values) {
    if (value) {
      writer_.lenenc_string(*value);
    } else {
      writer_.u8(lenenc_null);
    }
  }
  writer_.end();
}

void TextResult::end() {
  RELEVO_CHECK(columns_ > 0);
  End end;
  end.of_rows = true;
  end.ok.status = status_;
  encode_end(writer_, end, capabilities_);
}

}  // namespace relevo::wire::mysql
