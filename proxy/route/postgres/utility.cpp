// COPY, EXPLAIN and CREATE: the utility statements whose details decide.
// https://www.postgresql.org/docs/current/sql-copy.html, sql-explain.html
#include "proxy/route/names.hpp"
#include "proxy/route/postgres/functions.hpp"
#include "proxy/route/postgres/names_in_query.hpp"
#include "proxy/route/postgres/query.hpp"
#include "proxy/route/postgres/relations.hpp"
#include "proxy/route/postgres/statements.hpp"

namespace relevo::route::postgres {
namespace {

// Behind `TO` or `FROM`: whether the client is the other end.
bool at_client(const Reader& reader) {
  return reader.at(Keyword::stdout_) || reader.at(Keyword::stdin_);
}

bool names_analyze(const Token& token) {
  if (token.kind == TokenKind::unicode_identifier) return true;  // may spell anything
  return token.is(Keyword::analyze_) || token.is(Keyword::analyse_) ||
         (token.kind == TokenKind::quoted_identifier &&
          (unquoted(token.text) == "analyze" || unquoted(token.text) == "analyse"));
}

// Passes EXPLAIN's options; true if the statement may be executed. ANALYZE
// counts whatever its value: it is seldom written to be switched off.
bool accept_explain_options(Reader& reader) {
  bool analyze = false;
  if (reader.at(TokenKind::left_paren)) {
    if (begins_query(reader.peek())) return false;  // EXPLAIN (SELECT ...)
    for (reader.advance(); !reader.ended(); reader.advance()) {
      if (reader.at(TokenKind::right_paren)) {
        reader.advance();
        break;
      }
      analyze |= names_analyze(reader.now());
    }
    return analyze;
  }
  while (reader.at(Keyword::analyze_) || reader.at(Keyword::analyse_) ||
         reader.at(Keyword::verbose_)) {
    analyze |= !reader.at(Keyword::verbose_);
    reader.advance();
  }
  return analyze;
}

// Whether a function or procedure's body follows in SQL, semicolons and all:
// passes it. BEGIN ATOMIC ... END, in which CASE ... END nests.
void skip_atomic_body(Reader& reader) {
  std::size_t depth = 1;
  while (depth != 0 && !reader.at(TokenKind::end) && !reader.at(TokenKind::invalid)) {
    if (reader.at(Keyword::case_) || reader.at(Keyword::begin_)) ++depth;
    if (reader.at(Keyword::end_)) --depth;
    reader.advance();
  }
}

// What a statement does to what names mean. What is created under a name that
// nobody knows is no read until it has been looked at, and what is dropped can
// make no other of its name worse, since all that bear it count: only what may
// turn a harmless name into another one is certain.
CatalogChange change_by_create(std::string_view kind, bool unlogged) {
  if (equals_folded(kind, "table") && !unlogged) return CatalogChange::perhaps;
  for (const std::string_view other :
       {"index", "unique", "trigger", "publication", "subscription", "statistics", "database",
        "tablespace", "event", "server", "access", "text", "collation", "conversion"}) {
    if (equals_folded(kind, other)) return CatalogChange::none;
  }
  return CatalogChange::certain;
}

// The relation of COPY name TO, at hand with what stands ahead of it.
Verdict check_copied_relation(Reader& reader) {
  const std::string_view reason = "reads a relation that the catalogue does not show";
  const Naming& naming = *reader.naming();
  const Token first = reader.now();
  if (naming.suspect()) {
    Verdict verdict = write_verdict(naming.doubt(), {});
    verdict.unproven = true;
    return verdict;
  }
  SpelledName name;
  Finding finding;
  if (const Token dot = reader.peek(); dot.kind == TokenKind::dot) {
    SpelledName schema;
    const bool known = schema.spell(naming, first.kind, first.text);
    reader.advance();
    reader.advance();
    if (known && name.spell(naming, reader.now().kind, reader.now().text)) {
      finding = find_in_schema(naming.catalog->relations(), name.text(),
                               naming.catalog->schema(schema.text()));
    }
  } else if (name.spell(naming, first.kind, first.text)) {
    finding = find_in_path(naming, naming.catalog->relations(), name.text());
  }
  if (finding.found && finding.refused == 0) return read_verdict("only reads", first.text);
  Verdict verdict = write_verdict(finding.refused != 0 ? "reads what is for the primary" : reason,
                                  reader.now().text);
  verdict.unproven = true;
  verdict.object = finding.refused;
  return verdict;
}

}  // namespace

Verdict read_copy(Reader& reader) {
  const std::string_view word = reader.now().text;
  reader.advance();
  Verdict source{.cls = StatementClass::read, .reason = "only reads", .subject = word};
  if (reader.accept(TokenKind::left_paren)) {
    if (!begins_query(reader.now())) {
      return write_verdict("copies from a statement that is not a query", reader.now().text);
    }
    source = read_query(reader, true);
    reader.accept(TokenKind::right_paren);
  } else {
    // COPY BINARY t, as before 9.0. The word cannot be a table's name.
    if (reader.peek().is_name() && equals_folded(reader.now().text, "binary")) reader.advance();
    if (reader.naming() != nullptr && reader.now().is_name()) {
      source = check_copied_relation(reader);
    }
    for (; !reader.ended(); reader.advance()) {
      if (reader.at(Keyword::from_) || reader.at(Keyword::to_)) break;
      if (reader.now().is_name() && locality_of(reader.now().text) == Locality::session) {
        source = write_verdict("names a temporary schema", reader.now().text);
      }
    }
  }
  const std::string_view direction = reader.now().text;
  if (reader.accept(Keyword::from_)) {
    reader.analysis().copy_from_stdin |= at_client(reader);
    return write_verdict("copies into a table", direction);
  }
  if (!reader.accept(Keyword::to_) || !at_client(reader)) {
    return write_verdict("copies to a file or program of the server", direction);
  }
  return source;
}

Verdict read_explain(Reader& reader) {
  const std::string_view word = reader.now().text;
  reader.advance();
  const bool executes = accept_explain_options(reader);
  Verdict inner = write_verdict("not known to be a read", word);
  if (begins_query(reader.now())) {
    inner = read_query(reader, false);
  } else if (reader.at(Keyword::insert_) || reader.at(Keyword::update_) ||
             reader.at(Keyword::delete_) || reader.at(Keyword::merge_)) {
    inner = write_verdict("changes data", reader.now().text);
  } else {
    return inner;
  }
  if (executes || inner.cls == StatementClass::read) return inner;
  return {.cls = StatementClass::read, .reason = "explains without executing", .subject = word};
}

// Always a write. What matters is whether the object ends with the session, and
// where the statement ends: CREATE RULE and CREATE FUNCTION hold semicolons.
Verdict read_create(Reader& reader) {
  const std::string_view word = reader.now().text;
  bool temporary = false;
  bool dropped_at_commit = false;
  bool unlogged = false;
  std::string_view kind;
  bool preamble = true;  // CREATE [OR REPLACE] [GLOBAL | LOCAL] [TEMP | UNLOGGED]
  std::size_t depth = 0;
  Token previous;
  reader.advance();
  while (!reader.at(TokenKind::end) && !reader.at(TokenKind::invalid)) {
    const Token token = reader.now();
    if (token.kind == TokenKind::semicolon && depth == 0) break;
    if (preamble) {
      temporary |= token.is(Keyword::temp_) || token.is(Keyword::temporary_);
      preamble = token.is(Keyword::or_) || token.is(Keyword::replace_) ||
                 token.is(Keyword::global_) || token.is(Keyword::local_);
      if (equals_folded(token.text, "unlogged")) unlogged = preamble = true;
      if (!preamble) kind = token.text;
    }
    if (token.is_name() && locality_of(token.text) == Locality::session) temporary = true;
    if (token.kind == TokenKind::left_paren) ++depth;
    if (token.kind == TokenKind::right_paren && depth != 0) --depth;
    if (token.is(Keyword::drop_) && previous.is(Keyword::commit_)) dropped_at_commit = true;
    if (token.is(Keyword::atomic_) && previous.is(Keyword::begin_)) {
      reader.advance();
      skip_atomic_body(reader);
      continue;
    }
    previous = token;
    reader.advance();
  }
  if (temporary && !dropped_at_commit) reader.effect(EffectKind::temp_object);
  if (!temporary) reader.changes_catalog(change_by_create(kind, unlogged));
  return write_verdict("changes the schema", word);
}

void note_alter(Reader& reader) {
  const bool alters = equals_folded(reader.now().text, "alter");
  if (!alters && !equals_folded(reader.now().text, "import")) return;
  const Token what = reader.peek();
  for (const std::string_view other : {"index", "sequence", "system", "publication", "subscription",
                                       "statistics", "tablespace", "event"}) {
    if (alters && equals_folded(what.text, other)) return;
  }
  reader.changes_catalog(CatalogChange::certain);
}

}  // namespace relevo::route::postgres
