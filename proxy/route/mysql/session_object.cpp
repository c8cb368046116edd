// What lives in one server session: SQL-level prepared statements, HANDLERs; and
// what runs text that is not here: EXECUTE, CALL.
// https://dev.mysql.com/doc/refman/8.4/en/sql-prepared-statements.html, handler.html
#include "proxy/route/mysql/statements.hpp"

namespace relevo::route::mysql {
namespace {

Verdict read_prepare(Reader& reader, std::string_view word) {
  // It pins the session, whose EXECUTEs may write: so it is prepared on the primary.
  reader.effect(EffectKind::sql_prepare, unquoted(reader.now().text));
  return write_verdict("prepares a statement for the session", word);
}

// EXECUTE name [USING @a, ...] | EXECUTE IMMEDIATE text
Verdict read_execute(Reader& reader, std::string_view word) {
  reader.facts().may_call_routine = true;
  reader.effect(EffectKind::unknown);
  return write_verdict("runs a statement that is not in the text", word);
}

Verdict read_handler(Reader& reader, std::string_view word) {
  const std::string_view name = reader.accept_qualified_name();
  if (reader.at(Keyword::open_)) {
    reader.effect(EffectKind::handler_open, name);
  } else if (reader.at(Keyword::close_)) {
    reader.effect(EffectKind::handler_close, name);
  }
  return write_verdict("uses a handler of the session", word);
}

}  // namespace

Verdict read_session_object(Reader& reader) {
  const Token first = reader.now();
  const std::string_view word = first.text;
  reader.advance();
  switch (first.keyword) {
    case Keyword::prepare_:
      return read_prepare(reader, word);
    case Keyword::execute_:
      return read_execute(reader, word);
    case Keyword::deallocate_:
      reader.accept(Keyword::prepare_);
      reader.effect(EffectKind::sql_deallocate, unquoted(reader.now().text));
      return session_verdict("drops a prepared statement of the session", word);
    case Keyword::handler_:
      return read_handler(reader, word);
    default:  // CALL
      reader.facts().may_call_routine = true;
      reader.effect(EffectKind::unknown);
      return write_verdict("runs a procedure", word);
  }
}

}  // namespace relevo::route::mysql
