#include "proxy/session/postgres/auth/md5.hpp"

#include "topology/model/check.hpp"

namespace relevo::session::postgres {

Result<Md5Verifier> make_md5_verifier(std::string_view password, std::string_view user) {
  const auto hex = md5_hex({password, user});
  if (!hex) return tl::make_unexpected(hex.error());
  return Md5Verifier{"md5" + *hex};
}

Result<std::string> md5_answer(const Md5Verifier& verifier, const wire::postgres::Md5Salt& salt) {
  RELEVO_CHECK(verifier.hash.size() == 35);
  const std::string_view stored_hex = std::string_view(verifier.hash).substr(3);
  const auto hex = md5_hex({stored_hex, wire::postgres::as_text(salt)});
  if (!hex) return hex;
  return "md5" + *hex;
}

Result<bool> md5_answer_matches(const Md5Verifier& verifier, const wire::postgres::Md5Salt& salt,
                                std::string_view answer) {
  const auto expected = md5_answer(verifier, salt);
  if (!expected) return tl::make_unexpected(expected.error());
  return equal_in_constant_time(*expected, answer);
}

}  // namespace relevo::session::postgres
