// MariaDB's sequences by name, as texts have them: s, app.s, `app`.`s`.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proxy/route/mysql/lexer.hpp"

namespace relevo::route::mysql {

// The name whose first token is the next one of `ahead`, as written; empty if none is.
std::string_view name_ahead(Lexer ahead);
// The name that ends at the end of `text`: of s.nextval, in its Oracle mode. Empty if
// it can't be told from behind.
std::string_view name_at_end(std::string_view text);

// Such a name as any text may have it: `app`.`s`. `schema` is the one in use. Nullopt: no
// name, not in plain letters, or in no schema.
std::optional<std::string> sequence_key(std::string_view name, MysqlDialect dialect,
                                        std::string_view schema, bool folds_names);

}  // namespace relevo::route::mysql
