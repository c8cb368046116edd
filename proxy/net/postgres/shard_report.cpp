// What a shard tells operators about itself.
#include <algorithm>

#include "proxy/net/postgres/client_session.hpp"
#include "proxy/net/postgres/shard.hpp"

namespace relevo::net::postgres {

void Shard::report(std::vector<session::PoolRow>& pools, std::vector<session::ClientRow>& clients,
                   std::vector<session::ServerRow>& servers) const {
  const auto at = std::chrono::steady_clock::now();
  const auto seconds = [&](model::Instant since) {
    return std::chrono::duration<double>(at - since).count();
  };
  const auto& nodes = settings_->config.nodes;
  for (const auto& [key, pool] : pools_) {
    session::PoolRow row;
    row.node = nodes[key.node].name;
    row.user = key.user;
    row.database = key.database;
    row.connecting = pool.connecting;
    row.idle = static_cast<std::uint32_t>(pool.idle.size());
    row.active = static_cast<std::uint32_t>(pool.all.size()) - row.idle - row.connecting;
    row.waiting = static_cast<std::uint32_t>(pool.waiting.size());
    row.size = pool.shared->size();
    for (const Ticket ticket : pool.waiting) {
      if (const auto found = sessions_.find(ticket); found != sessions_.end()) {
        row.longest_wait_ms = std::max(row.longest_wait_ms, found->second->report().wait_ms);
      }
    }
    pools.push_back(std::move(row));
    for (const ServerPtr& server : pool.all) {
      session::ServerRow line;
      line.node = nodes[key.node].name;
      line.user = key.user;
      line.database = key.database;
      switch (server->state()) {
        case ServerConnection::State::idle:
          line.state = "idle";
          break;
        case ServerConnection::State::lent:
          line.state = "active";
          break;
        default:
          line.state = "connecting";
          break;
      }
      if (server->session_ticket != 0) {
        line.client =
            std::to_string(worker_.index()) + "." + std::to_string(server->session_ticket);
      }
      line.backend_pid = server->backend_pid();
      line.age_s = seconds(server->opened_at());
      line.prepared_statements = static_cast<std::uint32_t>(server->statements.size());
      line.tls = server->is_tls();
      servers.push_back(std::move(line));
    }
  }
  for (const auto& [ticket, session] : sessions_) clients.push_back(session->report());
}

session::Traffic Shard::traffic_report() const {
  session::Traffic report = traffic_;
  report.clients_connected = sessions_.size();
  for (session::NodeTraffic& node : report.nodes) node.servers = 0;
  for (const auto& [key, pool] : pools_) {
    report.nodes[key.node].servers += static_cast<std::uint32_t>(pool.all.size());
  }
  return report;
}

}  // namespace relevo::net::postgres
