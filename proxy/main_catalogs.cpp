// The catalogues of databases: from the watch that reads them to the
// workers, and to whoever asks where a statement would go.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>

#include "proxy/main_process.hpp"
#include "proxy/main_translate.hpp"

namespace relevo {
namespace {

// Of all databases of one cluster together; what is more is not kept.
constexpr std::size_t catalogs_bytes_max = std::size_t{512} << 20;

}  // namespace

void Process::make_watch(std::size_t index) {
  const config::Cluster& cluster = config_.clusters[index];
  const act::ControllerSettings as_controlled = controller_settings(cluster, "");
  catalog::WatchSettings settings;
  const bool mysql = cluster.engine == config::Engine::mysql;
  settings.engine = mysql ? model::Engine::mysql : model::Engine::postgres;
  settings.refresh = cluster.routing.catalog_refresh;
  for (const act::ControlledNode& node : as_controlled.nodes) {
    client::Endpoint endpoint;
    endpoint.host = node.host;
    endpoint.port = node.port;
    endpoint.user = as_controlled.monitor_user;
    endpoint.password = as_controlled.monitor_password;
    endpoint.database = cluster.monitor.database;
    endpoint.sslmode = as_controlled.sslmode;
    endpoint.sslrootcert = as_controlled.sslrootcert;
    settings.nodes.push_back(std::move(endpoint));
  }
  catalog::Watch::Ports ports;
  ports.publish = [this, index, mysql](const std::string& database, catalog::News news) {
    if (mysql) return publish_mysql_catalog(index, std::move(news));
    return publish_catalog(index, database, std::move(news));
  };
  ports.marks = [this, index](const std::string& database) {
    return data_plane_->catalog_marks(index, database);
  };
  ports.settled = [this, index] {
    const std::scoped_lock lock(mutex_);
    clusters_[index].catalogs_settled = true;
  };
  ports.warn = [name = cluster.name](const std::string& text) {
    spdlog::warn("[{}] {}", name, text);
  };
  ports.tell = [name = cluster.name](const std::string& text) {
    spdlog::info("[{}] {}", name, text);
  };
  clusters_[index].watch =
      std::make_unique<catalog::Watch>(catalog_io_, std::move(settings), std::move(ports));
}

bool Process::publish_catalog(std::size_t index, const std::string& database, catalog::News news) {
  using Kind = catalog::News::Kind;
  net::postgres::CatalogUpdate update;
  update.certain = news.certain;
  update.perhaps = news.perhaps;
  if (news.kind == Kind::changed) {
    update.catalog =
        route::postgres::Catalog::build(*std::get<std::unique_ptr<model::CatalogRows>>(news.rows));
    if (update.catalog == nullptr) return false;
    if (!news.first) update.since = std::chrono::steady_clock::now();
  }
  {
    const std::scoped_lock lock(mutex_);
    auto& kept = clusters_[index].catalogs;
    if (news.kind == Kind::changed &&
        kept_bytes(index, database) + update.catalog->bytes() > catalogs_bytes_max) {
      return false;
    }
    if (news.kind == Kind::lost) {
      kept.erase(database);
    } else {
      auto& known = kept[database];
      if (news.kind == Kind::unchanged) {
        update.catalog = known.catalog;
        update.since = known.since;
      }
      known = update;
    }
  }
  data_plane_->publish_catalog(index, database, update);
  return true;
}

bool Process::publish_mysql_catalog(std::size_t index, catalog::News news) {
  using Kind = catalog::News::Kind;
  net::mysql::CatalogUpdate update;
  if (news.kind == Kind::changed) {
    update.catalog = route::mysql::Catalog::build(
        *std::get<std::unique_ptr<model::MysqlCatalogRows>>(news.rows));
    if (update.catalog == nullptr) return false;
    if (!news.first) update.since = std::chrono::steady_clock::now();
  }
  {
    const std::scoped_lock lock(mutex_);
    net::mysql::CatalogUpdate& known = clusters_[index].mysql_catalog;
    if (news.kind == Kind::unchanged) update = known;
    update.certain = news.certain;
    known = update;
  }
  data_plane_->publish_catalog(index, update);
  return true;
}

// Of all but one. Called with mutex_ held.
std::size_t Process::kept_bytes(std::size_t index, const std::string& but) const {
  std::size_t bytes = 0;
  for (const auto& [database, update] : clusters_[index].catalogs) {
    if (database != but) bytes += update.catalog->bytes();
  }
  return bytes;
}

// Of the databases whose catalogue is known the one that most sessions are in; rather
// not the monitor's own.
std::string Process::database_in_use(std::size_t index, const std::string& monitors) {
  std::vector<std::string> names;
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& [database, update] : clusters_[index].catalogs) names.push_back(database);
  }
  const auto rank = [&](const std::string& name) {
    const auto marks = data_plane_->catalog_marks(index, name);
    return std::pair(marks->sessions.load(), name != monitors);
  };
  const auto most = std::ranges::max_element(names, {}, rank);
  return most != names.end() ? *most : monitors;
}

// Without a database in the question a name is harmless if it is in every one.
route::Analysis Process::analyze_mysql(std::size_t index, const config::Cluster& cluster,
                                       const model::View& view, const admin::Question& question,
                                       std::string& because) {
  route::mysql::CatalogPtr catalog;
  {
    const std::scoped_lock lock(mutex_);
    catalog = clusters_[index].mysql_catalog.catalog;
  }
  route::MysqlDialect dialect = mysql_dialect(view);
  if (catalog == nullptr) {
    const bool by_text = cluster.routing.without_catalog == config::WithoutCatalog::text;
    dialect.naming = by_text ? nullptr : &route::unknown_mysql_naming;
    return route::analyze_mysql(question.sql, dialect);
  }
  const route::MysqlNaming naming =
      route::make_mysql_naming(catalog, question.database.empty() ? nullptr : &question.database,
                               true, route::mysql_naming_id_min);
  dialect.naming = &naming;
  const route::Analysis analysis = route::analyze_mysql(question.sql, dialect);
  because = catalog->describe(analysis.object);
  return analysis;
}

// `because`: what the catalogue says of the object that decided.
route::Analysis Process::analyze(std::size_t index, const config::Cluster& cluster,
                                 const model::View& view, const admin::Question& question,
                                 std::string& because) {
  if (cluster.engine == config::Engine::mysql) {
    return analyze_mysql(index, cluster, view, question, because);
  }
  const std::string database = question.database.empty()
                                   ? database_in_use(index, cluster.monitor.database)
                                   : question.database;
  route::postgres::CatalogPtr catalog;
  {
    const std::scoped_lock lock(mutex_);
    const auto& kept = clusters_[index].catalogs;
    if (const auto found = kept.find(database); found != kept.end())
      catalog = found->second.catalog;
  }
  if (catalog == nullptr) {
    route::Dialect dialect;
    const bool by_text = cluster.routing.without_catalog == config::WithoutCatalog::text;
    dialect.naming = by_text ? nullptr : &route::postgres::unknown_naming;
    return route::analyze_postgres(question.sql, dialect);
  }
  const route::postgres::NamingOwner owner{.login = question.user, .acting = question.user};
  const route::postgres::Naming naming =
      route::postgres::make_naming(catalog, question.search_path ? &*question.search_path : nullptr,
                                   owner, route::postgres::naming_id_min);
  route::Dialect dialect;
  dialect.naming = &naming;
  const route::Analysis analysis = route::analyze_postgres(question.sql, dialect);
  because = catalog->describe(analysis.object);
  return analysis;
}

}  // namespace relevo
