#include "failover/decide/plan.hpp"

#include <algorithm>
#include <charconv>

#include "failover/decide/history.hpp"
#include "failover/decide/quorum.hpp"

namespace relevo::decide {

using model::NodeId;

std::string why_not_promotable(const Facts& facts, NodeId node) {
  const auto& record = facts.state.nodes[node];
  if (record.former_primary != 0 || record.quarantined) return "it is quarantined";
  if (record.diverged) return "its history has diverged";
  if (record.barred) return "its promotion failed before";
  if (record.maintenance) return "it is in maintenance";
  if (facts.policy.nodes[node].never_promote) return "it is tagged never_promote";
  const auto* status = facts.answer(node);
  if (status == nullptr) return "it does not answer";
  if (status->role != model::Role::replica) return "it is not a replica";
  if (facts.state.system_identifier != 0 && status->system_identifier != 0 &&
      status->system_identifier != facts.state.system_identifier) {
    return "it belongs to another cluster (system identifier " +
           std::to_string(status->system_identifier) + ")";
  }
  if (!status->log_bin) return "it has no binary log: nobody could follow it";
  if (!status->log_replica_updates) {
    return "its binary log lacks what it replicated (log_replica_updates): nobody could follow it";
  }
  if (!status->gtid_mode || !status->auto_position) return "it does not follow by GTID";
  if (facts.traits().role_by_statement && facts.state.primary_told) {
    const auto foreign = foreign_excess(*status, *facts.state.primary_told);
    if (foreign && !foreign->empty()) {
      return "it has " + *foreign + ", which the last primary neither had nor wrote";
    }
  }
  if (record.lost_received && !facts.state.forced) {
    return "it was restarted and threw away what it had received and not applied";
  }
  return "";
}

namespace {

std::string zone_of_last_primary(const Facts& facts) {
  return facts.state.last_primary ? facts.policy.nodes[*facts.state.last_primary].zone
                                  : std::string{};
}

Unit unit_of(const Facts& facts) {
  return facts.policy.engine == model::Engine::postgres ? Unit::bytes : Unit::transactions;
}

bool weighs_more(const Distance& distance, std::uint64_t limit_bytes, const Facts& facts) {
  return distance.weight_bytes(facts.policy.bytes_per_transaction) > limit_bytes;
}

// What of the known history the chosen one lacks, at least. nullopt: not countable.
struct Missing {
  std::optional<Distance> known;  // counted against all that is known
  bool complete = false;          // the last primary's position is
};
Missing missing(const Facts& facts, const model::Position& chosen,
                const std::vector<Contender>& contenders) {
  std::optional<Distance> most;
  const auto compare_with = [&](const model::Position& other) {
    if (!other.known()) return;
    const auto behind =
        chosen.covers(other) ? std::optional(Distance{0, unit_of(facts)}) : distance(chosen, other);
    if (behind && (!most || behind->count > most->count)) most = behind;
  };
  for (const auto& contender : contenders) compare_with(contender.received);
  const bool primary_known = facts.state.primary_position.known();
  compare_with(facts.state.primary_position);
  return {most, primary_known};
}

// Replicas that a node of this version could not feed: an older server may not
// understand what a newer one writes. By the leading numbers, "10.11" or "8.4".
unsigned older_than(const Facts& facts, NodeId candidate) {
  const auto series = [](const std::string& version) {
    std::pair<unsigned, unsigned> numbers{0, 0};
    const char* at = version.data();
    const char* const end = at + version.size();
    at = std::from_chars(at, end, numbers.first).ptr;
    if (at != end && *at == '.') std::from_chars(at + 1, end, numbers.second);
    return numbers;
  };
  const auto* own = facts.answer(candidate);
  if (own == nullptr || facts.traits().numbers_histories) return 0;
  unsigned count = 0;
  for (NodeId node = 0; node < facts.state.nodes.size(); ++node) {
    const auto* other = facts.answer(node);
    const bool fed = node != candidate && other != nullptr && other->role == model::Role::replica;
    if (fed && series(other->version) < series(own->version)) ++count;
  }
  return count;
}

bool covers_every_frozen(const model::Position& chosen, const std::vector<Contender>& contenders) {
  return std::all_of(contenders.begin(), contenders.end(),
                     [&](const Contender& contender) { return chosen.covers(contender.received); });
}

}  // namespace

Plan plan_failover(const Facts& facts) {
  const auto& state = facts.state;
  std::vector<Contender> contenders;
  unsigned proving = 0;
  for (NodeId node = 0; node < state.nodes.size(); ++node) {
    const auto* frozen = facts.frozen(node);
    if (frozen == nullptr) continue;
    const auto* status = facts.answer(node);
    contenders.push_back({.node = node,
                          .received = *frozen,
                          .replayed = status != nullptr ? status->position : model::Position{},
                          .zone = facts.policy.nodes[node].zone,
                          .priority = facts.policy.nodes[node].priority,
                          .cannot_follow = older_than(facts, node),
                          .excluded = why_not_promotable(facts, node)});
    // What a restarted replica acknowledged before may be gone: it proves nothing.
    if (!state.nodes[node].restarted_at) ++proving;
  }
  if (contenders.empty()) return {std::nullopt, std::nullopt, "no replica could be frozen"};
  const auto choice = choose_candidate(contenders, zone_of_last_primary(facts), state.wanted);
  if (!choice.node) {
    const std::string who = state.wanted ? facts.name(*state.wanted) + ": " : std::string{};
    return {std::nullopt, std::nullopt, who + choice.why_none};
  }
  const auto& chosen = *facts.frozen(*choice.node);
  const std::string chosen_text =
      facts.name(*choice.node) + " received up to " + chosen.to_string();
  const auto lacks = missing(facts, chosen, contenders);
  const auto loss = lacks.complete ? lacks.known : std::nullopt;

  constexpr const char* way_out = "; an operator accepts it with failover --allow-data-loss";
  if (facts.policy.durability == Durability::quorum) {
    const auto ackers = static_cast<unsigned>(facts.policy.nodes.size() - 1);
    const auto proof = prove_quorum(ackers, facts.policy.acks, proving);
    const bool covered = covers_every_frozen(chosen, contenders);
    const std::string doubt = facts.why_not_promised();
    if (proof.proven && covered && doubt.empty()) {
      return {choice.node, Distance{0, unit_of(facts)},
              chosen_text + "; " + proof.text + ": no acknowledged write is lost"};
    }
    const std::string why =
        !proof.proven ? proof.text
        : !doubt.empty()
            ? doubt
            : proof.text + ", but another replica holds more than " + facts.name(*choice.node);
    if (state.forced) {
      return {choice.node, loss, chosen_text + "; data loss allowed by the operator; " + why};
    }
    return {std::nullopt, loss,
            "cannot prove that every acknowledged write survives: " + why + way_out};
  }

  const std::string figure =
      loss ? loss->in_words() +
                 " of the history last seen may be lost, besides what the primary "
                 "acknowledged after that moment and no replica received"
           : "the last primary's position is not known, so the loss is not either" +
                 (lacks.known && lacks.known->count != 0
                      ? ": it is " + lacks.known->in_words() + " at least"
                      : std::string{});
  // What another replica is known to have and cannot be promoted with counts, too.
  if (lacks.known && weighs_more(*lacks.known, facts.policy.loss_bytes_max, facts) &&
      !state.forced) {
    return {std::nullopt, loss,
            figure + ", more than max_loss (" + std::to_string(facts.policy.loss_bytes_max) + ")" +
                way_out};
  }
  return {choice.node, loss, chosen_text + "; " + figure};
}

SwitchoverPlan plan_switchover(const Facts& facts, std::optional<NodeId> wanted) {
  const auto& state = facts.state;
  if (!state.primary) return {std::nullopt, "there is no primary to switch over from"};
  const NodeId primary = *state.primary;
  if (wanted == primary) return {std::nullopt, facts.name(primary) + " is the primary already"};
  if (state.evidence[primary].assessment.verdict != model::Verdict::healthy ||
      !facts.says_primary(primary)) {
    return {std::nullopt, "the primary " + facts.name(primary) +
                              " is not healthy: " + state.evidence[primary].assessment.reason};
  }

  if (facts.has_pending(primary)) {
    // Its fence might be lifted by what is under way, and come first.
    return {std::nullopt, facts.name(primary) + " is being worked on: try again"};
  }

  std::vector<Contender> contenders;
  for (NodeId node = 0; node < state.nodes.size(); ++node) {
    if (node == primary) continue;
    std::string why = why_not_promotable(facts, node);
    const auto* status = facts.answer_since(node, state.primary_since);
    if (why.empty() && status == nullptr) why = "it has not answered since the last failover";
    if (why.empty() && status->receiver != model::ReceiverState::streaming) {
      why = "it does not stream from the primary";
    }
    if (why.empty() && !status->applier_running) {
      why = "it does not apply what it receives" +
            (status->applier_error.empty() ? "" : ": " + status->applier_error);
    }
    if (why.empty() && state.nodes[node].needs_repoint) why = "it is still to be repointed";
    if (why.empty()) {
      const auto behind = status->received.covers(state.primary_position)
                              ? std::optional(Distance{0, unit_of(facts)})
                              : distance(status->received, state.primary_position);
      if (!behind) {
        why = "its position cannot be compared with the primary's";
      } else if (weighs_more(*behind, facts.policy.switchover_lag_bytes_max, facts)) {
        why = "it is " + behind->in_words() + " behind";
      }
    }
    contenders.push_back({.node = node,
                          .received = status != nullptr ? status->received : model::Position{},
                          .replayed = status != nullptr ? status->position : model::Position{},
                          .zone = facts.policy.nodes[node].zone,
                          .priority = facts.policy.nodes[node].priority,
                          .cannot_follow = older_than(facts, node),
                          .excluded = why});
  }
  const auto choice = choose_candidate(contenders, facts.policy.nodes[primary].zone, wanted);
  if (choice.node) return {choice.node, ""};
  std::string why = choice.why_none;
  if (wanted) {
    why = facts.name(*wanted) + ": " + why;
  } else {
    for (const auto& contender : contenders) {
      why += "; " + facts.name(contender.node) + ": " + contender.excluded;
    }
  }
  return {std::nullopt, why};
}

}  // namespace relevo::decide
