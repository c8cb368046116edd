// PostgreSQL's side of consistency tokens (proxy/route/token.hpp): what is asked of the
// server in the place of SHOW RELEVO TOKEN, and SET relevo.after.
#pragma once

#include <string_view>

#include "proxy/route/statement.hpp"

namespace relevo::session::postgres {

inline constexpr std::string_view token_setting = "relevo.after";
inline constexpr std::string_view token_reason = "asks the primary for its position";

// Of the statement that asks: it changes nothing.
route::Analysis token_analysis();

// Some statement sets relevo.after to a literal that is no token. "" is none, and ends
// what was set.
bool sets_bad_token(const route::Analysis& analysis);

}  // namespace relevo::session::postgres
