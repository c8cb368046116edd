// What is sent to MySQL and MariaDB: each version its own words, and nothing that an
// operator writes into a name or a password becomes SQL.
#include <gtest/gtest.h>

#include "failover/act/mysql/accounts.hpp"
#include "failover/act/mysql/dialect.hpp"

namespace relevo::act::mysql {
namespace {

using model::Flavor;

const Upstream upstream{.host = "10.0.0.1", .port = 3307, .user = "repl", .password = "p'w\\d"};

TEST(Dialect, MariadbKeepsTheOldWords) {
  for (const auto* version : {"10.5.0", "10.11.6-MariaDB-1", "11.8.2"}) {
    const Dialect dialect(Flavor::mariadb, version);
    EXPECT_EQ(dialect.stop_receiver(), "STOP SLAVE IO_THREAD");
    EXPECT_EQ(dialect.start_receiver(), "START SLAVE IO_THREAD");
    EXPECT_EQ(dialect.start_applier(), "START SLAVE SQL_THREAD");
    EXPECT_EQ(dialect.stop_replication(), "STOP SLAVE");
    EXPECT_EQ(dialect.forget_upstream(), "RESET SLAVE ALL");
    EXPECT_EQ(dialect.refuse_writes(), "SET GLOBAL read_only = 1");
    EXPECT_EQ(dialect.kill(7), "KILL HARD CONNECTION 7");
    EXPECT_EQ(dialect.follow(upstream),
              "CHANGE MASTER TO MASTER_HOST='10.0.0.1', MASTER_PORT=3307, MASTER_USER='repl', "
              "MASTER_PASSWORD='p''w\\\\d', MASTER_CONNECT_RETRY=1, MASTER_HEARTBEAT_PERIOD=1, "
              "MASTER_SSL=0, MASTER_SSL_VERIFY_SERVER_CERT=0, MASTER_USE_GTID=slave_pos");
  }
}

TEST(Dialect, MysqlFrom8_0_23HasTheNewWordsAlone) {
  for (const auto* version : {"8.0.23", "8.0.36", "8.4.3", "9.7.0"}) {
    const Dialect dialect(Flavor::mysql, version);
    EXPECT_EQ(dialect.stop_receiver(), "STOP REPLICA IO_THREAD");
    EXPECT_EQ(dialect.forget_upstream(), "RESET REPLICA ALL");
    EXPECT_EQ(dialect.refuse_writes(), "SET GLOBAL read_only = 1, GLOBAL super_read_only = 1");
    const auto follow = dialect.follow(upstream);
    EXPECT_TRUE(follow.starts_with("CHANGE REPLICATION SOURCE TO SOURCE_HOST='10.0.0.1', "));
    EXPECT_TRUE(follow.ends_with("GET_SOURCE_PUBLIC_KEY=1, SOURCE_AUTO_POSITION=1")) << follow;
    for (const auto& statement : {follow, dialect.start_replication(), dialect.stop_replication(),
                                  dialect.start_applier(), dialect.start_receiver()}) {
      EXPECT_EQ(statement.find("SLAVE"), std::string::npos) << statement;
      EXPECT_EQ(statement.find("MASTER"), std::string::npos) << statement;
    }
  }
}

TEST(Dialect, MysqlBeforeTheRenamingHasTheOldOnes) {
  EXPECT_EQ(Dialect(Flavor::mysql, "8.0.21").stop_replication(), "STOP SLAVE");
  EXPECT_EQ(Dialect(Flavor::mysql, "8.0.22").stop_replication(), "STOP REPLICA");
  const auto between = Dialect(Flavor::mysql, "8.0.22").follow(upstream);
  EXPECT_TRUE(between.starts_with("CHANGE MASTER TO ")) << between;
  EXPECT_TRUE(between.ends_with("GET_MASTER_PUBLIC_KEY=1, MASTER_AUTO_POSITION=1")) << between;
  const auto old = Dialect(Flavor::mysql, "5.7.44").follow(upstream);
  EXPECT_EQ(old.find("PUBLIC_KEY"), std::string::npos) << old;
}

TEST(Dialect, EncryptsWhenToldTo) {
  auto encrypted = upstream;
  encrypted.tls = true;
  EXPECT_NE(Dialect(Flavor::mariadb, "10.11.6").follow(encrypted).find("MASTER_SSL=1, "),
            std::string::npos);
}

TEST(MysqlSql, LiteralsHoldWhatIsInThem) {
  EXPECT_EQ(quote_literal("it's \\ "), "'it''s \\\\ '");
  EXPECT_EQ(quote_literal(std::string_view("a\0b", 3)), "'a\\0b'");
  EXPECT_EQ(quote_literal("'; DROP USER root; -- "), "'''; DROP USER root; -- '");
}

TEST(SemiSync, SwitchesUnderEitherName) {
  const auto old = semi_sync_switches(
      {{"rpl_semi_sync_master_enabled", "OFF"}, {"rpl_semi_sync_slave_enabled", "ON"}});
  EXPECT_EQ(old.primary, "rpl_semi_sync_master_enabled");
  EXPECT_TRUE(old.on);
  const auto renamed = semi_sync_switches(
      {{"rpl_semi_sync_source_enabled", "OFF"}, {"rpl_semi_sync_replica_enabled", "OFF"}});
  EXPECT_EQ(renamed.replica, "rpl_semi_sync_replica_enabled");
  EXPECT_FALSE(renamed.on);
  EXPECT_EQ(semi_sync_switches({}).primary, "");
}

TEST(SemiSync, PluginsAreLoadedWhereTheyAreMissing) {
  const auto mysql = [](const char* version) { return Dialect(Flavor::mysql, version); };
  EXPECT_EQ(semi_sync_installation(mysql("9.7.0"), {}),
            (std::vector<std::string>{
                "INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so'",
                "INSTALL PLUGIN rpl_semi_sync_replica SONAME 'semisync_replica.so'"}));
  EXPECT_EQ(
      semi_sync_installation(mysql("8.0.25"), {}),
      (std::vector<std::string>{"INSTALL PLUGIN rpl_semi_sync_master SONAME 'semisync_master.so'",
                                "INSTALL PLUGIN rpl_semi_sync_slave SONAME 'semisync_slave.so'"}));
  EXPECT_EQ(
      semi_sync_installation(mysql("8.0.36"), {{"rpl_semi_sync_master_enabled", "OFF"}}),
      (std::vector<std::string>{"INSTALL PLUGIN rpl_semi_sync_slave SONAME 'semisync_slave.so'"}))
      << "old ones, as the other that is there";
  EXPECT_TRUE(semi_sync_installation(Dialect(Flavor::mariadb, "10.11.6"), {}).empty());
}

TEST(SemiSync, ValuesThatFallShortAreSet) {
  EXPECT_EQ(semi_sync_values(Dialect(Flavor::mysql, "9.7.0"),
                             {{"rpl_semi_sync_source_enabled", "OFF"},
                              {"rpl_semi_sync_source_timeout", "10000"},
                              {"rpl_semi_sync_source_wait_for_replica_count", "1"},
                              {"rpl_semi_sync_source_wait_no_replica", "ON"},
                              {"rpl_semi_sync_source_wait_point", "AFTER_SYNC"}},
                             2),
            (std::vector<std::string>{"SET PERSIST rpl_semi_sync_source_timeout = 4294967295",
                                      "SET PERSIST rpl_semi_sync_source_wait_for_replica_count = "
                                      "2"}));
  EXPECT_EQ(semi_sync_values(Dialect(Flavor::mariadb, "10.11.6"),
                             {{"rpl_semi_sync_master_timeout", "4294967295"},
                              {"rpl_semi_sync_master_wait_no_slave", "OFF"},
                              {"rpl_semi_sync_master_wait_point", "AFTER_COMMIT"}},
                             1),
            (std::vector<std::string>{"SET GLOBAL rpl_semi_sync_master_wait_no_slave = ON",
                                      "SET GLOBAL rpl_semi_sync_master_wait_point = AFTER_SYNC"}));
}

TEST(Accounts, EachHostAndEachWayIsRead) {
  client::Rows rows;
  rows.rows = {{"%", "mysql_native_password", "2A4142", "0", "0"},
               {"10.0.%", "caching_sha2_password", "2441000D27", "1", "1"}};
  const auto accounts = read_accounts(rows);
  ASSERT_TRUE(accounts);
  ASSERT_EQ(accounts->size(), 2U);
  EXPECT_EQ((*accounts)[0].authentication_string, "*AB");
  EXPECT_FALSE((*accounts)[0].locked);
  EXPECT_EQ((*accounts)[1].authentication_string, std::string("$A\0\r'", 5));
  EXPECT_TRUE((*accounts)[1].locked);
  EXPECT_TRUE((*accounts)[1].expired);
  EXPECT_TRUE(read_accounts({})->empty());
}

TEST(Accounts, AnswersOfAnotherShapeAreRefused) {
  for (const auto& row :
       std::vector<std::vector<std::optional<std::string>>>{{"%", "x", "AB", "0"},
                                                            {"%", "x", "ABC", "0", "0"},
                                                            {"%", "x", "XY", "0", "0"},
                                                            {"%", std::nullopt, "AB", "0", "0"}}) {
    client::Rows rows;
    rows.rows = {row};
    EXPECT_FALSE(read_accounts(rows));
  }
  EXPECT_TRUE(account_query(Flavor::mysql, "it's").ends_with("WHERE User = 'it''s'"));
  EXPECT_TRUE(account_query(Flavor::mariadb, "a").ends_with("AND User = 'a'"));
}

}  // namespace
}  // namespace relevo::act::mysql
