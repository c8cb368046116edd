// The scan of one query: what reads tokens is in query.cpp, what asks the
// catalogue about names in query_names.cpp.
#pragma once

#include <cstdint>
#include <string_view>

#include "proxy/route/depth_flag.hpp"
#include "proxy/route/postgres/ahead.hpp"
#include "proxy/route/postgres/names_in_query.hpp"
#include "proxy/route/postgres/reader.hpp"

namespace relevo::route::postgres {

inline constexpr unsigned parts_unknown = 9;

class QueryScan {
 public:
  explicit QueryScan(Reader& reader) : reader_(reader), naming_(reader.naming()) {}

  Verdict run(bool in_parentheses);

 private:
  void refuse(std::string_view reason, std::string_view subject, bool unproven = false,
              ObjectId object = 0);
  void look_at_catalog();
  void name(const Token& token);
  void behind_dot(const Token& token);
  void keyword(const Token& token);
  bool behind_label_mark() const;
  bool begins_from_list() const;
  void into();
  void open(const Token& token);
  void close(const Token& token, Ahead& passed);
  bool is_call() const;
  bool is_construct() const;
  bool behind_operand() const;
  void check_call();

  // With a catalogue alone.
  bool names_relation() const;
  bool opens_joins(bool call) const;
  void end_chain();
  void check_relation();
  void check_operator(const Token& token);
  Finding find_call() const;

  // A name, with what qualifies it: pg_catalog.lower.
  struct Chain {
    std::string_view first, second, last;
    TokenKind first_kind = TokenKind::end, second_kind = TokenKind::end;
    TokenKind last_kind = TokenKind::end;
    Keyword keyword = Keyword::none;  // of the last
    KeywordClass keyword_class = KeywordClass::none;
    unsigned parts = 0;
    bool pending = false;   // the catalogue is yet to be asked about it
    bool relation = false;  // where a FROM clause has a table's name
    Ahead ahead;            // of the whole chain
    Ahead before_ahead;

    bool is(Keyword k) const { return keyword == k; }
  };

  Reader& reader_;
  const Naming* naming_;     // null: no catalogue, or no more to learn from it
  bool calls_hide_ = false;  // the catalogue shows calls that any name may be
  Verdict verdict_ = read_verdict("only reads", {});
  Chain chain_;
  Ahead previous_, before_previous_;
  unsigned depth_ = 0;
  DepthFlag with_list_;      // between WITH and its main query: names are CTEs
  DepthFlag from_item_;      // this parenthesis is, or calls, an item of a FROM list
  DepthFlag no_operand_;     // what follows this parenthesis begins an expression
  DepthFlag select_;         // SELECT has been seen in this parenthesis
  DepthFlag from_list_;      // in its FROM clause
  bool from_began_ = false;  // of the last FROM: it begins a FROM clause
  DepthFlag joins_;          // this parenthesis holds FROM items: (a JOIN b ...)
  CteNames ctes_;
};

}  // namespace relevo::route::postgres
