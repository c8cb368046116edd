// Token borders, as PostgreSQL's scanner draws them.
#include "proxy/route/postgres/lexer.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace relevo::route::postgres {

void PrintTo(TokenKind kind, std::ostream* out) { *out << "kind " << static_cast<int>(kind); }

namespace {

using enum TokenKind;

struct Expected {
  TokenKind kind;
  std::string_view text;
};

struct Case {
  std::string_view sql;
  std::vector<Expected> tokens;
  Dialect dialect{};
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

constexpr Dialect backslashes{.standard_conforming_strings = false};

TEST(Lexer, Words) {
  check(
      {"a B_c d$1 _x é1", {{word, "a"}, {word, "B_c"}, {word, "d$1"}, {word, "_x"}, {word, "é1"}}});
  check({"a.b.\"C\"",
         {{word, "a"}, {dot, "."}, {word, "b"}, {dot, "."}, {quoted_identifier, "\"C\""}}});
  check({"e E b x n u U u& e1",
         {{word, "e"},
          {word, "E"},
          {word, "b"},
          {word, "x"},
          {word, "n"},
          {word, "u"},
          {word, "U"},
          {word, "u"},
          {op, "&"},
          {word, "e1"}}});
}

TEST(Lexer, QuotedIdentifiers) {
  check({R"("a""b" "")", {{quoted_identifier, R"("a""b")"}, {quoted_identifier, R"("")"}}});
  check({R"(U&"d\0061" u&"x""y")",
         {{unicode_identifier, R"(U&"d\0061")"}, {unicode_identifier, R"(u&"x""y")"}}});
  check({R"("a\" b)", {{quoted_identifier, R"("a\")"}, {word, "b"}}});
}

TEST(Lexer, Strings) {
  check({"'' 'a' 'it''s'", {{string, "''"}, {string, "'a'"}, {string, "'it''s'"}}});
  check({R"('a\' b)", {{string, R"('a\')"}, {word, "b"}}});
  check({R"('a\' b')", {{string, R"('a\' b')"}}, backslashes});
  check({R"(E'a\'b\\' c)", {{string, R"(E'a\'b\\')"}, {word, "c"}}});
  check({R"(e'\\\'' c)", {{string, R"(e'\\\'')"}, {word, "c"}}});
  check({R"(B'01' X'fF' N'a' b'')",
         {{string, "B'01'"}, {string, "X'fF'"}, {string, "N'a'"}, {string, "b''"}}});
  check({R"(N'a\' b)", {{string, R"(N'a\')"}, {word, "b"}}});
  check({R"(N'a\' b')", {{string, R"(N'a\' b')"}}, backslashes});
  check({R"(U&'d\0061''' u&'x')", {{string, R"(U&'d\0061''')"}, {string, "u&'x'"}}});
  check({"U&'x'", {{invalid, "U&'x'"}}, backslashes});
  check({"foo'a'", {{word, "foo"}, {string, "'a'"}}});
}

TEST(Lexer, StringsContinueOverALineBreakOnly) {
  check({"'a'\n'b' c", {{string, "'a'\n'b'"}, {word, "c"}}});
  check({"'a' -- x\n  'b'", {{string, "'a' -- x\n  'b'"}}});
  check({"'a'\n-- x\n'b'", {{string, "'a'\n-- x\n'b'"}}});
  check({"'a'\r'b'", {{string, "'a'\r'b'"}}});
  check({"'a' 'b'", {{string, "'a'"}, {string, "'b'"}}});
  check({"'a' /* x\n */ 'b'", {{string, "'a'"}, {string, "'b'"}}});
  check({"'a'\n, 'b'", {{string, "'a'"}, {comma, ","}, {string, "'b'"}}});
  // By the rules of the first part, whatever the second looks like.
  check({"E'a'\n'\\'' b", {{string, "E'a'\n'\\''"}, {word, "b"}}});
  check({"'a'\n'\\' b", {{string, "'a'\n'\\'"}, {word, "b"}}});
  check({"X'0'\n'1' c", {{string, "X'0'\n'1'"}, {word, "c"}}});
  check({"'a'\nE'b'", {{string, "'a'"}, {string, "E'b'"}}});
}

TEST(Lexer, DollarQuotes) {
  check({"$$a'b$$ c", {{dollar_string, "$$a'b$$"}, {word, "c"}}});
  check({"$x$ $$ $y$ $x$", {{dollar_string, "$x$ $$ $y$ $x$"}}});
  check({"$x$ $X$ $x$", {{dollar_string, "$x$ $X$ $x$"}}});
  check({"$é_1$a$é_1$", {{dollar_string, "$é_1$a$é_1$"}}});
  check({"$a$b$a$a$", {{dollar_string, "$a$b$a$"}, {word, "a$"}}});
  check({"$$$$", {{dollar_string, "$$$$"}}});
  check({"$$ $a$$", {{dollar_string, "$$ $a$$"}}});
  check({"a$$b", {{word, "a$$b"}}});
  check({"$1$$x$$", {{parameter, "$1"}, {dollar_string, "$$x$$"}}});
  check({"$1a $", {{parameter, "$1"}, {word, "a"}, {other, "$"}}});
  check({"$a b", {{other, "$"}, {word, "a"}, {word, "b"}}});
}

TEST(Lexer, Comments) {
  check({"a--b\nc", {{word, "a"}, {word, "c"}}});
  check({"a--b\rc", {{word, "a"}, {word, "c"}}});
  check({"a/*b*/c", {{word, "a"}, {word, "c"}}});
  check({"a/*/b*/c", {{word, "a"}, {word, "c"}}});
  check({"a/**/c/***/d/****/", {{word, "a"}, {word, "c"}, {word, "d"}}});
  check({"/* a /* b */ c */ d", {{word, "d"}}});
  check({"/* a // b **/ d", {{word, "d"}}});
  check({"/* a /*/ b */ */ d", {{word, "d"}}});
  check({"-- only", {}});
  check({"", {}});
}

TEST(Lexer, Operators) {
  check({"a<=b", {{word, "a"}, {op, "<="}, {word, "b"}}});
  check({"1 +/* x */2", {{number, "1"}, {op, "+"}, {number, "2"}}});
  check({"1 +-- x\n2", {{number, "1"}, {op, "+"}, {number, "2"}}});
  check({"a@/*x*/b", {{word, "a"}, {op, "@"}, {word, "b"}}});
  check({"*/*x*/", {{op, "*"}}});
  // Only with one of ~!@#%^&|`? may an operator end in a sign.
  check({"=-1", {{op, "="}, {op, "-"}, {number, "1"}}});
  check({"@-1", {{op, "@-"}, {number, "1"}}});
  check({"<-+-1", {{op, "<"}, {op, "-"}, {op, "+"}, {op, "-"}, {number, "1"}}});
  check({"a::b", {{word, "a"}, {typecast, "::"}, {word, "b"}}});
  check({"a:=b", {{word, "a"}, {other, ":="}, {word, "b"}}});
  check({"a[1:2]",
         {{word, "a"},
          {left_bracket, "["},
          {number, "1"},
          {other, ":"},
          {number, "2"},
          {right_bracket, "]"}}});
}

TEST(Lexer, Numbers) {
  check({"1 1.5 .5 1. 1e5 1E-5 1.5e+5",
         {{number, "1"},
          {number, "1.5"},
          {number, ".5"},
          {number, "1."},
          {number, "1e5"},
          {number, "1E-5"},
          {number, "1.5e+5"}}});
  check({"1..2", {{number, "1"}, {other, ".."}, {number, "2"}}});
  // What a server makes of these differs by version; a word is never hidden.
  check({"1INTO", {{number, "1"}, {word, "INTO"}}});
  check({"1e", {{number, "1"}, {word, "e"}}});
  check({"1e+", {{number, "1"}, {word, "e"}, {op, "+"}}});
  check({"0x1F", {{number, "0"}, {word, "x1F"}}});
}

TEST(Lexer, UnterminatedAndNul) {
  for (const std::string_view sql :
       {"'a", "'a''", "\"a", "\"a\"\"", "E'a\\'", "E'a\\", "$$a$", "$a$b", "/* a", "/* /* */",
        "U&\"a", "U&'a", "B'0", "'a'\n'b"}) {
    check({sql, {{invalid, sql}}});
  }
  using namespace std::string_view_literals;
  check({"a\0b"sv, {{word, "a"}, {invalid, ""}}});
  check({"'a\0'"sv, {{invalid, "'a"}}});
  check({"-- a\0\n b"sv, {{invalid, ""}}});
}

TEST(Lexer, Keywords) {
  const auto first = [](std::string_view sql) { return Lexer(sql, {}).next(); };
  EXPECT_EQ(first("SELECT").keyword, Keyword::select_);
  EXPECT_EQ(first("sElEcT").keyword, Keyword::select_);
  EXPECT_EQ(first("selecT1").keyword, Keyword::none);
  EXPECT_EQ(first("\"select\"").keyword, Keyword::none);
  EXPECT_EQ(first("TO").keyword, Keyword::to_);
  EXPECT_EQ(first("characteristics").keyword, Keyword::characteristics_);
  EXPECT_EQ(first("current_timestamp").keyword_class, KeywordClass::reserved);
  EXPECT_EQ(first("current_timestamq").keyword_class, KeywordClass::none);
  EXPECT_EQ(first("coalesce").keyword_class, KeywordClass::column_name);
  EXPECT_EQ(first("LEFT").keyword_class, KeywordClass::type_function);
  EXPECT_EQ(first("insert").keyword_class, KeywordClass::unreserved);
  // '_' and DEL differ in the bit that folding sets.
  EXPECT_EQ(first("current\x7f"
                  "date")
                .keyword_class,
            KeywordClass::none);
  // Folding is ASCII's alone: U+017F is a long s.
  EXPECT_EQ(first("\xC5\xBF"
                  "elect")
                .keyword,
            Keyword::none);
}

}  // namespace
}  // namespace relevo::route::postgres
