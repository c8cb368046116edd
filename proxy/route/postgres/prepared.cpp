// SQL-level prepared statements and cursors: both live in one server session.
// https://www.postgresql.org/docs/current/sql-prepare.html, sql-declare.html
#include "proxy/route/postgres/query.hpp"
#include "proxy/route/postgres/statements.hpp"

namespace relevo::route::postgres {
namespace {

Verdict read_declare(Reader& reader, std::string_view word) {
  bool hold = false;
  // DECLARE name [options] CURSOR [WITH HOLD] FOR query: no option is called FOR.
  for (; !reader.ended() && !reader.at(Keyword::for_); reader.advance()) {
    hold |= reader.at(Keyword::with_) && reader.peek().is(Keyword::hold_);
  }
  if (hold) reader.effect(EffectKind::hold_cursor);
  if (!reader.accept(Keyword::for_) || !begins_query(reader.now())) {
    return write_verdict("not known to be a read", word);
  }
  const Verdict query = read_query(reader, false);
  if (query.cls != StatementClass::read) return query;
  return session_verdict("a cursor over a read", word);
}

}  // namespace

Verdict read_cursor_command(Reader& reader) {
  const Token first = reader.now();
  reader.advance();
  if (first.is(Keyword::declare_)) return read_declare(reader, first.text);
  if (first.is(Keyword::close_) && reader.at(Keyword::all_)) reader.effect(EffectKind::close_all);
  return session_verdict("uses a cursor of the session", first.text);
}

Verdict read_prepared_command(Reader& reader) {
  const Token first = reader.now();
  reader.advance();
  if (first.is(Keyword::deallocate_)) {
    // PREPARE may also be the statement's name: DEALLOCATE prepare.
    if (reader.at(Keyword::prepare_) && reader.peek().is_name()) reader.advance();
    const bool all = reader.at(Keyword::all_);
    reader.effect(EffectKind::sql_deallocate,
                  all ? std::string_view{} : unquoted(reader.now().text));
    return session_verdict("drops a prepared statement of the session", first.text);
  }
  if (first.is(Keyword::execute_)) {
    return write_verdict("runs a prepared statement of the session", unquoted(reader.now().text));
  }
  const Token behind = reader.peek();
  if (reader.at(Keyword::transaction_) && behind.kind == TokenKind::string) {
    return {.cls = StatementClass::write,
            .reason = "prepares the transaction",
            .subject = first.text,
            .transaction = TransactionControl::two_phase,
            .controls_transaction = true};
  }
  // It pins the session, whose EXECUTEs may write: so it is prepared on the primary.
  reader.effect(EffectKind::sql_prepare, unquoted(reader.now().text));
  return write_verdict("prepares a statement for the session", first.text);
}

}  // namespace relevo::route::postgres
