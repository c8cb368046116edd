// MySQL's wire protocol. Beyond "no crash": chunking does not matter, a message's
// head says what the whole says, and what a decoder accepted is understood alike
// after it was encoded again.
#include <algorithm>

#include "proxy/wire/mysql/authentication.hpp"
#include "proxy/wire/mysql/commands.hpp"
#include "proxy/wire/mysql/compression.hpp"
#include "proxy/wire/mysql/frame.hpp"
#include "proxy/wire/mysql/prepare.hpp"
#include "proxy/wire/mysql/response.hpp"
#include "proxy/wire/mysql/result.hpp"
#include "proxy/wire/mysql/session_state.hpp"
#include "proxy/wire/mysql/statements.hpp"
#include "tests/fuzz/targets.hpp"
#include "topology/model/check.hpp"

namespace relevo::fuzz {
namespace {

using namespace wire::mysql;
using namespace std::literals;

// The payload of the one packet that `encode` writes; inputs are too short for two.
template <typename Encode>
std::string encoded(Encode encode) {
  std::string bytes;
  Writer out(bytes);
  encode(out);
  RELEVO_CHECK(out.ok());
  return bytes.substr(wire::mysql::limits::header_bytes);
}

// Everything that the walker reports, as one string that ignores chunk borders.
std::string walk(Bytes stream, std::size_t chunk_bytes) {
  PacketWalker walker(64);
  std::string seen;
  while (!stream.empty()) {
    Bytes chunk = stream.first(std::min(chunk_bytes, stream.size()));
    stream = stream.subspan(chunk.size());
    for (;;) {
      const Piece piece = walker.next(chunk);
      if (piece.kind == Piece::Kind::malformed) return seen + "malformed";
      if (piece.kind == Piece::Kind::none) break;
      if (piece.begins) seen += "<" + std::to_string(piece.header.sequence) + ":";
      seen += as_text(piece.body);
      if (piece.ends) seen += piece.payload_ends() ? ">" : "+";
    }
    RELEVO_CHECK(chunk.empty());
  }
  return seen + (walker.between_payloads() ? "." : "?");
}

void mysql_walker(Bytes input) {
  if (input.empty()) return;
  const std::size_t chunk_bytes = 1 + std::to_integer<std::size_t>(input[0]) % 16;
  const Bytes stream = input.subspan(1);
  RELEVO_CHECK(walk(stream, chunk_bytes) == walk(stream, stream.size() + 1));
}

// Every other input speaks with one more set of capabilities.
Capabilities capabilities_from(Bytes& input) {
  if (input.empty()) return {};
  const auto choice = std::to_integer<unsigned>(input[0]);
  input = input.subspan(1);
  Capabilities capabilities = Capability::protocol_41;
  const Capability choices[] = {
      Capability::secure_connection,      Capability::plugin_auth,
      Capability::connect_attrs,          Capability::session_track,
      Capability::deprecate_eof,          Capability::query_attributes,
      Capability::mariadb_cache_metadata, Capability::mariadb_extended_metadata};
  for (unsigned i = 0; i < std::size(choices); ++i) {
    if ((choice >> i & 1U) != 0) capabilities = capabilities.with(choices[i]);
  }
  return capabilities;
}

void mysql_login(Bytes input) {
  if (const auto m = decode_handshake(input)) {
    const std::string again = encoded([&](Writer& w) { encode_handshake(w, *m); });
    const auto twice = decode_handshake(as_bytes(again));
    RELEVO_CHECK(twice && twice->capabilities == m->capabilities &&
                 twice->challenge == m->challenge && twice->auth_plugin == m->auth_plugin &&
                 twice->server_version == m->server_version);
  }
  if (const auto m = decode_handshake_response(input); m && !is_ssl_request(input)) {
    const std::string again = encoded([&](Writer& w) { encode_handshake_response(w, *m); });
    const auto twice = decode_handshake_response(as_bytes(again));
    RELEVO_CHECK(twice && twice->user == m->user && twice->database == m->database &&
                 as_text(twice->auth_response) == as_text(m->auth_response) &&
                 twice->auth_plugin == m->auth_plugin && twice->zstd_level == m->zstd_level &&
                 as_text(twice->attributes.bytes()) == as_text(m->attributes.bytes()));
    std::size_t bytes = 0;
    for (const auto& [name, value] : m->attributes) bytes += name.size() + value.size();
    RELEVO_CHECK(bytes <= m->attributes.bytes().size());
  }
  (void)decode_auth_next_factor(input);
  (void)decode_auth_more_data(input);
  if (const auto m = decode_auth_switch_request(input)) (void)m->challenge();
  const Capabilities capabilities = capabilities_from(input);
  if (const auto m = decode_change_user(input, capabilities)) {
    const std::string again = encoded([&](Writer& w) { encode_change_user(w, *m, capabilities); });
    const auto twice = decode_change_user(as_bytes(again), capabilities);
    RELEVO_CHECK(twice && twice->user == m->user && twice->database == m->database &&
                 twice->auth_plugin == m->auth_plugin);
  }
}

std::string changes_of(Bytes state) {
  std::string rebuilt;
  SessionChanges changes(state);
  while (const SessionChange* change = changes.next()) append_session_change(rebuilt, *change);
  return rebuilt;
}

void mysql_response(Bytes input) {
  const Capabilities server = capabilities_from(input);
  const Capabilities client = capabilities_from(input);
  for (const Place place : {Place::start, Place::columns, Place::rows}) {
    const auto kind = classify(place, server, input, input.size());
    RELEVO_CHECK(!kind.needs_more() || input.empty());
  }
  if (const auto m = decode_ok(input, server)) {
    const std::string state = changes_of(m->session_state);
    RELEVO_CHECK(changes_of(as_bytes(state)) == state);
    RELEVO_CHECK(!may_tell_variable(as_bytes(without_variable(m->session_state, "redirect_url")),
                                    "redirect_url"));
    RELEVO_CHECK(decode_status(input, server.with(Capability::deprecate_eof)));
  }
  std::string bytes;
  Writer out(bytes);
  if (const auto rewritten = rewrite_end(out, input, server, client); rewritten && *rewritten) {
    const Bytes payload = as_bytes(bytes).subspan(wire::mysql::limits::header_bytes);
    const auto before = decode_end(input, server);
    const auto after = decode_end(payload, client);
    RELEVO_CHECK(before && after && after->of_rows == before->of_rows);
    const StatusFlags changed = Status::session_state_changed;
    RELEVO_CHECK(after->ok.status.without(changed) == before->ok.status.without(changed));
    RELEVO_CHECK(!may_tell_variable(after->ok.session_state, "redirect_url"));
    std::string nothing;
    Writer twice(nothing);
    const auto again = rewrite_end(twice, payload, client, client);
    RELEVO_CHECK(again && !*again);
  }
  (void)decode_err(input);
  (void)decode_progress(input);
  (void)decode_local_infile(input);
  (void)decode_prepare_ok(input);
  if (const auto m = decode_column_count(input, server)) {
    const std::string again = encoded([&](Writer& w) { encode_column_count(w, *m, server); });
    RELEVO_CHECK(decode_column_count(as_bytes(again), server)->columns == m->columns);
  }
  if (const auto m = decode_column(input, server)) {
    const std::string again = encoded([&](Writer& w) { encode_column(w, *m, server); });
    RELEVO_CHECK(decode_column(as_bytes(again), server)->name == m->name);
  }
  TextRow row(input);
  for (TextValue value; row.next(value);) RELEVO_CHECK(!value || value->size() <= input.size());
}

void mysql_command(Bytes input) {
  const Capabilities capabilities = capabilities_from(input);
  constexpr std::uint16_t parameters = 2;
  const auto query = decode_query(input, capabilities);
  const auto execute = decode_execute(input, parameters, capabilities);
  const auto bulk = decode_bulk_execute_head(input, input.size(), parameters);
  RELEVO_CHECK(!query.needs_more() && !execute.needs_more() && !bulk.needs_more());
  // A head read from any prefix is the head of the whole.
  for (std::size_t size = 0; size <= std::min<std::size_t>(input.size(), 64); ++size) {
    const Bytes head = input.first(size);
    if (const auto m = decode_query_head(head, input.size(), capabilities)) {
      RELEVO_CHECK(query && m->sql_at == query->sql_at && query->sql.starts_with(m->sql));
    }
    if (const auto m = decode_execute_head(head, input.size(), parameters, capabilities)) {
      RELEVO_CHECK(execute && m->values_at == execute->values_at && m->values_at <= size);
    }
    if (const auto m = decode_bulk_execute_head(head, input.size(), parameters)) {
      RELEVO_CHECK(bulk && m->values_at == bulk->values_at && m->values_at <= size);
    }
  }
  if (execute && execute->bound_flag_at > 0 && !execute->has_types) {
    std::string moved;
    const std::string types = "\xfe\0\xfe\0"s;
    append_execute_with_types(moved, input, *execute, 7, as_bytes(types));
    moved += as_text(input.subspan(execute->values_at));
    if (!capabilities.has(Capability::query_attributes)) {
      const auto twice = decode_execute(as_bytes(moved), parameters, capabilities);
      RELEVO_CHECK(twice && twice->has_types && twice->statement == 7 &&
                   as_text(twice->types) == types);
    }
  }
  (void)decode_field_list(input);
  (void)decode_fetch(input);
  (void)decode_set_option(input);
  (void)decode_process_kill(input);
  (void)decode_send_long_data_head(input, input.size());
}

void mysql_compression(Bytes input) {
  if (input.empty()) return;
  const auto choice = std::to_integer<std::size_t>(input[0]);
  const Bytes stream = input.subspan(1);
  Codec codec(choice % 2 == 0 ? Compression::zlib : Compression::zstd);
  const auto read = [&](std::size_t chunk_bytes) {
    CompressedReader reader;
    std::string plain;
    for (Bytes rest = stream; !rest.empty();) {
      const Bytes chunk = rest.first(std::min(chunk_bytes, rest.size()));
      rest = rest.subspan(chunk.size());
      if (!reader.feed(chunk, codec, plain)) return plain + "damaged";
      RELEVO_CHECK(reader.held_bytes() <= stream.size());
    }
    return plain;
  };
  RELEVO_CHECK(read(1 + choice % 16) == read(stream.size() + 1));
  std::string bytes;
  std::string back;
  codec.compress(stream, 0, bytes);
  CompressedReader reader;
  RELEVO_CHECK(reader.feed(as_bytes(bytes), codec, back) && back == as_text(stream));
}

}  // namespace

std::vector<Target> mysql_wire_targets() {
  return {
      {"mysql_walker",
       mysql_walker,
       {"\x03\x01\0\0\0\x0e\x07\0\0\1\0\0\0\2\0\0\0\0\0\0\2\5\0\0\3abcde"s}},
      {"mysql_login",
       mysql_login,
       {"\x0a"
        "8.4.3\0\x0b\0\0\0"
        "12345678\0\xff\xff\xff\2\0\xff\xdf\x15\0\0\0\0\0\0\0\0\0\0abcdefghijkl\0native\0"s,
        "\x05\x82\x18\0\0\0\0\1\x2d\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0root\0\3abcnative"
        "\0"
        "\4\1a\1b"s,
        "\xfenative\0zQg4ioNy=rHN/>-b)AAA\0"s, "\x07\x11u\0\3abcdb\0\x2d\0native\0\4\1a\1b"s}},
      {"mysql_response",
       mysql_response,
       {"\x18\x18\0\0\0\2\x40\0\0\0\x14\1\2\1t\0\x0e\x0credirect_url\0"s,
        "\x10\0\xfe\0\0\x22\0\0\0"s, "\0\x10\xfe\0\0\x22\0"s, "\0\0\xff\x48\4#HY000No tables used"s,
        "\0\0\3def\1t\1a\1a\1i\1i\x0c\x3f\0\x0b\0\0\0\3\3\x50\0\0\0"s,
        "\x18\x08\xfe\0\0\2\x40\0\0\0\x0b\5\t\x08T_R___S_"s}},
      {"mysql_command",
       mysql_command,
       {"\x20\3\1\1\0\1\xfe\0\2id\3abcSELECT 1"s, "\0\3SELECT 1"s,
        "\0\x17\1\0\0\0\0\1\0\0\0\0\1\x0f\0\x0f\0\3foo\3bar"s,
        "\0\x17\1\0\0\0\0\1\0\0\0\0\0\3foo\3bar"s,
        "\x20\x17\1\0\0\0\x08\1\0\0\0\2\0\1\1\0\0\xfe\0\2id\7\3abc"s,
        "\0\xfa\1\0\0\0\x80\0\3\0\xfe\0\0\7\0\0\0\0\1a"s, "\0\4a\0%"s}},
      {"mysql_compression",
       mysql_compression,
       {"\0\x22\0\0\0\x32\0\0\x78\x9c\xd3\x63\x60\x60\x60\x2e\x4e\xcd\x49\x4d\x2e\x51\x50\x32\x30"
        "\x34\x32\x36\x31\x35\x33\xb7\xb0\xc4\xcd\x52\2\0\x0c\xd1\x0a\x6c\5\0\0\1\0\0\0abcde"s,
        "\1\5\0\0\1\0\0\0abcde"s}},
  };
}

}  // namespace relevo::fuzz
