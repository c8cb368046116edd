// Queries: SELECT, VALUES, TABLE, WITH ... and their parenthesised forms; and
// expressions, which hold them.
//
// Invariant: called a read only if no token of it can write. The scan knows the
// grammar just well enough to tell a call from what merely looks like one (a
// column list, a type, a keyword); in doubt it is a call, and a call of
// something unknown is not a read.
//
// What the text does not tell, which stored functions and views call, the server's
// catalogue does (query_names.cpp).
#pragma once

#include <cstdint>

#include "proxy/route/mysql/reader.hpp"

namespace relevo::route::mysql {

// Whether the token at hand begins a query.
bool begins_query(const Token& token);

enum class QueryEnd : std::uint8_t {
  statement,    // the statement's end
  parenthesis,  // behind an opening one: the ')' that closes it, left at hand
  comma,        // a comma outside of parentheses, left at hand; or the statement's end
  // A routine's THEN, DO, WHEN or END outside of parentheses and CASE, left at hand; or
  // the statement's end.
  clause,
};

struct QueryVerdict {
  Verdict verdict;
  bool reads_data = false;  // a SELECT is in it: it depends on the database's contents
};

// `in_routine`: INTO may name variables of its own, which nobody else sees.
QueryVerdict read_query(Reader& reader, QueryEnd end = QueryEnd::statement,
                        bool in_routine = false);

}  // namespace relevo::route::mysql
