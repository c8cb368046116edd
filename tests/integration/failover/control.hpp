// One Controller over a real cluster, with a data plane that applies every View at
// once. Runs the control thread's loop in the test's own thread: await() turns it
// until a condition holds, and fails the test when it does not in time.
#pragma once

#include <gtest/gtest.h>

#include <asio/io_context.hpp>
#include <functional>
#include <string>
#include <vector>

#include "failover/act/controller.hpp"
#include "tests/support/postgres_cluster.hpp"

namespace relevo::testing {

using Milliseconds = std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

inline ClusterOptions cluster_options(unsigned replicas = 2) {
  return {.replicas = replicas,
          .settings = {"wal_receiver_status_interval = 1s", "wal_receiver_timeout = 4s",
                       "max_replication_slots = 10", "wal_log_hints = on", "fsync = off"}};
}

using Adjust = std::function<void(act::ControllerSettings&)>;

inline act::ControllerSettings settings_of(const PostgresCluster& cluster) {
  act::ControllerSettings settings;
  settings.cluster = "test";
  for (std::size_t i = 0; i < cluster.size(); ++i) {
    act::ControlledNode node;
    node.name = "db" + std::to_string(i + 1);
    node.host = "127.0.0.1";
    node.port = cluster.port(i);
    settings.nodes.push_back(node);
  }
  settings.monitor_user = settings.replication_user = "postgres";
  settings.monitor_password = settings.replication_password = "secret";
  return settings;
}

class Control {
 public:
  explicit Control(PostgresCluster& cluster, std::string state_dir = "", const Adjust& adjust = {})
      : Control(settings_of(cluster), std::move(state_dir), adjust) {}

  Control(act::ControllerSettings settings, std::string state_dir, const Adjust& adjust) {
    settings.state_dir = std::move(state_dir);
    if (adjust) adjust(settings);
    controller.emplace(io, settings,
                       act::Ports{[this](model::ViewPtr next) { on_view(next); },
                                  [this](const model::Event& event) { events.push_back(event); }});
    const auto started = controller->start();
    EXPECT_TRUE(started) << (started ? "" : started.error().message);
  }
  ~Control() {
    controller->shutdown();
    io.run_for(Milliseconds(50));
    if (::testing::Test::HasFailure()) {
      for (const auto& event : events) {
        std::cerr << "  epoch " << event.epoch << " rule " << event.rule << ": " << event.text
                  << "\n";
      }
    }
  }

  bool await(const std::function<bool()>& condition, Milliseconds bound) {
    const auto deadline = Clock::now() + bound;
    while (Clock::now() < deadline) {
      if (condition()) return true;
      io.restart();
      io.run_one_for(Milliseconds(5));
    }
    return condition();
  }

  // Answered, unless the 15 s bound is hit. Refused, rightly, until each node has
  // answered once more since the last change: asked again until then.
  std::optional<Result<std::string>> switchover(const std::string& to) {
    std::optional<Result<std::string>> answer;
    const auto deadline = Clock::now() + Milliseconds(15000);
    while (Clock::now() < deadline) {
      answer.reset();
      controller->switchover(to, [&](Result<std::string> said) { answer = said; });
      await([&] { return answer.has_value(); }, Milliseconds(15000));
      const bool too_early = answer && !*answer &&
                             answer->error().message.find("has not answered") != std::string::npos;
      if (!too_early) break;
      const auto sequence = view->sequence;
      await([&] { return view->sequence > sequence; }, Milliseconds(5000));
    }
    return answer;
  }

  std::optional<model::NodeId> primary() const { return view ? view->primary : std::nullopt; }
  bool all_online() const {
    if (!view || !view->primary) return false;
    for (const auto& node : view->nodes) {
      if (node.state != model::NodeState::online) return false;
    }
    return true;
  }
  bool told(const std::string& part) const {
    for (const auto& event : events) {
      if (event.text.find(part) != std::string::npos) return true;
    }
    return false;
  }

  asio::io_context io{1};
  std::optional<act::Controller> controller;
  model::ViewPtr view;
  std::vector<model::Event> events;
  std::uint32_t transactions_on_primary = 0;
  bool acknowledge_views = true;
  std::vector<std::pair<model::Epoch, std::optional<model::NodeId>>> history;  // as published

 private:
  void on_view(const model::ViewPtr& next) {
    view = next;
    if (history.empty() || history.back() != std::pair{next->epoch, next->primary}) {
      history.emplace_back(next->epoch, next->primary);
    }
    if (!acknowledge_views) return;
    controller->on_view_applied({next->sequence, next->epoch, transactions_on_primary});
  }
};

}  // namespace relevo::testing
