#include "proxy/net/mysql/cluster_memory.hpp"

#include <charconv>

namespace relevo::net::mysql {
namespace {

constexpr std::size_t welcomes_max = 4096;

// "10.11.6-MariaDB" -> 101106, "8.0.36" -> 80036; 0 when it is neither.
std::uint32_t version_number(std::string_view text) {
  if (text.starts_with("5.5.5-")) text.remove_prefix(6);  // MariaDB before 11, for old replicas
  std::uint32_t number = 0;
  for (int part = 0; part < 3; ++part) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || value > 99) return 0;
    number = number * 100 + value;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (part < 2) {
      if (!text.starts_with('.')) return 0;
      text.remove_prefix(1);
    }
  }
  return number;
}

}  // namespace

route::MysqlDialect ServerFacts::dialect() const {
  route::MysqlDialect dialect;
  dialect.server = mariadb ? route::MysqlServer::mariadb : route::MysqlServer::mysql;
  dialect.version = version_number(version);
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
