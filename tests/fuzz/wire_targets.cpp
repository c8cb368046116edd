// The wire protocol. Beyond "no crash": chunking does not matter, and what a
// decoder accepted is encoded back to the very same bytes.
#include <algorithm>

#include "proxy/wire/postgres/authentication.hpp"
#include "proxy/wire/postgres/command.hpp"
#include "proxy/wire/postgres/extended.hpp"
#include "proxy/wire/postgres/frame.hpp"
#include "proxy/wire/postgres/report.hpp"
#include "proxy/wire/postgres/session_info.hpp"
#include "proxy/wire/postgres/startup.hpp"
#include "tests/fuzz/targets.hpp"
#include "topology/model/check.hpp"

namespace relevo::fuzz {
namespace {

using namespace wire::postgres;
using namespace std::literals;

template <typename Encode>
std::string encoded(Encode encode) {
  std::string bytes;
  Writer out(bytes);
  encode(out);
  RELEVO_CHECK(out.ok());
  return bytes;
}

// The encoded message has exactly `body` behind its header.
template <typename Encode>
void check_same(Bytes body, Encode encode) {
  RELEVO_CHECK(std::string_view(encoded(encode)).substr(limits::header_bytes) == as_text(body));
}

// Everything that the walker reports, as one string that ignores chunk borders.
std::string walk(Bytes stream, std::size_t chunk_bytes) {
  MessageWalker walker;
  std::string seen;
  std::uint64_t body_bytes = 0;
  while (!stream.empty()) {
    Bytes chunk = stream.first(std::min(chunk_bytes, stream.size()));
    stream = stream.subspan(chunk.size());
    for (;;) {
      const Piece piece = walker.next(chunk);
      if (piece.kind == Piece::Kind::malformed) return seen + "malformed";
      if (piece.kind == Piece::Kind::none) break;
      if (piece.begins) {
        body_bytes = 0;
        seen += "<" + std::to_string(piece.header.type) + ":";
      }
      seen += as_text(piece.body);
      body_bytes += piece.body.size();
      RELEVO_CHECK(piece.ends == (body_bytes == piece.header.body_bytes));
      if (piece.ends) seen += ">";
    }
    RELEVO_CHECK(chunk.empty());
  }
  return seen + (walker.between_messages() ? "." : "?");
}

void walker(Bytes input) {
  if (input.empty()) return;
  const std::size_t chunk_bytes = 1 + std::to_integer<std::size_t>(input[0]) % 16;
  const Bytes stream = input.subspan(1);
  RELEVO_CHECK(walk(stream, chunk_bytes) == walk(stream, stream.size() + 1));
}

void startup(Bytes input) {
  const auto size = read_startup_size(input);
  if (size) RELEVO_CHECK(*size <= input.size());
  const Bytes packet = size ? input.first(*size) : input;
  const auto request = decode_startup(packet);
  if (!request) return;
  std::string again;
  Writer out(again);
  if (std::holds_alternative<SslRequest>(*request)) {
    encode_ssl_request(out);
    RELEVO_CHECK(again == as_text(packet));
  } else if (const auto* cancel = std::get_if<CancelRequest>(&*request)) {
    encode_cancel_request(out, cancel->pid, cancel->key);
    RELEVO_CHECK(again == as_text(packet));
  } else if (const auto* message = std::get_if<StartupMessage>(&*request)) {
    RELEVO_CHECK(!message->user().empty() && !message->database().empty());
    std::vector<StartupParameters::Parameter> parameters;
    for (const auto& parameter : message->parameters) parameters.push_back(parameter);
    encode_startup_message(out, message->version, parameters);
    RELEVO_CHECK(again == as_text(packet));
  }
}

void frontend(Bytes input) {
  if (const auto m = decode_query(input))
    check_same(input, [&](Writer& w) { encode_query(w, *m); });
  if (const auto m = decode_parse(input)) {
    check_same(input, [&](Writer& w) { encode_parse(w, m->statement, m->query, m->types); });
    RELEVO_CHECK(decode_parse_head(input, input.size())->statement == m->statement);
  }
  if (const auto m = decode_describe_or_close(input)) {
    check_same(input, [&](Writer& w) { encode_describe(w, m->target, m->name); });
    check_same(input, [&](Writer& w) { encode_close(w, m->target, m->name); });
  }
  if (const auto m = decode_execute(input)) {
    const std::string again =
        encoded([&](Writer& w) { encode_execute(w, m->portal, m->rows_max); });
    RELEVO_CHECK(again.size() == limits::header_bytes + input.size());
  }
  if (const auto m = decode_password(input)) {
    check_same(input, [&](Writer& w) { encode_password(w, *m); });
  }
  if (const auto m = decode_sasl_initial_response(input); m && m->data) {
    check_same(input, [&](Writer& w) {
      encode_sasl_initial_response(w, m->mechanism, as_text(*m->data));
    });
  }
  // A head read from any prefix is the head of the whole.
  const auto bind = decode_bind_head(input, input.size());
  RELEVO_CHECK(!bind.needs_more());
  for (std::size_t size = 0; size <= std::min<std::size_t>(input.size(), 64); ++size) {
    const auto early = decode_bind_head(input.first(size), input.size());
    if (!early) continue;
    RELEVO_CHECK(bind && early->rest_at == bind->rest_at && early->rest_at <= size);
    RELEVO_CHECK(early->portal == bind->portal && early->statement == bind->statement);
  }
}

void backend(Bytes input) {
  if (const auto m = decode_authentication(input)) {
    m->mechanisms.contains("SCRAM-SHA-256");
    if (m->kind == AuthenticationKind::sasl_continue) {
      check_same(input,
                 [&](Writer& w) { encode_authentication_sasl_continue(w, as_text(m->data)); });
    }
  }
  if (const auto m = decode_parameter_status(input)) {
    check_same(input, [&](Writer& w) { encode_parameter_status(w, m->name, m->value); });
  }
  if (const auto m = decode_backend_key_data(input)) {
    check_same(input, [&](Writer& w) { encode_backend_key_data(w, m->pid, m->key); });
  }
  if (const auto m = decode_negotiate_protocol_version(input)) {
    RELEVO_CHECK(std::count(m->unrecognized.begin(), m->unrecognized.end(), '\0') ==
                 static_cast<std::ptrdiff_t>(m->unrecognized_count));
  }
  if (const auto m = decode_command_complete(input)) {
    check_same(input, [&](Writer& w) { encode_command_complete(w, *m); });
  }
  if (const auto m = decode_ready_for_query(input)) {
    check_same(input, [&](Writer& w) { encode_ready_for_query(w, *m); });
  }
  if (const auto m = decode_notification(input)) {
    check_same(input, [&](Writer& w) { encode_notification(w, *m); });
  }
  if (const auto m = decode_report(input)) {
    // Unknown and repeated fields are dropped; what is left decodes to the same.
    const std::string again = encoded([&](Writer& w) { encode_error(w, *m); });
    const auto twice =
        decode_report(as_bytes(std::string_view(again).substr(limits::header_bytes)));
    RELEVO_CHECK(twice && twice->message == m->message && twice->sqlstate == m->sqlstate &&
                 twice->fatal() == m->fatal());
  }
}

}  // namespace

std::vector<Target> wire_targets() {
  return {
      {"walker",
       walker,
       {"\x03"
        "1\0\0\0\x04Z\0\0\0\x05IQ\0\0\0\x08"
        "abc\0"s}},
      {"startup",
       startup,
       {"\0\0\0\x1e\0\x03\0\0user\0app\0database\0db\0\0"s, "\0\0\0\x08\x04\xd2\x16\x2f"s,
        "\0\0\0\x10\x04\xd2\x16\x2e\0\0\0\x01keys"s}},
      {"frontend",
       frontend,
       {"select 1\0"s, "s1\0select $1\0\0\x01\0\0\0\x17"s, "Ss1\0"s, "p1\0\0\0\0\x64"s,
        "SCRAM-SHA-256\0\0\0\0\x05n,,n="s, "portal\0stmt\0\0\0\0\x01\0\0\0\x01x\0\0"s}},
      {"backend",
       backend,
       {"\0\0\0\x0aSCRAM-SHA-256\0\0"s, "\0\0\0\x0br=a,s=b,i=1"s,
        "server_version\0"
        "15.1\0"s,
        "\0\0\0\x01keys"s, "\0\x03\0\x02\0\0\0\x01_pq_.a\0"s, "COMMIT\0"s, "I"s,
        "\0\0\0\x07ch\0pay\0"s, "SFATAL\0VFATAL\0C57P03\0Mno\0Rmain\0\0"s}},
  };
}

}  // namespace relevo::fuzz
