#include "failover/decide/facts.hpp"

#include <algorithm>

#include "failover/decide/history.hpp"
#include "failover/decide/mutation.hpp"

namespace relevo::decide {

using model::NodeId;
using model::Verdict;

const model::NodeStatus* Facts::answer(NodeId node) const {
  const auto& evidence = state.evidence[node];
  if (!evidence.latest) return nullptr;
  switch (evidence.assessment.verdict) {
    case Verdict::dead:
    case Verdict::hung:
    case Verdict::unreachable:
    case Verdict::restarting:
      return nullptr;
    case Verdict::healthy:
    case Verdict::half_hung:
    case Verdict::saturated:
    case Verdict::disk_full:
    case Verdict::sync_blocked:
    case Verdict::role_changed:
      break;
  }
  return &evidence.latest->status;
}

const model::NodeStatus* Facts::answer_since(NodeId node, model::Instant since) const {
  const auto* status = answer(node);
  if (without(Guard::freshness)) return status;
  return status != nullptr && state.evidence[node].latest->sent > since ? status : nullptr;
}

bool Facts::says_primary(NodeId node) const {
  const auto* status = answer_since(node, state.primary_since);
  return status != nullptr && status->role == model::Role::primary;
}

bool Facts::says_replica(NodeId node) const {
  const auto* status = answer_since(node, state.primary_since);
  return status != nullptr && status->role == model::Role::replica;
}

bool Facts::conclusively_dead(NodeId node) const {
  const auto& assessment = state.evidence[node].assessment;
  return (assessment.conclusive || state.death_confirmed || without(Guard::confirmation)) &&
         (assessment.verdict == Verdict::dead || assessment.verdict == Verdict::hung);
}

bool Facts::seems_dead(NodeId node) const {
  return state.evidence[node].assessment.verdict == Verdict::dead;
}

bool Facts::is_outsider(NodeId node) const {
  if (without(Guard::outsiders)) return false;
  const auto& record = state.nodes[node];
  return record.former_primary != 0 || record.quarantined || record.diverged;
}

bool Facts::streams_from(NodeId node, NodeId upstream, model::Instant since) const {
  const auto* status = answer_since(node, since);
  return status != nullptr && status->role == model::Role::replica &&
         status->receiver == model::ReceiverState::streaming &&
         status->upstream_host == policy.nodes[upstream].host &&
         status->upstream_port == policy.nodes[upstream].port;
}

std::optional<std::string> Facts::errant(NodeId node) const {
  if (!state.primary || traits().numbers_histories) return std::nullopt;
  const auto* mine = answer_since(node, state.primary_since);
  const auto* theirs = answer_since(*state.primary, state.primary_since);
  if (mine == nullptr || theirs == nullptr) return std::nullopt;
  // While it streams: what the primary wrote itself it got from there.
  const bool streams = streams_from(node, *state.primary, state.primary_since);
  const auto excess = streams ? foreign_excess(*mine, *theirs) : history_excess(*mine, *theirs);
  if (excess && excess->empty()) return excess;  // by an older account, too: histories only grow
  // Two probes that keep step may answer in the same order for ever. What counts is
  // therefore since when the node has what it has, not when it last said so.
  const auto& account = *state.evidence[node].latest;
  const auto asked = state.evidence[*state.primary].latest->sent;
  if (asked < account.history_since.value_or(account.received)) return std::nullopt;
  return excess;
}

std::string Facts::taken_back_by(NodeId primary) const {
  const auto* theirs = answer(primary);
  if (theirs == nullptr || theirs->flavor != model::Flavor::mariadb ||
      theirs->role != model::Role::primary || !theirs->read_only) {
    return "";
  }
  for (NodeId node = 0; node < state.nodes.size(); ++node) {
    if (node == primary || is_outsider(node)) continue;
    const auto* mine = answer(node);
    if (mine == nullptr || mine->role != model::Role::replica) continue;
    // As in errant(): only a younger account of the primary tells what it lacks.
    const auto& account = *state.evidence[node].latest;
    const auto asked = state.evidence[primary].latest->sent;
    if (asked < account.history_since.value_or(account.received)) continue;
    const auto excess = own_excess(*mine, *theirs);
    if (excess && !excess->empty()) return *excess + ", which " + name(node) + " has";
  }
  return "";
}

std::string Facts::on_timeline(NodeId node) const {
  const auto* status = answer(node);
  if (status == nullptr || !traits().numbers_histories) return "";
  return " on timeline " + std::to_string(status->timeline);
}

bool Facts::has_pending(NodeId node) const {
  if (without(Guard::one_at_a_time)) return false;
  return std::any_of(state.pending.begin(), state.pending.end(), [&](const PendingAction& pending) {
    return node_of(pending.action.task) == node;
  });
}

bool Facts::everyone_had_time() const {
  if (without(Guard::everyone_asked)) return true;
  if (state.phase == Phase::starting && now - state.phase_since >= policy.start_grace) return true;
  return std::all_of(state.evidence.begin(), state.evidence.end(),
                     [](const NodeEvidence& evidence) { return evidence.probed; });
}

bool Facts::in_progress() const {
  return state.phase != Phase::starting && state.phase != Phase::steady &&
         state.phase != Phase::held;
}

bool Facts::may_act() const {
  return policy.mode != Mode::off && (state.lease_held || without(Guard::lease));
}

bool Facts::primary_dead() const {
  const auto primary = state.primary ? state.primary : state.last_primary;
  return primary && conclusively_dead(*primary);
}

bool Facts::primary_shortened() const {
  const auto primary = state.primary ? state.primary : state.last_primary;
  return primary && !taken_back_by(*primary).empty();
}

bool Facts::primary_returned() const {
  if (primary_shortened()) return false;
  if (!state.last_primary || state.nodes[*state.last_primary].former_primary != 0) return false;
  const auto* status = answer_since(*state.last_primary, state.attempt_since);
  return status != nullptr && status->role == model::Role::primary &&
         (status->timeline == 0 || state.primary_timeline == 0 ||
          status->timeline == state.primary_timeline);
}

bool Facts::view_applied() const {
  if (without(Guard::barrier)) return true;
  return state.awaited_sequence && state.applied &&
         state.applied->sequence >= *state.awaited_sequence;
}

bool Facts::too_many_failovers() const {
  if (without(Guard::brake)) return false;
  const auto recent =
      std::count_if(state.failovers.begin(), state.failovers.end(),
                    [&](model::Instant at) { return now - at < policy.failover_window; });
  return static_cast<std::size_t>(recent) >= policy.failovers_max;
}

std::vector<bool> Facts::usable_replicas() const {
  std::vector<bool> usable(state.nodes.size());
  for (NodeId node = 0; node < usable.size(); ++node) {
    usable[node] = says_replica(node) && !is_outsider(node) && !state.nodes[node].maintenance;
  }
  return usable;
}

std::string Facts::why_not_promised() const {
  if (policy.durability != Durability::quorum || without(Guard::promise)) return "";
  const std::string who = state.last_primary ? name(*state.last_primary) : "the last primary";
  if (!state.promise) return "what " + who + "'s commits waited for is not known";
  const Promise& promise = *state.promise;
  const auto ackers = policy.nodes.size() - 1;
  const std::string word =
      who + "'s commits did not have to wait for " + in_replicas(policy.acks) + ": ";
  if (promise.acks < policy.acks) return word + promise.text;
  if (promise.acknowledging > ackers) {
    return word + std::to_string(promise.acknowledging) + " standbys may acknowledge, of which " +
           std::to_string(ackers) + " are nodes here";
  }
  // Until then it had them wait, whoever was connected.
  if (promise.lapses_after &&
      (!state.promise_seen || now - *state.promise_seen > *promise.lapses_after)) {
    return word + promise.text + ", and what it did since its last account is not known";
  }
  if (!promise_settling()) return "";
  const std::string since =
      who + "'s commits wait for " + in_replicas(policy.acks) + " only since a moment ago, and ";
  const unsigned have = holders(state.coverage.end);
  if (have == 0 || have >= policy.acks)
    return since + "what was written before is not known to be with as many";
  return since + in_replicas(policy.acks - have) + " of those " +
         (policy.acks - have == 1 ? "has" : "have") + " yet to receive what was written before";
}

unsigned Facts::promised() const {
  if (!state.promise || state.promise->acknowledging >= policy.nodes.size()) return 0;
  return state.promise->acks;
}

bool Facts::promise_settling() const {
  return promised() >= policy.acks && state.coverage.acks < policy.acks && !without(Guard::covered);
}

unsigned Facts::holders(const model::Position& end) const {
  if (!state.primary) return 0;
  unsigned count = 0;
  for (NodeId node = 0; node < state.nodes.size(); ++node) {
    if (node == state.primary || is_outsider(node) || state.nodes[node].restarted_at) continue;
    if (!streams_from(node, *state.primary, state.primary_since)) continue;
    if (answer(node)->received.covers(end)) ++count;
  }
  return count;
}

const model::Position* Facts::frozen(NodeId node) const {
  if (state.nodes[node].frozen) return &*state.nodes[node].frozen;
  for (const auto& pending : state.pending) {
    const auto* freeze = std::get_if<FreezeReceiver>(&pending.action.task);
    if (freeze == nullptr || freeze->node != node || !pending.finished) continue;
    if (pending.outcome == ActionOutcome::ok && pending.status) return &pending.status->received;
  }
  return nullptr;
}

bool Facts::all_finished() const {
  return std::all_of(state.pending.begin(), state.pending.end(),
                     [](const PendingAction& pending) { return pending.finished; });
}

const PendingAction* Facts::finished(std::string_view action_name) const {
  for (const auto& pending : state.pending) {
    if (pending.finished && name_of(pending.action.task) == action_name) return &pending;
  }
  return nullptr;
}

const model::Position& log_end(const model::NodeStatus& primary) {
  return primary.received.known() ? primary.received : primary.position;
}

std::string outcome_text(const PendingAction& pending) {
  std::string text{to_string(pending.outcome)};
  if (!pending.text.empty()) text += ": " + pending.text;
  return text;
}

}  // namespace relevo::decide
