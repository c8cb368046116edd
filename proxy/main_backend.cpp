// Process as the admin interface sees it: what it shows, and what it is told to do.
// Called on HTTP threads; whatever belongs to the control thread is posted there.
#include <algorithm>
#include <asio/post.hpp>

#include "proxy/main_process.hpp"
#include "proxy/route/policy.hpp"
#include "proxy/route/statement.hpp"

namespace relevo {
namespace {

constexpr auto command_limit = std::chrono::seconds(60);
constexpr auto catalogs_awaited = std::chrono::seconds(5);
constexpr auto explain_text_max = std::size_t{1} << 20;

tl::unexpected<Error> unknown_cluster(const std::string& name) {
  return fail("unknown_cluster", "there is no cluster \"" + name + "\"");
}

}  // namespace

// Rule numbers are stable: docs/rules.md. Called with mutex_ held.
void Process::count_decision(ClusterPart& cluster, int rule) {
  if (rule == 0) return;
  constexpr int promoted = 230, verified = 240, caught_up = 330, undone = 340;
  constexpr int brake = 202, barrier_timeout = 211, too_many = 405, switchover_refused = 609;
  admin::FailoverTotals& totals = cluster.totals;
  ++totals.decisions[rule];
  switch (rule) {
    case promoted:
    case verified:
      ++(cluster.planned ? totals.switchovers : totals.failovers);
      cluster.planned = false;
      break;
    case caught_up:
      cluster.planned = true;
      break;
    case undone:
      cluster.planned = false;
      break;
    case brake:
    case barrier_timeout:
    case too_many:
    case switchover_refused:
      ++totals.refused;
      break;
    default:
      break;
  }
}

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

// Catalogues that take long are not waited for: until they are known reads go to the
// primary.
bool Process::ready() {
  if (views().size() != clusters_.size()) return false;
  if (std::chrono::steady_clock::now() - started_ >= catalogs_awaited) return true;
  const std::scoped_lock lock(mutex_);
  return std::ranges::all_of(clusters_, [](const ClusterPart& cluster) {
    return cluster.watch == nullptr || cluster.catalogs_settled;
  });
}

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
  return clusters_[*index].totals;
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

Result<admin::Explanation> Process::explain(const std::string& cluster,
                                            const admin::Question& question) {
  const auto index = find(cluster);
  if (!index) return unknown_cluster(cluster);
  if (question.sql.size() > explain_text_max) return fail("invalid", "the statement is too long");
  model::ViewPtr view;
  config::Cluster config;
  {
    const std::scoped_lock lock(mutex_);
    view = views_[*index];
    config = config_.clusters[*index];
  }
  if (view == nullptr) return fail("unavailable", "the cluster has not been looked at yet");
  std::string because;
  const route::Analysis analysis = analyze(*index, config, *view, question, because);
  const std::vector<std::uint32_t> loads(view->nodes.size());
  std::uint32_t turn = 0;
  const route::Choice choice = route::choose(*view, net::routing_settings(config.routing), {},
                                             route::demand_of(analysis), loads, turn);
  admin::Explanation explanation;
  explanation.cls = std::string(route::to_string(analysis.cls));
  explanation.target = std::string(route::to_string(choice.target));
  if (choice.target != route::Target::hold) explanation.node = view->nodes[choice.node].name;
  explanation.reason = std::string(analysis.reason);
  if (!analysis.subject.empty()) {
    explanation.reason += " (" + std::string(analysis.subject.substr(0, 200)) + ")";
  }
  if (!because.empty()) explanation.reason += ": " + because;
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
