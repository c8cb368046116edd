#include "proxy/wire/mysql/binary_value.hpp"

namespace relevo::wire::mysql {

bool skip_binary_value(Reader& reader, FieldType type) {
  switch (type) {
    case FieldType::null:
      return true;
    case FieldType::tiny:
    case FieldType::bool_:
      reader.u8();
      return true;
    case FieldType::short_:
    case FieldType::year:
      reader.u16();
      return true;
    case FieldType::long_:
    case FieldType::int24:
    case FieldType::float_:
      reader.u32();
      return true;
    case FieldType::longlong:
    case FieldType::double_:
      reader.u64();
      return true;
    case FieldType::date:
    case FieldType::newdate:
    case FieldType::datetime:
    case FieldType::timestamp:
    case FieldType::time:
      reader.bytes(reader.u8());
      return true;  // shorter for rounder values
    case FieldType::decimal:
    case FieldType::newdecimal:
    case FieldType::varchar:
    case FieldType::bit:
    case FieldType::vector:
    case FieldType::json:
    case FieldType::enum_:
    case FieldType::set:
    case FieldType::tiny_blob:
    case FieldType::medium_blob:
    case FieldType::long_blob:
    case FieldType::blob:
    case FieldType::var_string:
    case FieldType::string:
    case FieldType::geometry:
      reader.lenenc_string();
      return true;
    case FieldType::timestamp2:
    case FieldType::datetime2:
    case FieldType::time2:
    case FieldType::typed_array:
    case FieldType::invalid:
      return false;
  }
  return false;
}

}  // namespace relevo::wire::mysql
