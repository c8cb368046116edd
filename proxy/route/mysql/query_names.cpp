// What the catalogue says about a query's names.
#include "proxy/route/mysql/query_scan.hpp"

namespace relevo::route::mysql {

// Whether a name here, behind `previous_`, is that of a table or view, or may be: a
// column that bears the name of one that is not harmless costs a way to the primary.
bool QueryScan::names_relation() const {
  if (previous_.is(TokenKind::comma) || previous_.is(TokenKind::left_paren)) {
    return from_list_.at(depth_);
  }
  // FROM { oj a LEFT JOIN b }
  if (before_previous_.is(TokenKind::other)) return previous_.is_name();
  return previous_.is(Keyword::from_) || previous_.is(Keyword::join_) ||
         previous_.is(Keyword::table_);
}

void QueryScan::check_relation() {
  chain_.relation = false;
  if (chain_.parts == 1 && chain_.keyword_class == KeywordClass::reserved) return;  // FROM DUAL
  if (naming_->suspect()) return refuse(naming_->doubt(), chain_.last, true);
  const Names& names = *naming_->names;
  SpelledName name;
  SpelledName schema;
  const bool folds = names.folds_names();
  bool spelled = name.spell(unquoted(chain_.last), folds, naming_->utf8);
  Finding finding;
  if (spelled && chain_.parts == 1) {
    finding = names.relation(name.text(), naming_->schema, naming_->every_schema);
  } else if (spelled && chain_.parts == 2) {
    spelled = schema.spell(unquoted(chain_.first), folds, naming_->utf8);
    if (spelled) finding = names.relation(name.text(), names.schema(schema.text()), false);
  } else {
    spelled = false;  // FROM .t
  }
  if (finding.refused != 0) {
    refuse("reads what is for the primary", chain_.last, true, finding.refused);
  } else if (!spelled) {
    refuse("reads a table whose name cannot be compared", chain_.last, true);
  }
}

// Of the function that the chain calls, none that the server ships.
Finding QueryScan::find_call() const {
  if (naming_ == nullptr || naming_->suspect()) return {};
  const Names& names = *naming_->names;
  SpelledName name;
  if (!name.spell(unquoted(chain_.last), true, naming_->utf8)) return {};
  if (chain_.parts == 1) {
    if (const Finding found = names.loadable(name.text()); found.found) return found;
    return names.function(name.text(), naming_->schema, naming_->every_schema);
  }
  SpelledName schema;
  if (chain_.parts != 2 ||
      !schema.spell(unquoted(chain_.first), names.folds_names(), naming_->utf8)) {
    return {};
  }
  return names.function(name.text(), names.schema(schema.text()), false);
}

// Ends of a clause in a routine: words that no expression has outside of CASE. Whatever
// else stands where a statement may begin is looked at there.
bool QueryScan::at_clause_end(const Token& token) {
  if (token.kind != TokenKind::word || previous_.is(TokenKind::dot)) return false;
  switch (token.keyword) {
    case Keyword::case_:
      ++cases_;
      return false;
    case Keyword::end_:
      if (cases_ == 0) return depth_ == 0;
      --cases_;
      return false;
    case Keyword::then_:
    case Keyword::do_:
    case Keyword::when_:
      return cases_ == 0 && depth_ == 0;
    case Keyword::alter_:
    case Keyword::call_:
    case Keyword::create_:
    case Keyword::drop_:
    case Keyword::execute_:
    case Keyword::grant_:
    case Keyword::load_:
    case Keyword::revoke_:
      refuse("is not known to only read", token.text);
      return false;
    default:
      return false;
  }
}

}  // namespace relevo::route::mysql
