// Status talks with MySQL and MariaDB by script: which statements a version is
// sent, and what its answers are taken for.
#include "topology/probe/mysql_status.hpp"

#include <gtest/gtest.h>

#include <map>

namespace relevo::probe {
namespace {

using client::Failure;
using client::FailureKind;
using client::Outcome;
using client::Rows;
using model::Flavor;
using model::NodeStatus;
using model::ReceiverState;
using model::Role;
using std::chrono::milliseconds;
using std::chrono::seconds;

using Columns = std::map<std::string, std::string>;

Rows table(const std::vector<Columns>& rows) {
  Rows result;
  for (const Columns& row : rows) {
    result.columns.clear();
    result.rows.emplace_back();
    for (const auto& [name, value] : row) {
      result.columns.push_back(name);
      result.rows.back().emplace_back(value);
    }
  }
  return result;
}

constexpr const char* uuid = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

// A server of the script: answers by what the statement asks for.
struct Server {
  std::string version = "8.4.3";
  std::string comment = "MySQL Community Server - GPL";
  Columns variables;
  std::vector<Columns> replica;
  std::vector<Columns> heartbeats;
  std::vector<Columns> counters{{{"name", "Uptime"}, {"value", "100"}}};
  std::vector<Columns> downstreams;
  std::map<std::string, unsigned> errors;  // by a part of the statement
  std::vector<std::string> asked;

  Outcome<Rows> answer(const std::string& sql) {
    asked.push_back(sql);
    const auto about = [&](const char* text) { return sql.find(text) != std::string::npos; };
    for (const auto& [part, number] : errors) {
      if (sql.find(part) == std::string::npos) continue;
      return tl::make_unexpected(Failure{FailureKind::server_error, "42000", "denied",
                                         static_cast<std::uint16_t>(number)});
    }
    if (about("@@version_comment")) return table({{{"version", version}, {"comment", comment}}});
    if (about("@@server_id")) {
      Columns row = variables;
      row.emplace("version", version);
      row.emplace("server_id", "7");
      row.emplace("read_only", "0");
      row.emplace("now_s", "1700000000.25");
      return table({row});
    }
    if (about("SHOW ")) return table(replica);
    if (about("HEARTBEAT_INTERVAL")) return table(heartbeats);
    if (about(".processlist ")) return table(downstreams);
    return table(counters);
  }
};

Server mysql() {
  Server server;
  server.variables = {{"gtid_executed", std::string(uuid) + ":1-100"},
                      {"gtid_purged", std::string(uuid) + ":1-10"},
                      {"gtid_mode", "ON"},
                      {"server_uuid", uuid},
                      {"super_read_only", "0"},
                      {"log_bin", "1"},
                      {"log_replica_updates", "1"}};
  return server;
}

Server mariadb() {
  Server server;
  server.version = "10.11.19-MariaDB-0+deb12u1-log";
  server.comment = "Debian 12";
  server.variables = {{"current_pos", "0-1-100"},  {"slave_pos", ""}, {"binlog_pos", "0-1-100"},
                      {"binlog_state", "0-1-100"}, {"log_bin", "1"},  {"log_replica_updates", "1"}};
  return server;
}

Columns mysql_replica() {
  return {{"Source_Host", "db1"},
          {"Source_Port", "3306"},
          {"Channel_Name", ""},
          {"Replica_IO_Running", "Yes"},
          {"Replica_SQL_Running", "Yes"},
          {"Auto_Position", "1"},
          {"Source_Log_File", "binlog.1"},
          {"Read_Source_Log_Pos", "400"},
          {"Last_IO_Errno", "0"},
          {"Last_SQL_Errno", "0"},
          {"Retrieved_Gtid_Set", std::string(uuid) + ":50-120"}};
}

Columns mariadb_replica() {
  return {{"Connection_name", ""},
          {"Master_Host", "db1"},
          {"Master_Port", "3306"},
          {"Slave_IO_Running", "Yes"},
          {"Slave_SQL_Running", "Yes"},
          {"Using_Gtid", "Slave_Pos"},
          {"Gtid_IO_Pos", "0-1-120"},
          {"Slave_heartbeat_period", "1.000"},
          {"Slave_received_heartbeats", "5"},
          {"Read_Master_Log_Pos", "400"},
          {"Last_IO_Errno", "0"},
          {"Last_SQL_Errno", "0"}};
}

struct Talk {
  StatusMemory memory;
  model::Instant now{seconds(1000)};

