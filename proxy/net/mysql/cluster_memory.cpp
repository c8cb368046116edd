#include "proxy/net/mysql/cluster_memory.hpp"

namespace relevo::net::mysql {
namespace {

constexpr std::size_t welcomes_max = 4096;

}  // namespace

route::MysqlDialect ServerFacts::dialect() const {
  route::MysqlDialect dialect;
  dialect.server = mariadb ? route::MysqlServer::mariadb : route::MysqlServer::mysql;
  dialect.version = route::mysql_version(version);
  return dialect;
}

std::optional<ServerFacts> ClusterMemory::facts() const {
  const std::scoped_lock lock(mutex_);
  return facts_;
}

void ClusterMemory::set_facts(model::NodeId node, ServerFacts facts) {
  const std::scoped_lock lock(mutex_);
  capabilities_[node] = facts.capabilities;
  for (const auto& [other, capabilities] : capabilities_) {
    facts.capabilities = facts.capabilities.common_with(capabilities);
  }
  facts_ = std::move(facts);
}

void ClusterMemory::remember(const std::string& user,
                             session::mysql::ServerCredentials credentials) {
  const std::scoped_lock lock(mutex_);
  credentials_[user] = std::move(credentials);
}

session::mysql::ServerCredentials ClusterMemory::credentials(const std::string& user) const {
  const std::scoped_lock lock(mutex_);
  const auto found = credentials_.find(user);
  return found == credentials_.end() ? session::mysql::ServerCredentials{} : found->second;
}

void ClusterMemory::learn(const std::string& user, const session::mysql::Sha256& fingerprint,
                          session::mysql::RememberedSha2 remembered) {
  const std::scoped_lock lock(mutex_);
  learned_[user] = {fingerprint, std::move(remembered)};
}

std::optional<session::mysql::RememberedSha2> ClusterMemory::learned(
    const std::string& user, const session::mysql::Sha256& fingerprint) const {
  const std::scoped_lock lock(mutex_);
  const auto found = learned_.find(user);
  if (found == learned_.end() || found->second.first != fingerprint) return std::nullopt;
  return found->second.second;
}

bool ClusterMemory::is_welcome(const std::string& user, const std::string& database) const {
  const std::scoped_lock lock(mutex_);
  return welcomes_.contains({user, database});
}

void ClusterMemory::set_welcome(const std::string& user, const std::string& database) {
  const std::scoped_lock lock(mutex_);
  if (welcomes_.size() >= welcomes_max) welcomes_.clear();
  welcomes_.emplace(user, database);
}

void ClusterMemory::forget_welcomes() {
  const std::scoped_lock lock(mutex_);
  welcomes_.clear();
}

}  // namespace relevo::net::mysql
