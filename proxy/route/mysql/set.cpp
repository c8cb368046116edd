// SET in all its forms, and USE.
// https://dev.mysql.com/doc/refman/8.4/en/set-variable.html and its neighbours
// https://mariadb.com/kb/en/set-statement/
#include "proxy/route/mysql/query.hpp"
#include "proxy/route/mysql/statements.hpp"
#include "proxy/route/names.hpp"

namespace relevo::route::mysql {
namespace {

constexpr std::string_view acts_on_session = "acts on the session";

enum class Scope : std::uint8_t { none, session, global };

bool is_constant(const Token& word) {
  return equals_folded(word.text, "null") || equals_folded(word.text, "true") ||
         equals_folded(word.text, "false");
}

// What means the same whenever and wherever it is said. Some reserved words do
// not: CURRENT_TIMESTAMP, CURRENT_USER.
bool is_literal(const Token& token) {
  if (token.kind == TokenKind::string || token.kind == TokenKind::number) return true;
  if (token.kind != TokenKind::word) return false;
  return token.keyword_class != KeywordClass::reserved || token.is(Keyword::default_) ||
         token.is(Keyword::on_) || token.is(Keyword::binary_) || is_constant(token);
}

class SetList {
 public:
  explicit SetList(Reader& reader)
      : reader_(reader), verdict_(session_verdict(acts_on_session, reader.now().text)) {}

  Verdict run();

 private:
  struct Value {
    std::string_view text;
    bool literal = false;
    bool is_default = false;
    bool is_word = false;  // ON, utf8mb4; not NULL, TRUE or FALSE
  };

  void item();
  void system_variable();
  void names();
  void character_set();
  void transaction(Scope scope);
  void variable(Scope scope, bool at_marked);
  void user_variable();
  Value value();
  std::string_view until_comma();
  void assign(std::string_view name, const Value& value);
  void write(std::string_view reason, std::string_view subject, bool unproven = false);
  bool accept_equals();

