#include "proxy/wire/mysql/response.hpp"

#include "proxy/wire/mysql/reader.hpp"
#include "proxy/wire/mysql/session_state.hpp"

namespace relevo::wire::mysql {
namespace {

constexpr std::uint8_t err_header = 0xff;
constexpr std::uint8_t eof_header = 0xfe;
constexpr std::uint8_t local_infile_header = 0xfb;
constexpr std::uint16_t progress_number = 0xffff;
constexpr std::size_t sqlstate_bytes = 5;
// A row of text may begin with 0xfe too, and is longer then: the length that 0xfe
// announces alone takes eight bytes.
constexpr std::uint64_t eof_bytes_max = 8;

// Variables that name a server to go to.
constexpr std::string_view redirect_variable = "redirect_url";

using Kind = Decoded<PayloadKind>;

Kind classify_err(Bytes head, std::uint64_t payload_bytes) {
  if (head.size() < kind_bytes && head.size() < payload_bytes) return Kind::need_more();
  Reader reader(head);
  reader.u8();
  // No error has this number, so it is progress whatever was agreed upon.
  return Kind::ok(reader.u16() == progress_number ? PayloadKind::progress : PayloadKind::err);
}

Kind classify_fe(Place place, Capabilities capabilities, std::uint64_t payload_bytes) {
  const bool deprecate_eof = capabilities.has(Capability::deprecate_eof);
  // With deprecate_eof the end of rows may be of any length; a row that begins
  // like this has a value of 16 MiB or more, and so fills its first packet.
  const std::uint64_t end_bytes_max = deprecate_eof ? limits::packet_bytes - 1 : eof_bytes_max;
  if (payload_bytes <= end_bytes_max) {
    return Kind::ok(deprecate_eof ? PayloadKind::ok : PayloadKind::eof);
  }
  if (place == Place::rows) return Kind::ok(PayloadKind::row);
  return Kind::malformed("answer begins with an EOF that is too long");
}

// The documentation says that the text goes up to the end where session_track is
// not agreed upon. Both servers send its length all the same.
std::string_view untracked_info(Bytes rest) {
  Reader reader(rest);
  const std::string_view info = reader.lenenc_string();
  return reader.at_end() ? info : as_text(rest);
}

Decoded<Ok> decode_ok_fields(Reader& reader, Capabilities capabilities) {
  Ok ok;
  ok.affected_rows = reader.lenenc();
  ok.last_insert_id = reader.lenenc();
  ok.status = StatusFlags::from_word(reader.u16());
  ok.warnings = reader.u16();
  if (!reader.ok()) return Decoded<Ok>::malformed("OK is cut short");
  if (reader.left() == 0) return Decoded<Ok>::ok(ok);
  if (!capabilities.has(Capability::session_track)) {
    ok.info = untracked_info(reader.rest());
    return Decoded<Ok>::ok(ok);
  }
  ok.info = reader.lenenc_string();
  const bool tracks = ok.status.has(Status::session_state_changed);
  if (tracks && reader.left() > 0) ok.session_state = as_bytes(reader.lenenc_string());
  if (!reader.ok()) return Decoded<Ok>::malformed("OK is cut short");
  return Decoded<Ok>::ok(ok);
}

}  // namespace

Decoded<PayloadKind> classify(Place place, Capabilities capabilities, Bytes head,
                              std::uint64_t payload_bytes) {
  if (payload_bytes == 0) return Kind::malformed("answer is empty");
  if (head.empty()) return Kind::need_more();
  const auto first = std::to_integer<std::uint8_t>(head.front());
  if (first == err_header) return classify_err(head, payload_bytes);
  if (first == eof_header) return classify_fe(place, capabilities, payload_bytes);
  switch (place) {
    case Place::columns:
      return Kind::ok(PayloadKind::column);
    case Place::rows:
      return Kind::ok(PayloadKind::row);
    case Place::start:
      break;
  }
  if (first == static_cast<std::uint8_t>(OkHeader::ok)) return Kind::ok(PayloadKind::ok);
  if (first == local_infile_header) return Kind::ok(PayloadKind::local_infile);
  return Kind::ok(PayloadKind::column_count);
}

Decoded<Ok> decode_ok(Bytes payload, Capabilities capabilities) {
  Reader reader(payload);
  const std::uint8_t header = reader.u8();
  if (!reader.ok() || (header != static_cast<std::uint8_t>(OkHeader::ok) &&
                       header != static_cast<std::uint8_t>(OkHeader::end_of_rows))) {
    return Decoded<Ok>::malformed("not an OK");
  }
  return decode_ok_fields(reader, capabilities);
}

Decoded<StatusFlags> decode_status(Bytes payload, Capabilities capabilities) {
  using Answer = Decoded<StatusFlags>;
  Reader reader(payload);
  const std::uint8_t header = reader.u8();
  if (header == eof_header && !capabilities.has(Capability::deprecate_eof)) {
    reader.u16();  // warnings
  } else {
    reader.lenenc();
    reader.lenenc();
  }
  const auto status = StatusFlags::from_word(reader.u16());
  return reader.ok() ? Answer::ok(status) : Answer::malformed("end of an answer is cut short");
}

void encode_ok(Writer& out, const Ok& message, Capabilities capabilities, OkHeader header) {
  const bool tracks = capabilities.has(Capability::session_track) &&
                      message.status.has(Status::session_state_changed) &&
                      !message.session_state.empty();
  const StatusFlags status =
      tracks ? message.status : message.status.without(Status::session_state_changed);
  out.begin();
  out.u8(static_cast<std::uint8_t>(header));
  out.lenenc(message.affected_rows);
  out.lenenc(message.last_insert_id);
  out.u16(status.word());
  out.u16(message.warnings);
  if (tracks || !message.info.empty()) out.lenenc_string(message.info);
  if (tracks) out.lenenc_string(as_text(message.session_state));
  out.end();
}

Decoded<Err> decode_err(Bytes payload) {
  using Answer = Decoded<Err>;
  Reader reader(payload);
  if (reader.u8() != err_header) return Answer::malformed("not an error");
  Err err;
  err.number = reader.u16();
  if (reader.peek() == '#') {
    reader.u8();
    err.sqlstate = reader.text(sqlstate_bytes);
  }
  err.message = reader.rest_text();
  if (!reader.ok()) return Answer::malformed("error is cut short");
  return Answer::ok(err);
}

void encode_err(Writer& out, const Err& message) {
  out.begin();
  out.u8(err_header);
  out.u16(message.number);
  if (!message.sqlstate.empty()) {
    if (message.sqlstate.size() != sqlstate_bytes) out.spoil();
    out.u8('#');
    out.text(message.sqlstate);
  }
  out.text(message.message);
  out.end();
}

void encode_err(Writer& out, const ErrorCode& code, std::string_view message) {
  encode_err(out, {code.number, code.sqlstate, message});
}

Decoded<Eof> decode_eof(Bytes payload) {
  using Answer = Decoded<Eof>;
  Reader reader(payload);
  if (reader.u8() != eof_header) return Answer::malformed("not an EOF");
  Eof eof;
  eof.warnings = reader.u16();
  eof.status = StatusFlags::from_word(reader.u16());
  if (!reader.at_end()) return Answer::malformed("EOF is not of five bytes");
  return Answer::ok(eof);
}

void encode_eof(Writer& out, const Eof& message) {
  out.begin();
  out.u8(eof_header);
  out.u16(message.warnings);
  out.u16(message.status.word());
  out.end();
}

Decoded<Progress> decode_progress(Bytes payload) {
  using Answer = Decoded<Progress>;
  Reader reader(payload);
  if (reader.u8() != err_header || reader.u16() != progress_number) {
    return Answer::malformed("not a progress report");
  }
  reader.u8();  // number of strings that follow: one, not in the documentation
  Progress progress;
  progress.stage = reader.u8();
  progress.stage_max = reader.u8();
  progress.percent_thousandths = reader.u24();
  progress.info = reader.lenenc_string();
  if (!reader.ok()) return Answer::malformed("progress report is cut short");
  return Answer::ok(progress);
}

Decoded<std::string_view> decode_local_infile(Bytes payload) {
  using Answer = Decoded<std::string_view>;
  Reader reader(payload);
  if (reader.u8() != local_infile_header) return Answer::malformed("not a request for a file");
  return Answer::ok(reader.rest_text());
}

void encode_local_infile(Writer& out, std::string_view file) {
  out.begin();
  out.u8(local_infile_header);
  out.text(file);
  out.end();
}

Decoded<ColumnCount> decode_column_count(Bytes payload, Capabilities capabilities) {
  using Answer = Decoded<ColumnCount>;
  Reader reader(payload);
  ColumnCount count;
  count.columns = reader.lenenc();
  if (capabilities.has(Capability::mariadb_cache_metadata)) {
    count.definitions_follow = reader.u8() != 0;
  }
  if (!reader.at_end() || count.columns == 0) return Answer::malformed("bad number of columns");
  return Answer::ok(count);
}

void encode_column_count(Writer& out, const ColumnCount& message, Capabilities capabilities) {
  out.begin();
  out.lenenc(message.columns);
  if (capabilities.has(Capability::mariadb_cache_metadata)) {
    out.u8(message.definitions_follow ? 1 : 0);
  } else if (!message.definitions_follow) {
    out.spoil();
  }
  out.end();
}

Decoded<End> decode_end(Bytes payload, Capabilities capabilities) {
  using Answer = Decoded<End>;
  End end;
  end.of_rows = !payload.empty() && payload.front() == std::byte{eof_header};
  if (end.of_rows && !capabilities.has(Capability::deprecate_eof)) {
    const auto eof = decode_eof(payload);
    if (!eof) return Answer::malformed(eof.error());
    end.ok.status = eof->status;
    end.ok.warnings = eof->warnings;
    return Answer::ok(end);
  }
  const auto ok = decode_ok(payload, capabilities);
  if (!ok) return Answer::malformed(ok.error());
  end.ok = *ok;
  return Answer::ok(end);
}

void encode_end(Writer& out, const End& end, Capabilities capabilities) {
  if (!end.of_rows) return encode_ok(out, end.ok, capabilities);
  if (capabilities.has(Capability::deprecate_eof)) {
    return encode_ok(out, end.ok, capabilities, OkHeader::end_of_rows);
  }
  encode_eof(out, {end.ok.warnings, end.ok.status.without(Status::session_state_changed)});
}

Decoded<bool> rewrite_end(Writer& out, Bytes payload, Capabilities server, Capabilities client) {
  using Answer = Decoded<bool>;
  auto decoded = decode_end(payload, server);
  if (!decoded) return Answer::malformed(decoded.error());
  End end = *decoded;
  const bool other_form =
      end.of_rows && server.has(Capability::deprecate_eof) != client.has(Capability::deprecate_eof);
  const bool has_state = !end.ok.session_state.empty();
  const bool drops_state = has_state && !client.has(Capability::session_track);
  const bool hides = has_state && may_tell_variable(end.ok.session_state, redirect_variable);
  if (!other_form && !drops_state && !hides) return Answer::ok(false);
  std::string state;
  if (hides) {
    state = without_variable(end.ok.session_state, redirect_variable);
    end.ok.session_state = as_bytes(state);
  }
  encode_end(out, end, client);
  return Answer::ok(true);
}

}  // namespace relevo::wire::mysql
