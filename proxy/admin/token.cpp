#include "proxy/admin/token.hpp"

#include <openssl/crypto.h>

namespace relevo::admin {

bool tokens_equal(std::string_view expected, std::string_view given) {
  if (expected.empty() || expected.size() != given.size()) return false;
  return CRYPTO_memcmp(expected.data(), given.data(), expected.size()) == 0;
}

}  // namespace relevo::admin