  Reader& reader_;
  Verdict verdict_;
  bool global_ahead_ = false;  // a GLOBAL stands somewhere ahead in this statement
};

void SetList::write(std::string_view reason, std::string_view subject, bool unproven) {
  const bool first = verdict_.cls != StatementClass::write;
  if (!first && !(verdict_.unproven && !unproven)) return;
  verdict_.cls = StatementClass::write;
  verdict_.reason = reason;
  verdict_.subject = subject;
  verdict_.unproven = unproven;
}

bool SetList::accept_equals() {
  if (!reader_.now().is('=') && !reader_.at(TokenKind::assign)) return false;
  reader_.pass();
  return true;
}

Verdict SetList::run() {
  reader_.advance();
  do {
    item();
  } while (reader_.accept(TokenKind::comma));
  if (!reader_.ended()) reader_.effect(EffectKind::unknown);
  return verdict_;
}

void SetList::item() {
  if (reader_.at(TokenKind::user_variable)) return user_variable();
  if (reader_.at(TokenKind::system_variable)) return system_variable();
  if (!reader_.now().is_name()) return reader_.effect(EffectKind::unknown);

  const Token next = reader_.peek();
  const bool plain = next.is('=') || next.kind == TokenKind::assign || next.kind == TokenKind::dot;
  if (plain) return variable(Scope::none, false);
  const std::string_view word = reader_.now().text;
  switch (reader_.now().keyword) {
    case Keyword::names_:
      reader_.pass();
      return names();
    case Keyword::character_:
      reader_.pass();
      reader_.accept(Keyword::set_);
      return character_set();
    case Keyword::charset_:
      reader_.pass();
      return character_set();
    case Keyword::transaction_:
      return transaction(Scope::none);
    case Keyword::global_:
    case Keyword::persist_:
    case Keyword::persist_only_:
    case Keyword::session_:
    case Keyword::local_: {
      const bool session = reader_.at(Keyword::session_) || reader_.at(Keyword::local_);
      const Scope scope = session ? Scope::session : Scope::global;
      reader_.pass();
      if (reader_.at(Keyword::transaction_)) return transaction(scope);
      return variable(scope, false);
    }
    default:
      break;
  }
  reader_.effect(EffectKind::unknown, word);
  reader_.skip_statement();
}

// @@name, @@scope.name
void SetList::system_variable() {
  const SystemVariable named = reader_.system_variable();
  reader_.pass();
  if (named.scoped) {
    reader_.pass();  // the dot; its name is at hand
    return variable(named.global ? Scope::global : Scope::session, true);
  }
  // @@cache.key_buffer_size: all structured variables are global.
  if (reader_.at(TokenKind::dot)) return variable(Scope::global, true);
  if (!accept_equals()) return reader_.effect(EffectKind::unknown, named.name);
  const Value given = value();
  // Without a scope, these two are for the next transaction alone.
  if (equals_folded(named.name, "transaction_isolation") ||
      equals_folded(named.name, "tx_isolation")) {
    return reader_.effect(EffectKind::next_transaction, "isolation", given.text);
  }
  if (equals_folded(named.name, "transaction_read_only") ||
      equals_folded(named.name, "tx_read_only")) {
    return reader_.effect(EffectKind::next_transaction, "access", given.text);
  }
  assign(named.name, given);
}

// NAMES charset [COLLATE collation] | NAMES DEFAULT
void SetList::names() {
  if (reader_.accept(Keyword::default_)) return reader_.effect(EffectKind::reset, "names");
  const std::string_view charset = unquoted(reader_.now().text);
  reader_.pass();
  std::string_view collation;
  if (reader_.accept(Keyword::collate_)) {
    collation = unquoted(reader_.now().text);
    reader_.pass();
  }
  const bool simple = reader_.ended() || reader_.at(TokenKind::comma);
  reader_.effect(simple ? EffectKind::set_names : EffectKind::unknown, charset, collation);
}

void SetList::character_set() {
  if (reader_.accept(Keyword::default_)) return reader_.effect(EffectKind::reset, "character set");
  reader_.effect(EffectKind::set_charset, unquoted(reader_.now().text));
  reader_.pass();
}

// TRANSACTION mode [, mode]: ISOLATION LEVEL ..., READ ONLY, READ WRITE. A comma
// can't be told from the list's, and nothing else may follow here.
void SetList::transaction(Scope scope) {
  const std::string_view word = reader_.now().text;
  if (scope == Scope::global) write("changes the server's settings", word);
  const EffectKind kind =
      scope == Scope::none ? EffectKind::next_transaction : EffectKind::set_transaction;
  do {
    reader_.pass();
    std::string_view name = "access";
    if (reader_.at(Keyword::isolation_)) {
      name = "isolation";
      reader_.pass();
      if (reader_.at(Keyword::level_)) reader_.pass();
    }
    const std::string_view value = until_comma();
    if (scope != Scope::global) reader_.effect(kind, name, value);
  } while (reader_.at(TokenKind::comma));
}

std::string_view SetList::until_comma() {
  if (reader_.ended() || reader_.at(TokenKind::comma)) return {};
  const char* const begin = reader_.now().text.data();
  while (!reader_.ended() && !reader_.at(TokenKind::comma)) reader_.pass();
  return reader_.text_since(begin);
}

void SetList::user_variable() {
  const std::string_view name = user_variable_name(reader_.now().text);
  reader_.pass();
  if (!accept_equals()) return reader_.effect(EffectKind::unknown, name);
  const Value given = value();
  // SET @a = b is an error, not the word b.
  const bool simple = given.literal && !given.is_default && !given.is_word;
  reader_.effect(simple ? EffectKind::set_user_variable : EffectKind::set_user_computed, name,
                 given.text);
}

// At a variable's name. `at_marked`: behind @@.
void SetList::variable(Scope scope, bool at_marked) {
  const Token first = reader_.now();
  const std::string_view name = unquoted(first.text);
  if (first.is_name()) reader_.pass();
  const bool qualified = reader_.at(TokenKind::dot);
  while (reader_.at(TokenKind::dot)) {
    reader_.pass();
    reader_.pass();
  }
  if (!accept_equals()) return reader_.effect(EffectKind::unknown, name);
  const Value given = value();
  if (scope == Scope::global) {
    global_ahead_ |= !at_marked;
    return write("changes the server's settings", name);
  }
  // NEW.column = ... of triggers, or a structured variable.
  if (qualified) return reader_.effect(EffectKind::unknown, name);
  // SET GLOBAL a = 1, b = 2: MySQL takes b for global too, MariaDB may not.
  if (scope == Scope::none && global_ahead_) {
    return reader_.effect(EffectKind::set_computed, name, given.text);
  }
  assign(name, given);
}

// Of the session, whatever its spelling.
void SetList::assign(std::string_view name, const Value& given) {
  if (equals_folded(name, "autocommit")) verdict_.controls_transaction = true;
  if (equals_folded(name, "last_insert_id") || equals_folded(name, "identity")) {
    reader_.facts().sets_last_insert_id = true;
  }
  // Used up by the next statement, or bound to this connection.
  if (equals_folded(name, "insert_id") || starts_folded(name, "rand_seed") ||
      starts_folded(name, "pseudo_") || starts_folded(name, "gtid_")) {
    return reader_.effect(EffectKind::unknown, name, given.text);
  }
  if (given.is_default) return reader_.effect(EffectKind::reset, name);
  reader_.effect(given.literal ? EffectKind::set : EffectKind::set_computed, name, given.text);
}

// Up to the comma or the end.
SetList::Value SetList::value() {
  const char* const begin = reader_.now().text.data();
  const bool sign = reader_.now().is('-') || reader_.now().is('+');
  if (sign) reader_.pass();
  const Token only = reader_.now();
  const Token behind = reader_.peek();
  const bool alone = behind.kind <= TokenKind::semicolon || behind.kind == TokenKind::comma;
  Value given;
  if (alone && (sign ? only.kind == TokenKind::number : is_literal(only))) {
    reader_.pass();
    given.literal = true;
    given.is_default = only.is(Keyword::default_);
    given.is_word = only.kind == TokenKind::word && !is_constant(only);
  } else {
    const QueryVerdict found = read_query(reader_, QueryEnd::comma);
    if (found.verdict.cls != StatementClass::read) {
      write(found.verdict.reason, found.verdict.subject, found.verdict.unproven);
    } else if (found.reads_data) {
      write("sets a variable from a query", only.text, false);
    }
  }
  given.text = reader_.text_since(begin);
  return given;
}

// SET STATEMENT name = value, ... FOR statement: for that statement alone.
Verdict read_set_statement(Reader& reader, std::string_view word) {
  bool computed = false;
  reader.pass();
  for (; !reader.ended() && !reader.at(Keyword::for_); reader.advance()) {
    computed |= reader.at(TokenKind::left_paren);
  }
  if (!reader.accept(Keyword::for_)) return write_verdict("not known to be a read", word);
  // One within the other could go on as deep as the text is long.
  if (reader.at(Keyword::set_) && reader.peek().is(Keyword::statement_)) {
    reader.effect(EffectKind::unknown);
    return write_verdict("not known to be a read", word);
  }
  const Verdict inner = read_statement(reader);
  if (computed) return write_verdict("computes a setting for one statement", word);
  return inner;
}

}  // namespace

Verdict read_set(Reader& reader) {
  const std::string_view word = reader.now().text;
  const Token what = reader.peek();
  switch (what.keyword) {
    case Keyword::password_:
    case Keyword::default_:  // DEFAULT ROLE
      reader.facts().implicit_commit = true;
      return write_verdict("changes an account", what.text);
    case Keyword::role_:
      reader.pass();
      if (const Token next = reader.peek(); !next.is('=')) {
        reader.pass();
        const char* const begin = reader.now().text.data();
        reader.skip_statement();
        reader.effect(EffectKind::set_role, "role", reader.text_since(begin));
        return session_verdict(acts_on_session, word);
      }
      reader.effect(EffectKind::unknown);
      return session_verdict(acts_on_session, word);
    case Keyword::statement_:
      reader.pass();
      if (reader.peek().is_name()) return read_set_statement(reader, word);
      reader.effect(EffectKind::unknown);
      return session_verdict(acts_on_session, word);
    default:
      return SetList(reader).run();
  }
}

Verdict read_use(Reader& reader) {
  const std::string_view word = reader.now().text;
  reader.pass();
  reader.effect(EffectKind::use_database, unquoted(reader.now().text));
  return session_verdict(acts_on_session, word);
}

}  // namespace relevo::route::mysql
