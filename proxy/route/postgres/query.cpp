#include "proxy/route/postgres/query.hpp"

#include "proxy/route/postgres/ahead.hpp"
#include "proxy/route/postgres/functions.hpp"
#include "proxy/route/postgres/query_scan.hpp"
#include "proxy/route/postgres/relations.hpp"

namespace relevo::route::postgres {

void QueryScan::refuse(std::string_view reason, std::string_view subject, bool unproven,
                       ObjectId object) {
  // The first reason stands, but a certain one replaces a want of proof.
  const bool first = verdict_.cls == StatementClass::read;
  if (!first && !(verdict_.unproven && !unproven)) return;
  verdict_.cls = StatementClass::write;
  verdict_.reason = reason;
  verdict_.subject = subject;
  verdict_.unproven = unproven;
  verdict_.object = object;
}

Verdict QueryScan::run(bool in_parentheses) {
  look_at_catalog();
  for (; !reader_.ended(); reader_.advance()) {
    const Token& token = reader_.now();
    Ahead passed(token);
    if (token.is_name()) {
      name(token);
      if (token.keyword != Keyword::none) {
        if (behind_label_mark()) passed.set_label();
        if (leads_expression(token, previous_)) passed.set_leading();
      }
    } else {
      // A parenthesis behind it makes it a call, perhaps; a dot goes on with it.
      if (chain_.pending && token.kind != TokenKind::dot && token.kind != TokenKind::left_paren) {
        end_chain();
      }
      if (token.kind == TokenKind::op) {
        if (naming_ != nullptr) check_operator(token);
      } else if (token.kind == TokenKind::left_paren) {
        open(token);
      } else if (token.kind == TokenKind::right_paren) {
        // Its last name has been looked up at this ')'.
        if (depth_ == 0 && in_parentheses) return verdict_;
        close(token, passed);
      }
    }
    before_previous_ = previous_;
    previous_ = passed;
  }
  if (chain_.pending) end_chain();
  if (depth_ != 0 || in_parentheses) refuse("its parentheses do not match", reader_.now().text);
  return verdict_;
}

void QueryScan::name(const Token& token) {
  if (previous_.is(TokenKind::dot)) {
    // Behind a dot every word is a name. `(row).f` has no chain: count it as
    // more parts than any call that could be known.
    const bool chained =
        before_previous_.is(TokenKind::word) || before_previous_.is(TokenKind::quoted_identifier);
    chain_.parts = chained && chain_.parts < parts_unknown ? chain_.parts + 1 : parts_unknown;
    behind_dot(token);
    from_began_ = false;  // t.from
    if (!chained && naming_ != nullptr) {
      chain_.relation = false;
      chain_.pending = calls_hide_;
    }
    if (chain_.parts == 2) {
      chain_.second = token.text;
      chain_.second_kind = token.kind;
    }
  } else {
    if (naming_ != nullptr) {
      // FROM ROWS FROM (f(), g())
      const bool rows = chain_.relation && chain_.parts == 1 && token.is(Keyword::from_) &&
                        equals_folded(chain_.last, "rows");
      if (chain_.pending && !rows) end_chain();
      chain_.relation = names_relation();
      chain_.pending = chain_.relation || calls_hide_;
      if (with_list_.at(depth_) && !token.is(Keyword::recursive_) &&
          (previous_.is(Keyword::with_) || previous_.is(Keyword::recursive_) ||
           previous_.is(TokenKind::comma))) {
        ctes_.add({token.kind, token.text});
      }
    }
    chain_.first = token.text;
    chain_.first_kind = token.kind;
    chain_.parts = 1;
    chain_.ahead = previous_;
    chain_.before_ahead = before_previous_;
    if (token.keyword > Keyword::leading) keyword(token);
  }
  chain_.last = token.text;
  chain_.last_kind = token.kind;
  chain_.keyword = token.keyword;
  chain_.keyword_class = token.keyword_class;
  if (!may_be_local(token.text)) return;
  switch (locality_of(token.text)) {
    case Locality::everywhere:
      break;
    case Locality::session:
      refuse("names a temporary schema", token.text);
      break;
    case Locality::server:
      refuse("reads what belongs to one server", token.text);
      break;
  }
}

// A field of a row, or a function's call in disguise. Of a user's own function
// the text says nothing.
void QueryScan::behind_dot(const Token& token) {
  if (token.kind == TokenKind::unicode_identifier ||
      before_previous_.is(TokenKind::unicode_identifier)) {
    refuse("names what has to be decoded", token.text, true);
  } else if (called_by_dot(token.text) && reader_.peek().kind != TokenKind::left_paren) {
    refuse("calls a function that writes or belongs to one server", token.text);
  }
}

void QueryScan::keyword(const Token& token) {
  switch (token.keyword) {
    // Also when they only name a column: an unquoted column of such a name is
    // rare, a write in a WITH list is not.
    case Keyword::update_:
      if (previous_.is(Keyword::for_)) return refuse("locks rows", token.text);
      [[fallthrough]];
    case Keyword::insert_:
    case Keyword::delete_:
    case Keyword::merge_:
      return refuse("changes data", token.text);
    case Keyword::share_:
    case Keyword::key_:
    case Keyword::no_:
      if (previous_.is(Keyword::for_)) refuse("locks rows", token.text);
      return;
    case Keyword::into_:
      return into();
    case Keyword::with_:
      if (previous_.is(TokenKind::end) || previous_.is(TokenKind::left_paren)) {
        with_list_.set(depth_, true);
      }
      return;
    case Keyword::select_:
      select_.set(depth_, true);
      from_list_.set(depth_, false);
      [[fallthrough]];
    case Keyword::values_:
    case Keyword::table_:
      with_list_.set(depth_, false);
      return;
    case Keyword::from_:
      from_began_ = select_.at(depth_) && begins_from_list();
      if (from_began_) from_list_.set(depth_, true);
      return;
    case Keyword::where_:
    case Keyword::group_:
    case Keyword::having_:
    case Keyword::window_:
    case Keyword::union_:
    case Keyword::intersect_:
    case Keyword::except_:
    case Keyword::order_:
    case Keyword::limit_:
    case Keyword::offset_:
    case Keyword::fetch_:
      from_list_.set(depth_, false);
      return;
    default:
      return;
  }
}

// A word behind these is a name: a column's label, a field's, a type's.
bool QueryScan::behind_label_mark() const {
  return previous_.is(TokenKind::dot) || previous_.is(TokenKind::typecast) ||
         previous_.is_keyword(Keyword::as_);
}

// Whether FROM, at hand, begins a clause of SELECT. Not `1 AS from`, and not
// `a IS [NOT] DISTINCT FROM b`, told from a column that is labelled DISTINCT.
// (extract(year FROM x) has no SELECT in its parentheses.)
bool QueryScan::begins_from_list() const {
  if (previous_.is_keyword(Keyword::as_)) return false;
  return !previous_.is_keyword(Keyword::distinct_) ||
         !(before_previous_.is_keyword(Keyword::is_) || before_previous_.is_keyword(Keyword::not_));
}

// SELECT ... INTO [TEMP] name. INTO is reserved: it has no other meaning here.
void QueryScan::into() {
  refuse("creates a table", reader_.now().text);
  const Token target = reader_.peek();
  if (!previous_.is(Keyword::insert_) && !previous_.is(Keyword::merge_)) {
    reader_.changes_catalog(equals_folded(target.text, "unlogged") ? CatalogChange::certain
                                                                   : CatalogChange::perhaps);
  }
  if (target.is(Keyword::temp_) || target.is(Keyword::temporary_) || target.is(Keyword::local_) ||
      target.is(Keyword::global_) || locality_of(target.text) == Locality::session) {
    reader_.effect(EffectKind::temp_object);
  }
}

void QueryScan::open(const Token& token) {
  const bool behind_name = previous_.is_name();
  const bool call = behind_name && is_call();
  // FROM coalesce(...), (VALUES ...): no table's name has a parenthesis behind it.
  if (chain_.pending && !call && !chain_.relation) end_chain();
  chain_.pending = false;
  if (call) check_call();
  // WITH a AS (...) (SELECT ...): the main query, so the list is over.
  if (previous_.is(TokenKind::right_paren)) with_list_.set(depth_, false);
  if (depth_ == depth_max) {
    refuse("is nested too deeply", token.text);
    return;  // the count is off from here on, and the verdict stands
  }
  // In `FROM f(` what counts is ahead of the name, in `FROM (` it is FROM.
  const Ahead& ahead = call ? chain_.ahead : previous_;
  const bool joins = opens_joins(call);
  ++depth_;
  joins_.set(depth_, joins);
  select_.set(depth_, false);
  from_list_.set(depth_, false);
  with_list_.set(depth_, false);
  from_item_.set(depth_, ahead.is(TokenKind::comma) || ahead.is(Keyword::from_) ||
                             ahead.is(Keyword::join_) || ahead.is(Keyword::lateral_));
  no_operand_.set(depth_, behind_name && !call &&
                              (chain_.is(Keyword::operator_) ||
                               (chain_.is(Keyword::on_) && chain_.ahead.is(Keyword::distinct_))));
}

void QueryScan::close(const Token& token, Ahead& passed) {
  if (depth_ == 0) return refuse("its parentheses do not match", token.text);
  passed.set_parenthesis(!no_operand_.at(depth_), from_item_.at(depth_));
  --depth_;
}

// Whether the name ahead of '(' is called.
bool QueryScan::is_call() const {
  // A type's modifiers, or an alias with its columns.
  if (chain_.ahead.is(TokenKind::typecast) || chain_.ahead.is(Keyword::as_)) return false;
  if (chain_.parts > 1) return true;
  if (with_list_.at(depth_) &&
      (chain_.ahead.is(Keyword::with_) || chain_.ahead.is(Keyword::recursive_) ||
       chain_.ahead.is(TokenKind::comma))) {
    return false;  // a CTE with its columns
  }
  const bool alias = chain_.ahead.is(TokenKind::right_paren) && chain_.ahead.from_item();
  switch (chain_.keyword_class) {
    case KeywordClass::reserved:
      return false;
    case KeywordClass::column_name:
      return chain_.is(Keyword::treat_);
    case KeywordClass::type_function:
      return !behind_operand();
    default:
      return !alias && !is_construct();
  }
}

// `a LIKE (b)`, `a NOT LIKE (b)`, `a LEFT JOIN (b)`, where the word is no call,
// told from `left(a, 1)`, where it is.
bool QueryScan::behind_operand() const {
  const Ahead& ahead = chain_.ahead;
  if (ahead.operand()) return true;
  if (!chain_.is(Keyword::join_)) {
    return ahead.is(Keyword::not_) && chain_.before_ahead.operand();
  }
  switch (ahead.keyword()) {
    case Keyword::cross_:
    case Keyword::full_:
    case Keyword::inner_:
    case Keyword::left_:
    case Keyword::natural_:
    case Keyword::outer_:
    case Keyword::right_:
      return true;
    default:
      return false;
  }
}

// Unreserved words that the grammar itself puts ahead of a parenthesis. Each
// may name a function as well, so its place must rule that out.
bool QueryScan::is_construct() const {
  const Ahead& ahead = chain_.ahead;
  switch (chain_.keyword) {
    case Keyword::over_:
    case Keyword::filter_:
    case Keyword::repeatable_:
      return ahead.is(TokenKind::right_paren) && ahead.operand();
    case Keyword::by_:
      return ahead.is(Keyword::group_) || ahead.is(Keyword::order_) ||
             ahead.is(Keyword::partition_);
    case Keyword::sets_:
      return ahead.is(Keyword::grouping_);
    case Keyword::cube_:
    case Keyword::rollup_:
      return ahead.is(Keyword::by_) && chain_.before_ahead.is(Keyword::group_);
    case Keyword::zone_:
      return ahead.is(Keyword::time_);
    case Keyword::first_:
    case Keyword::next_:
      return ahead.is(Keyword::fetch_);
    case Keyword::materialized_:  // AS MATERIALIZED ( is seen by its AS
      return ahead.is(Keyword::not_) && chain_.before_ahead.is(Keyword::as_);
    case Keyword::escape_:
      return ahead.operand();
    case Keyword::operator_:
      // `a OPERATOR(pg_catalog.+) b`: psql writes its \d queries so.
      return ahead.operand();
    default:
      // `FROM unnest(a) WITH ORDINALITY x(b, n)`
      if (ahead.is(Keyword::ordinality_) && chain_.before_ahead.is(Keyword::with_)) return true;
      return ahead.is(Keyword::tablesample_) &&
             (equals_folded(chain_.last, "bernoulli") || equals_folded(chain_.last, "system"));
  }
}

namespace {

FunctionKind kind_of(TokenKind kind, std::string_view name) {
  switch (kind) {
    case TokenKind::word:
      return find_function_folded(name);
    case TokenKind::quoted_identifier:
      return find_function(name.substr(1, name.size() - 2));
    default:
      return FunctionKind::unknown;
  }
}

bool names_schema(TokenKind kind, std::string_view name, std::string_view schema) {
  if (kind == TokenKind::word) return equals_folded(name, schema);
  return kind == TokenKind::quoted_identifier && unquoted(name) == schema;
}

}  // namespace

void QueryScan::check_call() {
  const Chain& call = chain_;
  // TREAT(x AS t) calls pg_catalog.t(x), whatever t is.
  if (call.parts == 1 && call.is(Keyword::treat_)) return refuse("uses TREAT", call.last);

  FunctionKind kind = FunctionKind::unknown;
  if (call.parts == 1 ||
      (call.parts == 2 && names_schema(call.first_kind, call.first, "pg_catalog"))) {
    kind = kind_of(call.last_kind, call.last);
  } else if (call.parts == 2 && names_schema(call.first_kind, call.first, "information_schema") &&
             call.last.starts_with("_pg_")) {
    kind = FunctionKind::harmless;  // the standard views' own, all immutable; JDBC calls them
  }
  if (kind == FunctionKind::shipped) {
    return refuse("calls a function that writes or belongs to one server", call.last);
  }
  // A user's function may share the name of a shipped one.
  const Finding finding = naming_ != nullptr ? find_call() : Finding{};
  const char* const begin = call.parts == parts_unknown ? call.last.data() : call.first.data();
  const char* const end = call.last.data() + call.last.size();
  const std::string_view subject(begin, static_cast<std::size_t>(end - begin));
  if (finding.refused != 0) {
    return refuse("calls a function that is not known to be a read", subject, true,
                  finding.refused);
  }
  if (kind == FunctionKind::harmless || finding.found) return;
  reader_.changes_catalog(CatalogChange::unseen);
  refuse("calls a function not known to be harmless", subject, true);
}

bool begins_query(const Token& token) {
  return token.is(Keyword::select_) || token.is(Keyword::with_) || token.is(Keyword::values_) ||
         token.is(Keyword::table_) || token.kind == TokenKind::left_paren;
}

Verdict read_query(Reader& reader, bool in_parentheses) {
  return QueryScan(reader).run(in_parentheses);
}

}  // namespace relevo::route::postgres
