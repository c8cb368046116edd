#include "proxy/route/mysql/body.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "proxy/route/depth_flag.hpp"
#include "proxy/route/mysql/catalog.hpp"
#include "proxy/route/mysql/functions.hpp"
#include "proxy/route/mysql/query.hpp"
#include "proxy/route/names.hpp"

namespace relevo::route::mysql {
namespace {

class BodyScan {
 public:
  explicit BodyScan(Reader& reader) : reader_(reader) {}

  Verdict run() {
    statement();
    reader_.accept(TokenKind::semicolon);
    if (!reader_.at(TokenKind::end)) refuse(reader_.now());
    return verdict_;
  }

 private:
  bool failed() const { return verdict_.cls != StatementClass::read; }
  void refuse(const Token& token) {
    if (!failed()) verdict_ = write_verdict("is not known to only read", token.text);
  }
  void expect(Keyword keyword) {
    if (!reader_.accept(keyword)) refuse(reader_.now());
  }
  bool at_word(std::string_view word) const {
    return reader_.now().kind == TokenKind::word && equals_folded(reader_.now().text, word);
  }
  void expression(QueryEnd end = QueryEnd::clause) {
    const Verdict found = read_query(reader_, end, true).verdict;
    if (!failed()) verdict_ = found;
  }
  // BEGIN ... END, a loop's or a branch's statements; what ends them is left at hand.
  void list();
  void statement();
  void compound();
  void branches();
  void cases();
  void declaration();
  void handler();
  void assignment();
  void end_of(Keyword construct);
  bool is_local(std::string_view name) const {
    return std::ranges::any_of(locals_, [&](std::string_view local) {
      return local.size() == name.size() && std::ranges::equal(local, name, {}, to_lower, to_lower);
    });
  }

