// One worker's part of one cluster: its sessions, its share of the server
// connections, and the View that they act on. What the engines do differently
// is behind SessionLink and ServerLink; postgres::Shard and mysql::Shard make them.
//
// Everything here belongs to the worker's thread. Other threads reach it by
// Worker::post only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "proxy/net/cluster.hpp"
#include "proxy/net/server_pools.hpp"
#include "proxy/net/session_link.hpp"
#include "proxy/net/worker.hpp"
#include "proxy/route/refused.hpp"
#include "proxy/session/report.hpp"
#include "topology/model/view.hpp"

namespace relevo::net {

// A set of nodes, of the first 64.
using NodeMask = std::uint64_t;
inline NodeMask mask_of(model::NodeId node) { return node < 64 ? NodeMask{1} << node : 0; }

class Shard : public ServerOwner {
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

  Shard(Worker& worker, std::shared_ptr<SharedCluster> cluster, Peers peers);
  ~Shard() override;

  // -- from outside, by message --------------------------------------------------
  void apply(model::ViewPtr view);
  void apply_settings(ClusterSettingsPtr settings);
  void accept(int fd, bool unix_socket, std::string address);
  void begin_drain();   // sessions end as soon as they are outside of a transaction
  void end_sessions();  // now
  std::size_t session_count() const { return sessions_.size(); }

  // -- for sessions ----------------------------------------------------------------
  std::shared_ptr<ServerPools> pools_of(const std::string& user, const std::string& database,
                                        std::uint64_t form = 0);
  // The next connection of `pool` for this session: at once by return value, or
  // later by SessionLink::on_server. Null and refused: the queue is full.
  struct Acquired {
    ServerLinkPtr server = nullptr;
    bool refused = false;
  };
  Acquired acquire(const SessionLink& session, ServerPool& pool);
  void stop_waiting(Ticket ticket, ServerPool& pool);
  void give_back(ServerLinkPtr server);  // clean, or closed by us
  // Waits for a View that lets it go on.
  void hold(Ticket ticket);
  bool can_ask_a_node() const;  // some node is up, as far as the View tells
  void session_ended(Ticket ticket);
  void note_primary_idle();  // a transaction on the primary ended

  Worker& worker() { return worker_; }
  SharedCluster& cluster() { return *cluster_; }
  const ClusterSettings& settings() const { return *settings_; }
  const model::ViewPtr& view() const { return view_; }
  // Where a statement goes by the present View and loads. What it has `failed_on` is left
  // out as long as there is anything else, and forgotten when there is not.
  route::Choice choose(const route::SessionRouting& session, const route::Demand& demand,
                       NodeMask& failed_on);
  session::Traffic& traffic() { return traffic_; }
  // Statements that replicas refused because they write. note_refused(): `shape` of
  // one more, 0: not known which; `text` is what operators are told of it, once.
  const route::RefusedShapes& refused() const { return refused_; }
  void note_refused(model::NodeId node, std::uint64_t shape, std::string text);
  bool draining() const { return draining_; }
  // When a former primary's connections of this epoch must be gone.
  model::Epoch epoch() const { return view_ ? view_->epoch : 0; }

  // -- ServerOwner -----------------------------------------------------------------
  void on_opened(const ServerLinkPtr& server) override;
  void on_open_failed(const ServerLinkPtr& server, const OpenFailure& failure) override;
  void on_unreplicated_commit(model::NodeId node) override;
  void on_closed(const ServerLinkPtr& server, bool reset) override;

  // -- reports ---------------------------------------------------------------------
  void report(std::vector<session::PoolRow>& pools, std::vector<session::ClientRow>& clients,
              std::vector<session::ServerRow>& servers) const;
  session::Traffic traffic_report() const;

 protected:
  virtual std::shared_ptr<SessionLink> make_session(Ticket ticket, bool counted) = 0;
  virtual ServerLinkPtr make_server(const PoolKey& key) = 0;
  virtual ServerLinkPtr adopt_server(ServerHandover& handover) = 0;
  // The primary is another one: what it told of itself may not hold any more.
  virtual void on_primary_changed() = 0;

  std::shared_ptr<SessionLink> find_session(Ticket ticket) const;
  void call_peer(std::uint32_t worker, std::function<void(Shard&)> call);
  std::uint32_t peer_count() const { return peers_.count; }

 private:
  ServerPool& pool(const PoolKey& key);
  void pump(ServerPool& pool);   // serves waiters as far as it can
  void spare(ServerPool& pool);  // idle connections go to those who wait for one
  void for_each_form(const PoolKey& key, const std::function<void(ServerPool&)>& call);
  void make_way(const PoolKey& key);
  void wake(const PoolKey& key);
  void wake_all(const PoolKey& key);
  bool open_one(ServerPool& pool);
  void offer(ServerPool& pool, ServerLinkPtr server);  // to the first waiter, or to the idle ones
  void move(ServerPool& pool, const ServerLinkPtr& server, pool::Waiter to);
  void receive(ServerHandover& handover, Ticket ticket);
  void retry_later(ServerPool& pool);
  void refuse_waiters(ServerPool& pool, const Error& error);
  void tell_unavailable(ServerPool& pool);
  // Sessions linked to each node, or unavailable, as are those of `failed_on`.
  std::span<const std::uint32_t> loads(NodeMask failed_on);
  void mark_unavailable();
  bool may_connect(model::NodeId node) const;
  bool outdated(const ServerLink& server) const;
  void drop_former_primary(const model::View* before);
  void drop_unwanted_nodes();
  void leave_lost_replicas(const model::View* before);
  void wake_held();
  void acknowledge();
  void sweep();
  std::uint32_t transactions_on_primary() const;
  void call_others(const std::function<void(Shard&)>& call);
  session::PoolRow report_of(const ServerPool& pool) const;
  session::ServerRow report_of(const ServerLink& server) const;
  template <typename F>
  void for_each_pool(F call);

  Worker& worker_;
  std::shared_ptr<SharedCluster> cluster_;
  Peers peers_;
  ClusterSettingsPtr settings_;
  model::ViewPtr view_;

  Ticket next_ticket_ = 0;
  std::unordered_map<Ticket, std::shared_ptr<SessionLink>> sessions_;
  std::map<std::tuple<std::string, std::string, std::uint64_t>, std::shared_ptr<ServerPools>>
      pools_;
  std::vector<Ticket> held_;
  std::vector<std::uint32_t> loads_;
  std::vector<model::Instant> unavailable_until_;
  bool some_unavailable_ = false;  // spares the clock while all are well
  std::uint32_t round_robin_ = 0;
  bool draining_ = false;
  model::Instant retire_before_ = model::Instant::min();  // opened earlier: beyond max_lifetime
  Deadlines::Id sweep_deadline_ = 0;
  route::RefusedShapes refused_;
  int refusals_to_tell_ = 1;        // until the next sweep: a flood of them is no news
  bool unreplicated_told_ = false;  // since the last sweep
  session::Traffic traffic_;
};

}  // namespace relevo::net
