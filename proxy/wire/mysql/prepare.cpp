#include "proxy/wire/mysql/prepare.hpp"

#include "proxy/wire/mysql/reader.hpp"

namespace relevo::wire::mysql {

Decoded<PrepareOk> decode_prepare_ok(Bytes payload) {
  using Answer = Decoded<PrepareOk>;
  Reader reader(payload);
  const std::uint8_t status = reader.u8();
  PrepareOk prepared;
  prepared.statement = reader.u32();
  prepared.columns = reader.u16();
  prepared.parameters = reader.u16();
  reader.u8();  // filler
  prepared.warnings = reader.u16();
  if (!reader.ok() || status != 0) return Answer::malformed("not an answer to a preparation");
  return Answer::ok(prepared);
}

void encode_prepare_ok(Writer& out, const PrepareOk& message) {
  out.begin();
  out.u8(0);
  out.u32(message.statement);
  out.u16(message.columns);
  out.u16(message.parameters);
  out.u8(0);
  out.u16(message.warnings);
  out.end();
}

}  // namespace relevo::wire::mysql
