#include "proxy/route/mysql/locality.hpp"
#include "proxy/route/mysql/query_scan.hpp"
#include "proxy/route/names.hpp"

namespace relevo::route::mysql {
void QueryScan::refuse(std::string_view reason, std::string_view subject, bool unproven,
                       ObjectId object) {
  // The first reason stands, but a certain one replaces a want of proof.
  Verdict& verdict = found_.verdict;
  const bool first = verdict.cls == StatementClass::read;
  if (!first && !(verdict.unproven && !unproven)) return;
  verdict.cls = StatementClass::write;
  verdict.reason = reason;
  verdict.subject = subject;
  verdict.unproven = unproven;
  verdict.object = object;
}

QueryVerdict QueryScan::run(QueryEnd end) {
  for (; !reader_.ended(); reader_.advance()) {
    if (reader_.at(Keyword::into_) && !previous_.is(TokenKind::dot)) {
      into();
      if (reader_.ended()) break;
    }
    const Token& token = reader_.now();
    if (chain_.relation && token.kind != TokenKind::dot && !previous_.is(TokenKind::dot)) {
      check_relation();
    }
    if (end == QueryEnd::clause && at_clause_end(token)) return found_;
    switch (token.kind) {
      case TokenKind::word:
      case TokenKind::quoted_identifier:
        name(token);
        break;
      case TokenKind::system_variable:
        system_variable();
        break;
      case TokenKind::assign:
        refuse("assigns to a variable of the session", token.text);
        break;
      case TokenKind::left_paren:
        open(token);
        break;
      case TokenKind::right_paren:
        if (depth_ != 0) {
          --depth_;
        } else if (end == QueryEnd::parenthesis) {
          return found_;
        } else {
          refuse("its parentheses do not match", token.text);
        }
        break;
      case TokenKind::comma:
        if (depth_ == 0 && end == QueryEnd::comma) return found_;
        break;
      default:
        break;
    }
    before_previous_ = previous_;
    previous_ = {token.kind, token.keyword};
  }
  if (chain_.relation) check_relation();
  if (depth_ != 0 || end == QueryEnd::parenthesis) {
    refuse("its parentheses do not match", reader_.now().text);
  }
  return found_;
}

void QueryScan::name(const Token& token) {
  chain_.last = token.text;
  if (previous_.is(TokenKind::dot)) {
    // What is behind `@@a.` or a dot out of place is nobody's known name.
    const bool behind_word =
        chain_.parts == 1 && chain_.keyword_class == KeywordClass::reserved;  // FROM .t
    const bool chained = before_previous_.is_name() && chain_.parts < parts_unknown && !behind_word;
    chain_.parts = chained ? chain_.parts + 1 : parts_unknown;
    chain_.keyword_class = KeywordClass::none;
    if (!chained && !before_previous_.is(TokenKind::system_variable)) {
      chain_.relation = looks_at_relations_;
    }
    check_qualified(token);
  } else {
    chain_.first = token.text;
    chain_.parts = 1;
    chain_.keyword_class = token.keyword_class;
    chain_.ahead = previous_;
    chain_.relation = looks_at_relations_ && names_relation();
    if (token.keyword > Keyword::other) keyword(token);
  }
}

void QueryScan::keyword(const Token& token) {
  switch (token.keyword) {
    case Keyword::from_:
      return from_list_.set(depth_, true);
    case Keyword::where_:
      return from_list_.set(depth_, false);
    case Keyword::select_:
      found_.reads_data = true;
      from_list_.set(depth_, false);
      [[fallthrough]];
    case Keyword::values_:
    case Keyword::table_:
      with_list_.set(depth_, false);
      return;
    case Keyword::with_:
      if (previous_.is(TokenKind::end) || previous_.is(TokenKind::left_paren)) {
        with_list_.set(depth_, true);
      }
      return;
    case Keyword::update_:
      return refuse(previous_.is(Keyword::for_) ? "locks rows" : "changes data", token.text);
    case Keyword::delete_:
      return refuse("changes data", token.text);
    case Keyword::insert_:
    case Keyword::replace_:  // both are functions too
      if (reader_.peek().kind != TokenKind::left_paren) refuse("changes data", token.text);
      return;
    case Keyword::share_:
      if (previous_.is(Keyword::for_)) refuse("locks rows", token.text);
      return;
    case Keyword::lock_:
      return refuse("locks rows", token.text);
    case Keyword::value_:
      if (previous_.is(Keyword::next_)) return refuse("advances a sequence", token.text);
      if (previous_.is(Keyword::previous_)) refuse("asks what this connection did", token.text);
      return;
    default:
      return;
  }
}

// INTO @a, @b; INTO OUTFILE, INTO DUMPFILE. INTO is reserved: it has no other
// meaning in a query.
// Passes the variables: here they are not read.
void QueryScan::into() {
  const std::string_view word = reader_.now().text;
  previous_ = {};
  reader_.pass();
  const bool of_routine = in_routine_ && reader_.now().is_name() &&
                          !reader_.at(Keyword::outfile_) && !reader_.at(Keyword::dumpfile_);
  if (of_routine) {
    do {
      reader_.accept_qualified_name();
    } while (reader_.accept(TokenKind::comma));
    return;
  }
  if (!reader_.at(TokenKind::user_variable)) return refuse("writes to a file", word);
  refuse("assigns to a variable of the session", word);
  do {
    if (!reader_.at(TokenKind::user_variable)) return;
    reader_.effect(EffectKind::set_user_computed, user_variable_name(reader_.now().text));
    reader_.pass();
  } while (reader_.accept(TokenKind::comma));
}

void QueryScan::system_variable() {
  const SystemVariable variable = reader_.system_variable();
  if (is_connection_variable(variable.name)) {
    refuse("asks what this connection did", variable.name);
  } else if (is_local_variable(variable.name)) {
    refuse("asks for what belongs to one server", variable.name, true);
  }
}

// A name behind a dot: information_schema.processlist, and in MariaDB's Oracle
// mode sequence.nextval and sequence.currval, which are calls without parentheses.
void QueryScan::check_qualified(const Token& token) {
  const std::string_view name = between_quotes(token.text);
  if (equals_folded(name, "nextval")) return refuse("advances a sequence", token.text);
  if (equals_folded(name, "currval")) return refuse("asks what this connection did", token.text);
  if (chain_.parts == 2 && is_local_table(chain_.first, token.text)) {
    refuse("asks for what belongs to one server", token.text, true);
  }
}

void QueryScan::open(const Token& token) {
  const bool call = previous_.is_name() && is_call();
  const bool relations = looks_at_relations_ && !call && names_relation();
  if (call) check_call(token);
  // WITH a AS (...) (SELECT ...): the main query, so the list is over.
  if (previous_.is(TokenKind::right_paren)) with_list_.set(depth_, false);
  if (depth_ == depth_max) {
    refuse("is nested too deeply", token.text);
    return;  // the count is off from here on, and the verdict stands
  }
  ++depth_;
  with_list_.set(depth_, false);
  from_list_.set(depth_, relations);
}

// Whether the name ahead of '(' is called.
bool QueryScan::is_call() const {
  if (chain_.parts > 1) return true;
  // What both databases reserve is their own: functions among them (LEFT, IF)
  // are harmless.
  if (chain_.keyword_class == KeywordClass::reserved) return false;
  // A type: CAST(a AS CHAR(3)); a derived table's columns: AS t (a, b).
  if (chain_.ahead.is(Keyword::as_)) return false;
  // The same without AS; JSON_TABLE(a, '$' COLUMNS (...)); MATCH (a) AGAINST
  // (...). No call can follow what ends an expression.
  if (chain_.ahead.is(TokenKind::right_paren) || chain_.ahead.is(TokenKind::string)) return false;
  if (with_list_.at(depth_) &&
      (chain_.ahead.is(Keyword::with_) || chain_.ahead.is(Keyword::recursive_) ||
       chain_.ahead.is(TokenKind::comma))) {
    return false;  // a CTE with its columns
  }
  // a MEMBER OF (b)
  return !(chain_.ahead.is(Keyword::member_) && equals_folded(chain_.last, "of"));
}

// Whether the name that is called may be a stored function's, though the database
// ships a function of that name: the grammar's own functions are known by their
// bare names alone, and some of them only right ahead of the parenthesis.
bool QueryScan::may_be_stored(const Token& parenthesis) const {
  if (previous_.is(TokenKind::quoted_identifier)) return true;
  const bool at_once = chain_.last.data() + chain_.last.size() == parenthesis.text.data();
  return !at_once && needs_parenthesis_at_once(chain_.last);
}

void QueryScan::check_call(const Token& parenthesis) {
  const Chain& call = chain_;
  FunctionMatch match;
  if (call.parts == 1) match = find_function(unquoted(call.last), reader_.server());
  if (match.kind == FunctionKind::harmless && may_be_stored(parenthesis)) match = {};
  switch (match.kind) {
    case FunctionKind::harmless:
      return;
    case FunctionKind::local:
      if (match.session != SessionFunction::none) {
        return refuse("asks what this connection did", call.last);
      }
      return refuse("asks for what belongs to one server", call.last, true);
    case FunctionKind::writing:
      return refuse("calls a function that writes or locks", call.last);
    case FunctionKind::unknown: {
      // ANY (SELECT ...), LATERAL (SELECT ...): a query as an argument would have
      // parentheses of its own.
      const Token next = reader_.peek();
      if (call.parts == 1 && (next.is(Keyword::select_) || next.is(Keyword::with_))) return;
      const Finding known = find_call();
      if (known.found && known.refused == 0) return;
      reader_.facts().may_call_routine = true;
      if (!known.found) reader_.changes_catalog(CatalogChange::unseen);
      const char* const begin = call.parts == parts_unknown ? call.last.data() : call.first.data();
      const char* const end = call.last.data() + call.last.size();
      return refuse("calls a function not known to be harmless",
                    {begin, static_cast<std::size_t>(end - begin)}, true, known.refused);
    }
  }
}

bool begins_query(const Token& token) {
  return token.is(Keyword::select_) || token.is(Keyword::with_) || token.is(Keyword::values_) ||
         token.is(Keyword::table_) || token.kind == TokenKind::left_paren;
}

QueryVerdict read_query(Reader& reader, QueryEnd end, bool in_routine) {
  return QueryScan(reader, in_routine).run(end);
}

}  // namespace relevo::route::mysql
