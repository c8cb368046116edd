#include "proxy/session/mysql/sequences.hpp"

#include <gtest/gtest.h>

#include "proxy/session/mysql/counts.hpp"

namespace relevo::session::mysql {
namespace {

using Answer = Sequences::Answer;

class SequencesTest : public testing::Test {
 protected:
  Answer give_back(Sequences& session, const std::string& said) {
    EXPECT_TRUE(session.must_ask());
    return session.on_answer({said}, connection);
  }
  std::string with(std::string_view sql, const Sequences& session) {
    const LastValues values{.own = session.own(), .connection = connection, .schema = "app"};
    return with_counts(sql, {.server = route::MysqlServer::mariadb}, nullptr, &values)
        .value_or("-");
  }

  SequenceNumbers connection;
  Sequences mine, theirs;
};

TEST_F(SequencesTest, AreAskedAboutOneByOne) {
  EXPECT_FALSE(mine.must_ask());
  EXPECT_TRUE(mine.may_have_taken("`app`.`s`"));
  EXPECT_TRUE(mine.may_have_taken("`app`.`r`"));
  EXPECT_TRUE(mine.may_have_taken("`app`.`s`"));
  EXPECT_EQ(mine.ask_sql(), "SET STATEMENT lock_wait_timeout=1 FOR SELECT LASTVAL(`app`.`r`)");
  EXPECT_EQ(give_back(mine, "7"), Answer::understood);
  EXPECT_EQ(mine.ask_sql(), "SET STATEMENT lock_wait_timeout=1 FOR SELECT LASTVAL(`app`.`s`)");
  EXPECT_EQ(give_back(mine, "-9223372036854775807"), Answer::understood);
  EXPECT_FALSE(mine.must_ask());
  EXPECT_EQ(*mine.own().find("`app`.`r`"), "7");
  EXPECT_EQ(*connection.find("`app`.`s`"), "-9223372036854775807");
}

TEST_F(SequencesTest, WhatWasThereBeforeIsNotTakenForOnesOwn) {
  mine.may_have_taken("`app`.`s`");
  give_back(mine, "7");
  theirs.may_have_taken("`app`.`s`");
  EXPECT_EQ(give_back(theirs, "7"), Answer::understood);
  EXPECT_TRUE(theirs.own().empty());
  theirs.may_have_taken("`app`.`s`");
  give_back(theirs, "8");
  EXPECT_EQ(*theirs.own().find("`app`.`s`"), "8");
  EXPECT_EQ(*mine.own().find("`app`.`s`"), "7");
}

TEST_F(SequencesTest, ASequenceMadeAnewSaysNullAtFirst) {
  mine.may_have_taken("`app`.`s`");
  give_back(mine, "1");
  theirs.may_have_taken("`app`.`s`");
  EXPECT_EQ(give_back(theirs, ""), Answer::understood);
  theirs.may_have_taken("`app`.`s`");
  give_back(theirs, "1");
  EXPECT_EQ(*theirs.own().find("`app`.`s`"), "1");
}

TEST_F(SequencesTest, AnErrorIsNothingOnlyWhereThereIsNothingToAsk) {
  for (const std::uint16_t error : {1142, 4091}) {
    mine.may_have_taken("`app`.`s`");
    EXPECT_TRUE(mine.on_refused(error));
    EXPECT_FALSE(mine.must_ask());
  }
  mine.may_have_taken("`app`.`s`");
  EXPECT_FALSE(mine.on_refused(1205)) << "whoever changes it may have it locked";
  EXPECT_TRUE(mine.must_ask());
}

TEST_F(SequencesTest, BelievesNoBadAnswer) {
  mine.may_have_taken("`app`.`s`");
  for (const char* bad : {"x", "1 OR 1", "-", "1)", "123456789012345678901"}) {
    EXPECT_EQ(give_back(mine, bad), Answer::no_number) << bad;
  }
  EXPECT_EQ(mine.on_answer({}, connection), Answer::no_number);
  EXPECT_EQ(mine.on_answer({"1", "2"}, connection), Answer::no_number);
}

TEST_F(SequencesTest, HasABound) {
  for (std::size_t i = 0; i < SequenceNumbers::size_max; ++i) {
    EXPECT_TRUE(mine.may_have_taken("`app`.`s" + std::to_string(i) + "`"));
  }
  EXPECT_FALSE(mine.may_have_taken("`app`.`more`"));
  while (mine.must_ask()) EXPECT_EQ(give_back(mine, "1"), Answer::understood);
  EXPECT_TRUE(mine.may_have_taken("`app`.`more`"));
  EXPECT_EQ(give_back(mine, "1"), Answer::no_room);
}

TEST_F(SequencesTest, NothingIsReplacedWhereNothingIsKnown) {
  EXPECT_EQ(with("SELECT LASTVAL(s)", mine), "-");
  mine.may_have_taken("`app`.`s`");
  give_back(mine, "7");
  EXPECT_EQ(with("SELECT LASTVAL(s)", mine), "-") << "the connection says the same";
  EXPECT_EQ(with("SELECT LASTVAL(other.s), LASTVAL(`r`), 'LASTVAL(s)'", theirs), "-");
}

TEST_F(SequencesTest, AnothersNumberIsNull) {
  mine.may_have_taken("`app`.`s`");
  give_back(mine, "7");
  EXPECT_EQ(with("SELECT LASTVAL(s)", theirs),
            "SELECT IF(IFNULL(LASTVAL(s),7)=7,NULL,LASTVAL(s)) AS `LASTVAL(s)`");
  EXPECT_EQ(with("INSERT INTO t VALUES (PREVIOUS VALUE FOR `app`.s, 1)", theirs),
            "INSERT INTO t VALUES (IF(IFNULL(PREVIOUS VALUE FOR `app`.s,7)=7,NULL,"
            "PREVIOUS VALUE FOR `app`.s), 1)");
  EXPECT_EQ(with("SELECT `s`.currval + 1 FROM DUAL", theirs),
            "SELECT IF(IFNULL(`s`.currval,7)=7,NULL,`s`.currval) + 1 AS ```s``.currval + 1` "
            "FROM DUAL");
}

TEST_F(SequencesTest, OnesOwnNumberGoesAlong) {
  mine.may_have_taken("`app`.`s`");
  give_back(mine, "7");
  connection.clear();
  EXPECT_EQ(with("SET @a = LASTVAL ( s )", mine),
            "SET @a = IF(LASTVAL ( s ) IS NULL,7,LASTVAL ( s ))");
  connection.set("`app`.`s`", "9");
  EXPECT_EQ(with("SET @a = LASTVAL(s)", mine), "SET @a = IF(IFNULL(LASTVAL(s),9)=9,7,LASTVAL(s))");
  EXPECT_EQ(with("USE other; SET @a = LASTVAL(s), @b = LASTVAL(app.s)", mine),
            "USE other; SET @a = LASTVAL(s), @b = IF(IFNULL(LASTVAL(app.s),9)=9,7,LASTVAL(app.s))");
}

TEST_F(SequencesTest, WhatIsDefinedIsForLater) {
  mine.may_have_taken("`app`.`s`");
  give_back(mine, "7");
  for (const char* sql :
       {"CREATE VIEW v AS SELECT LASTVAL(s)", "ALTER TABLE t ADD c INT DEFAULT LASTVAL(s)",
        "CREATE TABLE t (a INT DEFAULT (LASTVAL(s)))", "SELECT lastval FROM s",
        "SELECT `lastval`(s)", "SELECT LASTVAL(s, 1)", "SELECT LASTVAL(", "SELECT PREVIOUS VALUE",
        "SELECT currval", "SELECT .currval", "SELECT LASTVAL('s')"}) {
    EXPECT_EQ(with(sql, theirs), "-") << sql;
  }
  EXPECT_EQ(with("CREATE TABLE t AS SELECT LASTVAL(s) AS a", theirs),
            "CREATE TABLE t AS SELECT IF(IFNULL(LASTVAL(s),7)=7,NULL,LASTVAL(s)) AS a");
}

TEST_F(SequencesTest, ADroppedOneIsForgotten) {
  mine.may_have_taken("`app`.`s`");
  give_back(mine, "7");
  mine.forget("`app`.`s`");
  EXPECT_TRUE(mine.own().empty());
  mine.may_have_taken("`app`.`s`");
  mine.clear();
  EXPECT_FALSE(mine.must_ask());
}

}  // namespace
}  // namespace relevo::session::mysql
