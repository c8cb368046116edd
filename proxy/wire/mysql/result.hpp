// Result sets: the definition of a column, rows of text, and a small result that
// the proxy answers by itself.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response_text_resultset.html
//
// Decoders take one whole payload. They are for the proxy's own small queries; what
// clients ask for is relayed unread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>

#include "proxy/wire/mysql/charset.hpp"
#include "proxy/wire/mysql/reader.hpp"
#include "proxy/wire/mysql/types.hpp"
#include "proxy/wire/mysql/writer.hpp"

namespace relevo::wire::mysql {

// Protocol::ColumnDefinition41.
struct Column {
  std::string_view schema;
  std::string_view table;  // as named in the query
  std::string_view table_original;
  std::string_view name;  // as named in the query
  std::string_view name_original;
  std::string_view extended_metadata;  // MariaDB: pairs that name a finer type
  CollationId collation = utf8mb4_general_ci;
  std::uint32_t length_max = 0;
  FieldType type = FieldType::var_string;
  std::uint16_t flags = 0;
  std::uint8_t decimals = 0;
};

Decoded<Column> decode_column(Bytes payload, Capabilities capabilities);
void encode_column(Writer& out, const Column& column, Capabilities capabilities);

using TextValue = std::optional<std::string_view>;  // nothing: NULL

// The values of one row of text, in order.
//
//   TextRow row(payload);
//   for (TextValue value; row.next(value);) use(value);
//   if (row.malformed()) ...
class TextRow {
 public:
  explicit TextRow(Bytes payload) : reader_(payload) {}
  // False when the row is over, or malformed.
  bool next(TextValue& value);
  bool malformed() const { return !reader_.ok(); }

 private:
  Reader reader_;
};

// One result of text columns, from the column count to the end, as the client's
// capabilities want it. `sequence` is where the answer begins: 1 after a command.
//
//   TextResult result(out, 1, capabilities, status);
//   result.columns({"Variable_name", "Value"});
//   result.row({{"hostname"}, {"db1"}});
//   result.end();
class TextResult {
 public:
  TextResult(std::string& out, std::uint8_t sequence, Capabilities capabilities,
             StatusFlags status);

  void columns(std::span<const std::string_view> names);
  void row(std::span<const TextValue> values);  // as many as there are columns
  void end();

  void columns(std::initializer_list<std::string_view> names) {
    columns(std::span(names.begin(), names.size()));
  }
  void row(std::initializer_list<TextValue> values) {
    row(std::span(values.begin(), values.size()));
  }

  std::uint8_t next_sequence() const { return writer_.next_sequence(); }
  bool ok() const { return writer_.ok(); }

 private:
  Writer writer_;
  Capabilities capabilities_;
  StatusFlags status_;
  std::size_t columns_ = 0;
};

}  // namespace relevo::wire::mysql
