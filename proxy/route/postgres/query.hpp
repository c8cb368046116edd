// Queries: SELECT, VALUES, TABLE, WITH ... and their parenthesised forms.
//
// Invariant: called a read only if no token of it can write. The scan knows the
// grammar just well enough to tell a call from what merely looks like one
// (a column list, a type, a keyword construct); in doubt it is a call, and a
// call of something unknown is not a read.
//
// With the database's catalogue (Dialect::naming) names are looked up there:
// functions, operators, and the relations of FROM, with all that they call in
// their turn. Without it the text alone decides, and what views, user-defined
// operators, casts and column-notation calls (`row.f`) execute is not seen.
#pragma once

#include <array>
#include <cstdint>

#include "proxy/route/postgres/reader.hpp"

namespace relevo::route::postgres {

// Whether the token at hand begins a query.
bool begins_query(const Token& token);

// Reads the query at hand to the statement's end; or, `in_parentheses`, behind
// an opening one, to the ')' that closes it, which it leaves at hand.
Verdict read_query(Reader& reader, bool in_parentheses);

}  // namespace relevo::route::postgres
