#include <algorithm>
#include <array>

#include "failover/act/doctor/questions.hpp"
#include "failover/act/mysql/accounts.hpp"
#include "topology/probe/mysql_statements.hpp"
#include "topology/probe/named_row.hpp"

namespace relevo::act {
namespace {

using client::Rows;
using doctor::ClusterFacts;
using doctor::NodeFacts;
using model::Flavor;
using probe::NamedRow;

// 'user'@'host', as GRANT takes it; user names may hold an @, hosts don't.
std::string quoted_account(const std::string& account) {
  const auto at = account.rfind('@');
  if (at == std::string::npos) return account;
  const auto quoted = [](std::string_view name) {
    std::string text = "`";
    for (const char c : name) {
      if (c == '`') text += c;
      text += c;
    }
    return text + "`";
  };
  return quoted(std::string_view(account).substr(0, at)) + "@" +
         quoted(std::string_view(account).substr(at + 1));
}

std::string identity(const ClusterFacts&, const NodeFacts&) {
  return "SELECT VERSION() AS version, @@version_comment AS comment, CURRENT_USER() AS account";
}

void read_identity(const Rows& rows, NodeFacts& facts) {
  if (rows.rows.empty()) return;
  const NamedRow row(rows, 0);
  const std::string version = row.text({"version"}).value_or("");
  facts.flavor = probe::flavor_of(version, row.text({"comment"}).value_or(""));
  facts.version = probe::plain_version(version);
  facts.version_number = probe::version_number(version);
  facts.account = quoted_account(row.text({"account"}).value_or(""));
}

std::string variables(const ClusterFacts&, const NodeFacts&) { return "SHOW GLOBAL VARIABLES"; }

void read_variables(const Rows& rows, NodeFacts& facts) {
  for (const auto& row : rows.rows) {
    if (row.size() == 2 && row[0]) facts.settings[*row[0]] = {row[1].value_or(""), "", "", false};
  }
}

std::string replica(const ClusterFacts&, const NodeFacts& facts) {
  return probe::statement_for(probe::Part::replica, facts.flavor, facts.version_number);
}

// As the probes judge it: who has an upstream is a replica.
void read_replica(const Rows& rows, NodeFacts& facts) {
  facts.role = model::Role::primary;
  for (std::size_t i = 0; i < rows.rows.size(); ++i) {
    const NamedRow row(rows, i);
    if (row.text({"Source_Host", "Master_Host"}).value_or("").empty()) continue;
    const std::string channel = row.text({"Connection_name", "Channel_Name"}).value_or("");
    if (channel.starts_with("group_replication_")) continue;
    facts.role = model::Role::replica;
    if (const auto using_gtid = row.text({"Using_Gtid"})) {
      facts.auto_position = *using_gtid == "Slave_Pos" || *using_gtid == "Current_Pos";
    } else if (row.has({"Auto_Position"})) {
      facts.auto_position = row.truth({"Auto_Position"});
    }
    if (const auto period = row.real({"Slave_heartbeat_period"})) facts.heartbeat_s = period;
    if (channel.empty()) return;  // the unnamed one counts
  }
}

std::string heartbeat(const ClusterFacts&, const NodeFacts& facts) {
  if (facts.flavor != Flavor::mysql || facts.role != model::Role::replica) return {};
  return probe::statement_for(probe::Part::receiver, facts.flavor, facts.version_number);
}

void read_heartbeat(const Rows& rows, NodeFacts& facts) {
  for (std::size_t i = 0; i < rows.rows.size(); ++i) {
    const NamedRow row(rows, i);
    if (row.text({"channel"}).value_or("").starts_with("group_replication_")) continue;
    if (const auto period = row.real({"heartbeat_period"})) facts.heartbeat_s = period;
  }
}

std::string grants(const ClusterFacts&, const NodeFacts&) { return "SHOW GRANTS"; }

void read_grants(const Rows& rows, NodeFacts& facts) {
  facts.grants.emplace();
  for (const auto& row : rows.rows) {
    if (!row.empty() && row[0]) facts.grants->push_back(*row[0]);
  }
}

std::string counters(const ClusterFacts&, const NodeFacts&) {
  return "SHOW GLOBAL STATUS LIKE 'Rpl%'";
}

void read_counters(const Rows& rows, NodeFacts& facts) {
  for (const auto& row : rows.rows) {
    if (row.size() == 2 && row[0]) facts.counters[*row[0]] = row[1].value_or("");
  }
}

// Persisted counts as an option file does: it holds at a restart.
std::string read_only_origin(const ClusterFacts&, const NodeFacts& facts) {
  if (facts.flavor == Flavor::mariadb) {
    return "SELECT GLOBAL_VALUE_ORIGIN AS origin FROM information_schema.SYSTEM_VARIABLES"
           " WHERE VARIABLE_NAME = 'READ_ONLY'";
  }
  return "SELECT CASE WHEN EXISTS (SELECT 1 FROM performance_schema.persisted_variables AS kept"
         " WHERE kept.VARIABLE_NAME = 'read_only' AND kept.VARIABLE_VALUE = 'ON') THEN 'PERSISTED'"
         " ELSE VARIABLE_SOURCE END AS origin FROM performance_schema.variables_info"
         " WHERE VARIABLE_NAME = 'read_only'";
}

void read_read_only_origin(const Rows& rows, NodeFacts& facts) {
  if (!rows.rows.empty()) facts.read_only_origin = NamedRow(rows, 0).text({"origin"}).value_or("");
}

std::string replication_user(const ClusterFacts& cluster, const NodeFacts& facts) {
  if (cluster.replication_user.empty()) return {};
  return mysql::account_query(facts.flavor, cluster.replication_user);
}

void read_replication_user(const Rows& rows, NodeFacts& facts) {
  const auto accounts = mysql::read_accounts(rows);
  if (!accounts) return;
  facts.replication_user_exists = !accounts->empty();
  if (accounts->empty()) return;
  facts.replication_user_allowed =
      std::any_of(accounts->begin(), accounts->end(),
                  [](const AccountSecret& account) { return !account.locked && !account.expired; });
}

constexpr auto questions = std::to_array<Question>({
    {identity, read_identity},
    {variables, read_variables},
    {replica, read_replica},
    {heartbeat, read_heartbeat},
    {grants, read_grants},
    {counters, read_counters},
    {read_only_origin, read_read_only_origin},
    {replication_user, read_replication_user},
});

}  // namespace

std::span<const Question> mysql_questions() { return questions; }

}  // namespace relevo::act
