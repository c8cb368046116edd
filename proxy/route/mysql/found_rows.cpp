#include "proxy/route/mysql/found_rows.hpp"

#include <algorithm>
#include <charconv>

#include "proxy/route/names.hpp"

namespace relevo::route::mysql {
namespace {

// SHOW of these is a query to the servers, of others it is not.
constexpr std::string_view queried[] = {
    "character", "collation", "columns", "count",  "databases", "engines",  "events",    "fields",
    "function",  "index",     "indexes", "keys",   "open",      "plugins",  "procedure", "schemas",
    "status",    "storage",   "table",   "tables", "triggers",  "variables"};

bool lists(Lexer ahead) {
  Token what = ahead.next();
  while (what.is(Keyword::full_) || what.is(Keyword::global_) || what.is(Keyword::session_) ||
         what.is(Keyword::local_) || what.is(Keyword::extended_)) {
    what = ahead.next();
  }
  return std::any_of(std::begin(queried), std::end(queried),
                     [&](std::string_view word) { return route::equals_folded(what.text, word); });
}

// DESCRIBE t, EXPLAIN t: SHOW COLUMNS. Statements to explain begin with words that
// name no table without quotes, but for FORMAT and EXTENDED.
bool describes(Lexer ahead) {
  const Token what = ahead.next();
  return what.is_name() && what.keyword_class != KeywordClass::reserved &&
         !what.is(Keyword::format_) && !what.is(Keyword::extended_) &&
         !what.is(Keyword::partitions_);
}

}  // namespace

void FoundRowsScan::begin(const Lexer& lexer) {
  first_ = lexer.token().keyword;
  from_second_ = first_ == Keyword::delete_ && Lexer(lexer).next().is(Keyword::from_);
  lists_ = first_ == Keyword::show_ && lists(lexer);
  const bool explains =
      first_ == Keyword::describe_ || first_ == Keyword::desc_ || first_ == Keyword::explain_;
  lists_ |= explains && describes(lexer);
}

void FoundRowsScan::keyword(Keyword keyword, const Lexer& lexer) {
  switch (keyword) {
    case Keyword::select_:
      selects_ = static_cast<std::uint8_t>(std::min(selects_ + 1, 2));
      return;
    case Keyword::union_:
    case Keyword::except_:
    case Keyword::intersect_:
      united_ = true;
      return;
    case Keyword::limit_:
      return limit(lexer);
    case Keyword::offset_:
      blind_ |= !offset_passed_;
      offset_passed_ = false;
      return;
    case Keyword::update_:
    case Keyword::delete_:
      changes_ = true;
      return;
    case Keyword::join_:
    case Keyword::using_:
      joined_ = true;
      return;
    case Keyword::set_:
      set_ = true;
      [[fallthrough]];
    case Keyword::value_:
    case Keyword::values_:
      inserts_rows_ |= selects_ == 0;
      return;
    case Keyword::fetch_:
    case Keyword::into_:
      // INSERT INTO is no SELECT ... INTO.
      blind_ |= first_ != Keyword::insert_ && first_ != Keyword::replace_;
      return;
    case Keyword::analyze_:  // EXPLAIN ANALYZE, ANALYZE: runs what it explains
    case Keyword::procedure_:
    case Keyword::sql_calc_found_rows_:
    case Keyword::statement_:  // SET STATEMENT ... FOR
    case Keyword::atomic_:     // BEGIN NOT ATOMIC
      blind_ = true;
      return;
    case Keyword::table_:
      table_ = true;
      return;
    default:
      return;
  }
}

// LIMIT count, LIMIT offset, count, LIMIT count OFFSET offset.
void FoundRowsScan::limit(Lexer ahead) {
  limited_ = true;
  Token offset = ahead.next();
  if (offset.kind != TokenKind::number && offset.kind != TokenKind::parameter) {
    blind_ = true;
    return;
  }
  const Token behind = ahead.next();
  offset_passed_ = behind.is(Keyword::offset_);
  if (offset_passed_) {
    offset = ahead.next();
  } else if (behind.kind != TokenKind::comma) {
    return;
  }
  std::uint64_t rows = 0;
  const char* const end = offset.text.data() + offset.text.size();
  const auto read = std::from_chars(offset.text.data(), end, rows);
  const bool known = offset.kind == TokenKind::number && read.ec == std::errc() && read.ptr == end;
  blind_ |= !known;
  offset_ = std::max(offset_, rows);
}

FoundRows FoundRowsScan::of_query() const {
  if (blind_ || changes_ || (united_ && limited_)) return FoundRows::unknown;
  // An offset may be a subquery's.
  return offset_ > 0 && selects_ > 1 ? FoundRows::unknown : FoundRows::result;
}

FoundRows FoundRowsScan::of_update(bool mariadb) const {
  if (selects_ > 0 || joined_ || listed_) return FoundRows::unknown;
  return mariadb ? FoundRows::unchanged : FoundRows::matched;
}

FoundRows FoundRowsScan::told(MysqlServer server) const {
  const bool mariadb = server == MysqlServer::mariadb;
  const auto unknown_if = [](bool condition) {
    return condition ? FoundRows::unknown : FoundRows::unchanged;
  };
  switch (first_) {
    case Keyword::select_:
    case Keyword::with_:
      return of_query();
    case Keyword::insert_:
    case Keyword::replace_:
      return unknown_if((selects_ > 0 || table_) && !inserts_rows_);
    case Keyword::update_:
      return of_update(mariadb);
    case Keyword::delete_:
      return unknown_if(!from_second_ || joined_ || (selects_ > 0 && !mariadb));
    case Keyword::show_:
    case Keyword::describe_:
    case Keyword::desc_:
    case Keyword::explain_:
    case Keyword::analyze_:
      if (lists_) return FoundRows::result;
      return unknown_if(selects_ > 0 && blind_);
    case Keyword::set_:
      return unknown_if(selects_ > 0 && mariadb);
    case Keyword::create_:
      return unknown_if(selects_ > 0 && table_ && mariadb);
    case Keyword::do_:
    case Keyword::values_:
    case Keyword::table_:
      return unknown_if(!mariadb);
    case Keyword::begin_:  // NOT ATOMIC
      return unknown_if(blind_);
    case Keyword::none:  // a parenthesis; a word that is not known
    case Keyword::other:
    case Keyword::call_:
    case Keyword::execute_:
      return FoundRows::unknown;
    default:
      return FoundRows::unchanged;
  }
}

void FoundRowsScan::end(MysqlServer server, bool first, MysqlFacts& facts) const {
  const FoundRows now = told(server);
  if (first || now != FoundRows::unchanged) {
    facts.found_rows = now;
    facts.found_offset = offset_;
  } else if (facts.found_rows == FoundRows::matched) {
    facts.found_rows = FoundRows::unknown;  // of the last OK alone the matched rows are known
  }
}

}  // namespace relevo::route::mysql
