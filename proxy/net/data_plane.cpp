#include "proxy/net/data_plane.hpp"

#include <unistd.h>

#include <condition_variable>

#include "proxy/net/mysql/shard.hpp"
#include "proxy/net/postgres/shard.hpp"
#include "topology/model/check.hpp"

namespace relevo::net {
namespace {

constexpr auto gather_timeout = std::chrono::seconds(1);

void add(session::Traffic& to, const session::Traffic& from) {
  if (to.nodes.size() < from.nodes.size()) to.nodes.resize(from.nodes.size());
  for (std::size_t i = 0; i < from.nodes.size(); ++i) {
    session::NodeTraffic& node = to.nodes[i];
    const session::NodeTraffic& more = from.nodes[i];
    node.reads += more.reads;
    node.writes += more.writes;
    node.connects += more.connects;
    node.connect_failures += more.connect_failures;
    node.resets += more.resets;
    node.clients += more.clients;
    node.servers += more.servers;
  }
  using Counter = std::uint64_t session::Traffic::*;
  static constexpr Counter counters[] = {&session::Traffic::clients_connected,
                                         &session::Traffic::clients_total,
                                         &session::Traffic::logins_failed,
                                         &session::Traffic::clients_refused,
                                         &session::Traffic::queries,
                                         &session::Traffic::transactions,
                                         &session::Traffic::bytes_from_clients,
                                         &session::Traffic::bytes_to_clients,
                                         &session::Traffic::held,
                                         &session::Traffic::hold_timeouts,
                                         &session::Traffic::queue_timeouts,
                                         &session::Traffic::transactions_broken,
                                         &session::Traffic::outcomes_unknown,
                                         &session::Traffic::commits_unreplicated,
                                         &session::Traffic::replays,
                                         &session::Traffic::misroutes,
                                         &session::Traffic::replica_conflicts,
                                         &session::Traffic::causal_to_primary,
                                         &session::Traffic::pinned,
                                         &session::Traffic::protocol_errors,
                                         &session::Traffic::cancels};
  for (const Counter counter : counters) to.*counter += from.*counter;
}

}  // namespace

DataPlane::DataPlane(unsigned workers, std::vector<ClusterPart> parts) {
  for (unsigned i = 0; i < workers; ++i) workers_.push_back(std::make_unique<Worker>(i));
  for (ClusterPart& part : parts) {
    auto made = std::make_unique<Cluster>();
    Cluster& cluster = *made;
    cluster.shared = std::make_shared<SharedCluster>(part.settings, std::move(part.ports));
    cluster.applied = std::move(part.applied);
    cluster.acknowledged.resize(workers);
    const auto make_shard = cluster.shared->settings()->config.engine == config::Engine::mysql
                                ? mysql::shard_factory(cluster.shared)
                                : postgres::shard_factory(cluster.shared);
    for (auto& worker : workers_) {
      Shard::Peers peers;
      peers.count = workers;
      peers.call = [this, &cluster](std::uint32_t index, std::function<void(Shard&)> call) {
        workers_[index]->post(
            [&cluster, index, call = std::move(call)] { call(*cluster.shards[index]); });
      };
      peers.applied = [this, &cluster](std::uint32_t index, std::uint64_t sequence,
                                       model::Epoch epoch, std::uint32_t transactions) {
        on_applied(cluster, index, {sequence, epoch, transactions});
      };
      cluster.shards.push_back(make_shard(*worker, std::move(peers)));
    }
    clusters_.push_back(std::move(made));
  }
}

DataPlane::~DataPlane() { stop(); }

Result<void> DataPlane::start() {
  struct Bound {
    std::size_t cluster;
    std::uint32_t worker;
    int fd;
    bool unix_socket;
  };
  std::vector<Bound> bound;
  for (std::size_t c = 0; c < clusters_.size(); ++c) {
    for (const config::Listen& listen : clusters_[c]->shared->settings()->config.listen) {
      const std::size_t count = listen.unix_socket ? 1 : workers_.size();
      if (const auto free = check_address_free(listen); !free) {
        for (const Bound& one : bound) ::close(one.fd);
        return free;
      }
      for (std::uint32_t worker = 0; worker < count; ++worker) {
        const auto fd = bind_listener(listen);
        if (!fd) {
          for (const Bound& one : bound) ::close(one.fd);
          return tl::make_unexpected(fd.error());
        }
        bound.push_back({c, worker, *fd, listen.unix_socket});
        if (listen.unix_socket) socket_files_.push_back(listen.host);
      }
    }
  }
  for (const Bound& one : bound) {
    auto listener = std::make_unique<Listener>(
        workers_[one.worker]->poller(), workers_[one.worker]->deadlines(), one.fd,
        [this, one](int fd, std::string peer) {
          accept(one.cluster, one.worker, fd, one.unix_socket, std::move(peer));
        });
    if (!listener->start()) return fail("bind", "cannot wait for connections");
    listeners_.emplace_back(one.worker, std::move(listener));
  }
  for (auto& worker : workers_) worker->start();
  running_ = true;
  return {};
}

void DataPlane::accept(std::size_t cluster, std::uint32_t worker, int fd, bool unix_socket,
                       std::string peer) {
  if (!unix_socket) return clusters_[cluster]->shards[worker]->accept(fd, false, std::move(peer));
  const std::uint32_t turn = next_worker_.fetch_add(1, std::memory_order_relaxed);
  const std::size_t index = turn % workers_.size();
  workers_[index]->post([this, cluster, index, fd, peer = std::move(peer)]() mutable {
    clusters_[cluster]->shards[index]->accept(fd, true, std::move(peer));
  });
}

void DataPlane::on_applied(Cluster& cluster, std::uint32_t worker,
                           Acknowledgement acknowledgement) {
  model::ViewApplied report;
  {
    const std::scoped_lock lock(cluster.mutex);
    cluster.acknowledged[worker] = acknowledgement;
    report.sequence = acknowledgement.sequence;
    for (const Acknowledgement& one : cluster.acknowledged) {
      report.sequence = std::min(report.sequence, one.sequence);
      report.transactions_on_primary += one.transactions;
    }
    for (const Acknowledgement& one : cluster.acknowledged) {
      if (one.sequence == report.sequence) report.epoch = one.epoch;
    }
    const model::ViewApplied& last = cluster.reported;
    const bool news = report.sequence > last.sequence ||
                      (report.sequence == last.sequence &&
                       report.transactions_on_primary != last.transactions_on_primary);
    if (!news) return;
    cluster.reported = report;
  }
  cluster.applied(report);
}

void DataPlane::publish(std::size_t cluster, model::ViewPtr view) {
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    workers_[i]->post([shard = clusters_[cluster]->shards[i].get(), view] { shard->apply(view); });
  }
}

