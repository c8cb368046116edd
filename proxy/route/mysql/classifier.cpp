// analyze_mysql: tells each statement's family by its first word, and joins what
// the families find into one Analysis.
#include "proxy/route/hint.hpp"
#include "proxy/route/mysql/query.hpp"
#include "proxy/route/mysql/statements.hpp"

namespace relevo::route {
namespace mysql {
namespace {

Hint leading_hint(std::string_view sql, MysqlDialect dialect) {
  Hint hint;
  if (sql.empty() || !in_class(sql.front(), is_passed)) return hint;
  Lexer lexer(sql, dialect);
  lexer.skip_blanks([&](std::string_view comment) { parse_hint(comment, hint); });
  return hint;
}

// A word that begins no statement known here: also MariaDB's IF, LOOP and CASE
// outside of routines, whose semicolons end nothing.
Verdict read_unknown(Reader& reader) {
  const std::string_view word = reader.now().text;
  reader.effect(EffectKind::unknown);
  reader.facts().may_call_routine = true;
  reader.facts().implicit_commit = true;
  reader.skip_text();
  return write_verdict("not known to be a read", word);
}

}  // namespace

Verdict read_statement(Reader& reader) {
  const Token& first = reader.now();
  if (begins_query(first)) return read_query(reader).verdict;
  switch (first.keyword) {
    case Keyword::insert_:
    case Keyword::update_:
    case Keyword::delete_:
    case Keyword::replace_:
      return write_verdict("changes data", first.text);
    case Keyword::begin_:
    case Keyword::start_:
    case Keyword::commit_:
    case Keyword::rollback_:
    case Keyword::savepoint_:
    case Keyword::release_:
    case Keyword::xa_:
      return read_transaction_control(reader);
    case Keyword::set_:
      return read_set(reader);
    case Keyword::use_:
      return read_use(reader);
    case Keyword::show_:
    case Keyword::describe_:
    case Keyword::desc_:
    case Keyword::explain_:
    case Keyword::analyze_:
    case Keyword::do_:
    case Keyword::help_:
    case Keyword::get_:
      return read_inquiry(reader);
    case Keyword::prepare_:
    case Keyword::execute_:
    case Keyword::deallocate_:
    case Keyword::handler_:
    case Keyword::call_:
      return read_session_object(reader);
    case Keyword::alter_:
    case Keyword::backup_:
    case Keyword::binlog_:
    case Keyword::cache_:
    case Keyword::change_:
    case Keyword::check_:
    case Keyword::checksum_:
    case Keyword::clone_:
    case Keyword::create_:
    case Keyword::drop_:
    case Keyword::flush_:
    case Keyword::grant_:
    case Keyword::import_:
    case Keyword::install_:
    case Keyword::kill_:
    case Keyword::load_:
    case Keyword::lock_:
    case Keyword::optimize_:
    case Keyword::purge_:
    case Keyword::rename_:
    case Keyword::repair_:
    case Keyword::reset_:
    case Keyword::resignal_:
    case Keyword::restart_:
    case Keyword::revoke_:
    case Keyword::shutdown_:
    case Keyword::signal_:
    case Keyword::stop_:
    case Keyword::truncate_:
    case Keyword::uninstall_:
    case Keyword::unlock_:
      return read_utility(reader);
    default:
      return read_unknown(reader);
  }
}

}  // namespace mysql

Analysis analyze_mysql(std::string_view sql, MysqlDialect dialect) {
  using namespace mysql;
  Analysis analysis;
  analysis.hint = leading_hint(sql, dialect);
  if (dialect.ascii_in_multibyte && has_multibyte(sql)) {
    give_up(analysis, "in a character set whose characters contain ASCII bytes");
    return analysis;
  }
  Reader reader(sql, dialect, analysis);
  for (;;) {
    while (reader.accept(TokenKind::semicolon)) {
    }
    if (reader.at(TokenKind::end)) break;
    if (reader.reading_changed()) {
      give_up(analysis, "follows a change of how text is read");
      break;
    }
    if (!reader.at(TokenKind::invalid)) {
      reader.begin_statement();
      const Verdict verdict = read_statement(reader);
      reader.skip_statement();
      reader.end_statement();
      if (!reader.at(TokenKind::invalid)) {
        join(analysis, verdict);
        continue;
      }
    }
    give_up(analysis, "unterminated, or its meaning depends on the server's version");
    break;
  }
  if (analysis.statements == 0) {
    // The server answers an empty text with an error, and does nothing.
    analysis.cls = StatementClass::session;
    analysis.reason = "no statement";
  }
  return analysis;
}

}  // namespace relevo::route
