// Greetings and log-ins as real servers and drivers send them, and what is made
// of damaged ones.
#include "proxy/wire/mysql/handshake.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "proxy/wire/mysql/authentication.hpp"
#include "tests/unit/wire/wire_text.hpp"

namespace relevo::wire::mysql {
namespace {

using test::wire;

// MariaDB 10.11 as Debian 12 has it.
const std::string& mariadb_greeting() {
  static const std::string bytes = wire(
      "0a '5.5.5-10.11.19-MariaDB-0+deb12u1' 00 07000000 'MZ[<V|1{' 00 fef7 08 0200 ff81 15"
      "000000000000 1d000000 ';Pc}n1EJ' 22 'ik^' 00 'mysql_native_password' 00");
  return bytes;
}

// MySQL 8.4: the lowest bit is set, and the bytes of MariaDB's capabilities are zero.
const std::string& mysql_greeting() {
  static const std::string bytes = wire(
      "0a '8.4.3' 00 0b000000 '12345678' 00 ffff ff 0200 ffdf 15 000000000000 00000000"
      "'abcdefghijkl' 00 'caching_sha2_password' 00");
  return bytes;
}

std::string challenge_text(const Handshake& handshake) {
  return std::string(as_text(handshake.challenge));
}

template <typename Encode>
std::string payload_of(Encode encode) {
  std::string bytes;
  Writer out(bytes, 1);
  encode(out);
  EXPECT_TRUE(out.ok());
  return bytes.size() < limits::header_bytes ? "" : bytes.substr(limits::header_bytes);
}

TEST(Handshake, OfMariaDb) {
  const auto greeting = decode_handshake(as_bytes(mariadb_greeting()));
  ASSERT_TRUE(greeting) << greeting.error();
  EXPECT_EQ(greeting->server_version, "5.5.5-10.11.19-MariaDB-0+deb12u1");
  EXPECT_TRUE(greeting->is_mariadb());
  EXPECT_EQ(greeting->connection_id, 7U);
  EXPECT_EQ(greeting->capabilities.word(), 0x1d81fff7feU);
  EXPECT_TRUE(greeting->capabilities.has(Capability::mariadb_cache_metadata));
  EXPECT_TRUE(greeting->capabilities.has(Capability::mariadb_progress));
  EXPECT_FALSE(greeting->capabilities.has(Capability::long_password));
  EXPECT_EQ(greeting->collation, 8);
  EXPECT_EQ(greeting->status, StatusFlags(Status::autocommit));
  EXPECT_EQ(challenge_text(*greeting), "MZ[<V|1{;Pc}n1EJ\"ik^");
  EXPECT_EQ(greeting->auth_plugin, auth_plugins::native);
}

TEST(Handshake, OfMySql) {
  const auto greeting = decode_handshake(as_bytes(mysql_greeting()));
  ASSERT_TRUE(greeting) << greeting.error();
  EXPECT_FALSE(greeting->is_mariadb());
  EXPECT_EQ(greeting->capabilities.word(), 0xdfffffffU);
  EXPECT_EQ(challenge_text(*greeting), "12345678abcdefghijkl");
  EXPECT_EQ(greeting->auth_plugin, auth_plugins::caching_sha2);
}

// MySQL's documentation, "Initial Handshake Packet" of 5.5.2-m2, which knew no plugins.
TEST(Handshake, OfAServerWithoutPlugins) {
  const std::string bytes = wire(
      "0a '5.5.2-m2' 00 0b000000 'dvH@I-CJ' 00 fff7 08 0200 0000 00 00000000000000000000"
      "'*4d|cZwk4^]:' 00");
  const auto greeting = decode_handshake(as_bytes(bytes));
  ASSERT_TRUE(greeting) << greeting.error();
  EXPECT_EQ(challenge_text(*greeting), "dvH@I-CJ*4d|cZwk4^]:");
  EXPECT_EQ(greeting->auth_plugin, "");
}

// MySQL leaves the upper bytes zero, but they could not count if they were not.
TEST(Handshake, MySqlHasNoCapabilitiesOfMariaDb) {
  std::string bytes = mysql_greeting();
  bytes[bytes.find("12345678") + 8 + 1 + 2 + 1 + 2 + 2 + 1 + 6] = '\x1d';
  const auto greeting = decode_handshake(as_bytes(bytes));
  ASSERT_TRUE(greeting);
  EXPECT_EQ(greeting->capabilities.word() >> 32, 0U);
}

TEST(Handshake, RoundTrips) {
  for (const std::string& bytes : {mariadb_greeting(), mysql_greeting()}) {
    const auto greeting = decode_handshake(as_bytes(bytes));
    ASSERT_TRUE(greeting);
    EXPECT_EQ(payload_of([&](Writer& out) { encode_handshake(out, *greeting); }), bytes);
  }
}

TEST(Handshake, CutShortIsMalformed) {
  for (const std::string& bytes : {mariadb_greeting(), mysql_greeting()}) {
    const std::size_t plugin_at = bytes.rfind("password") - 14;
    for (std::size_t size = 0; size < plugin_at - 1; ++size) {
      const auto greeting = decode_handshake(test::HeapBytes(bytes.substr(0, size)));
      EXPECT_TRUE(greeting.is_malformed()) << size;
      EXPECT_FALSE(greeting.error().empty());
    }
  }
}

TEST(Handshake, RefusesOtherProtocols) {
  std::string bytes = mysql_greeting();
  bytes[0] = '\x09';
  EXPECT_TRUE(decode_handshake(as_bytes(bytes)).is_malformed());
  // No secure_connection, no protocol_41: each of before 4.1.
  for (const char lower : {'\x7f', '\xfd'}) {
    bytes = mysql_greeting();
    bytes[bytes.find("12345678") + 8 + 1 + 1] = lower;
    EXPECT_TRUE(decode_handshake(as_bytes(bytes)).is_malformed());
  }
}

// The length of the challenge is a server's word: a large one must not be read past.
TEST(Handshake, ALongChallengeMustBeThere) {
  std::string bytes = mysql_greeting();
  bytes[bytes.find("12345678") + 8 + 1 + 2 + 1 + 2 + 2] = '\xff';
  EXPECT_TRUE(decode_handshake(test::HeapBytes(bytes)).is_malformed());
}

// ---- The client's answer -----------------------------------------------------------

struct ResponseRow {
  const char* name;
  std::string bytes;
  Capabilities capabilities;
  std::string user, auth, database, plugin;
  std::size_t fixed_bytes;  // fewer are malformed; the rest may be left out
};

const std::vector<ResponseRow>& response_rows() {
  static const std::vector<ResponseRow> rows = {
      // MySQL's documentation, "Handshake Response Packet": 5.5.8 with plugins.
      {"mysql 5.5",
       wire("8da60f00 00000001 08 0000000000000000000000000000000000000000000000"
            "'pam' 00 14 ab09eef6bcb1322e61141938625f6aa6a6be03e9 'test' 00"
            "'mysql_native_password' 00"),
       Capabilities::from_word(0x0fa68d), "pam", wire("ab09eef6bcb1322e61141938625f6aa6a6be03e9"),
       "test", "mysql_native_password", 32 + 4 + 21},
      // Without plugins and database: what 4.1 sent.
      {"4.1",
       wire("0582 0000 00000001 21 0000000000000000000000000000000000000000000000"
            "'root' 00 00"),
       Capabilities::from_word(0x8205), "root", "", "", "", 32 + 5 + 1},
      // Not even secure_connection: the hash up to a NUL.
      {"old password",
       wire("0502 0000 00000001 21 0000000000000000000000000000000000000000000000"
            "'root' 00 'hash' 00"),
       Capabilities::from_word(0x0205), "root", "hash", "", "", 32 + 5 + 5},
      // A length-encoded answer of 256 bytes, as RSA or a token has.
      {"lenenc auth",
       wire("0102 2800 00000040 ff 0000000000000000000000000000000000000000000000"
            "'app' 00 fc0001") +
           std::string(256, 'k') + wire("'caching_sha2_password' 00"),
       Capabilities::from_word(0x280201), "app", std::string(256, 'k'), "", "caching_sha2_password",
       32 + 4 + 3 + 256},
      // MariaDB's own capabilities, in the bytes that MySQL leaves zero.
      {"mariadb",
       wire("0882 0800 00000001 2d 00000000000000000000000000000000000000 1d000000"
            "'root' 00 00 'db' 00 'client_ed25519' 00"),
       Capabilities::from_word(0x1d00088208), "root", "", "db", "client_ed25519", 32 + 5 + 1},
  };
  return rows;
}

TEST(HandshakeResponse, IsDecodedAndEncoded) {
  for (const ResponseRow& row : response_rows()) {
    const auto response = decode_handshake_response(test::HeapBytes(row.bytes));
    const auto kept = decode_handshake_response(as_bytes(row.bytes));
    ASSERT_TRUE(response && kept) << row.name << ": " << response.error();
    EXPECT_EQ(kept->capabilities, row.capabilities) << row.name;
    EXPECT_EQ(kept->user, row.user) << row.name;
    EXPECT_EQ(as_text(kept->auth_response), row.auth) << row.name;
    EXPECT_EQ(kept->database, row.database) << row.name;
    EXPECT_EQ(kept->auth_plugin, row.plugin) << row.name;
    EXPECT_FALSE(kept->wants_tls());
    EXPECT_EQ(payload_of([&](Writer& out) { encode_handshake_response(out, *kept); }), row.bytes)
        << row.name;
  }
}

TEST(HandshakeResponse, CutShortIsMalformed) {
  for (const ResponseRow& row : response_rows()) {
    for (std::size_t size = 0; size < row.bytes.size(); ++size) {
      const auto response = decode_handshake_response(test::HeapBytes(row.bytes.substr(0, size)));
      EXPECT_EQ(response.is_malformed(), size < row.fixed_bytes) << row.name << " " << size;
    }
  }
}

TEST(HandshakeResponse, AttributesAreWalked) {
  std::string pairs;
  append_attribute(pairs, "_client_name", "libmariadb");
  append_attribute(pairs, "program_name", "");
  append_attribute(pairs, "_pid", "42");
  HandshakeResponse response;
  response.capabilities = Capability::protocol_41 | Capability::secure_connection |
                          Capability::connect_attrs | Capability::zstd_compression;
  response.user = "app";
  response.attributes = ConnectAttributes(as_bytes(pairs));
  response.zstd_level = 3;
  const std::string bytes = payload_of([&](Writer& w) { encode_handshake_response(w, response); });
  const auto back = decode_handshake_response(as_bytes(bytes));
  ASSERT_TRUE(back) << back.error();
  EXPECT_EQ(back->zstd_level, 3);
  EXPECT_EQ(back->attributes.get("_client_name"), "libmariadb");
  EXPECT_EQ(back->attributes.get("_pid"), "42");
  EXPECT_EQ(back->attributes.get("nothing"), "");
  std::string names;
  for (const auto& [name, value] : back->attributes) names += std::string(name) + ";";
  EXPECT_EQ(names, "_client_name;program_name;_pid;");

  // Cut anywhere inside of the attributes it is malformed; without any it is not.
  const std::size_t attributes_at = bytes.size() - 1 - pairs.size() - 1;
  for (std::size_t size = attributes_at; size + 1 < bytes.size(); ++size) {
    EXPECT_EQ(decode_handshake_response(test::HeapBytes(bytes.substr(0, size))).is_malformed(),
              size > attributes_at)
        << size;
  }
}

TEST(HandshakeResponse, AttributesThatDoNotFillTheirLengthAreMalformed) {
  const std::string head =
      wire("0082 1000 00000001 21 0000000000000000000000000000000000000000000000 'u' 00 00");
  EXPECT_TRUE(decode_handshake_response(as_bytes(head + wire("04 01'a'01'b'"))));
  EXPECT_TRUE(decode_handshake_response(as_bytes(head + wire("00"))));
  for (const char* bad : {"02 01'a'", "03 01'a'02 'bc'", "05 01'a'01'b'", "01 fb", "ff"}) {
    EXPECT_TRUE(decode_handshake_response(test::HeapBytes(head + wire(bad))).is_malformed()) << bad;
  }
}

TEST(HandshakeResponse, TooManyAttributesAreMalformed) {
  std::string pairs;
  for (std::size_t i = 0; i <= limits::connect_attributes; ++i) append_attribute(pairs, "a", "b");
  HandshakeResponse response;
  response.capabilities =
      Capability::protocol_41 | Capability::secure_connection | Capability::connect_attrs;
  response.attributes = ConnectAttributes(as_bytes(pairs).first(pairs.size() - 4));
  std::string bytes = payload_of([&](Writer& w) { encode_handshake_response(w, response); });
  EXPECT_TRUE(decode_handshake_response(as_bytes(bytes)));
  response.attributes = ConnectAttributes(as_bytes(pairs));
  bytes = payload_of([&](Writer& w) { encode_handshake_response(w, response); });
  EXPECT_TRUE(decode_handshake_response(as_bytes(bytes)).is_malformed());
}

TEST(HandshakeResponse, AnSslRequestIsItsBeginning) {
  HandshakeResponse response;
  response.capabilities = Capability::protocol_41 | Capability::mariadb_progress;
  response.packet_bytes_max = 0x01000000;
  response.collation = 45;
  response.user = "not sent yet";
  const std::string bytes = payload_of([&](Writer& w) { encode_ssl_request(w, response); });
  EXPECT_EQ(bytes, wire("000a0000 00000001 2d 00000000000000000000000000000000000000 01000000"));
  EXPECT_TRUE(is_ssl_request(as_bytes(bytes)));
  const auto back = decode_handshake_response(as_bytes(bytes));
  ASSERT_TRUE(back);
  EXPECT_TRUE(back->wants_tls());
  EXPECT_EQ(back->user, "");
  EXPECT_TRUE(back->capabilities.has(Capability::mariadb_progress));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(is_ssl_request(as_bytes(bytes).first(size)));
    EXPECT_TRUE(decode_handshake_response(test::HeapBytes(bytes.substr(0, size))).is_malformed());
  }
  EXPECT_FALSE(is_ssl_request(as_bytes(bytes + "u")));
}

TEST(HandshakeResponse, WithoutProtocol41IsRefused) {
  const std::string bytes = wire("8500 000000 'root' 00 'hash' 00") + std::string(32, '\0');
  EXPECT_TRUE(decode_handshake_response(as_bytes(bytes)).is_malformed());
}

TEST(HandshakeResponse, WhatDoesNotFitIsNotWritten) {
  const std::string long_auth(256, 'x');
  HandshakeResponse response;
  response.capabilities = Capability::protocol_41 | Capability::secure_connection;
  response.auth_response = as_bytes(long_auth);
  std::string bytes;
  Writer out(bytes, 1);
  encode_handshake_response(out, response);
  EXPECT_FALSE(out.ok());
  EXPECT_TRUE(bytes.empty());

  response.auth_response = {};
  response.user = std::string_view("ro\0ot", 5);
  Writer again(bytes, 1);
  encode_handshake_response(again, response);
  EXPECT_FALSE(again.ok());
  EXPECT_TRUE(bytes.empty());
}

}  // namespace
}  // namespace relevo::wire::mysql
