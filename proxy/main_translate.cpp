#include "proxy/main_translate.hpp"

namespace relevo {
namespace {

std::string sslmode(config::ServerTls mode) {
  switch (mode) {
    case config::ServerTls::disable:
      return "disable";
    case config::ServerTls::prefer:
      return "prefer";
    case config::ServerTls::require:
      return "require";
    case config::ServerTls::verify_ca:
      return "verify-ca";
    case config::ServerTls::verify_full:
      return "verify-full";
  }
  return "prefer";
}

decide::Mode mode(config::FailoverMode mode) {
  switch (mode) {
    case config::FailoverMode::automatic:
      return decide::Mode::automatic;
    case config::FailoverMode::manual:
      return decide::Mode::manual;
    case config::FailoverMode::off:
      return decide::Mode::off;
  }
  return decide::Mode::manual;
}

}  // namespace

act::ControllerSettings controller_settings(const config::Cluster& cluster,
                                            const std::string& state_dir) {
  act::ControllerSettings settings;
  settings.cluster = cluster.name;
  settings.engine =
      cluster.engine == config::Engine::mysql ? model::Engine::mysql : model::Engine::postgres;
  for (const config::Node& node : cluster.nodes) {
    settings.nodes.push_back({.name = node.name,
                              .host = node.host,
                              .port = node.port,
                              .zone = node.zone,
                              .weight = node.weight,
                              .priority = node.priority,
                              .never_promote = node.never_promote});
  }
  settings.monitor_user = cluster.monitor.user;
  settings.monitor_password = cluster.monitor.password.reveal();
  // MySQL's monitor needs none: what it reads belongs to no schema.
  settings.monitor_database =
      cluster.engine == config::Engine::mysql ? std::string() : cluster.monitor.database;
  settings.sslmode = sslmode(cluster.server_tls.mode);
  settings.sslrootcert = cluster.server_tls.ca;
  settings.interval = cluster.monitor.interval;
  settings.timeout = cluster.monitor.timeout;
  settings.detect = cluster.failover.detect;
  settings.replication_user = cluster.replication.user;
  settings.replication_password = cluster.replication.password.reveal();
  settings.policy.mode = mode(cluster.failover.mode);
  settings.policy.durability = cluster.failover.durability == config::Durability::quorum
                                   ? decide::Durability::quorum
                                   : decide::Durability::async;
  settings.policy.acks = cluster.failover.acks;
  settings.policy.manages_quorum =
      cluster.failover.quorum_settings == config::QuorumSettings::manage;
  settings.policy.loss_bytes_max = cluster.failover.max_loss;
  settings.policy.drain = cluster.failover.drain;
  settings.max_lag = cluster.routing.max_lag;
  settings.state_dir = state_dir;
  return settings;
}

route::MysqlDialect mysql_dialect(const model::View& view) {
  const model::NodeView* known = nullptr;
  for (model::NodeId node = 0; node < view.nodes.size(); ++node) {
    if (view.nodes[node].version.empty()) continue;
    if (known == nullptr || view.primary == node) known = &view.nodes[node];
  }
  route::MysqlDialect dialect;
  if (known == nullptr) return dialect;
  dialect.server = known->flavor == model::Flavor::mariadb ? route::MysqlServer::mariadb
                                                           : route::MysqlServer::mysql;
  dialect.version = route::mysql_version(known->version);
  return dialect;
}

spdlog::level::level_enum log_level(config::LogLevel level) {
  switch (level) {
    case config::LogLevel::debug:
      return spdlog::level::debug;
    case config::LogLevel::info:
      return spdlog::level::info;
    case config::LogLevel::warning:
      return spdlog::level::warn;
    case config::LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

admin::AdminSettings admin_settings(const config::Admin& admin) {
  admin::AdminSettings settings;
  settings.socket_path = admin.socket;
  if (admin.http) settings.http = admin::TcpAddress{admin.http->host, admin.http->port};
  settings.token = admin.token.reveal();
  return settings;
}

}  // namespace relevo
