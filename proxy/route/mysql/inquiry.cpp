// SHOW, DESCRIBE, EXPLAIN, ANALYZE and their like: statements that ask.
// https://dev.mysql.com/doc/refman/8.4/en/show.html, explain.html
// https://mariadb.com/kb/en/analyze-statement/
#include "proxy/route/mysql/query.hpp"
#include "proxy/route/mysql/statements.hpp"
#include "proxy/route/names.hpp"

namespace relevo::route::mysql {
namespace {

Verdict local_verdict(std::string_view subject) {
  Verdict verdict = write_verdict("asks for what belongs to one server", subject);
  verdict.unproven = true;  // harmless on a replica, if that is what is wanted
  return verdict;
}

Verdict diagnostics_verdict(Reader& reader, std::string_view subject) {
  reader.facts().diagnostics = true;
  return session_verdict("asks how the previous statement went", subject);
}

// What SHOW shows of the schema, which all servers share. All else belongs to
// one server: VARIABLES, STATUS, PROCESSLIST, ENGINE, MASTER, REPLICA, ...
constexpr std::string_view shared_things[] = {
    "character", "charset",  "collation", "columns",  "create",     "databases",
    "engines",   "events",   "fields",    "function", "grants",     "index",
    "indexes",   "keys",     "package",   "plugins",  "privileges", "procedure",
    "schemas",   "sequence", "storage",   "table",    "tables",     "triggers",
};

// SHOW [FULL | EXTENDED] thing ...
Verdict read_show(Reader& reader, std::string_view word) {
  while (reader.at(Keyword::full_) || reader.at(Keyword::extended_)) reader.pass();
  const Token thing = reader.now();
  switch (thing.keyword) {
    case Keyword::warnings_:
    case Keyword::errors_:
    case Keyword::count_:  // COUNT(*) WARNINGS
      return diagnostics_verdict(reader, word);
    default:
      break;
  }
  bool shared = false;
  for (const std::string_view name : shared_things) shared |= equals_folded(thing.text, name);
  if (!shared) return local_verdict(thing.text);
  // A WHERE clause holds expressions, which may call anything.
  const QueryVerdict rest = read_query(reader);
  if (rest.verdict.cls != StatementClass::read) return rest.verdict;
  return read_verdict("only reads", word);
}

bool begins_change(const Token& token) {
  return token.is(Keyword::insert_) || token.is(Keyword::update_) || token.is(Keyword::delete_) ||
         token.is(Keyword::replace_);
}

// EXPLAIN, DESCRIBE and DESC mean the same: a table's columns, or a statement's
// plan, or its execution (ANALYZE). A plan may call functions too, so what is
// said of the statement holds. A replica refuses to explain a change.
Verdict read_explain(Reader& reader, std::string_view word) {
  bool options = false;
  for (;;) {
    const Token token = reader.now();
    const bool format = token.is(Keyword::format_) && reader.peek().is('=');
    if (format) {
      reader.pass();
      reader.pass();
      reader.pass();
    } else if (token.is(Keyword::extended_) || token.is(Keyword::partitions_) ||
               token.is(Keyword::analyze_)) {
      reader.pass();
    } else {
      break;
    }
    options = true;
  }
  if (begins_query(reader.now())) return read_query(reader).verdict;
  if (begins_change(reader.now())) return write_verdict("changes data", reader.now().text);
  if (reader.at(Keyword::for_)) return local_verdict(word);  // FOR CONNECTION
  if (!options && reader.now().is_name()) return read_verdict("only reads", word);
  return write_verdict("not known to be a read", word);
}

// ANALYZE TABLE, and MariaDB's ANALYZE [FORMAT=JSON] statement, which runs it.
Verdict read_analyze(Reader& reader, std::string_view word) {
  if (reader.at(Keyword::format_)) {
    reader.pass();
    reader.pass();
    reader.pass();
  }
  // ANALYZE TABLE t, not ANALYZE (TABLE t).
  if (begins_query(reader.now()) && !reader.at(Keyword::table_)) return read_query(reader).verdict;
  reader.facts().implicit_commit = true;
  return write_verdict("not known to be a read", word);
}

}  // namespace

Verdict read_inquiry(Reader& reader) {
  const Token first = reader.now();
  const std::string_view word = first.text;
  reader.advance();
  switch (first.keyword) {
    case Keyword::show_:
      return read_show(reader, word);
    case Keyword::describe_:
    case Keyword::desc_:
    case Keyword::explain_:
      return read_explain(reader, word);
    case Keyword::analyze_:
      return read_analyze(reader, word);
    case Keyword::do_: {
      const Verdict expressions = read_query(reader).verdict;
      if (expressions.cls != StatementClass::read) return expressions;
      return read_verdict("only reads", word);
    }
    case Keyword::help_:
      return read_verdict("only reads", word);
    default:  // GET [CURRENT | STACKED] DIAGNOSTICS @a = ...
      while (!reader.ended()) {
        if (reader.at(TokenKind::user_variable)) {
          reader.effect(EffectKind::set_user_computed, user_variable_name(reader.now().text));
          reader.pass();
        } else {
          reader.advance();
        }
      }
      return diagnostics_verdict(reader, word);
  }
}

}  // namespace relevo::route::mysql
