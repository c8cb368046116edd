// analyze_postgres: tells each statement's family by its first word, and joins
// what the families find into one Analysis.
#include "proxy/route/hint.hpp"
#include "proxy/route/postgres/query.hpp"
#include "proxy/route/postgres/statements.hpp"

namespace relevo::route {
namespace postgres {
namespace {

Verdict read_statement(Reader& reader) {
  const Token& first = reader.now();
  if (begins_query(first)) return read_query(reader, false);
  const std::string_view word = first.text;
  switch (first.keyword) {
    case Keyword::insert_:
    case Keyword::update_:
    case Keyword::delete_:
    case Keyword::merge_:
      return write_verdict("changes data", word);
    case Keyword::begin_:
    case Keyword::start_:
    case Keyword::commit_:
    case Keyword::end_:
    case Keyword::rollback_:
    case Keyword::abort_:
    case Keyword::savepoint_:
    case Keyword::release_:
      return read_transaction_control(reader);
    case Keyword::set_:
      return read_set(reader);
    case Keyword::reset_:
      return read_reset(reader);
    case Keyword::show_:
      return read_show(reader);
    case Keyword::discard_:
    case Keyword::load_:
    case Keyword::listen_:
    case Keyword::unlisten_:
      return read_session_command(reader);
    case Keyword::declare_:
    case Keyword::fetch_:
    case Keyword::move_:
    case Keyword::close_:
      return read_cursor_command(reader);
    case Keyword::prepare_:
    case Keyword::execute_:
    case Keyword::deallocate_:
      return read_prepared_command(reader);
    case Keyword::copy_:
      return read_copy(reader);
    case Keyword::explain_:
      return read_explain(reader);
    case Keyword::create_:
      return read_create(reader);
    case Keyword::do_:
    case Keyword::call_:
      // A procedure is called as often as any statement, a DO block is a migration's.
      reader.changes_catalog(first.keyword == Keyword::do_ ? CatalogChange::certain
                                                           : CatalogChange::perhaps);
      reader.effect(EffectKind::unknown);
      return write_verdict("runs a procedure", word);
    case Keyword::notify_:
      return write_verdict("notifies listeners", word);
    case Keyword::drop_:
      reader.changes_catalog(CatalogChange::perhaps);
      return write_verdict("not known to be a read", word);
    default:
      note_alter(reader);
      return write_verdict("not known to be a read", word);
  }
}

Hint leading_hint(std::string_view sql, Dialect dialect) {
  Hint hint;
  if (sql.empty() || !in_class(sql.front(), is_passed)) return hint;
  Lexer lexer(sql, dialect);
  lexer.skip_blanks([&](std::string_view comment) { parse_hint(comment, hint); });
  return hint;
}

}  // namespace
}  // namespace postgres

Analysis analyze_postgres(std::string_view sql, Dialect dialect) {
  using namespace postgres;
  Analysis analysis;
  analysis.hint = leading_hint(sql, dialect);
  Reader reader(sql, dialect, analysis);
  if (dialect.ascii_in_multibyte && has_multibyte(sql)) {
    give_up(analysis, "in an encoding whose characters contain ASCII bytes");
    reader.changes_catalog(CatalogChange::perhaps);
    return analysis;
  }
  for (;;) {
    while (reader.accept(TokenKind::semicolon)) {
    }
    if (reader.at(TokenKind::end)) break;
    if (!reader.at(TokenKind::invalid)) {
      const Verdict verdict = read_statement(reader);
      reader.skip_statement();
      if (!reader.at(TokenKind::invalid)) {
        join(analysis, verdict);
        continue;
      }
    }
    give_up(analysis, "unterminated, or holds a NUL byte");
    break;
  }
  if (analysis.statements == 0) {
    // The server answers an empty text without doing anything.
    analysis.cls = StatementClass::session;
    analysis.reason = "no statement";
  }
  return analysis;
}

}  // namespace relevo::route
