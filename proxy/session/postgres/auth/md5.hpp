// PostgreSQL's MD5 log-in: md5(md5(password + user) + salt), each in hex and the
// whole prefixed with "md5". Weak, deprecated, and still in use. Who holds the
// stored hash can log in with it, so it is as secret as the password.
//
// Errors: MD5 forbidden by the system's policy (0A000).
#pragma once

#include <string>
#include <string_view>

#include "proxy/session/postgres/auth/verifier.hpp"
#include "proxy/wire/postgres/authentication.hpp"
#include "topology/model/result.hpp"

namespace relevo::session::postgres {

Result<Md5Verifier> make_md5_verifier(std::string_view password, std::string_view user);

// What a client sends, from the stored hash.
Result<std::string> md5_answer(const Md5Verifier& verifier, const wire::postgres::Md5Salt& salt);

Result<bool> md5_answer_matches(const Md5Verifier& verifier, const wire::postgres::Md5Salt& salt,
                                std::string_view answer);

}  // namespace relevo::session::postgres
