#include "proxy/net/cluster.hpp"

#include <openssl/rand.h>

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

std::string random_salt() {
  std::string salt(session::postgres::scram_salt_bytes, '\0');
  RELEVO_CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(salt.data()),
                          static_cast<int>(salt.size())) == 1);
  return salt;
}

}  // namespace

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
      known.verifier =
          session::postgres::make_scram_verifier(user.password.reveal(), random_salt());
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
  for (const auto& [key, pool] : pools_) pool->resize(settings_->config.pool.size);
}

std::shared_ptr<pool::SharedPool> SharedCluster::pool(const PoolKey& key) {
  const std::scoped_lock lock(mutex_);
  auto& pool = pools_[key];
  if (pool == nullptr) {
    const config::Pool& limits = settings_->config.pool;
    pool = std::make_shared<pool::SharedPool>(limits.size, limits.max_clients);
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

void SharedCluster::remember(const std::string& user,
                             session::postgres::ServerCredentials credentials) {
  const std::scoped_lock lock(mutex_);
  credentials_[user] = std::move(credentials);
}

session::postgres::ServerCredentials SharedCluster::credentials(const std::string& user) const {
  const std::scoped_lock lock(mutex_);
  const auto found = credentials_.find(user);
  return found == credentials_.end() ? session::postgres::ServerCredentials{} : found->second;
}

namespace {

constexpr std::size_t welcomes_max = 1024;

std::string welcome_key(const std::string& user, const std::string& database,
                        const session::postgres::SettingsMap& settings) {
  std::string key = user;
  const auto add = [&](std::string_view part) {
    key += '\0';
    key += part;
  };
  add(database);
  for (const auto& [name, value] : settings) {
    if (name == "application_name") continue;
    add(name);
    add(value.text);
  }
  return key;
}

}  // namespace

SharedCluster::Parameters SharedCluster::welcome(
    const std::string& user, const std::string& database,
    const session::postgres::SettingsMap& settings) const {
  const std::string key = welcome_key(user, database, settings);
  const std::scoped_lock lock(mutex_);
  const auto found = welcomes_.find(key);
  return found == welcomes_.end() ? nullptr : found->second;
}

void SharedCluster::set_welcome(const std::string& user, const std::string& database,
                                const session::postgres::SettingsMap& settings,
                                Parameters parameters) {
  std::string key = welcome_key(user, database, settings);
  const std::scoped_lock lock(mutex_);
  if (welcomes_.size() >= welcomes_max) welcomes_.clear();
  welcomes_.insert_or_assign(std::move(key), std::move(parameters));
}

void SharedCluster::forget_welcomes() {
  const std::scoped_lock lock(mutex_);
  welcomes_.clear();
}

}  // namespace relevo::net