  Reader& reader_;
  Verdict verdict_ = read_verdict("only reads", {});
  std::vector<std::string_view> locals_;  // declared so far, of the blocks that are open
  unsigned depth_ = 0;
};

void BodyScan::list() {
  while (!failed()) {
    while (reader_.accept(TokenKind::semicolon)) {
    }
    if (reader_.at_text_end()) return refuse(reader_.now());
    if (reader_.at(Keyword::end_) || reader_.at(Keyword::else_) || reader_.at(Keyword::elseif_) ||
        reader_.at(Keyword::when_) || at_word("until")) {
      return;
    }
    statement();
    if (!reader_.at(TokenKind::semicolon)) return refuse(reader_.now());
  }
}

void BodyScan::statement() {
  if (depth_ == depth_max) return refuse(reader_.now());
  ++depth_;
  if (reader_.now().is_name() && reader_.peek().is(':')) {  // a label
    reader_.pass();
    reader_.pass();
  }
  compound();
  --depth_;
}

void BodyScan::compound() {
  const Token first = reader_.now();
  if (begins_query(first)) return expression(QueryEnd::statement);
  switch (first.keyword) {
    case Keyword::begin_: {
      const std::size_t outer = locals_.size();
      reader_.pass();
      list();
      locals_.resize(outer);
      expect(Keyword::end_);
      if (reader_.now().is_name()) reader_.pass();  // the label
      return;
    }
    case Keyword::if_:
      reader_.pass();
      return branches();
    case Keyword::case_:
      reader_.pass();
      return cases();
    case Keyword::while_:
      reader_.pass();
      expression();
      expect(Keyword::do_);
      list();
      return end_of(Keyword::while_);
    case Keyword::loop_:
      reader_.pass();
      list();
      return end_of(Keyword::loop_);
    case Keyword::repeat_:
      reader_.pass();
      list();
      if (!at_word("until")) return refuse(reader_.now());
      reader_.pass();
      expression();
      return end_of(Keyword::repeat_);
    case Keyword::set_:
      reader_.pass();
      return assignment();
    case Keyword::return_:
    case Keyword::do_:
    case Keyword::signal_:
    case Keyword::resignal_:
      reader_.pass();
      return expression();
    case Keyword::leave_:
    case Keyword::open_:
    case Keyword::close_:
      reader_.pass();
      reader_.pass();  // of a label, of a cursor; ahead of a ';'
      return;
    default:
      break;
  }
  if (at_word("declare")) {
    reader_.pass();
    return declaration();
  }
  if (at_word("iterate")) {
    reader_.pass();
    reader_.pass();
    return;
  }
  if (at_word("fetch")) {  // FETCH [NEXT] [FROM] c INTO a, b
    for (; !reader_.ended(); reader_.pass()) {
      if (!reader_.now().is_name() && !reader_.at(TokenKind::comma)) return refuse(reader_.now());
    }
    return;
  }
  refuse(first);
}

// END LOOP [label]
void BodyScan::end_of(Keyword construct) {
  expect(Keyword::end_);
  expect(construct);
  if (reader_.now().is_name()) reader_.pass();
}

// Behind IF: a THEN b ELSEIF c THEN d ELSE e END IF
void BodyScan::branches() {
  do {
    expression();
    expect(Keyword::then_);
    list();
  } while (!failed() && reader_.accept(Keyword::elseif_));
  if (reader_.accept(Keyword::else_)) list();
  expect(Keyword::end_);
  expect(Keyword::if_);
}

// Behind CASE: [a] WHEN b THEN c ELSE d END CASE
void BodyScan::cases() {
  if (!reader_.at(Keyword::when_)) expression();
  while (!failed() && reader_.accept(Keyword::when_)) {
    expression();
    expect(Keyword::then_);
    list();
  }
  if (reader_.accept(Keyword::else_)) list();
  expect(Keyword::end_);
  expect(Keyword::case_);
}

void BodyScan::declaration() {
  const Token name = reader_.now();
  reader_.pass();
  if (reader_.at(Keyword::handler_)) {  // CONTINUE, EXIT
    reader_.pass();
    return handler();
  }
  if (at_word("condition")) {
    while (!reader_.ended()) reader_.pass();
    return;
  }
  if (at_word("cursor")) {
    reader_.pass();
    expect(Keyword::for_);
    return expression(QueryEnd::statement);
  }
  locals_.push_back(unquoted(name.text));
  while (reader_.accept(TokenKind::comma)) {
    locals_.push_back(unquoted(reader_.now().text));
    reader_.pass();
  }
  // The type, which runs nothing.
  while (!reader_.ended() && !reader_.at(Keyword::default_) && !reader_.at(TokenKind::assign)) {
    reader_.pass();
  }
  if (reader_.ended()) return;
  reader_.pass();
  expression();
}

// FOR NOT FOUND, SQLSTATE '23000', 1062, SQLEXCEPTION, name: what follows is a statement.
void BodyScan::handler() {
  expect(Keyword::for_);
  do {
    if (at_word("sqlstate")) {
      reader_.pass();
      reader_.accept(Keyword::value_);
    } else {
      reader_.accept(Keyword::not_);
    }
    reader_.pass();
  } while (reader_.accept(TokenKind::comma));
  statement();
}

// SET a = 1, b = 2. Of the function's own variables: any other name may be a system
// variable's. (A parameter may be set as well, and is one of the others here.)
void BodyScan::assignment() {
  do {
    const Token name = reader_.now();
    if (!name.is_name() || !is_local(unquoted(name.text))) return refuse(name);
    reader_.pass();
    if (!reader_.now().is('=') && !reader_.at(TokenKind::assign)) return refuse(reader_.now());
    reader_.pass();
    expression(QueryEnd::comma);
  } while (!failed() && reader_.accept(TokenKind::comma));
}

}  // namespace

Verdict read_words(std::string_view body, MysqlDialect dialect) {
  static constexpr std::array<std::string_view, 15> writing = {
      "insert", "update", "delete",   "call", "execute", "prepare", "create",  "alter",
      "drop",   "load",   "truncate", "lock", "outfile", "share",   "dumpfile"};
  const auto refused = [](std::string_view word) {
    return write_verdict("may write, if what looks like a literal is none", word);
  };
  for (std::size_t at = 0; at < body.size();) {
    std::size_t end = at;
    while (end < body.size() && in_class(body[end], is_ident)) ++end;
    const std::string_view word = body.substr(at, end - at);
    at = std::max(end, at + 1);
    if (word.empty()) continue;
    for (const std::string_view one : writing) {
      if (equals_folded(word, one)) return refused(word);
    }
    std::size_t behind = end;
    while (behind < body.size() && in_class(body[behind], is_space)) ++behind;
    const bool called = behind < body.size() && body[behind] == '(';
    if (!called) {
      if (equals_folded(word, "replace")) return refused(word);
      continue;
    }
    const FunctionKind kind = find_function(word, dialect.server).kind;
    if (kind == FunctionKind::writing || kind == FunctionKind::local) return refused(word);
    SpelledName name;
    if (kind != FunctionKind::unknown || !name.spell(word, true, true)) continue;
    const Finding found =
        dialect.naming->names->function(name.text(), dialect.naming->schema, false);
    if (found.refused != 0) return refused(word);
  }
  return read_verdict("only reads", {});
}

Verdict read_body(std::string_view body, MysqlDialect dialect) {
  Analysis analysis;
  Reader reader(body, dialect, analysis);
  const Verdict verdict = BodyScan(reader).run();
  if (verdict.cls != StatementClass::read) return verdict;
  // What a statement that calls it would have to be known for.
  const MysqlFacts& facts = analysis.mysql;
  const bool touches_session = analysis.effect_count != 0 || facts.reads_user_variables ||
                               facts.diagnostics || facts.uses_connection_id;
  if (touches_session) return write_verdict("touches the session", {});
  return verdict;
}

}  // namespace relevo::route::mysql
