#include "proxy/config/settings.hpp"

#include "proxy/config/kinds.hpp"
#include "proxy/config/list.hpp"

namespace relevo::config {
namespace {

using namespace std::chrono_literals;
using enum Need;
using enum Change;

constexpr std::uint64_t KiB = 1ULL << 10;
constexpr std::uint64_t TiB = KiB * KiB * KiB * KiB;

template <class V>
KindOf<std::vector<V>> list_of(KindOf<V> element, std::size_t least, std::size_t most) {
  return std::make_shared<List<V>>(std::move(element), least, most);
}

template <class V>
KindOf<std::vector<V>> named(Section<V> section, std::size_t least, std::size_t most) {
  return std::make_shared<NamedList<V>>(std::make_shared<Section<V>>(std::move(section)), least,
                                        most);
}

template <class V>
KindOf<std::optional<V>> optionally(KindOf<V> kind) {
  return std::make_shared<Optional<V>>(std::move(kind));
}

template <class V>
KindOf<V> or_null(KindOf<V> kind) {
  return std::make_shared<OrNull<V>>(std::move(kind));
}

// A node's address is one setting and two fields.
const Binding<Node, Endpoint> node_address{
    [](const Node& node) { return Endpoint{node.host, node.port}; },
    [](Node& node, Endpoint endpoint) {
      node.host = std::move(endpoint.host);
      node.port = endpoint.port;
    }};

Section<Node> node() {
  Section<Node> s("One database server.");
  s.setting("name", &Node::name, name(), required, restart,
            "What the node is called in the API, the logs and the metrics; unique in its cluster.");
  s.setting("address", node_address, endpoint(), required, restart,
            "Where the server listens; unique in its cluster.");
  s.setting("zone", &Node::zone, or_null(name()), optional, reload,
            "The failure domain that the node is in, such as a data centre.");
  s.setting("weight", &Node::weight, number(0, 10000), optional, reload,
            "The node's share of the reads relative to the other replicas; 0 takes it none.");
  s.setting("priority", &Node::priority, number(0, 10000), optional, reload,
            "Among equally caught-up replicas the one with the highest priority is promoted.");
  s.setting("never_promote", &Node::never_promote, flag(), optional, reload,
            "Keeps the node from ever becoming primary.");
  return s;
}

Section<TlsClientSide> tls() {
  Section<TlsClientSide> s("TLS towards applications.");
  s.setting("mode", &TlsClientSide::mode,
            choice<ClientTls>({{"disable", ClientTls::disable},
                               {"allow", ClientTls::allow},
                               {"require", ClientTls::require}}),
            optional, restart,
            "Whether clients cannot, may or must use TLS; `allow` and `require` need `cert` and "
            "`key`.");
  s.setting("cert", &TlsClientSide::cert, or_null(file_path()), optional, reload,
            "PEM file with the certificate that is shown to clients, and its chain; read again at "
            "a reload.");
  s.setting("key", &TlsClientSide::key, or_null(file_path()), optional, reload,
            "PEM file with the private key of `cert`; read again at a reload.");
  s.setting("client_ca", &TlsClientSide::client_ca, or_null(file_path()), optional, reload,
            "PEM file with the authorities whose client certificates are accepted; null asks "
            "clients for none.");
  return s;
}

Section<TlsServerSide> server_tls() {
  Section<TlsServerSide> s("TLS towards the database servers.");
  s.setting("mode", &TlsServerSide::mode,
            choice<ServerTls>({{"disable", ServerTls::disable},
                               {"prefer", ServerTls::prefer},
                               {"require", ServerTls::require},
                               {"verify-ca", ServerTls::verify_ca},
                               {"verify-full", ServerTls::verify_full}}),
            optional, restart,
            "As libpq's sslmode: only `verify-ca` and `verify-full` check whom they talk to.");
  s.setting("ca", &TlsServerSide::ca, or_null(file_path()), optional, reload,
            "PEM file with the authorities that sign the servers' certificates; needed by, and "
            "only by, the two verifying modes; read again at a reload.");
  return s;
}

Section<Monitor> monitor() {
  Section<Monitor> s("How Relevo watches the servers.");
  s.setting("user", &Monitor::user, database_name(), required, restart,
            "The user that probes log in as, and that a failover acts with.");
  s.setting("password", &Monitor::password, secret(), optional, restart,
            "Its password; may be left out where the servers ask for none.");
  s.setting("database", &Monitor::database, database_name(), optional, restart,
            "PostgreSQL only: the database that probes connect to.");
  s.setting("interval", &Monitor::interval, duration(10ms, 60s), optional, restart,
            "How often each node is probed; lag is no finer than this.");
  s.setting("timeout", &Monitor::timeout, duration(10ms, 5min), optional, restart,
            "How long one probe may take before it counts as failed.");
  return s;
}

Section<Replication> replication() {
  Section<Replication> s("What a replica logs in to its primary with after it was repointed.");
  s.setting("user", &Replication::user, or_null(database_name()), optional, restart,
            "A user that may replicate; required unless `failover.mode` is `off`.");
  s.setting("password", &Replication::password, secret(), optional, restart,
            "Its password; may be left out where the servers ask for none, and with PostgreSQL "
            "where the nodes have it in a password file.");
  return s;
}

Section<User> user() {
  Section<User> s("One user that may log in.");
  s.setting("name", &User::name, database_name(), required, reload,
            "The user's name, on the client's side and on the servers'.");
  s.setting("password", &User::password, secret(), required, reload, "The user's password.");
  return s;
}

Section<Auth> auth() {
  Section<Auth> s("How clients log in.");
  s.setting("users", &Auth::users, optionally(named(user(), 1, 100000)), optional, reload,
            "The users that may log in; without it, those in the servers' own catalogue may.");
  s.setting("unix_socket", &Auth::unix_socket,
            choice<UnixAuth>({{"password", UnixAuth::password}, {"trust", UnixAuth::trust}}),
            optional, restart,
            "Whether clients on a Unix socket are asked for their password, or are trusted "
            "because the socket's file permissions let them in.");
  s.setting("cleartext_over_tls", &Auth::cleartext_over_tls, flag(), optional, reload,
            "PostgreSQL only: asks clients on TLS connections for the password itself instead of a "
            "proof: for drivers without SCRAM, and for servers that ask Relevo for it.");
  return s;
}

Section<Pool> pool() {
  Section<Pool> s("Server connections, and the clients that wait for them.");
  s.setting(
      "mode", &Pool::mode,
      choice<PoolMode>({{"transaction", PoolMode::transaction}, {"session", PoolMode::session}}),
      optional, restart,
      "Whether a client holds a server connection for a transaction or for its whole "
      "session.");
  s.setting("size", &Pool::size, number(1, 10000, "connections"), optional, reload,
            "Most server connections per node, user and database.");
  s.setting("max_clients", &Pool::max_clients, number(1, 1000000, "clients"), optional, reload,
            "Most clients connected at a time; one more is refused.");
  s.setting("queue_timeout", &Pool::queue_timeout, duration(1ms, 24h), optional, reload,
            "How long a client waits for a server connection before it gets an error.");
  s.setting("idle_timeout", &Pool::idle_timeout, duration(1ms, 720h), optional, reload,
            "A server connection that nobody used for this long is closed.");
  s.setting("max_lifetime", &Pool::max_lifetime, duration(1ms, 720h), optional, reload,
            "A server connection as old as this is closed when it is next free.");
  s.setting("connect_timeout", &Pool::connect_timeout, duration(1ms, 10min), optional, reload,
            "How long opening one server connection may take, from TCP to the end of the login.");
  s.setting("login_timeout", &Pool::login_timeout, duration(1ms, 10min), optional, reload,
            "How long a client may take from connecting to the end of its login.");
  return s;
}

Section<Routing> routing() {
  Section<Routing> s("Where statements go.");
  s.setting("reads", &Routing::reads,
            choice<Reads>({{"replicas", Reads::replicas}, {"primary", Reads::primary}}), optional,
            reload, "Whether reads may go to replicas or all statements go to the primary.");
  s.setting("max_lag", &Routing::max_lag, duration(0ms, 24h), optional, reload,
            "A replica further behind than this gets no reads.");
  s.setting(
      "consistency", &Routing::consistency,
      choice<Consistency>({{"session", Consistency::session}, {"eventual", Consistency::eventual}}),
      optional, reload,
      "Whether a session always reads its own writes, or reads any replica within `max_lag`.");
  s.setting("balance", &Routing::balance,
            choice<Balance>({{"least_outstanding", Balance::least_outstanding},
                             {"round_robin", Balance::round_robin},
                             {"nearest_zone", Balance::nearest_zone}}),
            optional, reload,
            "How a replica is chosen; `nearest_zone` needs `zone` and prefers the nodes in it.");
  s.setting("zone", &Routing::zone, or_null(name()), optional, reload,
            "The zone that this proxy runs in, for `nearest_zone`.");
  s.setting("without_catalog", &Routing::without_catalog,
            choice<WithoutCatalog>(
                {{"primary", WithoutCatalog::primary}, {"text", WithoutCatalog::text}}),
            optional, reload,
            "Where reads go while a database's catalogue is not known (`monitor.user` may not "
            "read it, or it is too large): to the primary, or where their text alone sends them, "
            "with tables and views taken for what they seem.");
  s.setting("catalog_refresh", &Routing::catalog_refresh, duration(100ms, 24h), optional, reload,
            "How often the databases' catalogues are looked at for what was changed elsewhere; "
            "what is changed through Relevo is seen at once.");
  return s;
}

Section<Failover> failover() {
  Section<Failover> s("What happens when the primary is lost.");
  s.setting("mode", &Failover::mode,
            choice<FailoverMode>({{"automatic", FailoverMode::automatic},
                                  {"manual", FailoverMode::manual},
                                  {"off", FailoverMode::off}}),
            optional, reload,
            "Whether Relevo promotes a replica by itself, holds writes until an operator "
            "decides, or only follows whoever else promotes.");
  s.setting("durability", &Failover::durability,
            choice<Durability>({{"async", Durability::async}, {"quorum", Durability::quorum}}),
            optional, reload,
            "Whether commits wait for replicas; with `quorum` a failover that could lose an "
            "acknowledged write is refused.");
  s.setting("acks", &Failover::acks, number(1, 63, "replicas"), optional, reload,
            "With `quorum`: how many replicas acknowledge each commit; has to be given then, and "
            "is fewer than there are nodes.");
  s.setting("quorum_settings", &Failover::quorum_settings,
            choice<QuorumSettings>(
                {{"manage", QuorumSettings::manage}, {"observe", QuorumSettings::observe}}),
            optional, reload,
            "With `quorum`: whether Relevo sets on the servers what makes commits wait for `acks` "
            "replicas, where their own settings ask for less, or only says that they do.");
  s.setting("detect", &Failover::detect, duration(20ms, 1h), optional, reload,
            "Silence after which a node may be called hung; longer than `monitor.interval`.");
  s.setting("hold", &Failover::hold, duration(0ms, 1h), optional, reload,
            "How long a statement waits for a primary before it gets an error.");
  s.setting("drain", &Failover::drain, duration(0ms, 1h), optional, reload,
            "How long a switchover waits for open transactions to end.");
  s.setting("max_loss", &Failover::max_loss, size_bytes(0, TiB), optional, reload,
            "With `async`: an automatic failover that may lose more history than this is "
            "refused. MySQL's and MariaDB's history is counted in transactions, each as 1KiB: "
            "16MiB are 16384 of them.");
  return s;
}

Section<Cluster> cluster() {
  Section<Cluster> s("One replicated database and the proxy in front of it.");
  s.setting("name", &Cluster::name, name(), required, restart,
            "What the cluster is called in the API, the logs and the metrics; unique.");
  s.setting("engine", &Cluster::engine,
            choice<Engine>({{"postgres", Engine::postgres}, {"mysql", Engine::mysql}}), optional,
            restart,
            "The protocol that it speaks; MySQL and MariaDB are told apart by the server itself.");
  s.setting("listen", &Cluster::listen, list_of(listen(), 1, 64), required, restart,
            "Where clients connect; no two clusters share an address.");
  s.section("tls", &Cluster::tls, tls());
  s.setting("nodes", &Cluster::nodes, named(node(), 1, 64), required, restart,
            "The database servers; adding, removing or reordering them needs a restart.");
  s.section("server_tls", &Cluster::server_tls, server_tls());
  s.section("monitor", &Cluster::monitor, monitor());
  s.section("replication", &Cluster::replication, replication());
  s.section("auth", &Cluster::auth, auth());
  s.section("pool", &Cluster::pool, pool());
  s.section("routing", &Cluster::routing, routing());
  s.section("failover", &Cluster::failover, failover());
  return s;
}

Section<Admin> admin() {
  Section<Admin> s("The admin interface.");
  s.setting("socket", &Admin::socket, socket_path(), optional, restart,
            "Unix socket of the admin API; whoever may open it may do everything.");
  s.setting("http", &Admin::http, optionally(listen_tcp()), optional, restart,
            "TCP address of the admin API and the metrics; null opens none.");
  s.setting("token", &Admin::token, secret(), optional, restart,
            "Bearer token for what changes anything over TCP; without it that is refused there.");
  return s;
}

Section<Log> log() {
  Section<Log> s("The log, on standard error.");
  s.setting("level", &Log::level,
            choice<LogLevel>({{"debug", LogLevel::debug},
                              {"info", LogLevel::info},
                              {"warning", LogLevel::warning},
                              {"error", LogLevel::error}}),
            optional, reload, "The least severe messages that are written.");
  s.setting("format", &Log::format,
            choice<LogFormat>({{"text", LogFormat::text}, {"json", LogFormat::json}}), optional,
            restart, "Lines for people or one JSON object a line.");
  return s;
}

Section<Config> top_level() {
  Section<Config> s("The process as a whole.");
  s.section("admin", &Config::admin, admin());
  s.setting("workers", &Config::workers, number(0, 1024, "threads"), optional, restart,
            "Threads that serve clients; 0 stands for one per core.");
  s.section("log", &Config::log, log());
  s.setting("state_dir", &Config::state_dir, file_path(), optional, restart,
            "Folder of the journal and of the last known topology.");
  s.setting("drain_timeout", &Config::drain_timeout, duration(1ms, 24h), optional, reload,
            "How long open transactions may go on after Relevo was asked to end.");
  s.setting("clusters", &Config::clusters, named(cluster(), 1, 256), required, restart,
            "The clusters; adding, removing or reordering them needs a restart.");
  return s;
}

}  // namespace

const Section<Config>& settings() {
  static const Section<Config> table = top_level();
  return table;
}

Catalogue catalogue() {
  Catalogue rows;
  settings().describe("", rows);
  return rows;
}

}  // namespace relevo::config
