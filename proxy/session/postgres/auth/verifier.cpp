#include "proxy/session/postgres/auth/verifier.hpp"

#include <algorithm>
#include <charconv>

#include "proxy/session/postgres/auth/md5.hpp"
#include "proxy/session/postgres/auth/saslprep.hpp"
#include "topology/model/check.hpp"

namespace relevo::session::postgres {
namespace {

constexpr std::string_view scram_prefix = "SCRAM-SHA-256$";
constexpr std::string_view md5_prefix = "md5";
constexpr std::size_t md5_size = 3 + 32;

// Takes `text` up to `end` off its front; nullopt when there is no `end`.
std::optional<std::string_view> take_until(std::string_view& text, char end) {
  const std::size_t size = text.find(end);
  if (size == std::string_view::npos) return std::nullopt;
  const std::string_view taken = text.substr(0, size);
  text.remove_prefix(size + 1);
  return taken;
}

std::optional<ScramVerifier> parse_scram(std::string_view text) {
  const auto iterations = take_until(text, ':');
  const auto salt = take_until(text, '$');
  const auto stored_key = take_until(text, ':');
  if (!iterations || !salt || !stored_key) return std::nullopt;
  ScramVerifier verifier;
  const char* end = iterations->data() + iterations->size();
  const auto number = std::from_chars(iterations->data(), end, verifier.iterations);
  if (number.ec != std::errc() || number.ptr != end || verifier.iterations < 1 ||
      verifier.iterations > scram_iterations_max) {
    return std::nullopt;
  }
  const auto raw_salt = base64_decode(*salt);
  const auto stored = base64_decode_digest(*stored_key);
  const auto server = base64_decode_digest(text);
  if (!raw_salt || raw_salt->empty() || !stored || !server) return std::nullopt;
  verifier.salt = *raw_salt;
  verifier.stored_key = *stored;
  verifier.server_key = *server;
  return verifier;
}

bool is_md5(std::string_view text) {
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return text.size() == md5_size && text.starts_with(md5_prefix) &&
         std::all_of(text.begin() + md5_prefix.size(), text.end(), is_hex);
}

}  // namespace

std::string ScramVerifier::to_string() const {
  return std::string(scram_prefix) + std::to_string(iterations) + ":" + base64_encode(salt) + "$" +
         base64_encode(text_of(stored_key)) + ":" + base64_encode(text_of(server_key));
}

// The text is a secret, so that no error may quote it.
Result<Verifier> parse_verifier(std::string_view rolpassword) {
  if (is_md5(rolpassword)) return Md5Verifier{std::string(rolpassword)};
  if (rolpassword.starts_with(scram_prefix)) {
    if (auto scram = parse_scram(rolpassword.substr(scram_prefix.size()))) return *std::move(scram);
    return fail("28000", "The stored SCRAM-SHA-256 verifier is malformed.");
  }
  return fail("28000", "The stored password is neither a SCRAM-SHA-256 verifier nor an MD5 hash.");
}

ScramKeys derive_scram_keys(std::string_view password, std::string_view salt,
                            std::uint32_t iterations) {
  Digest salted = pbkdf2_sha256(saslprep(password), salt, iterations);
  ScramKeys keys{hmac_sha256(text_of(salted), {"Client Key"}),
                 hmac_sha256(text_of(salted), {"Server Key"}), std::string(salt), iterations};
  wipe(salted);
  return keys;
}

ScramVerifier make_scram_verifier(std::string_view password, std::string_view salt,
                                  std::uint32_t iterations) {
  RELEVO_CHECK(!salt.empty() && iterations >= 1 && iterations <= scram_iterations_max);
  const ScramKeys keys = derive_scram_keys(password, salt, iterations);
  return {iterations, keys.salt, sha256(text_of(keys.client_key)), keys.server_key};
}

ScramVerifier make_mock_verifier(std::string_view secret, std::string_view user,
                                 std::uint32_t iterations) {
  ScramVerifier verifier;
  verifier.iterations = iterations;
  verifier.salt = text_of(hmac_sha256(secret, {"salt", user})).substr(0, scram_salt_bytes);
  verifier.stored_key = hmac_sha256(secret, {"stored key", user});
  verifier.server_key = hmac_sha256(secret, {"server key", user});
  return verifier;
}

Result<bool> password_matches(const Verifier& verifier, std::string_view user,
                              std::string_view password) {
  if (const auto* scram = std::get_if<ScramVerifier>(&verifier)) {
    const ScramKeys keys = derive_scram_keys(password, scram->salt, scram->iterations);
    return equal_in_constant_time(text_of(keys.server_key), text_of(scram->server_key));
  }
  const auto made = make_md5_verifier(password, user);
  if (!made) return tl::make_unexpected(made.error());
  return equal_in_constant_time(made->hash, std::get<Md5Verifier>(verifier).hash);
}

}  // namespace relevo::session::postgres
