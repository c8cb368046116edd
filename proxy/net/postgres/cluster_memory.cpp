#include "proxy/net/postgres/cluster_memory.hpp"

namespace relevo::net::postgres {

void ClusterMemory::remember(const std::string& user,
                             session::postgres::ServerCredentials credentials) {
  const std::scoped_lock lock(mutex_);
  credentials_[user] = std::move(credentials);
}

session::postgres::ServerCredentials ClusterMemory::credentials(const std::string& user) const {
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

ClusterMemory::Parameters ClusterMemory::welcome(
    const std::string& user, const std::string& database,
    const session::postgres::SettingsMap& settings) const {
  const std::string key = welcome_key(user, database, settings);
  const std::scoped_lock lock(mutex_);
  const auto found = welcomes_.find(key);
  return found == welcomes_.end() ? nullptr : found->second;
}

void ClusterMemory::set_welcome(const std::string& user, const std::string& database,
                                const session::postgres::SettingsMap& settings,
                                Parameters parameters) {
  std::string key = welcome_key(user, database, settings);
  const std::scoped_lock lock(mutex_);
  if (welcomes_.size() >= welcomes_max) welcomes_.clear();
  welcomes_.insert_or_assign(std::move(key), std::move(parameters));
}

std::shared_ptr<model::CatalogMarks> ClusterMemory::catalog_marks(const std::string& database) {
  const std::scoped_lock lock(mutex_);
  std::erase_if(marks_, [](const auto& entry) { return entry.second.expired(); });
  auto& known = marks_[database];
  auto marks = known.lock();
  if (marks == nullptr) {
    marks = std::make_shared<model::CatalogMarks>();
    known = marks;
  }
  return marks;
}

void ClusterMemory::set_catalog(const std::string& database, const CatalogUpdate& update) {
  const std::scoped_lock lock(mutex_);
  if (update.catalog == nullptr) {
    catalogs_.erase(database);
  } else {
    catalogs_.insert_or_assign(database, update);
  }
}

CatalogUpdate ClusterMemory::catalog(const std::string& database) const {
  const std::scoped_lock lock(mutex_);
  const auto found = catalogs_.find(database);
  return found != catalogs_.end() ? found->second : CatalogUpdate{};
}

void ClusterMemory::forget_welcomes() {
  const std::scoped_lock lock(mutex_);
  welcomes_.clear();
}

}  // namespace relevo::net::postgres
