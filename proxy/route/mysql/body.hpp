// A stored function's body: BEGIN ... END, or one RETURN.
//
// Invariant: called a read only if every statement in it is one of those known to
// touch nothing but the function's own variables, and every expression and query is a
// read by the same rules as anywhere else. What the grammar has and this does not know
// makes the function one that may write.
// https://dev.mysql.com/doc/refman/8.4/en/sql-compound-statements.html
#pragma once

#include <string_view>

#include "proxy/route/statement.hpp"
#include "proxy/route/verdict.hpp"

namespace relevo::route::mysql {

// MySQL's catalogue drops the backslashes of literals, 'it\'s' becomes 'it's': what is
// code behind one and what is text cannot be told. Says of a body with quotes whether
// a word of it would make it write, wherever that stands.
Verdict read_words(std::string_view body, MysqlDialect dialect);

Verdict read_body(std::string_view body, MysqlDialect dialect);

}  // namespace relevo::route::mysql
