// The configuration as typed values. Defaults stand here, once: the settings
// table (settings.cpp) reads them from here, and adds to each field its key, its
// bounds and its sentence of documentation. The parser, the JSON Schema and the
// reference in docs/configuration.md are made from that table.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace relevo::config {

using Milliseconds = std::chrono::milliseconds;

// A secret's resolved text. Its own type so that it is not logged by accident.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  const std::string& reveal() const { return text_; }
  bool empty() const { return text_.empty(); }
  bool operator==(const Secret&) const = default;

 private:
  std::string text_;
};

enum class Engine { postgres, mysql };
enum class ClientTls { disable, allow, require };
enum class ServerTls { disable, prefer, require, verify_ca, verify_full };
enum class PoolMode { transaction, session };
enum class Reads { replicas, primary };
enum class Consistency { session, eventual };
enum class Balance { least_outstanding, round_robin, nearest_zone };
enum class WithoutCatalog { primary, text };  // what tells reads when no catalogue is known
enum class FailoverMode { automatic, manual, off };
enum class Durability { async, quorum };
enum class QuorumSettings { manage, observe };  // what of durability quorum stands on servers
enum class LogLevel { debug, info, warning, error };
enum class LogFormat { text, json };
enum class UnixAuth { password, trust };  // how clients on a Unix socket log in

struct Listen {
  bool unix_socket = false;
  std::string host;  // numeric address in canonical form; or the path when unix_socket
  std::uint16_t port = 0;
  bool operator==(const Listen&) const = default;
};

struct Node {
  std::string name;
  std::string host;  // name or numeric address, without the port
  std::uint16_t port = 0;
  std::string zone;
  unsigned weight = 100;
  unsigned priority = 100;
  bool never_promote = false;
  bool operator==(const Node&) const = default;
  // As it is configured: an IPv6 address stands in brackets.
  std::string address() const {
    const bool v6 = host.find(':') != std::string::npos;
    return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
  }
};

struct User {
  std::string name;
  Secret password;
  bool operator==(const User&) const = default;
};

struct TlsClientSide {  // towards applications
  ClientTls mode = ClientTls::disable;
  std::string cert;       // path of a PEM file
  std::string key;        // path of a PEM file
  std::string client_ca;  // "" : client certificates are not asked for
  bool operator==(const TlsClientSide&) const = default;
};

struct TlsServerSide {  // towards the database, sslmode as in libpq
  ServerTls mode = ServerTls::prefer;
  std::string ca;
  bool operator==(const TlsServerSide&) const = default;
};

struct Monitor {
  std::string user;
  Secret password;
  std::string database = "postgres";
  Milliseconds interval{100};
  Milliseconds timeout{1000};
  bool operator==(const Monitor&) const = default;
};

struct Replication {
  std::string user;
  Secret password;
  bool operator==(const Replication&) const = default;
};

struct Auth {
  std::optional<std::vector<User>> users;  // nullopt: passthrough from the server's catalogue
  UnixAuth unix_socket = UnixAuth::password;
  bool cleartext_over_tls = false;
  bool operator==(const Auth&) const = default;
};

struct Pool {
  PoolMode mode = PoolMode::transaction;
  unsigned size = 20;  // server connections per node, user and database, over all workers
  unsigned max_clients = 10000;
  Milliseconds queue_timeout{30000};
  Milliseconds idle_timeout{600000};
  Milliseconds max_lifetime{3600000};
  Milliseconds connect_timeout{5000};  // one server connection, from TCP to ReadyForQuery
  Milliseconds login_timeout{10000};   // one client, from accept to authenticated
  bool operator==(const Pool&) const = default;
};

struct Routing {
  Reads reads = Reads::replicas;
  Milliseconds max_lag{1000};
  Consistency consistency = Consistency::session;
  Balance balance = Balance::least_outstanding;
  std::string zone;  // where this proxy runs, for nearest_zone
  WithoutCatalog without_catalog = WithoutCatalog::primary;
  Milliseconds catalog_refresh{10000};  // PostgreSQL: how often its catalogues are looked at
  bool operator==(const Routing&) const = default;
};

struct Failover {
  FailoverMode mode = FailoverMode::automatic;
  Durability durability = Durability::async;
  unsigned acks = 1;  // W, with durability quorum
  QuorumSettings quorum_settings = QuorumSettings::manage;
  Milliseconds detect{1000};             // silence after which a node may be called hung
  Milliseconds hold{30000};              // how long a statement waits for a primary
  Milliseconds drain{2000};              // how long a switchover waits for open transactions
  std::uint64_t max_loss = 16ULL << 20;  // bytes of history that an automatic failover may lose
  bool operator==(const Failover&) const = default;
};

struct Cluster {
  std::string name;
  Engine engine = Engine::postgres;
  std::vector<Listen> listen;
  TlsClientSide tls;
  std::vector<Node> nodes;
  TlsServerSide server_tls;
  Monitor monitor;
  Replication replication;
  Auth auth;
  Pool pool;
  Routing routing;
  Failover failover;
  bool operator==(const Cluster&) const = default;
};

struct Admin {
  std::string socket = "/run/relevo/admin.sock";
  std::optional<Listen> http;
  Secret token;  // bearer token for writing verbs over TCP; empty: they are refused there
  bool operator==(const Admin&) const = default;
};

struct Log {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::text;
  bool operator==(const Log&) const = default;
};

struct Config {
  Admin admin;
  unsigned workers = 0;  // 0: one per core
  Log log;
  std::string state_dir = "/var/lib/relevo";
  Milliseconds drain_timeout{30000};
  std::vector<Cluster> clusters;
  bool operator==(const Config&) const = default;
};

}  // namespace relevo::config
