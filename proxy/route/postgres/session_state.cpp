// Statements that change or show the session's own settings.
// https://www.postgresql.org/docs/current/sql-set.html and its neighbours
#include "proxy/route/postgres/functions.hpp"
#include "proxy/route/postgres/statements.hpp"

namespace relevo::route::postgres {
namespace {

constexpr std::string_view acts_on_session = "acts on the session";

// From the token at hand to the last one of the statement, as written.
std::string_view rest_of_statement(Reader& reader) {
  if (reader.ended()) return {};
  const char* const begin = reader.now().text.data();
  const char* end = begin;
  for (; !reader.ended(); reader.advance()) {
    end = reader.now().text.data() + reader.now().text.size();
  }
  return {begin, static_cast<std::size_t>(end - begin)};
}

// A setting's name: `search_path`, `relevo.target`. Quotes go where they can.
std::string_view accept_setting(Reader& reader) {
  const Token first = reader.now();
  if (!first.is_name()) return {};
  reader.advance();
  const char* end = first.text.data() + first.text.size();
  bool qualified = false;
  while (reader.accept(TokenKind::dot) && reader.now().is_name()) {
    qualified = true;
    end = reader.now().text.data() + reader.now().text.size();
    reader.advance();
  }
  const std::string_view name(first.text.data(), static_cast<std::size_t>(end - first.text.data()));
  return qualified ? name : unquoted(name);
}

// Settings that end with the transaction although SET does not say LOCAL.
bool ends_with_transaction(std::string_view name) {
  return equals_folded(name, "transaction_isolation") ||
         equals_folded(name, "transaction_read_only") ||
         equals_folded(name, "transaction_deferrable");
}

bool is_role(std::string_view name) {
  return equals_folded(name, "role") || equals_folded(name, "session_authorization");
}

enum class Scope : std::uint8_t { session, local };

void assign(Reader& reader, Scope scope, std::string_view name, std::string_view value) {
  if (scope == Scope::local || ends_with_transaction(name)) {
    reader.effect(EffectKind::set_local, name, value);
  } else if (is_role(name)) {
    reader.effect(EffectKind::set_role, name, value);
  } else if (equals_folded(value, "default")) {
    reader.effect(EffectKind::reset, name);
  } else {
    reader.effect(EffectKind::set, name, value);
  }
}

// SET SESSION CHARACTERISTICS AS TRANSACTION mode [, ...]: the defaults of the
// transactions to come. Their values are spelled here as SET would take them.
void read_characteristics(Reader& reader) {
  for (; !reader.ended(); reader.advance()) {
    if (reader.at(Keyword::serializable_)) {
      reader.effect(EffectKind::set, "default_transaction_isolation", "'serializable'");
    } else if (reader.at(Keyword::repeatable_)) {
      reader.effect(EffectKind::set, "default_transaction_isolation", "'repeatable read'");
    } else if (reader.at(Keyword::committed_)) {
      reader.effect(EffectKind::set, "default_transaction_isolation", "'read committed'");
    } else if (reader.at(Keyword::uncommitted_)) {
      reader.effect(EffectKind::set, "default_transaction_isolation", "'read uncommitted'");
    } else if (reader.at(Keyword::only_)) {
      reader.effect(EffectKind::set, "default_transaction_read_only", "on");
    } else if (reader.at(Keyword::write_)) {
      reader.effect(EffectKind::set, "default_transaction_read_only", "off");
    } else if (reader.at(Keyword::not_)) {
      reader.advance();
      if (reader.ended()) return;
      reader.effect(EffectKind::set, "default_transaction_deferrable", "off");
    } else if (reader.at(Keyword::deferrable_)) {
      reader.effect(EffectKind::set, "default_transaction_deferrable", "on");
    }
  }
}

void read_time_zone(Reader& reader, Scope scope) {
  // An interval with its field names is no value that SET TimeZone = would take.
  const bool interval =
      reader.now().kind == TokenKind::word && equals_folded(reader.now().text, "interval");
  const std::string_view value = rest_of_statement(reader);
  if (interval) {
    reader.effect(scope == Scope::local ? EffectKind::set_local : EffectKind::unknown, "TimeZone");
  } else {
    assign(reader, scope, "TimeZone", equals_folded(value, "local") ? "default" : value);
  }
}

void read_setting(Reader& reader, Scope scope) {
  const std::string_view name = accept_setting(reader);
  if (name.empty()) return reader.effect(EffectKind::unknown);
  const bool equals = reader.at(TokenKind::op) && reader.now().text == "=";
  if (!equals && !reader.at(Keyword::to_)) {
    return reader.effect(EffectKind::unknown, name);  // FROM CURRENT, or an error
  }
  reader.advance();
  assign(reader, scope, name, rest_of_statement(reader));
}

}  // namespace

Verdict read_set(Reader& reader) {
  const std::string_view word = reader.now().text;
  reader.advance();
  const Verdict verdict = session_verdict(acts_on_session, word);
  Scope scope = Scope::session;
  // SET session.x = 1 would be a setting's name.
  if ((reader.at(Keyword::session_) || reader.at(Keyword::local_)) &&
      reader.peek().kind != TokenKind::dot) {
    if (reader.at(Keyword::local_)) scope = Scope::local;
    const bool session = reader.at(Keyword::session_);
    const Token next = reader.peek();
    if (session && next.is(Keyword::authorization_)) {
      reader.advance();
      reader.advance();
      assign(reader, scope, "session_authorization", rest_of_statement(reader));
      return verdict;
    }
    reader.advance();
    if (session && reader.at(Keyword::characteristics_)) {
      read_characteristics(reader);
      return verdict;
    }
    // SET LOCAL SESSION AUTHORIZATION
    if (reader.at(Keyword::session_) && reader.peek().is(Keyword::authorization_)) {
      reader.advance();
      reader.advance();
      assign(reader, scope, "session_authorization", rest_of_statement(reader));
      return verdict;
    }
  }

  const Token what = reader.now();
  const Token next = reader.peek();
  const bool plain = next.kind == TokenKind::op || next.kind == TokenKind::dot ||
                     next.is(Keyword::to_) || next.is(Keyword::from_);
  if (plain) {
    read_setting(reader, scope);
    return verdict;
  }
  reader.advance();
  switch (what.keyword) {
    case Keyword::transaction_:  // of this transaction alone
    case Keyword::constraints_:
      break;
    case Keyword::time_:
      reader.advance();  // ZONE
      read_time_zone(reader, scope);
      break;
    case Keyword::schema_:
      assign(reader, scope, "search_path", rest_of_statement(reader));
      break;
    case Keyword::names_: {
      const std::string_view encoding = rest_of_statement(reader);
      assign(reader, scope, "client_encoding", encoding.empty() ? "default" : encoding);
      break;
    }
    case Keyword::role_:
      assign(reader, scope, "role", rest_of_statement(reader));
      break;
    case Keyword::xml_:
      reader.advance();  // OPTION
      assign(reader, scope, "xmloption", rest_of_statement(reader));
      break;
    default:
      reader.effect(EffectKind::unknown, what.text);
      break;
  }
  return verdict;
}

Verdict read_reset(Reader& reader) {
  const Verdict verdict = session_verdict(acts_on_session, reader.now().text);
  reader.advance();
  const Token next = reader.peek();
  if (reader.at(Keyword::all_)) {
    reader.effect(EffectKind::reset_all);
  } else if (reader.at(Keyword::time_) && next.is(Keyword::zone_)) {
    reader.effect(EffectKind::reset, "TimeZone");
  } else if (reader.at(Keyword::transaction_) && next.is(Keyword::isolation_)) {
    // Of this transaction alone.
  } else if (reader.at(Keyword::session_) && next.is(Keyword::authorization_)) {
    reader.effect(EffectKind::set_role, "session_authorization");
  } else if (const std::string_view name = accept_setting(reader); name.empty()) {
    reader.effect(EffectKind::unknown);
  } else if (is_role(name)) {
    reader.effect(EffectKind::set_role, name);
  } else if (!ends_with_transaction(name)) {
    reader.effect(EffectKind::reset, name);
  }
  return verdict;
}

Verdict read_session_command(Reader& reader) {
  const Token first = reader.now();
  reader.advance();
  const std::string_view subject = unquoted(reader.now().text);
  switch (first.keyword) {
    case Keyword::discard_:
      if (reader.at(Keyword::all_)) {
        reader.effect(EffectKind::discard_all);
      } else if (reader.at(Keyword::plans_)) {
        reader.effect(EffectKind::discard_plans);
      } else if (reader.at(Keyword::sequences_)) {
        reader.effect(EffectKind::discard_sequences);
      } else if (reader.at(Keyword::temp_) || reader.at(Keyword::temporary_)) {
        reader.effect(EffectKind::discard_temp);
      } else {
        reader.effect(EffectKind::unknown);
      }
      break;
    case Keyword::load_:
      reader.effect(EffectKind::load, subject);
      break;
    // A server in recovery takes neither: they are for the primary.
    case Keyword::listen_:
      reader.effect(EffectKind::listen, subject);
      return write_verdict("a replica does not listen", first.text);
    case Keyword::unlisten_:
      reader.effect(EffectKind::unlisten, subject);
      return write_verdict("a replica does not listen", first.text);
    default:
      break;
  }
  return session_verdict(acts_on_session, first.text);
}

Verdict read_show(Reader& reader) {
  const std::string_view word = reader.now().text;
  reader.advance();
  const std::string_view name = unquoted(reader.now().text);
  // Drivers ask these to find out whether they talk to the primary.
  if (equals_folded(name, "transaction_read_only") || equals_folded(name, "in_hot_standby") ||
      equals_folded(name, "default_transaction_read_only")) {
    return write_verdict("asks whether the server takes writes", name);
  }
  return {.cls = StatementClass::read, .reason = "only reads", .subject = word};
}

}  // namespace relevo::route::postgres
