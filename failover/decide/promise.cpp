#include "failover/decide/promise.hpp"

#include <algorithm>
#include <utility>

#include "topology/model/sync_rule.hpp"

namespace relevo::decide {
namespace {

constexpr auto for_ever = std::chrono::hours(1);

Promise postgres_promise(const model::NodeStatus& primary) {
  Promise promise;
  promise.acknowledging = static_cast<unsigned>(
      std::count_if(primary.downstreams.begin(), primary.downstreams.end(),
                    [](const auto& replica) { return replica.sync_state != "async"; }));
  if (primary.synchronous_commit == "off" || primary.synchronous_commit == "local") {
    promise.text = "synchronous_commit is " + primary.synchronous_commit;
    return promise;
  }
  const auto rule = model::parse_sync_rule(primary.synchronous_standbys);
  promise.acks = rule ? rule->count : 0;
  promise.text = promise.acks == 0
                     ? "synchronous_standby_names is empty"
                     : "synchronous_standby_names is '" + primary.synchronous_standbys + "'";
  return promise;
}

Promise semi_sync_promise(const model::SemiSync& semi) {
  Promise promise;
  promise.acknowledging = semi.clients;
  if (!semi.primary_enabled || !semi.primary_active) {
    promise.text = semi.primary_enabled
                       ? "semi-synchronous replication is enabled and has fallen back"
                       : "semi-synchronous replication is not enabled";
    return promise;
  }
  promise.acks = std::max(semi.acks_wanted, 1U);
  promise.text = "semi-synchronous replication waits for " + std::to_string(promise.acks);
  if (!semi.waits_alone) {
    promise.lapses_after = model::Duration::zero();
    promise.text += " as long as so many are connected (rpl_semi_sync_*_wait_no_* is OFF)";
  } else if (semi.timeout < for_ever) {
    promise.lapses_after = semi.timeout;
    promise.text +=
        ", for " +
        std::to_string(
            std::chrono::duration_cast<std::chrono::milliseconds>(semi.timeout).count()) +
        " ms (rpl_semi_sync_*_timeout)";
  }
  return promise;
}

}  // namespace

void judge(Coverage& coverage, unsigned acks, bool lapses, model::Instant seen,
           model::Duration margin) {
  // What was recorded before this process began says nothing of the time between.
  const bool first = !coverage.told;
  if (first) coverage = {};
  coverage.told = acks;
  if (std::exchange(coverage.lapses, lapses) && !lapses) {
    coverage.acks = coverage.rising_to = 0;
    coverage.end = {};
  }
  if (acks <= coverage.acks) {
    coverage.acks = acks;
    coverage.rising_to = 0;
    coverage.end = {};
  } else if (acks < coverage.rising_to) {
    coverage.rising_to = acks;  // what was written since waited for as many, and more
  } else if (acks > coverage.rising_to) {
    coverage.rising_to = acks;
    coverage.since = first ? seen : seen + margin;
    coverage.end = {};
  }
}

void settle(Coverage& coverage) {
  coverage.acks = coverage.rising_to;
  coverage.rising_to = 0;
  coverage.end = {};
}

std::string in_replicas(unsigned count) {
  return std::to_string(count) + (count == 1 ? " replica" : " replicas");
}

Promise promise_of(const model::NodeStatus& primary) {
  return primary.flavor == model::Flavor::postgres ? postgres_promise(primary)
                                                   : semi_sync_promise(primary.semi_sync);
}

}  // namespace relevo::decide
