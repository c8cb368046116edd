#include "proxy/wire/postgres/startup.hpp"

#include "proxy/wire/postgres/reader.hpp"

namespace relevo::wire::postgres {
namespace {

// Request codes: a version number of 1234.x that no protocol will ever have.
constexpr std::uint32_t cancel_code = ProtocolVersion{1234, 5678}.word();
constexpr std::uint32_t ssl_code = ProtocolVersion{1234, 5679}.word();
constexpr std::uint32_t gss_enc_code = ProtocolVersion{1234, 5680}.word();

using Startup = Decoded<StartupRequest>;

Startup decode_cancel(Reader reader) {
  CancelRequest request;
  request.pid = reader.u32();
  request.key = reader.rest();
  if (!reader.ok() || request.key.size() < limits::cancel_key_bytes_min) {
    return Startup::malformed("cancel request is too short");
  }
  if (request.key.size() > limits::cancel_key_bytes_max) {
    return Startup::malformed("cancel key is too long");
  }
  return Startup::ok(request);
}

Startup decode_parameters(ProtocolVersion version, Bytes body) {
  Reader reader(body);
  std::size_t count = 0;
  std::size_t pairs_bytes = 0;
  for (;;) {
    const std::string_view name = reader.cstring();
    if (!reader.ok()) return Startup::malformed("start-up packet has no terminator");
    if (name.empty()) break;
    const StartupParameters before(as_text(body.first(pairs_bytes)));
    if (before.find(name)) return Startup::malformed("start-up packet has a parameter twice");
    reader.cstring();
    if (!reader.ok()) return Startup::malformed("start-up packet has a name without a value");
    if (++count > limits::startup_parameters) {
      return Startup::malformed("start-up packet has too many parameters");
    }
    pairs_bytes = reader.offset();
  }
  if (!reader.at_end()) return Startup::malformed("start-up packet goes on after its terminator");
  const StartupMessage message{version, StartupParameters(as_text(body.first(pairs_bytes)))};
  if (message.user().empty()) return Startup::malformed("start-up packet names no user");
  return Startup::ok(message);
}

}  // namespace

void StartupParameters::iterator::read() {
  if (rest_.empty()) {
    current_ = {};
    return;
  }
  const std::size_t name_size = rest_.find('\0');
  const std::size_t value_end = rest_.find('\0', name_size + 1);
  RELEVO_CHECK(name_size != std::string_view::npos && value_end != std::string_view::npos);
  current_ = {rest_.substr(0, name_size), rest_.substr(name_size + 1, value_end - name_size - 1)};
  rest_.remove_prefix(value_end + 1);
}

std::optional<std::string_view> StartupParameters::find(std::string_view name) const {
  for (const auto& [key, value] : *this) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::string_view StartupParameters::get(std::string_view name, std::string_view fallback) const {
  const auto found = find(name);
  return found && !found->empty() ? *found : fallback;
}

Decoded<std::size_t> read_startup_size(Bytes bytes) {
  using Size = Decoded<std::size_t>;
  if (bytes.size() < 4) return Size::need_more();
  const std::size_t size = Reader(bytes).u32();
  if (size < 8 || size - 4 > limits::startup_body_bytes) {
    return Size::malformed("invalid length of start-up packet");
  }
  if (bytes.size() < size) return Size::need_more();
  return Size::ok(size);
}

Decoded<StartupRequest> decode_startup(Bytes packet) {
  Reader reader(packet);
  const std::uint32_t size = reader.u32();
  const std::uint32_t code = reader.u32();
  if (!reader.ok() || size != packet.size() || size - 4 > limits::startup_body_bytes) {
    return Startup::malformed("invalid length of start-up packet");
  }
  if (code == cancel_code) return decode_cancel(reader);
  if (code == ssl_code || code == gss_enc_code) {
    if (!reader.at_end()) return Startup::malformed("encryption request has trailing bytes");
    return code == ssl_code ? Startup::ok(SslRequest{}) : Startup::ok(GssEncRequest{});
  }
  const ProtocolVersion version = ProtocolVersion::from_word(code);
  if (version.major != 3) return Startup::ok(UnsupportedProtocol{version});
  return decode_parameters(version, reader.rest());
}

void encode_ssl_request(Writer& out) {
  out.begin_untyped();
  out.u32(ssl_code);
  out.end();
}

void encode_cancel_request(Writer& out, std::uint32_t pid, Bytes key) {
  out.begin_untyped();
  out.u32(cancel_code);
  out.u32(pid);
  out.bytes(key);
  out.end();
}

void encode_startup_message(Writer& out, ProtocolVersion version,
                            std::span<const StartupParameters::Parameter> parameters) {
  out.begin_untyped();
  out.u32(version.word());
  for (const auto& [name, value] : parameters) {
    out.cstring(name);
    out.cstring(value);
  }
  out.u8(0);
  out.end();
}

}  // namespace relevo::wire::postgres
