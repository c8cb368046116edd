#include "proxy/net/cluster.hpp"

#include <openssl/rand.h>

#include <algorithm>

#include "proxy/session/postgres/auth/verifier.hpp"

namespace relevo::net {

route::RoutingSettings routing_settings(const config::Routing& routing) {
  route::RoutingSettings settings;
  settings.reads =
      routing.reads == config::Reads::primary ? route::Reads::primary : route::Reads::replicas;
  settings.consistency = routing.consistency == config::Consistency::eventual
                             ? route::Consistency::eventual
                             : route::Consistency::session;
  switch (routing.balance) {
    case config::Balance::least_outstanding:
      settings.balance = route::Balance::least_outstanding;
      break;
    case config::Balance::round_robin:
      settings.balance = route::Balance::round_robin;
      break;
    case config::Balance::nearest_zone:
      settings.balance = route::Balance::nearest_zone;
      break;
  }
  settings.zone = routing.zone;
  return settings;
}

namespace {

std::string random_bytes(std::size_t size) {
  std::string bytes(size, '\0');
  RELEVO_CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()),
                          static_cast<int>(bytes.size())) == 1);
  return bytes;
}

}  // namespace

std::string make_mock_secret() { return random_bytes(32); }

Result<ClusterSettingsPtr> make_cluster_settings(const config::Cluster& config) {
  auto made = std::make_shared<ClusterSettings>();
  made->config = config;
  made->routing = routing_settings(config.routing);
  auto client_tls = make_client_side_tls(config.tls);
  if (!client_tls) return tl::make_unexpected(client_tls.error());
  made->client_tls = std::move(*client_tls);
  auto server_tls = make_server_side_tls(config.server_tls);
  if (!server_tls) return tl::make_unexpected(server_tls.error());
  made->server_tls = std::move(*server_tls);
  if (config.auth.users) {
    made->users.emplace();
    for (const config::User& user : *config.auth.users) {
      session::postgres::KnownUser known;
      known.password = user.password.reveal();
      known.verifier = session::postgres::make_scram_verifier(
          user.password.reveal(), random_bytes(session::postgres::scram_salt_bytes));
      made->users->emplace(user.name, std::move(known));
    }
  }
  return ClusterSettingsPtr(std::move(made));
}

ClusterSettingsPtr SharedCluster::settings() const {
  const std::scoped_lock lock(mutex_);
  return settings_;
}

void SharedCluster::replace_settings(ClusterSettingsPtr settings) {
  const std::scoped_lock lock(mutex_);
  settings_ = std::move(settings);
  for (const auto& [key, known] : pools_) {
    if (const auto pool = known.lock()) pool->resize(settings_->config.pool.size);
  }
}

std::shared_ptr<pool::SharedPool> SharedCluster::pool(const PoolKey& key) {
  const std::scoped_lock lock(mutex_);
  if (pools_.size() >= sweep_at_) {
    std::erase_if(pools_, [](const auto& entry) { return entry.second.expired(); });
    std::erase_if(limits_, [](const auto& entry) { return entry.second.expired(); });
    sweep_at_ = std::max<std::size_t>(256, pools_.size() * 2);
  }
  auto& known = pools_[key];
  auto pool = known.lock();
  if (pool == nullptr) {
    const config::Pool& settings = settings_->config.pool;
    auto& known_limit = limits_[{key.node, key.user, key.database, 0}];
    auto limit = known_limit.lock();
    if (limit == nullptr) {
      limit = std::make_shared<pool::Limit>(settings.size);
      known_limit = limit;
    }
    pool = std::make_shared<pool::SharedPool>(std::move(limit), settings.max_clients);
    known = pool;
  }
  return pool;
}

bool SharedCluster::enter() {
  const std::uint32_t limit = settings()->config.pool.max_clients;
  std::uint32_t now = clients_.load(std::memory_order_relaxed);
  do {
    if (now >= limit) return false;
  } while (!clients_.compare_exchange_weak(now, now + 1, std::memory_order_relaxed));
  return true;
}

}  // namespace relevo::net
