#include "proxy/main_process.hpp"

#include <spdlog/spdlog.h>
#include <systemd/sd-daemon.h>

#include <algorithm>
#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>
#include <csignal>
#include <thread>

#include "proxy/config/load.hpp"
#include "proxy/config/reload.hpp"
#include "proxy/main_translate.hpp"

namespace relevo {

using session::postgres::KnownUser;

namespace {

constexpr std::size_t events_max = 2000;
constexpr auto unreplicated_told_every = std::chrono::seconds(10);

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

// The catalogue has a row for each way in; an account is what one host pattern has.
session::mysql::KnownUser known_user(const std::vector<act::AccountSecret>& secrets) {
  session::mysql::KnownUser known;
  for (const act::AccountSecret& secret : secrets) {
    auto account = std::find_if(known.accounts.begin(), known.accounts.end(),
                                [&](const auto& one) { return one.host == secret.host; });
    if (account == known.accounts.end()) {
      known.accounts.push_back({.host = secret.host, .methods = {}});
      account = std::prev(known.accounts.end());
    }
    account->methods.push_back({secret.plugin, secret.authentication_string});
    account->locked = account->locked || secret.locked;
    account->password_expired = account->password_expired || secret.expired;
  }
  return known;
}

}  // namespace

Process::Process(config::Config config, std::filesystem::path config_file)
    : config_(std::move(config)), config_file_(std::move(config_file)), signals_(io_) {}

Process::~Process() {
  catalog_io_.stop();
  if (catalog_thread_.joinable()) catalog_thread_.join();
}

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
  for (std::size_t i = 0; i < clusters_.size(); ++i) {
    make_controller(i);
    make_watch(i);
  }
  data_plane_ = std::make_unique<net::DataPlane>(worker_count(config_.workers), std::move(parts));
  if (auto started = data_plane_->start(); !started) return started;
  catalog_thread_ = std::thread([this] {
    const auto work = asio::make_work_guard(catalog_io_);
    catalog_io_.run();
  });
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
    if (ending_) return;
    if (clusters_[index].watch != nullptr) {
      asio::post(catalog_io_, [this, index, view] { clusters_[index].watch->set_view(view); });
    }
    data_plane_->publish(index, std::move(view));
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
  ports.look_up_accounts = [this, index](const std::string& user,
                                         net::ControlPorts::AccountsHandler handler) {
    asio::post(io_, [this, index, user, handler = std::move(handler)] {
      if (ending_) return handler(std::nullopt);
      clusters_[index].controller->lookup_accounts(
          user, [handler](client::Outcome<std::vector<act::AccountSecret>> accounts) {
            handler(accounts ? std::optional(known_user(*accounts)) : std::nullopt);
          });
    });
  };
  ports.signal = [this, index](model::NodeId node, model::TrafficSignal signal) {
    asio::post(io_, [this, index, node, signal] {
      if (!ending_) clusters_[index].controller->on_traffic_signal(node, signal);
    });
  };
  ports.misrouted = [this, index](model::NodeId node, std::string shape) {
    asio::post(io_, [this, index, node, shape = std::move(shape)] {
      tell_of_traffic(
          index, node, model::Severity::info,
          "refused a statement because it writes; it was run on the primary, and the next "
          "of its shape goes there at once: " +
              shape);
    });
  };
  ports.unreplicated = [this, index](model::NodeId node) {
    asio::post(io_, [this, index, node] {
      const auto now = std::chrono::steady_clock::now();
      ClusterPart& cluster = clusters_[index];
      if (now < cluster.unreplicated_untold_until) return;
      cluster.unreplicated_untold_until = now + unreplicated_told_every;
      tell_of_traffic(index, node, model::Severity::warning,
                      "a commit's wait for replicas was cancelled: it is here and perhaps "
                      "nowhere else; its client got 08007 "
                      "(relevo_commits_unreplicated_total counts them)");
    });
  };
  ports.look_at_catalog = [this, index](const std::string& database,
                                        const catalog::MarksPtr& marks) {
    asio::post(catalog_io_, [this, index, database, marks] {
      clusters_[index].watch->look_at(database, marks);
    });
  };
  return ports;
}

void Process::tell_of_traffic(std::size_t index, model::NodeId node, model::Severity severity,
                              std::string text) {
  const ClusterPart& cluster = clusters_[index];
  model::Event event;
  event.at = std::chrono::system_clock::now();
  event.severity = severity;
  event.cluster = cluster.name;
  event.node = cluster.settings->config.nodes[node].name;
  event.text = std::move(text);
  {
    const std::scoped_lock lock(mutex_);
    if (views_[index] != nullptr) event.epoch = views_[index]->epoch;
  }
  if (!ending_) log_event(event);
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
  if (const auto index = find(event.cluster)) count_decision(clusters_[*index], event.rule);
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
  catalog_io_.stop();
  if (catalog_thread_.joinable()) catalog_thread_.join();
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
    if (clusters_[i].watch != nullptr) {
      asio::post(catalog_io_, [this, i, refresh = loaded->clusters[i].routing.catalog_refresh] {
        clusters_[i].watch->set_refresh(refresh);
      });
    }
    clusters_[i].controller->reconfigure(controller_settings(loaded->clusters[i], state_dir));
  }
  spdlog::set_level(log_level(loaded->log.level));
  const std::scoped_lock lock(mutex_);  // others' threads explain statements by it
  config_ = std::move(*loaded);
  return "configuration reloaded";
}

}  // namespace relevo
