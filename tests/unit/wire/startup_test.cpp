#include "proxy/wire/postgres/startup.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/wire/wire_text.hpp"

namespace relevo::wire::postgres {
namespace {

using test::wire;

// The packet around a body: its length word in front.
std::string packet(const std::string& source) {
  const std::string body = wire(source);
  const auto size = static_cast<std::uint32_t>(body.size() + 4);
  std::string whole;
  for (int shift = 24; shift >= 0; shift -= 8) whole += static_cast<char>(size >> shift);
  return whole + body;
}

Decoded<StartupRequest> decode(const std::string& bytes) {
  return decode_startup(test::HeapBytes(bytes));
}

template <typename T>
bool holds(const std::string& bytes) {
  const auto decoded = decode_startup(as_bytes(bytes));
  return decoded && std::holds_alternative<T>(*decoded);
}

const char* const startup_3_0 =
    "00030000 'user' 00 'app' 00 'database' 00 'orders' 00 'application_name' 00 00 00";

TEST(Startup, ReadsASslRequest) { EXPECT_TRUE(holds<SslRequest>(wire("00000008 04d2162f"))); }

TEST(Startup, ReadsAGssEncRequest) { EXPECT_TRUE(holds<GssEncRequest>(wire("00000008 04d21630"))); }

TEST(Startup, ReadsAStartupMessage) {
  const std::string bytes = packet(startup_3_0);
  const auto decoded = decode_startup(as_bytes(bytes));
  ASSERT_TRUE(decoded);
  const auto& message = std::get<StartupMessage>(*decoded);
  EXPECT_EQ(message.version, version_3_0);
  EXPECT_EQ(message.user(), "app");
  EXPECT_EQ(message.database(), "orders");
  EXPECT_EQ(message.parameters.find("application_name"), "");
  EXPECT_EQ(message.parameters.find("options"), std::nullopt);
  EXPECT_EQ(message.parameters.get("application_name", "none"), "none");
  std::vector<std::string> names;
  for (const auto& [name, value] : message.parameters) names.emplace_back(name);
  EXPECT_EQ(names, (std::vector<std::string>{"user", "database", "application_name"}));
}

TEST(Startup, TheDatabaseIsTheUserWhereNoneIsNamed) {
  for (const char* source :
       {"00030002 'user' 00 'app' 00 00", "00030002 'user' 00 'app' 00 'database' 00 00 00"}) {
    const std::string bytes = packet(source);
    const auto decoded = decode_startup(as_bytes(bytes));
    ASSERT_TRUE(decoded);
    EXPECT_EQ(std::get<StartupMessage>(*decoded).database(), "app");
    EXPECT_EQ(std::get<StartupMessage>(*decoded).version, version_3_2);
  }
}

TEST(Startup, PassesANewerMinorVersionAndProtocolOptionsOn) {
  const std::string bytes = packet("0003270f 'user' 00 'a' 00 '_pq_.x' 00 '1' 00 00");
  const auto decoded = decode_startup(as_bytes(bytes));
  ASSERT_TRUE(decoded);
  const auto& message = std::get<StartupMessage>(*decoded);
  EXPECT_EQ(message.version.minor, 9999);
  EXPECT_EQ(message.parameters.find("_pq_.x"), "1");
}

TEST(Startup, OtherMajorVersionsAreNotReadAnyFurther) {
  for (const char* source : {"00020000", "00040000 ff", "00000000", "04d21631"}) {
    const std::string bytes = packet(source);
    EXPECT_TRUE(holds<UnsupportedProtocol>(bytes)) << source;
  }
}

TEST(Startup, ReadsCancelRequestsWithKeysOf4To256Bytes) {
  for (const std::size_t size : {4U, 32U, 256U}) {
    std::string bytes;
    Writer out(bytes);
    encode_cancel_request(out, 0xfffefdfc, as_bytes(std::string(size, 'k')));
    ASSERT_TRUE(out.ok());
    const auto decoded = decode_startup(as_bytes(bytes));
    ASSERT_TRUE(decoded) << size;
    const auto& request = std::get<CancelRequest>(*decoded);
    EXPECT_EQ(request.pid, 0xfffefdfcU);
    EXPECT_EQ(as_text(request.key), std::string(size, 'k'));
  }
  for (const std::size_t size : {0U, 1U, 3U, 257U}) {
    std::string bytes;
    Writer out(bytes);
    encode_cancel_request(out, 1, as_bytes(std::string(size, 'k')));
    EXPECT_TRUE(decode(bytes).is_malformed()) << size;
  }
}

TEST(Startup, RefusesEveryKindOfMalformedPacket) {
  const struct {
    const char* source;
    const char* why;
  } table[] = {
      {"04d2162f 00", "SSLRequest with more behind it"},
      {"04d21630 'x'", "GSSENCRequest with more behind it"},
      {"04d2162e", "CancelRequest without anything"},
      {"04d2162e 0000", "CancelRequest with half a pid"},
      {"04d2162e 00000001", "CancelRequest without a key"},
      {"00030000", "no parameters, no terminator"},
      {"00030000 00", "no user"},
      {"00030000 'database' 00 'd' 00 00", "no user, but a database"},
      {"00030000 'user' 00 00 00", "empty user"},
      {"00030000 'user' 00 'app' 00", "no terminator"},
      {"00030000 'user' 00 'app'", "value without an end"},
      {"00030000 'user' 00", "name without a value"},
      {"00030000 'user'", "name without an end"},
      {"00030000 'user' 00 'app' 00 00 00", "a NUL after the terminator"},
      {"00030000 'user' 00 'app' 00 00 'x'", "garbage after the terminator"},
      {"00030000 'user' 00 'app' 00 00 'b' 00 'c' 00 00", "a second list after the first"},
      {"00030000 'user' 00 'app' 00 'user' 00 'root' 00 00", "user twice"},
      {"00030000 'user' 00 'a' 00 'x' 00 '1' 00 'x' 00 '1' 00 00", "another parameter twice"},
  };
  for (const auto& row : table) {
    const auto decoded = decode(packet(row.source));
    EXPECT_TRUE(decoded.is_malformed()) << row.why;
    EXPECT_FALSE(decoded.error().empty()) << row.why;
  }
}

TEST(Startup, RefusesAMessageCutAtAnyByte) {
  const std::string body = packet(startup_3_0).substr(4);
  for (std::size_t size = 4; size < body.size(); ++size) {
    // The length fits, only the body ends early.
    std::string cut = wire("000000") + static_cast<char>(size + 4) + body.substr(0, size);
    EXPECT_TRUE(decode(cut).is_malformed()) << size;
  }
  const std::string whole = packet(startup_3_0);
  for (std::size_t size = 0; size < whole.size(); ++size) {  // the length does not fit
    EXPECT_TRUE(decode(whole.substr(0, size)).is_malformed()) << size;
  }
}

TEST(Startup, BoundsTheNumberOfParameters) {
  const auto with_parameters = [](std::size_t count) {
    std::vector<std::string> names;
    for (std::size_t i = 1; i < count; ++i) names.push_back("p" + std::to_string(i));
    std::vector<StartupParameters::Parameter> parameters = {{"user", "app"}};
    for (const auto& name : names) parameters.emplace_back(name, "");
    std::string bytes;
    Writer out(bytes);
    encode_startup_message(out, version_3_0, parameters);
    return bytes;
  };
  EXPECT_TRUE(decode(with_parameters(limits::startup_parameters)));
  EXPECT_TRUE(decode(with_parameters(limits::startup_parameters + 1)).is_malformed());
}

TEST(Startup, MeasuresPacketsWithinTheLimits) {
  const std::string whole = packet(startup_3_0);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_TRUE(read_startup_size(test::HeapBytes(whole.substr(0, size))).needs_more()) << size;
  }
  const std::string longer = whole + "next";
  ASSERT_TRUE(read_startup_size(as_bytes(longer)));
  EXPECT_EQ(*read_startup_size(as_bytes(longer)), whole.size());
  // Judged by the length word alone, before the packet is there.
  for (const char* bad : {"00000000", "00000004", "00000007", "00002715", "7fffffff", "ffffffff"}) {
    EXPECT_TRUE(read_startup_size(as_bytes(wire(bad))).is_malformed()) << bad;
  }
  EXPECT_TRUE(read_startup_size(as_bytes(wire("00002714"))).needs_more());  // 10004
}

TEST(Startup, EncodesWhatItDecodes) {
  std::string bytes;
  Writer out(bytes);
  encode_ssl_request(out);
  EXPECT_EQ(bytes, wire("00000008 04d2162f"));
  bytes.clear();
  Writer startup(bytes);
  const StartupParameters::Parameter parameters[] = {
      {"user", "app"}, {"database", "orders"}, {"application_name", ""}};
  encode_startup_message(startup, version_3_0, parameters);
  EXPECT_EQ(bytes, packet(startup_3_0));
  bytes.clear();
  Writer cancel(bytes);
  encode_cancel_request(cancel, 258, as_bytes("secr"));
  EXPECT_EQ(bytes, wire("00000010 04d2162e 00000102 'secr'"));
}

}  // namespace
}  // namespace relevo::wire::postgres
