// What the catalogue says about a query's names.
#include "proxy/route/names.hpp"
#include "proxy/route/postgres/query_scan.hpp"

namespace relevo::route::postgres {

void QueryScan::look_at_catalog() {
  if (naming_ == nullptr) return;
  if (naming_->suspect()) {
    const std::string_view doubt = naming_->doubt();
    naming_ = nullptr;
    return refuse(doubt, {}, true);
  }
  calls_hide_ = !naming_->catalog->hidden_calls().empty();
  if (const ObjectId object = naming_->catalog->always_refused(); object != 0) {
    refuse("may use what is not known to be a read, without saying so", {}, true, object);
  }
}

// Whether a name here, behind `previous_`, is that of a table, view or CTE.
bool QueryScan::names_relation() const {
  if (previous_.is(Keyword::from_)) return from_began_;
  if (previous_.is(TokenKind::comma)) return from_list_.at(depth_);
  if (previous_.is(TokenKind::left_paren)) return joins_.at(depth_);
  return previous_.is(Keyword::join_) || previous_.is(Keyword::only_) ||
         previous_.is(Keyword::table_);
}

// Whether a parenthesis here, behind `previous_`, holds items of a FROM clause.
bool QueryScan::opens_joins(bool call) const {
  if (naming_ == nullptr || call) return false;
  return names_relation() && !previous_.is(Keyword::table_);
}

void QueryScan::end_chain() {
  chain_.pending = false;
  if (chain_.relation) return check_relation();
  SpelledName name;
  if (!name.spell(*naming_, chain_.last_kind, chain_.last)) return;
  for (const NameIndex::Entry& entry : naming_->catalog->hidden_calls().find(name.text())) {
    return refuse("may call what is not known to be a read", chain_.last, true, entry.refused);
  }
}

void QueryScan::check_relation() {
  const Chain& chain = chain_;
  if (chain.parts == 1 && (chain.keyword_class == KeywordClass::reserved ||
                           chain.keyword_class == KeywordClass::type_function)) {
    return;  // FROM LATERAL ...
  }
  SpelledName name;
  SpelledName schema;
  Finding finding;
  const Catalog& catalog = *naming_->catalog;
  if (name.spell(*naming_, chain.last_kind, chain.last)) {
    if (chain.parts == 1) {
      finding = find_in_path(*naming_, catalog.relations(), name.text());
      if (!finding.found && ctes_.contains(*naming_, name.text())) return;
    } else if (chain.parts == 2 && schema.spell(*naming_, chain.first_kind, chain.first)) {
      finding = find_in_schema(catalog.relations(), name.text(), catalog.schema(schema.text()));
    } else if (chain.parts == 3 && schema.spell(*naming_, chain.second_kind, chain.second)) {
      finding = find_in_schema(catalog.relations(), name.text(), catalog.schema(schema.text()));
    }
  }
  if (finding.refused != 0) {
    return refuse("reads what is for the primary", chain.last, true, finding.refused);
  }
  if (!finding.found) {
    reader_.changes_catalog(CatalogChange::unseen);
    refuse("reads a relation that the catalogue does not show", chain.last, true);
  }
}

void QueryScan::check_operator(const Token& token) {
  std::string_view name = token.text;
  if (name == "=>") return;  // f(a => 1)
  if (name == "!=") name = "<>";
  const NameIndex& operators = naming_->catalog->operators();
  bool found = false;
  for (const NameIndex::Entry& entry : operators.find(name)) {
    // Behind a dot: OPERATOR(s.+), t.*
    if (!previous_.is(TokenKind::dot) && !naming_->in_path(entry.schema)) continue;
    found = true;
    if (entry.refused != 0) {
      return refuse("uses an operator that is not known to be a read", token.text, true,
                    entry.refused);
    }
  }
  if (found) return;
  reader_.changes_catalog(CatalogChange::unseen);
  refuse("uses an operator that the catalogue does not show", token.text, true);
}

Finding QueryScan::find_call() const {
  const Chain& call = chain_;
  const Catalog& catalog = *naming_->catalog;
  SpelledName name;
  if (!name.spell(*naming_, call.last_kind, call.last)) return {};
  SpelledName schema;
  const bool qualified = call.parts == 2 && schema.spell(*naming_, call.first_kind, call.first);
  if (call.parts != 1 && !qualified) return {};
  // `d(x)` may convert to the type d, where no function of that name fits.
  Finding finding;
  for (const NameIndex* const index : {&catalog.functions(), &catalog.hidden_calls()}) {
    const Finding one = qualified
                            ? find_in_schema(*index, name.text(), catalog.schema(schema.text()))
                            : find_in_path(*naming_, *index, name.text());
    finding.found = finding.found || one.found;
    if (finding.refused == 0) finding.refused = one.refused;
  }
  return finding;
}

}  // namespace relevo::route::postgres
