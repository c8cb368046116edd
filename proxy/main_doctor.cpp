// Process as relevoctl doctor sees it. All of the work is done on the HTTP thread that
// asks: the control thread only tells what the configuration is, and writes down what
// was done to the servers.
#include <asio/post.hpp>
#include <set>

#include "failover/act/doctor/examination.hpp"
#include "proxy/main_process.hpp"
#include "proxy/main_translate.hpp"

namespace relevo {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// relevoctl waits 10 s for an answer: for the turn, and for a node that hangs.
constexpr auto turn_limit = seconds(3);
constexpr auto control_limit = seconds(1);
constexpr auto examination_limit = seconds(5);
constexpr auto statement_limit = seconds(5);
// A reload is carried out after it was acknowledged.
constexpr auto effect_limit = seconds(3);
constexpr auto effect_poll = milliseconds(100);

}  // namespace

struct Process::Examined {
  act::ControllerSettings settings;
  doctor::ClusterFacts facts;
};

// What does not come from the servers. Configurations change on the control thread.
Result<Process::Examined> Process::prepare_examination(std::size_t index) {
  auto promise = std::make_shared<std::promise<Examined>>();
  auto future = promise->get_future();
  asio::post(io_, [this, index, promise] {
    const config::Cluster& cluster = config_.clusters[index];
    Examined prepared;
    prepared.settings = controller_settings(cluster, "");
    prepared.facts.cluster = cluster.name;
    prepared.facts.quorum = cluster.failover.durability == config::Durability::quorum;
    prepared.facts.acks = cluster.failover.acks;
    prepared.facts.manages_quorum =
        cluster.failover.quorum_settings == config::QuorumSettings::manage;
    prepared.facts.acts = cluster.failover.mode != config::FailoverMode::off;
    prepared.facts.passthrough = !cluster.auth.users.has_value();
    prepared.facts.pool_size = cluster.pool.size;
    prepared.facts.monitor_user = cluster.monitor.user;
    prepared.facts.monitor_database = cluster.monitor.database;
    prepared.facts.replication_user = cluster.replication.user;
    promise->set_value(std::move(prepared));
  });
  if (future.wait_for(control_limit) != std::future_status::ready) {
    return fail("timeout", "the control plane did not answer");
  }
  Examined prepared = future.get();
  std::set<std::pair<std::string, std::string>> used;
  for (const auto& pool : data_plane_->report(index, true).pools) {
    used.emplace(pool.user, pool.database);
  }
  prepared.facts.pools = std::max<unsigned>(1, static_cast<unsigned>(used.size()));
  return prepared;
}

model::ViewPtr Process::view_of(std::size_t index) const {
  const std::scoped_lock lock(mutex_);
  return views_[index];
}

model::Diagnosis Process::look(std::size_t index, Examined& examined, const std::string& node) {
  act::examine(examined.settings, examination_limit, examined.facts);
  examined.facts.primary.reset();
  if (const auto view = view_of(index); view != nullptr) examined.facts.primary = view->primary;
  return doctor::diagnose(examined.facts, node);
}

Result<model::Diagnosis> Process::diagnose(const std::string& cluster, const std::string& node) {
  const auto index = find(cluster);
  if (!index) return fail("unknown_cluster", "there is no cluster \"" + cluster + "\"");
  const std::unique_lock turn(examining_, turn_limit);
  if (!turn) return fail("busy", "another doctor is at work; try again in a moment");
  auto examined = prepare_examination(*index);
  if (!examined) return tl::make_unexpected(examined.error());
  return look(*index, *examined, node);
}

// Nothing that a role depends on is prescribed, so that a failover which begins
// meanwhile finds nothing changed under it. It is not begun in the midst of one, all the
// same: whoever looks at the servers then should see one hand only.
Result<model::Diagnosis> Process::mend(const std::string& cluster, const std::string& node) {
  const auto index = find(cluster);
  if (!index) return fail("unknown_cluster", "there is no cluster \"" + cluster + "\"");
  const std::unique_lock turn(examining_, turn_limit);
  if (!turn) return fail("busy", "another doctor is at work; try again in a moment");
  const auto settled = [this, index] {
    const auto view = view_of(*index);
    return view != nullptr && view->state != model::ClusterState::failing_over;
  };
  if (!settled()) {
    return fail("failing_over", "a failover or switchover is under way: nothing was changed");
  }
  auto examined = prepare_examination(*index);
  if (!examined) return tl::make_unexpected(examined.error());
  model::Diagnosis diagnosis = look(*index, *examined, node);
  const auto prescribed = doctor::prescribe(diagnosis);
  if (prescribed.empty()) return diagnosis;
  auto treatments = act::treat(examined->settings, prescribed, statement_limit, settled);
  for (const model::Treatment& treatment : treatments) tell_treatment(*index, treatment);

  std::vector<doctor::Prescription> done;
  for (std::size_t i = 0; i < treatments.size(); ++i) {
    if (treatments[i].ok) done.push_back({treatments[i].node, treatments[i].check, ""});
  }
  const auto until = std::chrono::steady_clock::now() + effect_limit;
  diagnosis = look(*index, *examined, node);
  while (doctor::still_ill(diagnosis, done) && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(effect_poll);
    diagnosis = look(*index, *examined, node);
  }
  diagnosis.treatments = std::move(treatments);
  return diagnosis;
}

void Process::tell_treatment(std::size_t index, const model::Treatment& treatment) {
  model::Event event;
  event.at = std::chrono::system_clock::now();
  event.cluster = clusters_[index].name;
  event.node = treatment.node;
  event.severity = treatment.ok ? model::Severity::info : model::Severity::warning;
  event.text = "doctor --fix: " + treatment.statement +
               (treatment.ok ? std::string(": done") : ": refused: " + treatment.outcome);
  if (const auto view = view_of(index); view != nullptr) event.epoch = view->epoch;
  asio::post(io_, [this, event = std::move(event)] {
    if (!ending_) log_event(event);
  });
}

}  // namespace relevo
