#include "proxy/main_process.hpp"

#include <spdlog/spdlog.h>
#include <systemd/sd-daemon.h>

#include <asio/post.hpp>
#include <csignal>
#include <thread>

#include "proxy/config/load.hpp"
#include "proxy/config/reload.hpp"
#include "proxy/main_translate.hpp"
#include "proxy/route/policy.hpp"
#include "proxy/route/statement.hpp"

namespace relevo {

using session::postgres::KnownUser;

namespace {

constexpr std::size_t events_max = 2000;
constexpr auto command_limit = std::chrono::seconds(60);
constexpr auto explain_text_max = std::size_t{1} << 20;

unsigned worker_count(unsigned configured) {
  return configured != 0 ? configured : std::max(1U, std::thread::hardware_concurrency());
}

KnownUser known_user(const std::optional<act::RoleSecret>& role) {
  KnownUser known;
  if (!role || !role->can_login || role->valid_until_passed || !role->rolpassword) return known;
  auto verifier = session::postgres::parse_verifier(*role->rolpassword);
  if (verifier) known.verifier = std::move(*verifier);
  return known;
}

// Rule numbers are stable: docs/rules.md.
void count_decision(admin::FailoverTotals& totals, int rule) {
  ++totals.decisions[rule];
  constexpr int promoted = 230, verified = 240, caught_up = 330;
  constexpr int barrier_timeout = 211, switchover_refused = 609, too_many = 405, brake = 202;
  switch (rule) {
    case promoted:
    case verified:
      ++totals.failovers;
      break;
    case caught_up:
      ++totals.switchovers;
      break;
    case barrier_timeout:
    case switchover_refused:
    case too_many:
    case brake:
      ++totals.refused;
      break;
    default:
      break;
  }
}

tl::unexpected<Error> unknown_cluster(const std::string& name) {
  return fail("unknown_cluster", "there is no cluster \"" + name + "\"");
}

}  // namespace

Process::Process(config::Config config, std::filesystem::path config_file)
    : config_(std::move(config)), config_file_(std::move(config_file)), signals_(io_) {}

Process::~Process() = default;

int Process::run() {
  if (const auto started = start(); !started) {
    spdlog::critical("{}", started.error().message);
    end();
    return started.error().code == "configuration" ? 2 : 1;
  }
  await_signals();
  spdlog::info("ready: {} cluster(s), {} worker(s)", clusters_.size(),
               worker_count(config_.workers));
  sd_notify(0, "READY=1");
  io_.run();
  return 0;
}

Result<void> Process::start() {
  std::vector<net::DataPlane::ClusterPart> parts;
  views_.resize(config_.clusters.size());
  totals_.resize(config_.clusters.size());
  clusters_.resize(config_.clusters.size());
  for (std::size_t i = 0; i < config_.clusters.size(); ++i) {
    auto settings = net::make_cluster_settings(config_.clusters[i]);
    if (!settings) return fail("configuration", settings.error().message);
    clusters_[i].name = config_.clusters[i].name;
    clusters_[i].settings = *settings;
    parts.push_back({.settings = *settings,
                     .ports = control_ports(i),
                     .applied = [this, i](model::ViewApplied applied) {
                       asio::post(io_, [this, i, applied] {
                         if (!ending_) clusters_[i].controller->on_view_applied(applied);
                       });
                     }});
  }
  for (std::size_t i = 0; i < clusters_.size(); ++i) make_controller(i);
  data_plane_ = std::make_unique<net::DataPlane>(worker_count(config_.workers), std::move(parts));
  if (auto started = data_plane_->start(); !started) return started;
  for (ClusterPart& cluster : clusters_) {
    if (auto started = cluster.controller->start(); !started) return started;
  }
  admin_ = std::make_unique<admin::Server>(admin_settings(config_.admin), *this);
  return admin_->start();
}

void Process::make_controller(std::size_t index) {
  const config::Cluster& cluster = config_.clusters[index];
  act::Ports ports;
  ports.publish = [this, index](model::ViewPtr view) {
    {
      const std::scoped_lock lock(mutex_);
      views_[index] = view;
    }
    if (!ending_) data_plane_->publish(index, std::move(view));
  };
  ports.event = [this](const model::Event& event) { log_event(event); };
  const auto state_dir = (std::filesystem::path(config_.state_dir) / cluster.name).string();
  clusters_[index].controller = std::make_unique<act::Controller>(
      io_, controller_settings(cluster, state_dir), std::move(ports));
}

net::ControlPorts Process::control_ports(std::size_t index) {
  net::ControlPorts ports;
  ports.look_up_user = [this, index](const std::string& user,
                                     net::ControlPorts::UserHandler handler) {
    asio::post(io_, [this, index, user, handler = std::move(handler)] {
      if (ending_) return handler(std::nullopt);
      clusters_[index].controller->lookup_role(
          user, [handler](client::Outcome<std::optional<act::RoleSecret>> role) {
            handler(role ? std::optional(known_user(*role)) : std::nullopt);
          });
    });
  };
  ports.signal = [this, index](model::NodeId node, model::TrafficSignal signal) {
    asio::post(io_, [this, index, node, signal] {
      if (!ending_) clusters_[index].controller->on_traffic_signal(node, signal);
    });
  };
  return ports;
}

void Process::log_event(const model::Event& event) {
  const std::string node = event.node.empty() ? "" : " " + event.node;
  const std::string rule = event.rule == 0 ? "" : " rule=" + std::to_string(event.rule);
  const auto level = event.severity == model::Severity::info      ? spdlog::level::info
                     : event.severity == model::Severity::warning ? spdlog::level::warn
                                                                  : spdlog::level::err;
  spdlog::log(level, "[{}{} epoch={}{}] {}", event.cluster, node, event.epoch, rule, event.text);
  const std::scoped_lock lock(mutex_);
  events_.push_back(event);
  events_.back().id = ++last_event_;
  if (events_.size() > events_max) events_.pop_front();
  if (const auto index = find(event.cluster); index && event.rule != 0) {
    count_decision(totals_[*index], event.rule);
  }
  news_.notify_all();
}

// -- life ------------------------------------------------------------------------------

void Process::await_signals() {
  signals_.add(SIGTERM);
  signals_.add(SIGINT);
  signals_.add(SIGHUP);
  signals_.async_wait([this](asio::error_code error, int signal) {
    if (error) return;
    if (signal == SIGHUP) {
      sd_notify(0, "RELOADING=1");
      const auto result = reload_now();
      if (result) {
        spdlog::info("{}", *result);
      } else {
        spdlog::error("not reloaded: {}", result.error().message);
      }
      sd_notify(0, "READY=1");
      signals_.clear();
      return await_signals();
    }
    spdlog::info("ending: waiting up to {} ms for open transactions",
                 config_.drain_timeout.count());
    sd_notify(0, "STOPPING=1");
    // Draining waits, and the control plane goes on meanwhile: a failover that is
    // under way must not stop half-way.
    std::thread([this] {
      data_plane_->drain(std::chrono::steady_clock::now() + config_.drain_timeout);
      asio::post(io_, [this] { end(); });
    }).detach();
    signals_.clear();
    signals_.add(SIGTERM);
    signals_.add(SIGINT);
    signals_.async_wait([this](asio::error_code again, int) {
      if (!again) end();  // asked twice: at once
    });
  });
}

void Process::end() {
  if (ending_) return;
  ending_ = true;
  // Handlers of the admin server may be waiting for this thread.
  std::thread stopping([this] {
    if (admin_ != nullptr) admin_->stop();
  });
  stopping.join();
  if (data_plane_ != nullptr) data_plane_->stop();
  for (ClusterPart& cluster : clusters_) {
    if (cluster.controller != nullptr) cluster.controller->shutdown();
  }
  io_.stop();
}

Result<std::string> Process::reload_now() {
  auto loaded = config::load(config_file_);
  if (!loaded) {
    std::string text = "the configuration has errors, nothing was changed:";
    for (const auto& problem : loaded.error())
      text += "\n  " + problem.path + ": " + problem.message;
    return fail("invalid", text);
  }
  const auto restart = config::restart_needed(config_, *loaded);
  if (!restart.empty()) {
    std::string text = "these settings need a restart, nothing was changed:";
    for (const std::string& path : restart) text += "\n  " + path;
    return fail("restart_needed", text);
  }
  std::vector<net::ClusterSettingsPtr> made;
  for (const config::Cluster& cluster : loaded->clusters) {
    auto settings = net::make_cluster_settings(cluster);
    if (!settings) return fail("invalid", settings.error().message);
    made.push_back(std::move(*settings));
  }
  for (std::size_t i = 0; i < clusters_.size(); ++i) {
    clusters_[i].settings = made[i];
    data_plane_->replace_settings(i, made[i]);
    const auto state_dir = (std::filesystem::path(config_.state_dir) / clusters_[i].name).string();
    clusters_[i].controller->reconfigure(controller_settings(loaded->clusters[i], state_dir));
  }
  spdlog::set_level(log_level(loaded->log.level));
  config_ = std::move(*loaded);
  return "configuration reloaded";
}

// -- admin::Backend: reads --------------------------------------------------------------------

std::optional<std::size_t> Process::find(const std::string& cluster) const {
  for (std::size_t i = 0; i < clusters_.size(); ++i) {
    if (clusters_[i].name == cluster) return i;
  }
  return std::nullopt;
}

std::vector<model::ViewPtr> Process::views() {
  const std::scoped_lock lock(mutex_);
  std::vector<model::ViewPtr> known;
  for (const model::ViewPtr& view : views_) {
    if (view != nullptr) known.push_back(view);
  }
  return known;
}

bool Process::ready() { return views().size() == clusters_.size(); }

std::optional<net::DataPlane::Report> Process::report(const std::string& cluster, bool rows) {
  const auto index = find(cluster);
  if (!index) return std::nullopt;
  return data_plane_->report(*index, rows);
}

std::optional<session::Traffic> Process::traffic(const std::string& cluster) {
  auto found = report(cluster, false);
  if (!found) return std::nullopt;
  return std::move(found->traffic);
}

std::optional<admin::FailoverTotals> Process::failover_totals(const std::string& cluster) {
  const auto index = find(cluster);
  if (!index) return std::nullopt;
  const std::scoped_lock lock(mutex_);
  return totals_[*index];
}

std::optional<std::vector<session::PoolRow>> Process::pools(const std::string& cluster) {
  auto found = report(cluster, true);
  if (!found) return std::nullopt;
  return std::move(found->pools);
}

std::optional<std::vector<session::ClientRow>> Process::clients(const std::string& cluster) {
  auto found = report(cluster, true);
  if (!found) return std::nullopt;
  return std::move(found->clients);
}

std::optional<std::vector<session::ServerRow>> Process::servers(const std::string& cluster) {
  auto found = report(cluster, true);
  if (!found) return std::nullopt;
  return std::move(found->servers);
}

std::vector<model::Event> Process::events(std::uint64_t since, std::chrono::milliseconds wait) {
  std::unique_lock lock(mutex_);
  news_.wait_for(lock, wait, [&] { return last_event_ > since; });
  std::vector<model::Event> found;
  for (const model::Event& event : events_) {
    if (event.id > since) found.push_back(event);
  }
  return found;
}

Result<admin::Explanation> Process::explain(const std::string& cluster, const std::string& sql) {
  const auto index = find(cluster);
  if (!index) return unknown_cluster(cluster);
  if (sql.size() > explain_text_max) return fail("invalid", "the statement is too long");
  model::ViewPtr view;
  {
    const std::scoped_lock lock(mutex_);
    view = views_[*index];
  }
  if (view == nullptr) return fail("unavailable", "the cluster has not been looked at yet");
  const route::Analysis analysis = route::analyze_postgres(sql, {});
  const std::vector<std::uint32_t> loads(view->nodes.size());
  std::uint32_t turn = 0;
  const route::Choice choice =
      route::choose(*view, net::routing_settings(config_.clusters[*index].routing), {},
                    route::demand_of(analysis), loads, turn);
  admin::Explanation explanation;
  explanation.cls = std::string(route::to_string(analysis.cls));
  explanation.target = std::string(route::to_string(choice.target));
  if (choice.target != route::Target::hold) explanation.node = view->nodes[choice.node].name;
  explanation.reason = std::string(analysis.reason);
  if (!analysis.subject.empty()) {
    explanation.reason += " (" + std::string(analysis.subject.substr(0, 200)) + ")";
  }
  if (!choice.reason.empty()) {
    if (!explanation.reason.empty()) explanation.reason += "; ";
    explanation.reason += choice.reason;
  }
  return explanation;
}

// -- admin::Backend: commands ------------------------------------------------------------------

Result<std::string> Process::command(
    const std::string& cluster, std::chrono::seconds limit,
    std::function<void(act::Controller&, act::Controller::Reply)> call) {
  const auto index = find(cluster);
  if (!index) return unknown_cluster(cluster);
  auto promise = std::make_shared<std::promise<Result<std::string>>>();
  auto future = promise->get_future();
  asio::post(io_, [this, index, call = std::move(call), promise] {
    call(*clusters_[*index].controller,
         [promise](Result<std::string> result) { promise->set_value(std::move(result)); });
  });
  if (future.wait_for(limit) != std::future_status::ready) {
    return fail("timeout", "not finished in time; it goes on, see the events");
  }
  return future.get();
}

Result<std::string> Process::switchover(const std::string& cluster, const std::string& to) {
  return command(cluster, command_limit, [to](act::Controller& controller, auto reply) {
    controller.switchover(to, std::move(reply));
  });
}

Result<std::string> Process::failover(const std::string& cluster, const std::string& to,
                                      bool allow_data_loss) {
  return command(cluster, command_limit, [=](act::Controller& controller, auto reply) {
    controller.failover(to, allow_data_loss, std::move(reply));
  });
}

Result<std::string> Process::pause(const std::string& cluster) {
  return command(cluster, command_limit, [](act::Controller& controller, auto reply) {
    controller.pause(std::move(reply));
  });
}

Result<std::string> Process::resume(const std::string& cluster) {
  return command(cluster, command_limit, [](act::Controller& controller, auto reply) {
    controller.resume(std::move(reply));
  });
}

Result<std::string> Process::acknowledge(const std::string& cluster) {
  return command(cluster, command_limit, [](act::Controller& controller, auto reply) {
    controller.acknowledge(std::move(reply));
  });
}

Result<std::string> Process::maintenance(const std::string& cluster, const std::string& node,
                                         bool on) {
  return command(cluster, command_limit, [=](act::Controller& controller, auto reply) {
    controller.maintenance(node, on, std::move(reply));
  });
}

Result<std::string> Process::reload() {
  auto promise = std::make_shared<std::promise<Result<std::string>>>();
  auto future = promise->get_future();
  asio::post(io_, [this, promise] { promise->set_value(reload_now()); });
  if (future.wait_for(std::chrono::seconds(10)) != std::future_status::ready) {
    return fail("timeout", "the control plane did not answer");
  }
  return future.get();
}

}  // namespace relevo
