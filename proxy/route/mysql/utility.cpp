// Statements that change the schema, locks, accounts or the server itself. All
// are writes; what matters is what they leave in the session, and where they end.
// https://dev.mysql.com/doc/refman/8.4/en/implicit-commit.html
#include "proxy/route/mysql/locality.hpp"
#include "proxy/route/mysql/statements.hpp"
#include "proxy/route/names.hpp"

namespace relevo::route::mysql {
namespace {

bool begins_routine(const Token& token) {
  return token.is(Keyword::procedure_) || token.is(Keyword::function_) ||
         token.is(Keyword::trigger_) || token.is(Keyword::event_) || token.is(Keyword::package_);
}

// Behind CREATE PROCEDURE and the like: passes the definition, whose body may
// be BEGIN ... END with semicolons. CASE ends with END too; what else nests
// (IF, LOOP, ...) says so behind its END.
// False if the body may have ended too early: one of a compound statement without
// BEGIN has semicolons of its own.
bool skip_routine(Reader& reader) {
  bool block = false;
  std::size_t depth = 0;
  for (; !reader.at_text_end(); reader.pass()) {
    if (reader.at(TokenKind::semicolon) && depth == 0) break;
    block |= reader.at(Keyword::begin_);
    if (reader.at(Keyword::begin_) || reader.at(Keyword::case_)) ++depth;
    if (!reader.at(Keyword::end_)) continue;
    const Token behind = reader.peek();
    if (behind.is(Keyword::if_) || behind.is(Keyword::loop_) || behind.is(Keyword::repeat_) ||
        behind.is(Keyword::while_) || behind.is(Keyword::for_)) {
      reader.pass();
      continue;
    }
    if (behind.is(Keyword::case_)) reader.pass();
    if (depth != 0) --depth;
  }
  return block || !reader.at(TokenKind::semicolon) || reader.peek().kind == TokenKind::end;
}

// In a table's definition: whether it makes a table that is for the primary alone, or
// lets one have another's name.
void note_table(Reader& reader) {
  for (; !reader.ended(); reader.advance()) {
    if (reader.at(Keyword::like_) || reader.at(Keyword::rename_)) {
      reader.changes_catalog(CatalogChange::certain);
    }
    if (!equals_folded(reader.now().text, "engine")) continue;
    reader.advance();
    if (reader.now().is('=')) reader.advance();
    if (!is_replicated_engine(unquoted(reader.now().text))) {
      reader.changes_catalog(CatalogChange::certain);
    }
  }
}

// Of a new or another definition of what the words at hand name. A table's own is
// nothing to wait for: what is not known passes for a plain table.
void note_definition(Reader& reader) {
  if (reader.at(Keyword::view_) || reader.at(Keyword::function_) || reader.at(Keyword::sequence_) ||
      reader.at(Keyword::package_)) {
    reader.changes_catalog(CatalogChange::certain);
  }
  if (reader.at(Keyword::table_)) note_table(reader);
}

// IF [NOT] EXISTS
void skip_condition(Reader& reader) {
  if (!reader.at(Keyword::if_)) return;
  while (reader.at(Keyword::if_) || reader.at(Keyword::not_) || reader.at(Keyword::exists_)) {
    reader.pass();
  }
}

// SEQUENCE [IF EXISTS] a, b: what was taken from them is forgotten, and numbers begin anew.
void note_dropped_sequences(Reader& reader) {
  reader.changes_catalog(CatalogChange::certain);
  reader.pass();
  skip_condition(reader);
  do {
    const char* const begin = reader.now().text.data();
    reader.accept_qualified_name();
    reader.effect(EffectKind::drop_sequence, reader.text_since(begin));
  } while (reader.accept(TokenKind::comma));
}

Verdict read_create(Reader& reader, std::string_view word) {
  const bool replaces = reader.accept(Keyword::or_) && reader.accept(Keyword::replace_);
  if (replaces && reader.at(Keyword::sequence_)) note_dropped_sequences(reader);
  if (reader.accept(Keyword::temporary_)) {
    reader.pass();  // TABLE, SEQUENCE
    skip_condition(reader);
    reader.effect(EffectKind::temp_object, reader.accept_qualified_name());
    return write_verdict("creates a temporary table", word);
  }
  reader.facts().implicit_commit = true;
  reader.changes_catalog(CatalogChange::unseen);
  // DEFINER = user, AGGREGATE and the like stand ahead of the word that tells.
  for (; !reader.ended() && !reader.at(TokenKind::left_paren); reader.pass()) {
    note_definition(reader);
    if (reader.ended() || reader.at(Keyword::view_)) break;
    if (!begins_routine(reader.now())) continue;
    if (!skip_routine(reader)) reader.effect(EffectKind::unknown);
    break;
  }
  return write_verdict("changes the schema", word);
}

// DROP TEMPORARY TABLE [IF EXISTS] a, b; DROP PREPARE a; anything else.
Verdict read_drop(Reader& reader, std::string_view word) {
  if (reader.accept(Keyword::prepare_)) {
    reader.effect(EffectKind::sql_deallocate, unquoted(reader.now().text));
    return session_verdict("drops a prepared statement of the session", word);
  }
  if (!reader.accept(Keyword::temporary_)) {
    reader.facts().implicit_commit = true;
    reader.changes_catalog(CatalogChange::unseen);  // no name becomes worse by it
    if (reader.at(Keyword::sequence_)) note_dropped_sequences(reader);
    return write_verdict("changes the schema", word);
  }
  reader.pass();  // TABLE, TABLES, SEQUENCE
  skip_condition(reader);
  do {
    reader.effect(EffectKind::drop_temp, reader.accept_qualified_name());
  } while (reader.accept(TokenKind::comma));
  return write_verdict("drops a temporary table", word);
}

Verdict read_lock(Reader& reader, std::string_view word) {
  reader.facts().implicit_commit = true;
  reader.effect(EffectKind::lock_tables);
  return write_verdict("locks tables", word);
}

Verdict read_unlock(Reader& reader, std::string_view word) {
  reader.facts().implicit_commit = true;
  reader.effect(EffectKind::unlock_tables);
  return session_verdict("acts on the session", word);
}

// FLUSH TABLES WITH READ LOCK and FLUSH TABLES t FOR EXPORT lock.
Verdict read_flush(Reader& reader, std::string_view word) {
  reader.facts().implicit_commit = true;
  for (; !reader.ended(); reader.pass()) {
    if (reader.at(Keyword::with_) || reader.at(Keyword::for_)) {
      reader.effect(EffectKind::lock_tables);
      break;
    }
  }
  return write_verdict("administers the server", word);
}

Verdict read_load(Reader& reader, std::string_view word) {
  // LOAD INDEX INTO CACHE
  reader.facts().implicit_commit |= reader.at(Keyword::index_);
  // LOAD DATA [LOW_PRIORITY | CONCURRENT] LOCAL INFILE
  for (int words = 0; words < 3 && reader.now().kind == TokenKind::word; ++words) {
    reader.facts().load_local |= reader.at(Keyword::local_);
    reader.advance();
  }
  return write_verdict("changes data", word);
}

Verdict administers(Reader& reader, std::string_view word) {
  reader.facts().implicit_commit = true;
  return write_verdict("administers the server", word);
}

}  // namespace

Verdict read_utility(Reader& reader) {
  const Token first = reader.now();
  const std::string_view word = first.text;
  reader.advance();
  switch (first.keyword) {
    case Keyword::create_:
      return read_create(reader, word);
    case Keyword::drop_:
      return read_drop(reader, word);
    case Keyword::rename_:
      reader.changes_catalog(CatalogChange::certain);
      reader.facts().implicit_commit = true;
      return write_verdict("changes the schema", word);
    case Keyword::alter_:
      reader.changes_catalog(CatalogChange::unseen);
      for (; !reader.ended(); reader.advance()) note_definition(reader);
      [[fallthrough]];
    case Keyword::truncate_:
      reader.facts().implicit_commit = true;
      return write_verdict("changes the schema", word);
    case Keyword::grant_:
    case Keyword::revoke_:
      reader.facts().implicit_commit = true;
      return write_verdict("changes an account", word);
    case Keyword::lock_:
      return read_lock(reader, word);
    case Keyword::unlock_:
      return read_unlock(reader, word);
    case Keyword::flush_:
      return read_flush(reader, word);
    case Keyword::load_:
      return read_load(reader, word);
    case Keyword::kill_:
      reader.facts().kill = true;
      return write_verdict("ends a connection or a query", word);
    case Keyword::checksum_: {
      Verdict verdict = administers(reader, word);
      verdict.unproven = true;  // it only reads, and who compares servers wants to choose
      return verdict;
    }
    case Keyword::backup_:
      reader.effect(EffectKind::unknown);  // BACKUP STAGE, BACKUP LOCK
      return administers(reader, word);
    default:
      return administers(reader, word);
  }
}

}  // namespace relevo::route::mysql
