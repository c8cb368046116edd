// A Controller over a real MariaDB cluster, and sessions beside it that do not keep
// the control thread's loop waiting.
#pragma once

#include <stdexcept>

#include "tests/integration/failover/control.hpp"
#include "tests/support/mariadb_cluster.hpp"
#include "topology/client/connection.hpp"

namespace relevo::testing {

inline act::ControllerSettings settings_of(const MariadbCluster& cluster) {
  act::ControllerSettings settings;
  settings.cluster = "test";
  settings.engine = model::Engine::mysql;
  for (std::size_t i = 0; i < cluster.size(); ++i) {
    act::ControlledNode node;
    node.name = "db" + std::to_string(i + 1);
    node.host = "127.0.0.1";
    node.port = cluster.port(i);
    settings.nodes.push_back(node);
  }
  settings.monitor_user = "relevo";
  settings.monitor_password = cluster.password("relevo");
  settings.monitor_database = "";
  settings.replication_user = "repl";
  settings.replication_password = cluster.password("repl");
  return settings;
}

class MariadbControl : public Control {
 public:
  explicit MariadbControl(MariadbCluster& cluster, std::string state_dir = "",
                          const Adjust& adjust = {})
      : Control(settings_of(cluster), std::move(state_dir), adjust), cluster_(cluster) {}

  using Answer = client::Outcome<client::Rows>;

  // In a session of its own, the loop turning meanwhile.
  Answer ask(std::size_t node, const std::string& statement, const std::string& user = "root") {
    const auto session = open(node, user);
    return ask(*session, statement);
  }
  Answer ask(client::Connection& session, const std::string& statement) {
    std::optional<Answer> answer;
    session.query(statement, Milliseconds(10000), [&](Answer told) { answer = std::move(told); });
    if (!await([&] { return answer.has_value(); }, Milliseconds(11000))) {
      throw std::runtime_error("no answer: " + statement);
    }
    return *answer;
  }
  std::unique_ptr<client::Connection> open(std::size_t node, const std::string& user = "root") {
    auto session = client::make_connection(model::Engine::mysql, io);
    client::Endpoint endpoint;
    endpoint.host = "127.0.0.1";
    endpoint.port = cluster_.port(node);
    endpoint.user = user;
    endpoint.password = cluster_.password(user);
    endpoint.database = "app";
    std::optional<client::Outcome<void>> connected;
    session->connect(endpoint, Milliseconds(5000),
                     [&](client::Outcome<void> outcome) { connected = std::move(outcome); });
    await([&] { return connected.has_value(); }, Milliseconds(6000));
    if (!connected || !*connected) {
      throw std::runtime_error(connected ? connected->error().message : "no connection");
    }
    return session;
  }
  void run(std::size_t node, const std::string& statement) {
    const auto answer = ask(node, statement);
    if (!answer) throw std::runtime_error(statement + ": " + answer.error().message);
  }
  std::string value(std::size_t node, const std::string& query) {
    const auto answer = ask(node, query);
    if (!answer) throw std::runtime_error(query + ": " + answer.error().message);
    return answer->rows.empty() ? "" : answer->rows.at(0).at(0).value_or("NULL");
  }
  // A column of the replica's status; "" when the node follows nobody.
  std::string replica(std::size_t node, const std::string& column) {
    const auto answer = ask(node, "SHOW SLAVE STATUS");
    if (!answer) throw std::runtime_error(answer.error().message);
    for (std::size_t i = 0; i < answer->columns.size() && !answer->rows.empty(); ++i) {
      if (answer->columns[i] == column) return answer->rows[0][i].value_or("NULL");
    }
    return "";
  }
  bool follows(std::size_t node, std::size_t primary) {
    return replica(node, "Slave_IO_Running") == "Yes" &&
           replica(node, "Slave_SQL_Running") == "Yes" &&
           replica(node, "Master_Port") == std::to_string(cluster_.port(primary));
  }
  bool same_history(std::size_t a, std::size_t b) {
    return value(a, "SELECT @@gtid_current_pos") == value(b, "SELECT @@gtid_current_pos");
  }
  std::optional<Result<std::string>> failover(const std::string& to, bool force) {
    std::optional<Result<std::string>> answer;
    controller->failover(to, force, [&](Result<std::string> said) { answer = said; });
    await([&] { return answer.has_value(); }, Milliseconds(15000));
    return answer;
  }

 private:
  MariadbCluster& cluster_;
};

}  // namespace relevo::testing
