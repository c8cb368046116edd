#include "proxy/net/mysql/server_catalog.hpp"

#include <atomic>

namespace relevo::net::mysql {
namespace {

constexpr std::size_t namings_max = 4096;  // of other databases; then they are made anew

std::uint64_t next_naming_id() {
  static std::atomic<std::uint64_t> next{route::mysql_naming_id_min};
  return next.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

void ServerCatalog::apply(const CatalogUpdate& update) {
  certain_ = update.certain;
  may_ask_ = true;
  if (update.catalog == catalog_) return;
  ++version_;
  catalog_ = update.catalog;
  since_ = update.since;
  namings_.clear();
}

NamingPtr ServerCatalog::naming(const std::string& database, bool utf8) {
  const auto key = std::pair(database, utf8);
  if (const auto found = namings_.find(key); found != namings_.end()) return found->second;
  if (namings_.size() >= namings_max) namings_.clear();
  auto made = std::make_shared<const route::MysqlNaming>(
      route::make_mysql_naming(catalog_, &database, utf8, next_naming_id()));
  namings_.emplace(key, made);
  return made;
}

}  // namespace relevo::net::mysql
