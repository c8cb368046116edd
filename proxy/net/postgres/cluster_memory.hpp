// What all workers remember of one PostgreSQL cluster: what users log in to
// servers with, and what servers tell a client that has just logged in.
//
// Thread-safe. Asked at logins and when connections are opened, never per query.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "proxy/net/postgres/database_catalog.hpp"
#include "proxy/session/postgres/server_login.hpp"
#include "proxy/session/postgres/settings.hpp"
#include "topology/model/catalog_marks.hpp"

namespace relevo::net::postgres {

class ClusterMemory {
 public:
  // `mock_secret`: makes the challenges for users that don't exist.
  explicit ClusterMemory(std::string mock_secret) : mock_secret_(std::move(mock_secret)) {}

  // What a user's last login revealed, for opening server connections.
  void remember(const std::string& user, session::postgres::ServerCredentials credentials);
  session::postgres::ServerCredentials credentials(const std::string& user) const;

  // What a server reports to a session with these settings (application_name
  // left aside: it is the client's own word), once one of them has asked.
  using Parameters = std::shared_ptr<const session::postgres::ParameterMap>;
  Parameters welcome(const std::string& user, const std::string& database,
                     const session::postgres::SettingsMap& settings) const;
  void set_welcome(const std::string& user, const std::string& database,
                   const session::postgres::SettingsMap& settings, Parameters parameters);
  void forget_welcomes();  // another primary, which may differ

  // What sessions of all workers tell of a database's catalogue.
  std::shared_ptr<model::CatalogMarks> catalog_marks(const std::string& database);
  // What was published of it last, for workers that meet the database later.
  void set_catalog(const std::string& database, const CatalogUpdate& update);
  CatalogUpdate catalog(const std::string& database) const;

  const std::string& mock_secret() const { return mock_secret_; }

 private:
  const std::string mock_secret_;
  mutable std::mutex mutex_;
  std::map<std::string, session::postgres::ServerCredentials> credentials_;
  std::map<std::string, Parameters> welcomes_;
  std::map<std::string, std::weak_ptr<model::CatalogMarks>> marks_;
  std::map<std::string, CatalogUpdate> catalogs_;
};

}  // namespace relevo::net::postgres