void DataPlane::publish_catalog(std::size_t cluster, const std::string& database,
                                const postgres::CatalogUpdate& update) {
  static_cast<postgres::Shard*>(clusters_[cluster]->shards[0].get())
      ->memory()
      .set_catalog(database, update);
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    auto* const shard = static_cast<postgres::Shard*>(clusters_[cluster]->shards[i].get());
    workers_[i]->post([shard, database, update] { shard->apply_catalog(database, update); });
  }
}

void DataPlane::publish_catalog(std::size_t cluster, const mysql::CatalogUpdate& update) {
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    auto* const shard = static_cast<mysql::Shard*>(clusters_[cluster]->shards[i].get());
    workers_[i]->post([shard, update] { shard->catalog().apply(update); });
  }
}

std::shared_ptr<model::CatalogMarks> DataPlane::catalog_marks(std::size_t cluster,
                                                              const std::string& database) {
  if (clusters_[cluster]->shared->settings()->config.engine == config::Engine::mysql) {
    return static_cast<mysql::Shard*>(clusters_[cluster]->shards[0].get())
        ->memory()
        .catalog_marks();
  }
  return static_cast<postgres::Shard*>(clusters_[cluster]->shards[0].get())
      ->memory()
      .catalog_marks(database);
}

void DataPlane::replace_settings(std::size_t cluster, ClusterSettingsPtr settings) {
  clusters_[cluster]->shared->replace_settings(settings);
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    workers_[i]->post([shard = clusters_[cluster]->shards[i].get(), settings] {
      shard->apply_settings(settings);
    });
  }
}

template <typename F>
bool DataPlane::on_each_worker(F call) {
  struct Gathering {
    std::mutex mutex;
    std::condition_variable done;
    std::size_t left;
  };
  auto gathering = std::make_shared<Gathering>();
  gathering->left = workers_.size();
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    workers_[i]->post([gathering, call, i] {
      call(i);
      const std::scoped_lock lock(gathering->mutex);
      if (--gathering->left == 0) gathering->done.notify_all();
    });
  }
  std::unique_lock lock(gathering->mutex);
  return gathering->done.wait_for(lock, gather_timeout, [&] { return gathering->left == 0; });
}

DataPlane::Report DataPlane::report(std::size_t cluster, bool rows) {
  // Shared with the workers: one that answers too late writes to nobody's stack.
  struct Parts {
    std::mutex mutex;
    Report total;
  };
  auto parts = std::make_shared<Parts>();
  on_each_worker([this, parts, cluster, rows](std::size_t worker) {
    const Shard& shard = *clusters_[cluster]->shards[worker];
    Report part;
    if (rows) shard.report(part.pools, part.clients, part.servers);
    part.traffic = shard.traffic_report();
    const std::scoped_lock lock(parts->mutex);
    const auto append = [](auto& to, auto& from) {
      to.insert(to.end(), std::make_move_iterator(from.begin()),
                std::make_move_iterator(from.end()));
    };
    append(parts->total.pools, part.pools);
    append(parts->total.clients, part.clients);
    append(parts->total.servers, part.servers);
    add(parts->total.traffic, part.traffic);
  });
  const std::scoped_lock lock(parts->mutex);
  return parts->total;
}

void DataPlane::drain(model::Instant deadline) {
  if (!running_) return;
  on_each_worker([this](std::size_t worker) {
    for (auto& [owner, listener] : listeners_) {
      if (owner == worker) listener->close();
    }
    for (auto& cluster : clusters_) cluster->shards[worker]->begin_drain();
  });
  auto left = std::make_shared<std::atomic<std::size_t>>(1);
  while (std::chrono::steady_clock::now() < deadline && *left > 0) {
    *left = 0;
    on_each_worker([this, left](std::size_t worker) {
      for (auto& cluster : clusters_) *left += cluster->shards[worker]->session_count();
    });
    if (*left > 0) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  on_each_worker([this](std::size_t worker) {
    for (auto& cluster : clusters_) cluster->shards[worker]->end_sessions();
  });
}

void DataPlane::stop() {
  if (!running_) return;
  running_ = false;
  for (auto& worker : workers_) worker->stop();
  for (const std::string& file : socket_files_) ::unlink(file.c_str());
}

}  // namespace relevo::net
