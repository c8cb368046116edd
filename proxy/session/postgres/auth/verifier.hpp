// What is stored about a user's password: PostgreSQL's pg_authid.rolpassword, or
// the same made from a plaintext password of the configuration.
// https://www.postgresql.org/docs/current/catalog-pg-authid.html
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "proxy/session/postgres/auth/crypto.hpp"
#include "topology/model/result.hpp"

namespace relevo::session::postgres {

inline constexpr std::uint32_t scram_iterations_default = 4096;
// More than any sane setting, and still an end: each one costs half a microsecond.
inline constexpr std::uint32_t scram_iterations_max = 10'000'000;
inline constexpr std::size_t scram_salt_bytes = 16;  // what PostgreSQL makes; others are accepted

struct ScramVerifier {
  std::uint32_t iterations = scram_iterations_default;
  std::string salt;  // raw bytes, at least one
  Digest stored_key{};
  Digest server_key{};

  std::string to_string() const;  // as in pg_authid
  bool operator==(const ScramVerifier&) const = default;
};

struct Md5Verifier {
  std::string hash;  // "md5" and 32 lower-case hex digits, of password + user
  bool operator==(const Md5Verifier&) const = default;
};

using Verifier = std::variant<ScramVerifier, Md5Verifier>;

// What a client needs to log in by SCRAM without the password, wherever the
// verifier has this very salt and iteration count. As secret as the password.
struct ScramKeys {
  Digest client_key{};
  Digest server_key{};
  std::string salt;
  std::uint32_t iterations = 0;

  bool fits(std::string_view other_salt, std::uint32_t other_iterations) const {
    return salt == other_salt && iterations == other_iterations;
  }
};

// "SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>" or "md5<32 hex>".
// Anything else is an error: what looks like neither is never taken for a
// plaintext password.
Result<Verifier> parse_verifier(std::string_view rolpassword);

ScramKeys derive_scram_keys(std::string_view password, std::string_view salt,
                            std::uint32_t iterations);
// `salt`: random, scram_salt_bytes long. Costs one PBKDF2, see crypto.hpp.
ScramVerifier make_scram_verifier(std::string_view password, std::string_view salt,
                                  std::uint32_t iterations = scram_iterations_default);

// For a user that doesn't exist or has no SCRAM verifier: the same user always
// gets the same salt, and nobody without `secret` can tell it from a real one.
// Run the exchange with ScramServer::Setup::mock set.
ScramVerifier make_mock_verifier(std::string_view secret, std::string_view user,
                                 std::uint32_t iterations = scram_iterations_default);

// Checks a password that came in clear text. An error: it could not be checked.
Result<bool> password_matches(const Verifier& verifier, std::string_view user,
                              std::string_view password);

}  // namespace relevo::session::postgres
