#include "proxy/session/mysql/counts.hpp"

#include <gtest/gtest.h>

#include "proxy/session/mysql/reply.hpp"
#include "tests/unit/session/mysql/state/packets.hpp"

namespace relevo::session::mysql {
namespace {

using wire::mysql::Capability;

constexpr Counts counts{.row_count = -1, .found_rows = 12};

// R and F stand for the literals, so that tables stay legible.
std::string counted(std::string_view sql, route::MysqlDialect dialect = {}) {
  auto text = with_counts(sql, dialect, &counts, nullptr);
  if (!text) return "-";
  const auto shorten = [&](std::string_view literal, char letter) {
    for (std::size_t at; (at = text->find(literal)) != std::string::npos;) {
      text->replace(at, literal.size(), 1, letter);
    }
  };
  shorten("CAST('-000000000000000000001' AS SIGNED)", 'R');
  shorten("CAST('0000000000000000000012' AS SIGNED)", 'F');
  return *text;
}

TEST(CountsTest, NumbersTakeTheCallsPlaces) {
  EXPECT_EQ(counted("SET @n = ROW_COUNT()"), "SET @n = R");
  EXPECT_EQ(counted("INSERT INTO log VALUES (row_count ( ), found_rows(/* a */), 'ROW_COUNT()')"),
            "INSERT INTO log VALUES (R, F, 'ROW_COUNT()')");
  EXPECT_EQ(counted("UPDATE t SET n = FOUND_ROWS() WHERE ROW_COUNT() > 0 -- ROW_COUNT()"),
            "UPDATE t SET n = F WHERE R > 0 -- ROW_COUNT()");
}

TEST(CountsTest, ColumnsKeepTheirNames) {
  EXPECT_EQ(counted("SELECT ROW_COUNT() + 1"), "SELECT R + 1 AS `ROW_COUNT() + 1`");
  EXPECT_EQ(counted("SELECT a, ROW_COUNT() , FOUND_ROWS() f, FOUND_ROWS() AS `g` FROM t"),
            "SELECT a, R AS `ROW_COUNT()` , F f, F AS `g` FROM t");
  EXPECT_EQ(counted("SELECT DISTINCT /* c */ 1+ROW_COUNT()/* d */ -- e"),
            "SELECT DISTINCT /* c */ 1+R AS `1+ROW_COUNT()`/* d */ -- e");
  EXPECT_EQ(counted("SELECT CASE ROW_COUNT() WHEN -1 THEN 'a' ELSE `b` END WHERE 1"),
            "SELECT CASE R WHEN -1 THEN 'a' ELSE `b` END AS "
            "`CASE ROW_COUNT() WHEN -1 THEN 'a' ELSE ``b`` END` WHERE 1");
  EXPECT_EQ(counted("SELECT IF(ROW_COUNT() > 0, 'y', 'n') answer"),
            "SELECT IF(R > 0, 'y', 'n') answer");
  EXPECT_EQ(counted("SELECT (SELECT ROW_COUNT()) IS NULL, x FROM t"),
            "SELECT (SELECT R AS `ROW_COUNT()`) IS NULL AS `(SELECT ROW_COUNT()) IS NULL`, x "
            "FROM t");
  EXPECT_EQ(counted("SELECT * FROM (SELECT ROW_COUNT() UNION SELECT 2) x"),
            "SELECT * FROM (SELECT R AS `ROW_COUNT()` UNION SELECT 2) x");
  EXPECT_EQ(counted("SELECT COUNT(*) FROM t WHERE n = ROW_COUNT()"),
            "SELECT COUNT(*) FROM t WHERE n = R");
  EXPECT_EQ(counted("SELECT CONCAT(ROW_COUNT(), 'a' 'b') COLLATE utf8mb4_bin"),
            "SELECT CONCAT(R, 'a' 'b') COLLATE utf8mb4_bin AS "
            "`CONCAT(ROW_COUNT(), 'a' 'b') COLLATE utf8mb4_bin`");
}

TEST(CountsTest, WhatAsksAboutTheTextItselfIsLeft) {
  EXPECT_EQ(counted("INSERT INTO t VALUES (1); SELECT ROW_COUNT()"), "-");
  EXPECT_EQ(counted("INSERT INTO t VALUES (1); SELECT id FROM t WHERE ROW_COUNT() = 1"), "-");
  EXPECT_EQ(counted("; SELECT 1, ROW_COUNT(); SELECT ROW_COUNT()"),
            "; SELECT 1, R AS `ROW_COUNT()`; SELECT ROW_COUNT()");
  // FOUND_ROWS() is about the last SELECT.
  EXPECT_EQ(counted("INSERT INTO t VALUES (1); SET @f = FOUND_ROWS()"),
            "INSERT INTO t VALUES (1); SET @f = F");
  EXPECT_EQ(counted("SELECT 1; SELECT FOUND_ROWS()"), "-");
  EXPECT_EQ(counted("(SELECT 1); COMMIT; SELECT FOUND_ROWS()"), "-");
  EXPECT_EQ(counted("CREATE PROCEDURE p() SELECT ROW_COUNT()"), "-");
  EXPECT_EQ(counted("CREATE OR REPLACE VIEW v AS SELECT FOUND_ROWS()"), "-");
  EXPECT_EQ(counted("CREATE TABLE t AS SELECT FOUND_ROWS() f"), "CREATE TABLE t AS SELECT F f");
}

TEST(CountsTest, WhatIsNoCallIsLeft) {
  for (const std::string_view sql :
       {"", "SELECT 1", "SELECT ROW_COUNT", "SELECT ROW_COUNT(1)", "SELECT t.ROW_COUNT()",
        "SELECT `ROW_COUNT`()", "SELECT 'ROW_COUNT()'", "SELECT 1 /* ROW_COUNT() */",
        "SELECT ROW_COUNT(), 'unterminated"}) {
    EXPECT_EQ(counted(sql), "-") << sql;
  }
}

TEST(CountsTest, AQuestionByItselfIsAnswered) {
  const auto answer = [](std::string_view sql) {
    const auto count = lone_count(sql, {}, counts);
    return count ? count->column + "=" + std::to_string(count->value) : std::string("-");
  };
  EXPECT_EQ(answer("SELECT ROW_COUNT()"), "ROW_COUNT()=-1");
  EXPECT_EQ(answer("select found_rows() as total;"), "total=12");
  EXPECT_EQ(answer("SELECT FOUND_ROWS() + 1"), "-");
  EXPECT_EQ(answer("SELECT CONNECTION_ID()"), "-");
}

// As MariaDB 10.11 and MySQL 9.7 answer.
TEST(CountsTest, AnswersAsServersDo) {
  const auto answer = [](bool binary, wire::mysql::Capabilities client) {
    std::string out;
    append_count(out, {"x", 7}, binary, client, wire::mysql::Status::autocommit);
    return out;
  };
  using namespace std::string_literals;
  const std::string head = "\1\0\0\1\1\x17\0\0\2\3def\0\0\0\1x\0\x0c?\0\x15\0\0\0\x08\x81\0\0\0\0"s;
  const std::string number = "\0\0\7\0\0\0\0\0\0\0"s;
  EXPECT_EQ(answer(false, Capability::protocol_41),
            head + "\5\0\0\3\xfe\0\0\2\0\2\0\0\4\1\x37\5\0\0\5\xfe\0\0\2\0"s);
  EXPECT_EQ(answer(true, Capability::protocol_41),
            head + "\5\0\0\3\xfe\0\0\2\0\x0a\0\0\4"s + number + "\5\0\0\5\xfe\0\0\2\0"s);
  const auto modern = Capability::protocol_41 | Capability::deprecate_eof;
  EXPECT_EQ(answer(true, modern), head + "\x0a\0\0\3"s + number + "\7\0\0\4\xfe\0\0\2\0\0\0"s);
}

}  // namespace
}  // namespace relevo::session::mysql
