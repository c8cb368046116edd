// MySQL's and MariaDB's side of consistency tokens (proxy/route/token.hpp):
// SET @relevo_after.
#pragma once

#include <string_view>

#include "proxy/route/statement.hpp"

namespace relevo::session::mysql {

inline constexpr std::string_view token_variable = "relevo_after";

// What SET @relevo_after = value makes of it: the text of a literal, "" for NULL. What
// is computed is "?", of which nobody can say what it stands for.
std::string_view token_text(route::EffectKind kind, std::string_view value);

// Some statement sets it to a literal that is no token of this kind of server.
bool sets_bad_token(const route::Analysis& analysis, route::MysqlDialect dialect);

}  // namespace relevo::session::mysql
