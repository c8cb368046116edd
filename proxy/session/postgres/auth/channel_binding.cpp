#include "proxy/session/postgres/auth/channel_binding.hpp"

#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include <limits>
#include <memory>

namespace relevo::session::postgres {
namespace {

struct Free {
  void operator()(X509* p) const { X509_free(p); }
};

Result<std::string> hash_certificate(std::span<const std::byte> der, const EVP_MD* hash) {
  const int nid = EVP_MD_get_type(hash);
  if (nid == NID_md5 || nid == NID_sha1) hash = EVP_sha256();
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (EVP_Digest(der.data(), der.size(), digest, &size, hash, nullptr) != 1) {
    return fail("0A000", "The certificate's signature hash is not available.");
  }
  return std::string(reinterpret_cast<const char*>(digest), size);
}

}  // namespace

Result<std::string> tls_server_end_point(std::span<const std::byte> certificate_der,
                                         std::string_view signature_hash) {
  const EVP_MD* hash = EVP_get_digestbyname(std::string(signature_hash).c_str());
  if (hash == nullptr) return fail("0A000", "The certificate's signature hash is not known.");
  return hash_certificate(certificate_der, hash);
}

Result<std::string> tls_server_end_point(std::span<const std::byte> certificate_der) {
  const auto* at = reinterpret_cast<const unsigned char*>(certificate_der.data());
  const auto* end = at + certificate_der.size();
  if (certificate_der.size() > std::numeric_limits<long>::max()) {
    return fail("08P01", "The certificate is too large.");
  }
  const std::unique_ptr<X509, Free> certificate(
      d2i_X509(nullptr, &at, static_cast<long>(certificate_der.size())));
  if (certificate == nullptr || at != end) {
    return fail("08P01", "The certificate is not valid DER.");
  }
  // Knows RSA-PSS too, whose hash stands in parameters and not in the name.
  int nid = NID_undef;
  if (X509_get_signature_info(certificate.get(), &nid, nullptr, nullptr, nullptr) != 1 ||
      nid == NID_undef) {
    return fail("0A000", "The certificate's signature uses no separate hash.");
  }
  const EVP_MD* hash = EVP_get_digestbynid(nid);
  if (hash == nullptr) return fail("0A000", "The certificate's signature hash is not known.");
  return hash_certificate(certificate_der, hash);
}

}  // namespace relevo::session::postgres