  Outcome<NodeStatus> ask(Server& server) {
    const auto talk = begin_mysql_status(memory);
    for (int rounds = 0; rounds < 20; ++rounds) {
      const auto sql = talk->next();
      if (!sql) {
        auto status = talk->finish();
        if (status) return *status;
        return tl::make_unexpected(Failure{FailureKind::server_error, "", status.error().message});
      }
      if (const auto taken = talk->take(server.answer(*sql), now); !taken) {
        return tl::make_unexpected(taken.error());
      }
    }
    ADD_FAILURE() << "the talk does not end";
    return {};
  }
  NodeStatus status(Server& server) {
    const auto told = ask(server);
    EXPECT_TRUE(told) << (told ? "" : told.error().message);
    return told.value_or(NodeStatus{});
  }
};

bool was_asked(const Server& server, const std::string& text) {
  for (const std::string& sql : server.asked) {
    if (sql.find(text) != std::string::npos) return true;
  }
  return false;
}

TEST(MysqlStatements, ReadsVersions) {
  EXPECT_EQ(version_number("8.0.36"), 80036U);
  EXPECT_EQ(version_number("10.11.19-MariaDB-log"), 101119U);
  EXPECT_EQ(version_number("9.7.0-commercial"), 90700U);
  for (const char* text : {"", "8", "8.0", "x.1.2", "8.0.x", "8.0.100"}) {
    EXPECT_EQ(version_number(text), 0U) << text;
  }
  EXPECT_EQ(plain_version("10.11.19-MariaDB-log"), "10.11.19");
  EXPECT_EQ(flavor_of("5.5.5-10.6.1-MariaDB", ""), Flavor::mariadb);
  EXPECT_EQ(flavor_of("10.11.8", "mariadb.org binary distribution"), Flavor::mariadb);
  EXPECT_EQ(flavor_of("8.0.36-28", "Percona Server (GPL)"), Flavor::mysql);
}

// What a version has removed, or does not know yet, is never sent to it.
TEST(MysqlStatements, FitTheVersion) {
  struct Fit {
    const char* version;
    const char* replica;
    const char* variable;
  };
  for (const Fit& fit : {Fit{"5.7.44", "SHOW SLAVE STATUS", "log_slave_updates"},
                         Fit{"8.0.21", "SHOW SLAVE STATUS", "log_slave_updates"},
                         Fit{"8.0.22", "SHOW REPLICA STATUS", "log_slave_updates"},
                         Fit{"8.0.26", "SHOW REPLICA STATUS", "log_replica_updates"},
                         Fit{"8.4.0", "SHOW REPLICA STATUS", "log_replica_updates"},
                         Fit{"9.7.0", "SHOW REPLICA STATUS", "log_replica_updates"}}) {
    Server server = mysql();
    server.version = fit.version;
    Talk talk;
    talk.status(server);
    EXPECT_TRUE(was_asked(server, fit.replica)) << fit.version;
    EXPECT_TRUE(was_asked(server, fit.variable)) << fit.version;
    EXPECT_EQ(was_asked(server, "SLAVE"), std::string(fit.replica) == "SHOW SLAVE STATUS");
  }
  Server server = mariadb();
  Talk talk;
  talk.status(server);
  EXPECT_TRUE(was_asked(server, "SHOW ALL SLAVES STATUS"));
  EXPECT_FALSE(was_asked(server, "performance_schema"));
}

TEST(MysqlStatus, OfAMysqlPrimary) {
  Server server = mysql();
  server.downstreams = {{{"id", "4"}, {"user", "repl"}, {"host", "10.0.0.2:4711"}, {"state", "x"}}};
  Talk talk;
  const NodeStatus status = talk.status(server);
  EXPECT_EQ(status.flavor, Flavor::mysql);
  EXPECT_EQ(status.role, Role::primary);
  EXPECT_EQ(status.version, "8.4.3");
  EXPECT_EQ(status.server_id, 7U);
  EXPECT_EQ(status.server_uuid, uuid);
  EXPECT_EQ(status.position.to_string(), std::string(uuid) + ":1-100");
  EXPECT_EQ(status.received, status.position);
  EXPECT_EQ(status.purged.to_string(), std::string(uuid) + ":1-10");
  EXPECT_FALSE(status.read_only);
  EXPECT_EQ(status.receiver, ReceiverState::none);
  EXPECT_EQ(status.start_time_us, 1'699'999'900'000'000);
  ASSERT_EQ(status.downstreams.size(), 1U);
  EXPECT_EQ(status.downstreams[0].client_address, "10.0.0.2");
  EXPECT_EQ(status.warning, "");
  // The second talk knows what server it is.
  server.asked.clear();
  talk.status(server);
  EXPECT_FALSE(was_asked(server, "version_comment"));
}

TEST(MysqlStatus, OfAMysqlReplica) {
  Server server = mysql();
  server.variables["read_only"] = "1";
  server.variables["super_read_only"] = "1";
  server.replica = {mysql_replica()};
  server.heartbeats = {{{"channel", ""}, {"heartbeats", "9"}, {"heartbeat_period", "30.000"}}};
  Talk talk;
  const NodeStatus status = talk.status(server);
  EXPECT_EQ(status.role, Role::replica);
  EXPECT_TRUE(status.read_only);
  EXPECT_EQ(status.receiver, ReceiverState::streaming);
  EXPECT_EQ(status.upstream_host, "db1");
  EXPECT_EQ(status.upstream_port, 3306);
  EXPECT_TRUE(status.applier_running);
  EXPECT_EQ(status.position.to_string(), std::string(uuid) + ":1-100");
  EXPECT_EQ(status.received.to_string(), std::string(uuid) + ":1-120");
  EXPECT_EQ(status.receiver_timeout, seconds(60));
}

// super_read_only in the settings and read_only taken away by an init file: MySQL 9.7
// then takes writes from everybody.
TEST(MysqlStatus, SuperReadOnlyAloneBindsNobody) {
  Server server = mysql();
  server.variables["super_read_only"] = "1";
  Talk talk;
  const NodeStatus status = talk.status(server);
  EXPECT_FALSE(status.read_only);
  EXPECT_TRUE(status.super_read_only);
}

TEST(MysqlStatus, OfAMariadbReplica) {
  Server server = mariadb();
  server.variables["slave_pos"] = "0-1-110";
  server.variables["current_pos"] = "0-2-130";  // a write of its own
  server.variables["binlog_state"] = "0-1-110,0-2-130";
  server.replica = {mariadb_replica()};
  server.replica[0]["Slave_SQL_Running"] = "No";
  server.replica[0]["Last_SQL_Errno"] = "1062";
  server.replica[0]["Last_SQL_Error"] = "Duplicate entry";
  Talk talk;
  const NodeStatus status = talk.status(server);
  EXPECT_EQ(status.role, Role::replica);
  EXPECT_EQ(status.position.to_string(), "0-1-110") << "not what it wrote itself";
  EXPECT_EQ(status.received.to_string(), "0-1-120");
  EXPECT_EQ(status.logged->to_string(), "0-1-120,0-2-130");
  EXPECT_FALSE(status.applier_running);
  EXPECT_EQ(status.applier_error, "1062: Duplicate entry");
  EXPECT_EQ(status.receiver_error, "");
  EXPECT_EQ(status.receiver_timeout, milliseconds(2000));

  server.replica[0]["Using_Gtid"] = "Current_Pos";
  EXPECT_EQ(talk.status(server).position.to_string(), "0-2-130");
  server.replica[0]["Using_Gtid"] = "No";
  server.replica[0]["Gtid_IO_Pos"] = "";
  const NodeStatus by_file = talk.status(server);
  EXPECT_FALSE(by_file.auto_position);
  EXPECT_EQ(by_file.received.to_string(), "0-1-110") << "no more than what is applied is known";
  EXPECT_NE(by_file.warning.find("MASTER_USE_GTID"), std::string::npos);
}

TEST(MysqlStatus, OfAPromotedMariadbTakesTheFurtherOfBothPositions) {
  Server server = mariadb();
  server.variables["current_pos"] = "0-1-100";
  server.variables["binlog_pos"] = "0-2-103,5-2-1";
  Talk talk;
  EXPECT_EQ(talk.status(server).position.to_string(), "0-2-103,5-2-1");
}

TEST(MysqlStatus, ARowWithoutHostIsNoUpstream) {
  Server server = mysql();
  server.replica = {mysql_replica()};
  server.replica[0]["Source_Host"] = "";
  Talk talk;
  EXPECT_EQ(talk.status(server).role, Role::primary);
  server.replica = {mysql_replica()};
  server.replica[0]["Channel_Name"] = "group_replication_applier";
  EXPECT_EQ(talk.status(server).role, Role::primary);
}

TEST(MysqlStatus, OfSeveralUpstreamsTheUnnamedOneCounts) {
  Server server = mariadb();
  server.replica = {mariadb_replica(), mariadb_replica()};
  server.replica[0]["Connection_name"] = "other";
  server.replica[0]["Master_Host"] = "elsewhere";
  Talk talk;
  EXPECT_EQ(talk.status(server).upstream_host, "db1");
}

TEST(MysqlStatus, OfReceiversByTheirWord) {
  for (const auto& [word, state] :
       std::map<std::string, ReceiverState>{{"Yes", ReceiverState::streaming},
                                            {"Connecting", ReceiverState::connecting},
                                            {"Preparing", ReceiverState::connecting},
                                            {"No", ReceiverState::none}}) {
    Server server = mariadb();
    server.replica = {mariadb_replica()};
    server.replica[0]["Slave_IO_Running"] = word;
    Talk talk;
    const NodeStatus status = talk.status(server);
    EXPECT_EQ(status.receiver, state) << word;
    EXPECT_EQ(status.receiver_silence.has_value(), state == ReceiverState::streaming) << word;
  }
}

TEST(MysqlStatus, SilenceIsTheTimeSinceSomethingMoved) {
  Server server = mariadb();
  server.replica = {mariadb_replica()};
  Talk talk;
  EXPECT_EQ(talk.status(server).receiver_silence, seconds(0));
  talk.now += seconds(4);
  EXPECT_EQ(talk.status(server).receiver_silence, seconds(4));
  server.replica[0]["Slave_received_heartbeats"] = "6";
  EXPECT_EQ(talk.status(server).receiver_silence, seconds(0));
  talk.now += seconds(2);
  server.replica[0]["Read_Master_Log_Pos"] = "500";
  EXPECT_EQ(talk.status(server).receiver_silence, seconds(0));
  // A new connection is heard of as it is made, whatever its counters say.
  talk.now += seconds(9);
  server.replica[0]["Slave_IO_Running"] = "Connecting";
  EXPECT_FALSE(talk.status(server).receiver_silence);
  server.replica[0]["Slave_IO_Running"] = "Yes";
  EXPECT_EQ(talk.status(server).receiver_silence, seconds(0));
  // Who promises no heartbeats is never silent, and never asks (timeout zero).
  server.replica[0]["Slave_heartbeat_period"] = "0.000";
  EXPECT_EQ(talk.status(server).receiver_timeout, seconds(0));
}

TEST(MysqlStatus, WithoutHeartbeatPeriodSilenceIsUnknown) {
  Server server = mysql();
  server.replica = {mysql_replica()};
  server.errors = {{"HEARTBEAT_INTERVAL", 1142}};
  Talk talk;
  const NodeStatus status = talk.status(server);
  EXPECT_FALSE(status.receiver_silence);
  EXPECT_NE(status.warning.find("GRANT SELECT ON performance_schema"), std::string::npos);
}

TEST(MysqlStatus, WithoutPrivilegeTheRoleIsUnknown) {
  Server server = mariadb();
  server.errors = {{"SHOW ALL SLAVES", 1227}};
  Talk talk;
  const NodeStatus status = talk.status(server);
  EXPECT_EQ(status.role, Role::unknown);
  EXPECT_NE(status.warning.find("GRANT SLAVE MONITOR"), std::string::npos);
  // Not asked again on this connection; on a new one it is.
  server.asked.clear();
  talk.status(server);
  EXPECT_FALSE(was_asked(server, "SHOW"));
  talk.memory.reconsider();
  server.errors.clear();
  EXPECT_EQ(talk.status(server).role, Role::primary);
}

TEST(MysqlStatus, OfAnUpdatedServerStartsOver) {
  Server server = mysql();
  server.version = "8.0.21";
  Talk talk;
  talk.status(server);
  server.version = "8.4.3";
  server.errors = {{"log_slave_updates", 1193}};  // gone in the new one
  EXPECT_EQ(talk.status(server).version, "8.4.3");
  // It is not asked for ever: an error that stays is the answer.
  server.errors = {{"@@server_id", 1193}};
  const auto failed = talk.ask(server);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().server_errno, 1193);
}

TEST(MysqlStatus, OfUptimesKnowsTheSameStart) {
  Server server = mariadb();
  const auto up = [&](int uptime) { server.counters[0]["value"] = std::to_string(uptime); };
  Talk talk;
  up(100);
  const auto started = talk.status(server).start_time_us;
  talk.now += milliseconds(3400);
  up(104);  // of whole seconds, either way
  EXPECT_EQ(talk.status(server).start_time_us, started);
  server.variables["now_s"] = "1700009999";  // its clock was set; ours says the same start
  talk.now += seconds(10);
  up(114);
  EXPECT_EQ(talk.status(server).start_time_us, started);
  talk.now += seconds(5);
  up(2);
  EXPECT_NE(talk.status(server).start_time_us, started);
}

TEST(MysqlStatus, OfSemiSyncByEitherName) {
  const auto semi = [](const std::string& primary, const std::string& replica) {
    Server server = mysql();
    const auto add = [&](const std::string& name, const std::string& value) {
      server.counters.push_back({{"name", name}, {"value", value}});
    };
    add("Rpl_semi_sync_" + primary + "_status", "ON");
    add("Rpl_semi_sync_" + primary + "_clients", "2");
    add("rpl_semi_sync_" + primary + "_enabled", "ON");
    add("rpl_semi_sync_" + primary + "_timeout", "10000");
    add("rpl_semi_sync_" + primary + "_wait_point", "AFTER_SYNC");
    add("rpl_semi_sync_" + primary + "_wait_for_" + replica + "_count", "2");
    add("rpl_semi_sync_" + replica + "_enabled", "ON");
    add("Rpl_semi_sync_" + replica + "_status", "OFF");
    Talk talk;
    return talk.status(server).semi_sync;
  };
  const model::SemiSync expected{.primary_enabled = true,
                                 .primary_active = true,
                                 .clients = 2,
                                 .acks_wanted = 2,
                                 .timeout = seconds(10),
                                 .waits_before_commit = true,
                                 .replica_enabled = true,
                                 .replica_active = false};
  EXPECT_EQ(semi("master", "slave"), expected);
  EXPECT_EQ(semi("source", "replica"), expected);
  Server server = mysql();
  Talk talk;
  EXPECT_EQ(talk.status(server).semi_sync, model::SemiSync{});
}

// A node is never taken for what its answer does not say.
TEST(MysqlStatus, RefusesWhatMakesNoSense) {
  const auto complaint = [](const std::function<void(Server&)>& spoil, Server server = mysql()) {
    spoil(server);
    Talk talk;
    const auto told = talk.ask(server);
    return told ? std::string() : told.error().message;
  };
  EXPECT_NE(complaint([](Server& s) { s.version = "unknown"; }), "");
  EXPECT_NE(complaint([](Server& s) { s.variables["server_id"] = "x"; }), "");
  EXPECT_NE(complaint([](Server& s) { s.variables["gtid_executed"] = "0-1-1"; }), "");
  EXPECT_NE(complaint([](Server& s) { s.variables.erase("gtid_executed"); }), "");
  EXPECT_NE(complaint([](Server& s) {
              s.replica = {mysql_replica()};
              s.replica[0].erase("Replica_SQL_Running");
            }),
            "");
  EXPECT_NE(complaint([](Server& s) { s.variables["slave_pos"] = "0-1-1,0-2-1"; }, mariadb()), "");
  EXPECT_EQ(complaint([](Server&) {}), "");
}

}  // namespace
}  // namespace relevo::probe
