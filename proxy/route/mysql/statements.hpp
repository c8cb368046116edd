// The statement families. Each reads one statement from its first word, which
// is at hand, as far as it understands it; the classifier skips the rest.
#pragma once

#include "proxy/route/mysql/reader.hpp"

namespace relevo::route::mysql {

// Any statement: also behind EXPLAIN and SET STATEMENT ... FOR.
Verdict read_statement(Reader& reader);

// BEGIN, START TRANSACTION, COMMIT, ROLLBACK, SAVEPOINT, RELEASE SAVEPOINT, XA.
// BEGIN and START may turn out to be something else altogether.
Verdict read_transaction_control(Reader& reader);

// SET in all its forms, and USE.
Verdict read_set(Reader& reader);
Verdict read_use(Reader& reader);

// SHOW, DESCRIBE, EXPLAIN, ANALYZE, DO, HELP, GET DIAGNOSTICS.
Verdict read_inquiry(Reader& reader);

// PREPARE, EXECUTE, DEALLOCATE, CALL, HANDLER.
Verdict read_session_object(Reader& reader);

// CREATE, DROP, LOCK, UNLOCK, FLUSH, LOAD, KILL and what else changes the server.
Verdict read_utility(Reader& reader);

}  // namespace relevo::route::mysql
