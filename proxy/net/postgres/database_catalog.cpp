#include "proxy/net/postgres/database_catalog.hpp"

#include <atomic>
#include <utility>

namespace relevo::net::postgres {

namespace {

constexpr std::size_t namings_max = 4096;  // of other search_paths; then they are made anew

std::uint64_t next_naming_id() {
  static std::atomic<std::uint64_t> next{route::postgres::naming_id_min};
  return next.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

void DatabaseCatalog::apply(const CatalogUpdate& update, model::Instant now,
                            model::Duration lifetime) {
  certain_ = update.certain;
  perhaps_ = update.perhaps;
  may_ask_ = true;
  const bool over = default_paths_differ_until_ && now >= *default_paths_differ_until_;
  if (over) default_paths_differ_until_ = std::nullopt;
  if (update.catalog == catalog_ && !over) return;
  if (catalog_ != nullptr && update.catalog != nullptr &&
      !catalog_->same_default_paths(*update.catalog)) {
    default_paths_differ_until_ = now + lifetime;
  }
  ++version_;
  catalog_ = update.catalog;
  since_ = update.since;
  namings_.clear();
}

NamingPtr DatabaseCatalog::naming(const session::postgres::SettingsMap& settings,
                                  const std::string& user, bool client_utf8) {
  const auto path = settings.find("search_path");
  const bool acts_as_other =
      settings.contains("role") || settings.contains("session_authorization");
  std::string key = user;
  key += client_utf8 ? "\1" : "\2";
  if (acts_as_other) key += '\3';
  if (path != settings.end()) key += '\4' + path->second.text;
  if (const auto found = namings_.find(key); found != namings_.end()) return found->second;
  if (namings_.size() >= namings_max) namings_.clear();
  const route::postgres::NamingOwner owner{.login = user,
                                           .acting = acts_as_other ? std::string_view() : user,
                                           .client_utf8 = client_utf8,
                                           .default_path_known = !default_paths_differ_until_};
  auto made = std::make_shared<const route::postgres::Naming>(route::postgres::make_naming(
      catalog_, path != settings.end() ? &path->second.text : nullptr, owner, next_naming_id()));
  namings_.emplace(std::move(key), made);
  return made;
}

void CatalogPlace::enter(std::shared_ptr<DatabaseCatalog> catalog) {
  leave();
  catalog_ = std::move(catalog);
  catalog_->marks->sessions.fetch_add(1);
}

void CatalogPlace::leave() {
  if (catalog_ != nullptr) catalog_->marks->sessions.fetch_sub(1);
  catalog_ = nullptr;
}

}  // namespace relevo::net::postgres
