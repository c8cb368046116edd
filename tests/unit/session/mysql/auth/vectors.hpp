// Bytes that others made: MariaDB's and MySQL's documentation, hashcat's example
// hashes, libcrypt, and PyMySQL for the proofs.
#pragma once

#include <string>
#include <string_view>

namespace relevo::session::mysql::test {

inline std::string from_hex(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(digit(hex[i]) << 4 | digit(hex[i + 1]));
  }
  return bytes;
}

// All for the password "secret".
inline const std::string scramble = from_hex("0102030405060708090a0b0c0d0e0f1011121314");
inline const std::string native_stored = "*14E65567ABDB5135D0CFD9A70B3032C179A49EE7";
inline const std::string native_secret_proof = from_hex("b32bb3a583e1340c0a1108d58b1be49781ad8c2f");
inline const std::string sha2_secret_proof =
    from_hex("746ebe205d56a0707acb3e796e834e0dd7b1d61743b26bd5202c7a623230c7c9");
inline const std::string ed25519_stored = "ZIgUREUg5PVgQ6LskhXmO+eZLS0nC8be6HPjYWR4YJY";

// For the password "hashcat".
inline const std::string sha2_stored = "$A$005$" +
                                       from_hex("f9cc98ce08892924f50a213b6bc571a2c11778c5") +
                                       "bTy95Y99eAME1dwEkHOA1ndHGBWz.1bxSSRkuTXFGV/";

}  // namespace relevo::session::mysql::test
