// The running whole: control planes on their one thread, workers on theirs, the
// admin interface on its own, and the paths between them.
//
//   controller --View--> data plane --applied--> controller
//   sessions --traffic signals, user look-ups--> controller
//   admin --commands--> controller, --reports--> data plane
//
// Lives on the control thread; Backend's calls come from HTTP threads and post.
#pragma once

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "failover/act/controller.hpp"
#include "proxy/admin/backend.hpp"
#include "proxy/admin/server.hpp"
#include "proxy/config/config.hpp"
#include "proxy/net/data_plane.hpp"
#include "topology/catalog/watch.hpp"

namespace relevo {

class Process final : public admin::Backend {
 public:
  Process(config::Config config, std::filesystem::path config_file);
  ~Process() override;

  // Returns when asked to end: the exit code.
  int run();

  // -- admin::Backend ------------------------------------------------------------
  std::vector<model::ViewPtr> views() override;
  std::optional<session::Traffic> traffic(const std::string& cluster) override;
  std::optional<std::vector<session::PoolRow>> pools(const std::string& cluster) override;
  std::optional<std::vector<session::ClientRow>> clients(const std::string& cluster) override;
  std::optional<std::vector<session::ServerRow>> servers(const std::string& cluster) override;
  std::optional<admin::FailoverTotals> failover_totals(const std::string& cluster) override;
  std::vector<model::Event> events(std::uint64_t since, std::chrono::milliseconds wait) override;
  Result<admin::Explanation> explain(const std::string& cluster,
                                     const admin::Question& question) override;
  Result<std::string> switchover(const std::string& cluster, const std::string& to) override;
  Result<std::string> failover(const std::string& cluster, const std::string& to,
                               bool allow_data_loss) override;
  Result<std::string> pause(const std::string& cluster) override;
  Result<std::string> resume(const std::string& cluster) override;
  Result<std::string> acknowledge(const std::string& cluster) override;
  Result<std::string> maintenance(const std::string& cluster, const std::string& node,
                                  bool on) override;
  Result<std::string> reload() override;
  Result<model::Diagnosis> diagnose(const std::string& cluster, const std::string& node) override;
  Result<model::Diagnosis> mend(const std::string& cluster, const std::string& node) override;
  bool ready() override;

 private:
  struct ClusterPart {
    std::string name;
    std::unique_ptr<act::Controller> controller;
    net::ClusterSettingsPtr settings;
    admin::FailoverTotals totals;                                       // guarded by mutex_
    std::chrono::steady_clock::time_point unreplicated_untold_until{};  // one event for many
    bool planned = false;                   // the promotion under way is a switchover's
    std::unique_ptr<catalog::Watch> watch;  // of catalog_io_'s thread
    // The catalogues as the workers have them, PostgreSQL's by database; guarded by mutex_.
    std::map<std::string, net::postgres::CatalogUpdate> catalogs;
    net::mysql::CatalogUpdate mysql_catalog;
    bool catalogs_settled = false;  // those of the start have been read, or cannot be
  };

  struct Examined;

  Result<void> start();
  void make_controller(std::size_t index);
  net::ControlPorts control_ports(std::size_t index);
  // main_catalogs.cpp
  void make_watch(std::size_t index);
  bool publish_catalog(std::size_t index, const std::string& database, catalog::News news);
  bool publish_mysql_catalog(std::size_t index, catalog::News news);
  route::Analysis analyze_mysql(std::size_t index, const config::Cluster& config,
                                const model::View& view, const admin::Question& question,
                                std::string& because);
  std::size_t kept_bytes(std::size_t index, const std::string& but) const;
  std::string database_in_use(std::size_t index, const std::string& monitors);
  route::Analysis analyze(std::size_t index, const config::Cluster& config, const model::View& view,
                          const admin::Question& question, std::string& because);
  void await_signals();
  void end();
  Result<std::string> reload_now();
  void log_event(const model::Event& event);
  // An event that the data plane has seen.
  void tell_of_traffic(std::size_t index, model::NodeId node, model::Severity severity,
                       std::string text);
  static void count_decision(ClusterPart& cluster, int rule);
  std::optional<std::size_t> find(const std::string& cluster) const;
  std::optional<net::DataPlane::Report> report(const std::string& cluster, bool rows);
  Result<Examined> prepare_examination(std::size_t index);
  model::Diagnosis look(std::size_t index, Examined& examined, const std::string& node);
  void tell_treatment(std::size_t index, const model::Treatment& treatment);
  model::ViewPtr view_of(std::size_t index) const;
  // Runs a command on the control thread and waits for its reply.
  Result<std::string> command(const std::string& cluster, std::chrono::seconds limit,
                              std::function<void(act::Controller&, act::Controller::Reply)> call);

  config::Config config_;
  std::filesystem::path config_file_;
  asio::io_context io_{1};
  // Reading a large catalogue must not delay a failover: it has a thread to itself.
  asio::io_context catalog_io_{1};
  std::thread catalog_thread_;
  asio::signal_set signals_;
  std::vector<ClusterPart> clusters_;
  std::unique_ptr<net::DataPlane> data_plane_;
  std::unique_ptr<admin::Server> admin_;
  bool ending_ = false;
  std::timed_mutex examining_;  // one doctor at a time: servers bound their log-ins

  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable news_;
  std::vector<model::ViewPtr> views_;  // by cluster
  std::deque<model::Event> events_;    // of all clusters, oldest first, bounded
  // Begins with the milliseconds since 1970: whoever follows the events from before a
  // restart of this process misses none after it.
  std::uint64_t last_event_ =
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                     std::chrono::system_clock::now().time_since_epoch())
                                     .count());
};

}  // namespace relevo
