// How a password crosses a connection without TLS in caching_sha2_password: with
// a zero byte behind it, XORed with the scramble (so that a recorded packet is of
// no use in another exchange), encrypted by RSA with OAEP (SHA-1, as MySQL has it).
//
// It hides the password from whoever listens, not from whoever answers in the
// server's place: a client that asks for the key believes the one it gets.
//
// OpenSSL draws OAEP's padding, and a generated key, from its own random source:
// the one thing in this folder that its arguments do not decide.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_caching_sha2_authentication_exchanges.html
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "topology/model/result.hpp"

struct evp_pkey_st;

namespace relevo::session::mysql {

inline constexpr int rsa_key_bits = 2048;
inline constexpr int rsa_key_bits_max = 8192;  // of a server's key: bounds the work

// A key pair to receive passwords with. Copies share it; any thread may use it.
class RsaKeyPair {
 public:
  // Takes some tenths of a second: once a process.
  static RsaKeyPair generate();

  const std::string& public_key_pem() const { return pem_; }
  std::size_t cipher_bytes() const;

  // Nullopt: not encrypted with this key, or not with this scramble.
  std::optional<std::string> decrypt_password(std::string_view cipher,
                                              std::string_view scramble) const;

 private:
  explicit RsaKeyPair(std::shared_ptr<evp_pkey_st> key);

  std::shared_ptr<evp_pkey_st> key_;
  std::string pem_;
};

// Errors (code "rsa_key"): the key is not a PEM public key, not
// RSA, or too small or too large; the password does not fit into it.
Result<std::string> encrypt_password(std::string_view public_key_pem, std::string_view password,
                                     std::string_view scramble);

}  // namespace relevo::session::mysql
