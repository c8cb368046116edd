#include "proxy/session/mysql/auth/caching_sha2.hpp"

#include <openssl/evp.h>

#include <array>
#include <memory>

#include "topology/model/check.hpp"

namespace relevo::session::mysql {
namespace {

// AES-256-GCM. A key seals one text only, the password that it is made of, so
// that a constant nonce is never used for two.
constexpr std::string_view sealing_label = "relevo: password sealed under its own key";
constexpr std::array<unsigned char, 12> sealing_nonce{};
constexpr std::size_t tag_bytes = 16;

struct Free {
  void operator()(EVP_CIPHER_CTX* p) const { EVP_CIPHER_CTX_free(p); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, Free>;

unsigned char* data_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
const unsigned char* data_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// Neither direction can fail for any input but a wrong tag, hence the checks.
CipherContext cipher(const Sha2Key& key, bool encrypt) {
  CipherContext context(EVP_CIPHER_CTX_new());
  RELEVO_CHECK(context != nullptr);
  Sha256 sealing_key = sha256({text_of(key.sha256), sealing_label});
  RELEVO_CHECK(EVP_CipherInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, sealing_key.data(),
                                 sealing_nonce.data(), encrypt ? 1 : 0) == 1);
  wipe(sealing_key);
  return context;
}

std::string seal(const Sha2Key& key, std::string_view password) {
  const auto context = cipher(key, true);
  std::string sealed(password.size() + tag_bytes, '\0');
  int size = 0, rest = 0;
  RELEVO_CHECK(EVP_CipherUpdate(context.get(), data_of(sealed), &size, data_of(password),
                                static_cast<int>(password.size())) == 1);
  RELEVO_CHECK(EVP_CipherFinal_ex(context.get(), data_of(sealed) + size, &rest) == 1);
  RELEVO_CHECK(static_cast<std::size_t>(size + rest) == password.size());
  RELEVO_CHECK(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, tag_bytes,
                                   data_of(sealed) + password.size()) == 1);
  return sealed;
}

}  // namespace

Sha2Key make_sha2_key(std::string_view password) { return {sha256({password})}; }

RememberedSha2 remember_sha2(std::string_view password) {
  const Sha2Key key = make_sha2_key(password);
  return {sha256({text_of(key.sha256)}), seal(key, password)};
}

Sha256 sha2_proof(const Sha2Key& key, std::string_view scramble) {
  const Sha256 twice = sha256({text_of(key.sha256)});
  return exclusive_or(key.sha256, sha256({text_of(twice), scramble}));
}

std::optional<Sha2Key> check_sha2_proof(const RememberedSha2& remembered, std::string_view scramble,
                                        std::string_view proof) {
  const auto sent = digest_from<32>(proof);
  if (!sent) return std::nullopt;
  const Sha256 mask = sha256({text_of(remembered.double_sha256), scramble});
  const Sha2Key key{exclusive_or(*sent, mask)};
  const Sha256 twice = sha256({text_of(key.sha256)});
  if (!equal_in_constant_time(twice, remembered.double_sha256)) return std::nullopt;
  return key;
}

std::optional<std::string> unseal_password(const RememberedSha2& remembered, const Sha2Key& key) {
  std::string sealed = remembered.sealed_password;
  if (sealed.size() < tag_bytes) return std::nullopt;
  const std::size_t password_bytes = sealed.size() - tag_bytes;
  const auto context = cipher(key, false);
  std::string password(password_bytes, '\0');
  int size = 0, rest = 0;
  RELEVO_CHECK(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, tag_bytes,
                                   data_of(sealed) + password_bytes) == 1);
  RELEVO_CHECK(EVP_CipherUpdate(context.get(), data_of(password), &size,
                                data_of(std::string_view(sealed)),
                                static_cast<int>(password_bytes)) == 1);
  if (EVP_CipherFinal_ex(context.get(), data_of(password) + size, &rest) != 1) {
    wipe(password);
    return std::nullopt;
  }
  return password;
}

}  // namespace relevo::session::mysql
