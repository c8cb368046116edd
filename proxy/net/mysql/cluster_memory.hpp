// What all workers remember of one MySQL or MariaDB cluster: what users log in to
// servers with, what was learned of their passwords, and what servers have in
// common that a client is told before it has said who it is.
//
// Thread-safe. Asked at logins and when connections are opened, never per query.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "proxy/net/mysql/server_catalog.hpp"
#include "proxy/route/statement.hpp"
#include "proxy/session/mysql/account.hpp"
#include "proxy/session/mysql/auth/rsa_password.hpp"
#include "proxy/wire/mysql/types.hpp"
#include "topology/model/ids.hpp"

namespace relevo::net::mysql {

// What the greeting says, and how texts are read.
struct ServerFacts {
  std::string version = "8.0.0";  // as servers write it: "10.11.6-MariaDB"
  bool mariadb = false;
  wire::mysql::Capabilities capabilities;  // those that all servers met so far have

  route::MysqlDialect dialect() const;
};

class ClusterMemory {
 public:
  ClusterMemory(std::string mock_secret, std::shared_ptr<const session::mysql::RsaKeyPair> rsa)
      : mock_secret_(std::move(mock_secret)), rsa_(std::move(rsa)) {}

  const std::string& mock_secret() const { return mock_secret_; }
  const std::shared_ptr<const session::mysql::RsaKeyPair>& rsa() const { return rsa_; }

  // Nothing until a server has been met.
  std::optional<ServerFacts> facts() const;
  // `facts`: of the server at this node, with what it alone can do.
  void set_facts(model::NodeId node, ServerFacts facts);

  // What sessions tell of the servers' catalogue; also for whoever reads it.
  const std::shared_ptr<model::CatalogMarks>& catalog_marks() const { return marks_; }

  // What a user's last login revealed, for opening server connections.
  void remember(const std::string& user, session::mysql::ServerCredentials credentials);
  session::mysql::ServerCredentials credentials(const std::string& user) const;

  // What full authentication taught of a user, as long as its accounts are the same.
  void learn(const std::string& user, const session::mysql::Sha256& fingerprint,
             session::mysql::RememberedSha2 remembered);
  std::optional<session::mysql::RememberedSha2> learned(
      const std::string& user, const session::mysql::Sha256& fingerprint) const;

  // Databases that some server let the user into.
  bool is_welcome(const std::string& user, const std::string& database) const;
  void set_welcome(const std::string& user, const std::string& database);
  void forget_welcomes();  // another primary, which may differ

 private:
  const std::string mock_secret_;
  const std::shared_ptr<const session::mysql::RsaKeyPair> rsa_;
  const std::shared_ptr<model::CatalogMarks> marks_ = std::make_shared<model::CatalogMarks>();
  mutable std::mutex mutex_;
  std::optional<ServerFacts> facts_;
  std::map<model::NodeId, wire::mysql::Capabilities> capabilities_;
  std::map<std::string, session::mysql::ServerCredentials> credentials_;
  std::map<std::string, std::pair<session::mysql::Sha256, session::mysql::RememberedSha2>> learned_;
  std::set<std::pair<std::string, std::string>> welcomes_;
};

}  // namespace relevo::net::mysql
