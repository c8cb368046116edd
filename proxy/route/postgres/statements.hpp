// The statement families. Each reads one statement from its first word, which
// is at hand, as far as it understands it; the classifier skips the rest.
#pragma once

#include "proxy/route/postgres/reader.hpp"

namespace relevo::route::postgres {

// BEGIN, START, COMMIT, END, ROLLBACK, ABORT, SAVEPOINT, RELEASE.
Verdict read_transaction_control(Reader& reader);

// SET, RESET, DISCARD, LOAD, LISTEN, UNLISTEN.
Verdict read_set(Reader& reader);
Verdict read_reset(Reader& reader);
Verdict read_session_command(Reader& reader);
// SHOW.
Verdict read_show(Reader& reader);

// DECLARE, FETCH, MOVE, CLOSE.
Verdict read_cursor_command(Reader& reader);
// PREPARE (PREPARE TRANSACTION too), EXECUTE, DEALLOCATE.
Verdict read_prepared_command(Reader& reader);

// COPY, EXPLAIN, CREATE.
Verdict read_copy(Reader& reader);
Verdict read_explain(Reader& reader);
Verdict read_create(Reader& reader);
// ALTER and IMPORT FOREIGN SCHEMA: what they may do to names. Any other statement
// is left as it is.
void note_alter(Reader& reader);

}  // namespace relevo::route::postgres
