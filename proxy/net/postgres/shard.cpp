#include "proxy/net/postgres/shard.hpp"

#include <openssl/crypto.h>

#include "proxy/net/postgres/cancel_request.hpp"
#include "proxy/net/postgres/client_session.hpp"

namespace relevo::net::postgres {
namespace {

constexpr std::size_t prepared_cache_bytes = 8U << 20;
constexpr std::size_t cancels_max = 1024;
constexpr std::size_t catalogs_max = 256;

}  // namespace

Shard::Shard(Worker& worker, std::shared_ptr<SharedCluster> cluster, Peers peers,
             std::shared_ptr<ClusterMemory> memory)
    : net::Shard(worker, std::move(cluster), std::move(peers)),
      memory_(std::move(memory)),
      prepared_table_(std::uint64_t{worker.index()} << 48, prepared_cache_bytes) {}

Shard::~Shard() = default;

std::shared_ptr<SessionLink> Shard::make_session(Ticket ticket, bool counted) {
  return std::make_shared<ClientSession>(*this, ticket, counted);
}

ServerLinkPtr Shard::make_server(const PoolKey& key) {
  return std::make_shared<ServerConnection>(worker(), *this, key, memory_->credentials(key.user));
}

ServerLinkPtr Shard::adopt_server(ServerHandover& handover) {
  return std::make_shared<ServerConnection>(worker(), *this,
                                            static_cast<ConnectionHandover&>(handover));
}

// -- catalogues ------------------------------------------------------------------------

std::shared_ptr<DatabaseCatalog> Shard::catalog_of(const std::string& database) {
  // Without a session it is kept as long as it is of use to the next.
  if (catalogs_.size() >= catalogs_max && !catalogs_.contains(database)) {
    std::erase_if(catalogs_, [](const auto& entry) { return entry.second.use_count() == 1; });
  }
  auto& known = catalogs_[database];
  if (known == nullptr) {
    known = std::make_shared<DatabaseCatalog>(memory_->catalog_marks(database));
    apply_catalog(database, memory_->catalog(database));
  }
  return known;
}

void Shard::apply_catalog(const std::string& database, const CatalogUpdate& update) {
  const auto found = catalogs_.find(database);
  if (found == catalogs_.end()) return;
  found->second->apply(update, std::chrono::steady_clock::now(),
                       settings().config.pool.max_lifetime);
}

void Shard::on_primary_changed() {
  memory_->forget_welcomes();
  if (!view()->primary || view()->primary == last_primary_) return;
  last_primary_ = view()->primary;
  // It may lack what the former one had last; counted here too, so that no statement
  // is sent to it by what is known of the other.
  for (const auto& [database, catalog] : catalogs_) {
    catalog->marks->certain.fetch_add(1);
    cluster().ports.look_at_catalog(database, catalog->marks);
  }
}

// -- cancel ----------------------------------------------------------------------------

void Shard::cancel_elsewhere(std::uint32_t pid, const std::string& key) {
  ++traffic().cancels;
  call_peer(pid >> 24,
            [pid, key](net::Shard& shard) { static_cast<Shard&>(shard).cancel(pid, key); });
}

void Shard::cancel(std::uint32_t pid, const std::string& key) {
  const auto session =
      std::static_pointer_cast<ClientSession>(find_session(pid & (ticket_limit - 1)));
  if (session == nullptr) return;
  const std::string& expected = session->cancel_key();
  if (expected.empty() || key.size() != expected.size() ||
      CRYPTO_memcmp(key.data(), expected.data(), key.size()) != 0) {
    return;
  }
  const ServerPtr server = session->server();
  if (server == nullptr || server->exchange.idle()) return session->cancel_wait();
  cancel_on(server);
}

void Shard::cancel_on(const ServerPtr& server) {
  if (cancels_.size() >= cancels_max) return;  // a cancel is a wish, as it is to a server
  auto request = std::make_shared<CancelRequest>(worker(), server);
  cancels_.push_back(request);
  request->start(settings(), [this](CancelRequest& done) {
    const ServerPtr was = done.server();
    std::erase_if(cancels_, [&](const auto& one) { return one.get() == &done; });
    // Its session may be through with it meanwhile.
    if (was->cancels_under_way == 0 && was->state() == ServerConnection::State::idle) {
      give_back(was);
    }
  });
}

ShardFactory shard_factory(std::shared_ptr<SharedCluster> cluster) {
  auto memory = std::make_shared<ClusterMemory>(make_mock_secret());
  return [cluster = std::move(cluster), memory](Worker& worker, net::Shard::Peers peers) {
    return std::make_unique<Shard>(worker, cluster, std::move(peers), memory);
  };
}

}  // namespace relevo::net::postgres
