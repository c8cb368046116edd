// What a statement leaves in FOUND_ROWS(), told by its words: the number of rows
// of a SELECT's or SHOW's result, with those that LIMIT skipped; what it was before
// after nearly all else.
//
// As measured on MariaDB 10.11 and MySQL 9.7 (tests/integration/mysql/test_counts.py).
// Where a statement does leave a number of its own but the reply doesn't tell which,
// as with UNION ... LIMIT and INSERT ... SELECT, it is unknown, and whoever needs the
// number asks the server.
#pragma once

#include <cstdint>

#include "proxy/route/mysql/lexer.hpp"

namespace relevo::route::mysql {

class FoundRowsScan {
 public:
  // The lexer's token is the statement's first.
  void begin(const Lexer& lexer);
  // The lexer's token is passed. Every token of the statement is.
  void note(const Lexer& lexer) {
    const Token& token = lexer.token();
    if (token.keyword > Keyword::other) {
      keyword(token.keyword, lexer);
    } else if (token.kind == TokenKind::comma || token.kind == TokenKind::left_paren) {
      listed_ |= !set_;
    }
  }
  // Joins what this statement tells to what those ahead of it in the text told.
  void end(MysqlServer server, bool first, MysqlFacts& facts) const;

 private:
  void keyword(Keyword keyword, const Lexer& lexer);
  void limit(Lexer ahead);
  FoundRows of_query() const;
  FoundRows of_update(bool mariadb) const;
  FoundRows told(MysqlServer server) const;

  Keyword first_ = Keyword::none;
  std::uint8_t selects_ = 0;
  bool from_second_ = false;    // DELETE FROM
  bool lists_ = false;          // SHOW TABLES and the like, DESCRIBE t
  bool inserts_rows_ = false;   // VALUES or SET came before any SELECT
  bool united_ = false;         // UNION, EXCEPT, INTERSECT
  bool limited_ = false;        //
  bool offset_passed_ = false;  // the word OFFSET of a LIMIT that was looked at is yet to pass
  bool changes_ = false;        // UPDATE, DELETE: behind WITH
  bool joined_ = false;         // JOIN, USING
  bool set_ = false;            // SET
  bool listed_ = false;         // a comma or parenthesis ahead of SET
  bool table_ = false;          // TABLE
  bool blind_ = false;          // a SELECT with something that has a way of its own
  std::uint64_t offset_ = 0;
};

}  // namespace relevo::route::mysql
