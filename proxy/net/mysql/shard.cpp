#include "proxy/net/mysql/shard.hpp"

#include <algorithm>

#include "proxy/net/mysql/client_session.hpp"

namespace relevo::net::mysql {
namespace {

constexpr std::size_t prepared_cache_bytes = 8U << 20;
constexpr std::size_t beside_max = 256;
// Higher levels take milliseconds for what a client gets in one go, and all of a
// worker's clients would wait.
constexpr int zstd_level_max = 6;

}  // namespace

Shard::Shard(Worker& worker, std::shared_ptr<SharedCluster> cluster, Peers peers,
             std::shared_ptr<ClusterMemory> memory)
    : net::Shard(worker, std::move(cluster), std::move(peers)),
      memory_(std::move(memory)),
      catalog_(memory_->catalog_marks()),
      prepared_table_(std::uint64_t{worker.index()} << 48, prepared_cache_bytes) {}

Shard::~Shard() = default;

std::shared_ptr<SessionLink> Shard::make_session(Ticket ticket, bool counted) {
  return std::make_shared<ClientSession>(*this, ticket, counted);
}

ServerLinkPtr Shard::make_server(const PoolKey& key) {
  return std::make_shared<ServerConnection>(worker(), *this, key, *memory_,
                                            memory_->credentials(key.user));
}

ServerLinkPtr Shard::adopt_server(ServerHandover& handover) {
  auto& from = static_cast<ConnectionHandover&>(handover);
  // States are one pointer within a worker.
  if (from.applied != nullptr) from.applied = state_table_.intern(*from.applied);
  return std::make_shared<ServerConnection>(worker(), *this, *memory_, from);
}

void Shard::look_at_catalog() {
  const auto& look = cluster().ports.look_at_catalog;
  if (look) look("", catalog_.marks);
}

void Shard::on_primary_changed() {
  memory_->forget_welcomes();
  if (!view()->primary || view()->primary == last_primary_) return;
  last_primary_ = view()->primary;
  // It may lack what the former one had last; counted here too, so that no statement
  // is sent to it by what is known of the other.
  catalog_.marks->certain.fetch_add(1);
  look_at_catalog();
}

wire::mysql::Codec& Shard::codec(wire::mysql::Compression compression, int level) {
  using wire::mysql::Compression;
  const int known = compression == Compression::zlib ? 0 : std::clamp(level, 1, zstd_level_max);
  const std::optional<int> asked = known == 0 ? std::nullopt : std::optional(known);
  return codecs_.try_emplace(known, compression, asked).first->second;
}

// -- beside the pools --------------------------------------------------------------------

std::optional<model::NodeId> Shard::any_node() const {
  if (view() == nullptr) return std::nullopt;
  if (view()->primary) return view()->primary;
  for (model::NodeId node = 0; node < view()->nodes.size(); ++node) {
    if (view()->nodes[node].state == model::NodeState::online) return node;
  }
  return std::nullopt;
}

void Shard::run_beside(PoolKey key, session::mysql::ServerCredentials credentials, std::string sql,
                       SideDone done) {
  if (beside_.size() >= beside_max) {
    return done({.outcome = SideConnection::Outcome::unreachable,
                 .error = {"1040", "too many logins are being checked"}});
  }
  auto side = std::make_shared<SideConnection>(worker(), std::move(key), *memory_,
                                               std::move(credentials), std::move(sql));
  beside_.push_back(side);
  const auto deadline = std::chrono::steady_clock::now() + settings().config.pool.connect_timeout;
  side->start(
      settings(), epoch(), deadline,
      [this, done = std::move(done)](SideConnection& self, const SideConnection::Result& result) {
        // Its own call stack is on top of us.
        const auto found = std::find_if(beside_.begin(), beside_.end(),
                                        [&](const auto& one) { return one.get() == &self; });
        worker().post([ended = std::move(*found)] {});
        beside_.erase(found);
        done(result);
      });
}

// -- KILL --------------------------------------------------------------------------------

void Shard::kill(std::uint32_t id, const std::string& user, Kill what,
                 std::function<void(bool)> done) {
  ++traffic().cancels;
  const std::uint32_t from = worker().index();
  const std::uint32_t owner = id >> 24;
  if (owner >= peer_count()) return done(false);
  call_peer(owner, [this, from, id, user, what, done = std::move(done)](net::Shard& shard) {
    const bool found = static_cast<Shard&>(shard).kill_here(id, user, what);
    call_peer(from, [found, done](net::Shard&) { done(found); });
  });
}

bool Shard::kill_here(std::uint32_t id, const std::string& user, Kill what) {
  const auto session =
      std::static_pointer_cast<ClientSession>(find_session(id & (ticket_limit - 1)));
  if (session == nullptr || session->user() != user) return false;
  if (what == Kill::connection) {
    session->end_killed();
    return true;
  }
  const ServerPtr& server = session->server();
  if (server == nullptr || server->exchange.idle()) {
    session->cancel_wait();
  } else {
    kill_query_on(server);
  }
  return true;
}

// The connection is lent to nobody else until the server has answered: a KILL that
// comes late must not strike another session's query.
void Shard::kill_query_on(const ServerPtr& server) {
  ++server->cancels_under_way;
  run_beside(server->key(), memory_->credentials(server->key().user),
             "KILL QUERY " + std::to_string(server->server_thread()),
             [this, server](const SideConnection::Result&) {
               --server->cancels_under_way;
               if (server->cancels_under_way == 0 && server->state() == ServerLink::State::idle) {
                 give_back(server);
               }
             });
}

ShardFactory shard_factory(std::shared_ptr<SharedCluster> cluster) {
  auto rsa =
      std::make_shared<const session::mysql::RsaKeyPair>(session::mysql::RsaKeyPair::generate());
  auto memory = std::make_shared<ClusterMemory>(make_mock_secret(), std::move(rsa));
  return [cluster = std::move(cluster), memory](Worker& worker, net::Shard::Peers peers) {
    return std::make_unique<Shard>(worker, cluster, std::move(peers), memory);
  };
}

}  // namespace relevo::net::mysql
