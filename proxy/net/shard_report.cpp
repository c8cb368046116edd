// What a shard tells operators about itself.
#include <algorithm>

#include "proxy/net/shard.hpp"

namespace relevo::net {

namespace {

std::string_view word_of(ServerLink::State state) {
  switch (state) {
    case ServerLink::State::idle:
      return "idle";
    case ServerLink::State::lent:
      return "active";
    default:
      return "connecting";
  }
}

}  // namespace

session::PoolRow Shard::report_of(const ServerPool& pool) const {
  session::PoolRow row;
  row.node = settings_->config.nodes[pool.key.node].name;
  row.user = pool.key.user;
  row.database = pool.key.database;
  row.connecting = pool.connecting;
  row.idle = static_cast<std::uint32_t>(pool.idle.size());
  row.active = static_cast<std::uint32_t>(pool.all.size()) - row.idle - row.connecting;
  row.waiting = static_cast<std::uint32_t>(pool.waiting.size());
  row.size = pool.shared->size();
  for (const Ticket ticket : pool.waiting) {
    if (const auto session = find_session(ticket)) {
      row.longest_wait_ms = std::max(row.longest_wait_ms, session->report().wait_ms);
    }
  }
  return row;
}

session::ServerRow Shard::report_of(const ServerLink& server) const {
  const auto age = std::chrono::steady_clock::now() - server.opened_at();
  session::ServerRow row;
  row.node = settings_->config.nodes[server.key().node].name;
  row.user = server.key().user;
  row.database = server.key().database;
  row.state = word_of(server.state());
  if (server.session_ticket != 0) {
    row.client = std::to_string(worker_.index()) + "." + std::to_string(server.session_ticket);
  }
  row.age_s = std::chrono::duration<double>(age).count();
  server.describe(row);
  return row;
}

void Shard::report(std::vector<session::PoolRow>& pools, std::vector<session::ClientRow>& clients,
                   std::vector<session::ServerRow>& servers) const {
  for (const auto& [name, group] : pools_) {
    for (const ServerPool& pool : group->all()) {
      if (!pool.in_use()) continue;
      pools.push_back(report_of(pool));
      for (const ServerLinkPtr& server : pool.all) servers.push_back(report_of(*server));
    }
  }
  for (const auto& [ticket, session] : sessions_) clients.push_back(session->report());
}

session::Traffic Shard::traffic_report() const {
  session::Traffic report = traffic_;
  report.clients_connected = sessions_.size();
  for (session::NodeTraffic& node : report.nodes) node.servers = 0;
  for (const auto& [name, group] : pools_) {
    for (const ServerPool& pool : group->all()) {
      report.nodes[pool.key.node].servers += static_cast<std::uint32_t>(pool.all.size());
    }
  }
  return report;
}

}  // namespace relevo::net
