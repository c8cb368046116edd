// The scan of one query: what reads tokens is in query.cpp, what asks the catalogue
// about names in query_names.cpp.
#pragma once

#include <cstdint>
#include <string_view>

#include "proxy/route/depth_flag.hpp"
#include "proxy/route/mysql/catalog.hpp"
#include "proxy/route/mysql/functions.hpp"
#include "proxy/route/mysql/query.hpp"

namespace relevo::route::mysql {

inline constexpr unsigned parts_unknown = 9;

// What stands ahead of a token, as far as it decides what the token is.
struct Ahead {
  TokenKind kind = TokenKind::end;  // end: the query begins here
  Keyword keyword = Keyword::none;

  bool is(TokenKind k) const { return kind == k; }
  bool is(Keyword k) const { return keyword == k; }
  bool is_name() const { return kind == TokenKind::word || kind == TokenKind::quoted_identifier; }
};

class QueryScan {
 public:
  QueryScan(Reader& reader, bool in_routine)
      : reader_(reader),
        naming_(reader.naming()),
        in_routine_(in_routine),
        looks_at_relations_(naming_ != nullptr &&
                            (naming_->suspect() || naming_->names->any_relation())) {}

  QueryVerdict run(QueryEnd end);

 private:
  void refuse(std::string_view reason, std::string_view subject, bool unproven = false,
              ObjectId object = 0);
  void name(const Token& token);
  void keyword(const Token& token);
  void into();
  void system_variable();
  void open(const Token& token);
  bool is_call() const;
  bool may_be_stored(const Token& parenthesis) const;
  void check_call(const Token& parenthesis);
  void check_qualified(const Token& token);
  bool at_clause_end(const Token& token);

  // With a catalogue alone.
  bool names_relation() const;
  void check_relation();
  Finding find_call() const;

  // A name, with what qualifies it: information_schema.processlist.
  struct Chain {
    std::string_view first, last;
    KeywordClass keyword_class = KeywordClass::none;  // of the last, if it stands alone
    unsigned parts = 0;
    bool relation = false;  // where a FROM clause has a table's name; not looked up yet
    Ahead ahead;            // of the whole chain
  };

  Reader& reader_;
  const MysqlNaming* const naming_;  // null: the text alone decides
  const bool in_routine_, looks_at_relations_;
  QueryVerdict found_{.verdict = read_verdict("only reads", {})};
  Chain chain_;
  Ahead previous_, before_previous_;
  unsigned depth_ = 0;
  DepthFlag with_list_;  // between WITH and its main query: names are CTEs
  DepthFlag from_list_;  // in a FROM clause, or among its parentheses
  unsigned cases_ = 0;   // CASE without its END yet, of a routine
};

}  // namespace relevo::route::mysql
