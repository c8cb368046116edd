// Token borders, as the servers' scanners draw them.
#include "proxy/route/mysql/lexer.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/route/mysql/dialect.hpp"

namespace relevo::route::mysql {

void PrintTo(TokenKind kind, std::ostream* out) { *out << "kind " << static_cast<int>(kind); }

namespace {

using enum TokenKind;
using test::ansi_quotes;
using test::no_backslash_escapes;

struct Expected {
  TokenKind kind;
  std::string_view text;
};

struct Case {
  std::string_view sql;
  std::vector<Expected> tokens;
  MysqlDialect dialect{};
};

void check(const Case& c) {
  SCOPED_TRACE(std::string(c.sql));
  Lexer lexer(c.sql, c.dialect);
  for (const Expected& expected : c.tokens) {
    const Token token = lexer.next();
    EXPECT_EQ(token.kind, expected.kind);
    EXPECT_EQ(token.text, expected.text);
  }
  const TokenKind last = lexer.next().kind;
  const bool ends_invalid = !c.tokens.empty() && c.tokens.back().kind == invalid;
  EXPECT_EQ(last, ends_invalid ? invalid : end);
  EXPECT_EQ(lexer.next().kind, last) << "the end stays the end";
}

TEST(MysqlLexer, Words) {
  check({"a B_c d$1 $e _x é1",
         {{word, "a"}, {word, "B_c"}, {word, "d$1"}, {word, "$e"}, {word, "_x"}, {word, "é1"}}});
  check({"1a 0xyz 1e 2024_t", {{word, "1a"}, {word, "0xyz"}, {word, "1e"}, {word, "2024_t"}}});
  check({"t.1a", {{word, "t"}, {dot, "."}, {word, "1a"}}});
  check({"t.x'a'", {{word, "t"}, {dot, "."}, {word, "x"}, {string, "'a'"}}});
  check({"e'a'", {{word, "e"}, {string, "'a'"}}});
}

TEST(MysqlLexer, QuotedIdentifiers) {
  check({"`a``b` ``", {{quoted_identifier, "`a``b`"}, {quoted_identifier, "``"}}});
  check({R"(`a\` b)", {{quoted_identifier, R"(`a\`)"}, {word, "b"}}});
  check({R"("a""b" c)", {{quoted_identifier, R"("a""b")"}, {word, "c"}}, ansi_quotes});
  check({R"("a\" c)", {{quoted_identifier, R"("a\")"}, {word, "c"}}, ansi_quotes});
  check({"`a", {{invalid, "`a"}}});
}

TEST(MysqlLexer, Strings) {
  check({"'' 'a' 'it''s'", {{string, "''"}, {string, "'a'"}, {string, "'it''s'"}}});
  check({R"("" "a" "it's" "a""b")",
         {{string, "\"\""}, {string, "\"a\""}, {string, "\"it's\""}, {string, "\"a\"\"b\""}}});
  check({R"('a\'b' c)", {{string, R"('a\'b')"}, {word, "c"}}});
  check({R"('a\\' c)", {{string, R"('a\\')"}, {word, "c"}}});
  check({R"("a\"b" c)", {{string, R"("a\"b")"}, {word, "c"}}});
  check({R"('a\' c)", {{string, R"('a\')"}, {word, "c"}}, no_backslash_escapes});
  check({R"("a\" c)", {{string, R"("a\")"}, {word, "c"}}, no_backslash_escapes});
  check({R"(N'a\'b' n'c')", {{string, R"(N'a\'b')"}, {string, "n'c'"}}});
  check({"x'4d' X'' b'01' B''",
         {{string, "x'4d'"}, {string, "X''"}, {string, "b'01'"}, {string, "B''"}}});
  check({"x'4g'", {{invalid, "x'4g'"}}});
  check({"b'2'", {{invalid, "b'2'"}}});
  check({"_utf8'a'", {{word, "_utf8"}, {string, "'a'"}}});
  check({"'a", {{invalid, "'a"}}});
  check({"'a\\", {{invalid, "'a\\"}}});
}

TEST(MysqlLexer, Numbers) {
  check({"1 1.5 .5 1. 1e3 1E-3 1.5e+3",
         {{number, "1"},
          {number, "1.5"},
          {number, ".5"},
          {number, "1."},
          {number, "1e3"},
          {number, "1E-3"},
          {number, "1.5e+3"}}});
  check({"0x1F 0b01", {{number, "0x1F"}, {number, "0b01"}}});
  check({"1e5x", {{number, "1e5"}, {word, "x"}}});
  check({"t .5", {{word, "t"}, {number, ".5"}}});
  check({"1-1", {{number, "1"}, {op, "-"}, {number, "1"}}});
}

TEST(MysqlLexer, Variables) {
  check({"@a @a.b @`c d` @'e\\'f' @\"g\" @",
         {{user_variable, "@a"},
          {user_variable, "@a.b"},
          {user_variable, "@`c d`"},
          {user_variable, "@'e\\'f'"},
          {user_variable, "@\"g\""},
          {user_variable, "@"}}});
  check({"@@a @@session.b @@`c`",
         {{system_variable, "@@a"},
          {system_variable, "@@session"},
          {dot, "."},
          {word, "b"},
          {system_variable, "@@`c`"}}});
  check({"root@localhost", {{word, "root"}, {user_variable, "@localhost"}}});
  check({"@a:=1", {{user_variable, "@a"}, {assign, ":="}, {number, "1"}}});
  check({R"(@"a\" b)", {{user_variable, R"(@"a\")"}, {word, "b"}}, ansi_quotes});
  check({"@'a", {{invalid, "@'a"}}});
}

TEST(MysqlLexer, LineComments) {
  check({"a -- b\nc", {{word, "a"}, {word, "c"}}});
  check({"a --\nc", {{word, "a"}, {word, "c"}}});
  check({"a --\tb", {{word, "a"}}});
  check({"a --", {{word, "a"}}});
  check({"a --\x01", {{word, "a"}}});
  check({"a --b", {{word, "a"}, {op, "-"}, {op, "-"}, {word, "b"}}});
  check({"a # b\nc", {{word, "a"}, {word, "c"}}});
  check({"a#b", {{word, "a"}}});
  check({"a -- b\rc", {{word, "a"}}});  // a carriage return ends no line
  check({"a --- b\nc", {{word, "a"}, {op, "-"}, {word, "c"}}});
}

TEST(MysqlLexer, BlockComments) {
  check({"a/* b */c", {{word, "a"}, {word, "c"}}});
  check({"/**/a/***/b", {{word, "a"}, {word, "b"}}});
  check({"/* /* */ a", {{word, "a"}}});
  check({"/*/ a */ b", {{word, "b"}}});
  check({"a /* b", {{word, "a"}, {invalid, "/* b"}}});
  check({"a */ b", {{word, "a"}, {op, "*"}, {op, "/"}, {word, "b"}}});
  check({"/*+ MRR(t) */ a", {{word, "a"}}});
  check({"/*+ MRR(`t`) */ a", {{invalid, "/*+ MRR(`t`) */ a"}}});
}

TEST(MysqlLexer, ExecutableComments) {
  check({"/*! a */ b", {{word, "a"}, {word, "b"}}});
  check({"/*!50000 a */ b", {{word, "a"}, {word, "b"}}});
  check({"/*!50000a*/b", {{word, "a"}, {word, "b"}}});
  check({"/*!1 */", {{number, "1"}}});
  check({"/*!1234 */", {{number, "1234"}}});
  check({"/*! a /* x */ b */ c", {{word, "a"}, {word, "b"}, {word, "c"}}});
  check({"/*! a -- */\n b */ c", {{word, "a"}, {word, "b"}, {word, "c"}}});
  check({"/*! '*/' */ c", {{string, "'*/'"}, {word, "c"}}});
  check({"/*! a", {{word, "a"}, {invalid, ""}}});
  check({"/*! a ; */", {{word, "a"}, {invalid, "; */"}}});
}

// By server and version; without knowledge of them nothing is assumed.
TEST(MysqlLexer, VersionsOfExecutableComments) {
  struct Version {
    std::string_view comment;
    bool runs_on_mariadb;  // 10.11.19
    bool runs_on_mysql;    // 8.0.36
    bool certain_anywhere = false;
  };
  for (const Version& version :
       {Version{"/*! a */", true, true, true}, Version{"/*!32302 a */", true, true, true},
        Version{"/*!50699 a */", true, true, true}, Version{"/*!50700 a */", false, true},
        Version{"/*!80036 a */", false, true}, Version{"/*!80037 a */", false, false},
        Version{"/*!99999 a */", false, false}, Version{"/*M! a */", true, false},
        Version{"/*M!50700 a */", true, false}, Version{"/*M!101119 a */", true, false},
        Version{"/*M!101120 a */", false, false}}) {
    SCOPED_TRACE(version.comment);
    EXPECT_EQ(Lexer(version.comment, test::mariadb).next().kind,
              version.runs_on_mariadb ? word : end);
    EXPECT_EQ(Lexer(version.comment, test::mysql).next().kind, version.runs_on_mysql ? word : end);
    EXPECT_EQ(Lexer(version.comment, {}).next().kind, version.certain_anywhere ? word : invalid);
  }
  // Six digits: MariaDB's way; MySQL read them as five and code, and later as six.
  EXPECT_EQ(Lexer("/*!101119 a */", test::mariadb).next().kind, word);
  EXPECT_EQ(Lexer("/*!101120 a */", test::mariadb).next().kind, end);
  EXPECT_EQ(Lexer("/*!101119 a */", test::mysql).next().kind, invalid);
  // A skipped comment may hold another, to some servers.
  EXPECT_EQ(Lexer("/*!99999 a /* b */ c */", test::mariadb).next().kind, invalid);
  // The server is known, its version is not.
  EXPECT_EQ(Lexer("/*!80000 a */", {.server = MysqlServer::mysql}).next().kind, invalid);
  EXPECT_EQ(Lexer("/*!80000 a */", {.server = MysqlServer::mariadb}).next().kind, end);
  EXPECT_EQ(Lexer("/*!100500 a */", {.server = MysqlServer::mariadb}).next().kind, invalid);
}

TEST(MysqlLexer, NulBytesEndWhatIsKnown) {
  check({std::string_view("a\0b", 3), {{word, "a"}, {invalid, ""}}});
  check({std::string_view("'a\0'", 4), {{invalid, "'a"}}});
}

TEST(MysqlLexer, Keywords) {
  Lexer lexer("SeLeCt t.select `select` sql_calc_found_rows", {});
  EXPECT_TRUE(lexer.next().is(Keyword::select_));
  lexer.next();
  lexer.next();
  lexer.next();  // behind a dot it is still the keyword's text: who reads must look
  EXPECT_FALSE(lexer.next().is(Keyword::select_));
  EXPECT_TRUE(lexer.next().is(Keyword::sql_calc_found_rows_));
}

}  // namespace
}  // namespace relevo::route::mysql
