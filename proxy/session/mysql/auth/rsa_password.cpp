#include "proxy/session/mysql/auth/rsa_password.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "proxy/session/mysql/auth/hash.hpp"
#include "topology/model/check.hpp"

namespace relevo::session::mysql {
namespace {

struct Free {
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(EVP_PKEY_CTX* p) const { EVP_PKEY_CTX_free(p); }
  void operator()(BIO* p) const { BIO_free(p); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

constexpr int rsa_key_bits_min = 1024;
constexpr std::size_t oaep_overhead_bytes = 42;  // two SHA-1 digests and two bytes

const unsigned char* data_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* data_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

void apply_scramble(std::string& text, std::string_view scramble) {
  RELEVO_CHECK(!scramble.empty());
  for (std::size_t i = 0; i < text.size(); ++i) {
    text[i] = static_cast<char>(text[i] ^ scramble[i % scramble.size()]);
  }
}

bool use_oaep(EVP_PKEY_CTX* context) {
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha1()) == 1 &&
         EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha1()) == 1;
}

}  // namespace

RsaKeyPair::RsaKeyPair(std::shared_ptr<EVP_PKEY> key) : key_(std::move(key)) {
  const Owned<BIO> out(BIO_new(BIO_s_mem()));
  RELEVO_CHECK(out != nullptr && PEM_write_bio_PUBKEY(out.get(), key_.get()) == 1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  pem_.assign(text, static_cast<std::size_t>(size));
}

RsaKeyPair RsaKeyPair::generate() {
  std::shared_ptr<EVP_PKEY> key(EVP_RSA_gen(rsa_key_bits), EVP_PKEY_free);
  RELEVO_CHECK(key != nullptr);
  return RsaKeyPair(std::move(key));
}

std::size_t RsaKeyPair::cipher_bytes() const {
  return static_cast<std::size_t>(EVP_PKEY_get_size(key_.get()));
}

std::optional<std::string> RsaKeyPair::decrypt_password(std::string_view cipher,
                                                        std::string_view scramble) const {
  if (cipher.size() != cipher_bytes()) return std::nullopt;
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new(key_.get(), nullptr));
  RELEVO_CHECK(context != nullptr && EVP_PKEY_decrypt_init(context.get()) == 1);
  RELEVO_CHECK(use_oaep(context.get()));
  std::string text(cipher_bytes(), '\0');
  std::size_t size = text.size();
  const bool decrypted =
      EVP_PKEY_decrypt(context.get(), data_of(text), &size, data_of(cipher), cipher.size()) == 1;
  ERR_clear_error();  // what a client sent must not be found by the next user of the queue: TLS
  if (!decrypted) return std::nullopt;
  text.resize(size);
  apply_scramble(text, scramble);
  // Exactly one zero byte, at the end: a password cannot hold one.
  if (text.empty() || text.find('\0') != text.size() - 1) {
    wipe(text);
    return std::nullopt;
  }
  text.pop_back();
  return text;
}

Result<std::string> encrypt_password(std::string_view public_key_pem, std::string_view password,
                                     std::string_view scramble) {
  const Owned<BIO> in(
      BIO_new_mem_buf(public_key_pem.data(), static_cast<int>(public_key_pem.size())));
  RELEVO_CHECK(in != nullptr);
  const Owned<EVP_PKEY> key(PEM_read_bio_PUBKEY(in.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  if (key == nullptr || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) {
    return fail("rsa_key", "The server's public key is not an RSA key in PEM.");
  }
  const int bits = EVP_PKEY_get_bits(key.get());
  if (bits < rsa_key_bits_min || bits > rsa_key_bits_max) {
    return fail("rsa_key", "The server's RSA key has " + std::to_string(bits) + " bits.");
  }
  std::string cipher(static_cast<std::size_t>(EVP_PKEY_get_size(key.get())), '\0');
  if (password.size() + 1 + oaep_overhead_bytes > cipher.size()) {
    return fail("rsa_key", "The password is too long for the server's RSA key: use TLS.");
  }
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new(key.get(), nullptr));
  RELEVO_CHECK(context != nullptr);
  std::string text(password);
  text += '\0';
  apply_scramble(text, scramble);
  std::size_t size = cipher.size();
  const bool encrypted =
      EVP_PKEY_encrypt_init(context.get()) == 1 && use_oaep(context.get()) &&
      EVP_PKEY_encrypt(context.get(), data_of(cipher), &size, data_of(text), text.size()) == 1;
  ERR_clear_error();
  wipe(text);
  if (!encrypted) return fail("rsa_key", "The server's RSA key cannot be used.");
  cipher.resize(size);
  return cipher;
}

}  // namespace relevo::session::mysql
