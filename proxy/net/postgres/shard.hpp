// One worker's part of one PostgreSQL cluster: its sessions, its share of the
// server connections, and the View that they act on.
//
// Everything here belongs to the worker's thread. Other threads reach it by
// Worker::post only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "proxy/net/cluster.hpp"
#include "proxy/net/postgres/server_connection.hpp"
#include "proxy/net/worker.hpp"
#include "proxy/session/postgres/prepared.hpp"
#include "proxy/session/postgres/settings.hpp"
#include "proxy/session/report.hpp"
#include "topology/model/view.hpp"

namespace relevo::net::postgres {

class ClientSession;
class CancelRequest;

// A session's name within its worker; never used twice.
using Ticket = std::uint64_t;

class Shard final : public ServerOwner {
 public:
  // How shards of the same cluster reach each other, and report to the whole.
  struct Peers {
    std::function<void(std::uint32_t worker, std::function<void(Shard&)>)> call;
    std::uint32_t count = 1;
    // This worker has applied a View; `transactions`: open on the primary.
    std::function<void(std::uint32_t worker, std::uint64_t sequence, model::Epoch epoch,
                       std::uint32_t transactions)>
        applied;
  };

  Shard(Worker& worker, std::shared_ptr<SharedCluster> cluster, Peers peers,
        std::string mock_secret);
  ~Shard() override;

  // -- from outside, by message --------------------------------------------------
  void apply(model::ViewPtr view);
  void apply_settings(ClusterSettingsPtr settings);
  void accept(int fd, bool unix_socket, std::string address);
  void cancel(std::uint32_t pid, const std::string& key);
  void begin_drain();   // sessions end as soon as they are outside of a transaction
  void end_sessions();  // now
  std::size_t session_count() const { return sessions_.size(); }

  // -- for sessions ----------------------------------------------------------------
  // The next connection to `node` for this session: at once by return value, or
  // later by ClientSession::on_server. Null and refused: the queue is full.
  struct Acquired {
    ServerPtr server = nullptr;
    bool refused = false;
  };
  Acquired acquire(ClientSession& session, const PoolKey& key);
  void stop_waiting(Ticket ticket, const PoolKey& key);
  void give_back(ServerPtr server);  // clean, or closed by us
  // Waits for a View that lets it go on.
  void hold(Ticket ticket);
  bool can_ask_a_node() const;  // some node is up, as far as the View tells
  void session_ended(Ticket ticket);
  void cancel_elsewhere(std::uint32_t pid, const std::string& key);
  void note_primary_idle();  // a transaction on the primary ended

  Worker& worker() { return worker_; }
  SharedCluster& cluster() { return *cluster_; }
  const ClusterSettings& settings() const { return *settings_; }
  const model::ViewPtr& view() const { return view_; }
  session::postgres::SettingsTable& settings_table() { return settings_table_; }
  session::postgres::PreparedTable& prepared_table() { return prepared_table_; }
  // Loads for route::choose: sessions linked to each node, or unavailable.
  std::span<const std::uint32_t> loads();
  std::uint32_t& round_robin() { return round_robin_; }
  session::Traffic& traffic() { return traffic_; }
  const std::string& mock_secret() const { return mock_secret_; }
  bool draining() const { return draining_; }
  // When a former primary's connections of this epoch must be gone.
  model::Epoch epoch() const { return view_ ? view_->epoch : 0; }

  // -- ServerOwner -----------------------------------------------------------------
  void on_opened(const ServerPtr& server) override;
  void on_open_failed(const ServerPtr& server, const OpenFailure& failure) override;
  void on_closed(const ServerPtr& server, bool reset) override;

  // -- reports ---------------------------------------------------------------------
  void report(std::vector<session::PoolRow>& pools, std::vector<session::ClientRow>& clients,
              std::vector<session::ServerRow>& servers) const;
  session::Traffic traffic_report() const;

 private:
  struct Pool {
    PoolKey key;
    std::shared_ptr<pool::SharedPool> shared;
    std::vector<ServerPtr> idle;  // back: used last
    std::vector<ServerPtr> all;
    std::vector<Ticket> waiting;  // this worker's own waiters
    std::uint32_t connecting = 0;
    Deadlines::Id retry = 0;
  };

  Pool& pool(const PoolKey& key);
  void pump(Pool& pool);  // serves waiters as far as it can
  bool open_one(Pool& pool);
  void offer(Pool& pool, ServerPtr server);  // to the first waiter, or to the idle ones
  void receive(std::shared_ptr<ServerHandover> handover, Ticket ticket);
  void retry_later(Pool& pool);
  bool may_connect(model::NodeId node) const;
  bool outdated(const ServerConnection& server) const;
  void drop_former_primary(const model::View* before);
  void drop_unwanted_nodes();
  void wake_held();
  void acknowledge();
  void sweep();
  std::uint32_t transactions_on_primary() const;
  void call_others(const std::function<void(Shard&)>& call);

  Worker& worker_;
  std::shared_ptr<SharedCluster> cluster_;
  Peers peers_;
  std::string mock_secret_;
  ClusterSettingsPtr settings_;
  model::ViewPtr view_;

  Ticket next_ticket_ = 0;
  std::unordered_map<Ticket, std::shared_ptr<ClientSession>> sessions_;
  std::map<PoolKey, Pool> pools_;
  std::vector<Ticket> held_;
  std::vector<std::shared_ptr<CancelRequest>> cancels_;
  std::vector<std::uint32_t> loads_;
  std::vector<model::Instant> unavailable_until_;
  std::uint32_t round_robin_ = 0;
  bool draining_ = false;
  Deadlines::Id sweep_deadline_ = 0;

  session::postgres::SettingsTable settings_table_;
  session::postgres::PreparedTable prepared_table_;
  session::Traffic traffic_;
};

}  // namespace relevo::net::postgres
