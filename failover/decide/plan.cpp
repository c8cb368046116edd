#include "failover/decide/plan.hpp"

#include <algorithm>

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
  return "";
}

namespace {

std::string zone_of_last_primary(const Facts& facts) {
  return facts.state.last_primary ? facts.policy.nodes[*facts.state.last_primary].zone
                                  : std::string{};
}

// What of the known history the chosen one lacks. nullopt: not countable.
std::optional<std::uint64_t> missing_bytes(const Facts& facts, const model::Position& chosen,
                                           const std::vector<Contender>& contenders) {
  std::optional<std::uint64_t> most;
  const auto compare_with = [&](const model::Position& other) {
    if (!other.known()) return;
    const auto behind =
        chosen.covers(other) ? std::optional<std::uint64_t>{0} : chosen.bytes_behind(other);
    if (behind) most = std::max(most.value_or(0), *behind);
  };
  for (const auto& contender : contenders) compare_with(contender.received);
  const bool primary_known = facts.state.primary_position.known();
  compare_with(facts.state.primary_position);
  return primary_known ? most : std::nullopt;
}

bool covers_every_frozen(const model::Position& chosen, const std::vector<Contender>& contenders) {
  return std::all_of(contenders.begin(), contenders.end(),
                     [&](const Contender& contender) { return chosen.covers(contender.received); });
}

}  // namespace

Plan plan_failover(const Facts& facts) {
  const auto& state = facts.state;
  std::vector<Contender> contenders;
  for (NodeId node = 0; node < state.nodes.size(); ++node) {
    if (!state.nodes[node].frozen) continue;
    const auto* status = facts.answer(node);
    contenders.push_back({.node = node,
                          .received = *state.nodes[node].frozen,
                          .replayed = status != nullptr ? status->position : model::Position{},
                          .zone = facts.policy.nodes[node].zone,
                          .priority = facts.policy.nodes[node].priority,
                          .excluded = why_not_promotable(facts, node)});
  }
  if (contenders.empty()) return {std::nullopt, std::nullopt, "no replica could be frozen"};
  const auto choice = choose_candidate(contenders, zone_of_last_primary(facts), state.wanted);
  if (!choice.node) {
    const std::string who = state.wanted ? facts.name(*state.wanted) + ": " : std::string{};
    return {std::nullopt, std::nullopt, who + choice.why_none};
  }
  const auto& chosen = *state.nodes[*choice.node].frozen;
  const std::string chosen_text =
      facts.name(*choice.node) + " received up to " + chosen.to_string();
  const auto loss = missing_bytes(facts, chosen, contenders);

  if (facts.policy.durability == Durability::quorum) {
    const auto ackers = static_cast<unsigned>(facts.policy.nodes.size() - 1);
    const auto proof =
        prove_quorum(ackers, facts.policy.acks, static_cast<unsigned>(contenders.size()));
    const bool covered = covers_every_frozen(chosen, contenders);
    if (proof.proven && covered) {
      return {choice.node, 0, chosen_text + "; " + proof.text + ": no acknowledged write is lost"};
    }
    const std::string why = !proof.proven ? proof.text
                                          : proof.text + ", but another replica holds more than " +
                                                facts.name(*choice.node);
    if (state.forced) {
      return {choice.node, loss, chosen_text + "; data loss allowed by the operator; " + why};
    }
    return {std::nullopt, loss, "cannot prove that every acknowledged write survives: " + why};
  }

  const std::string figure =
      loss ? std::to_string(*loss) +
                 " bytes of the history last seen may be lost, besides what the primary "
                 "acknowledged after that moment and no replica received"
           : "the last primary's position is not known, so the loss is not either";
  if (loss && *loss > facts.policy.loss_bytes_max && !state.forced) {
    return {std::nullopt, loss,
            figure + ", more than max_loss (" + std::to_string(facts.policy.loss_bytes_max) + ")"};
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

  std::vector<Contender> contenders;
  for (NodeId node = 0; node < state.nodes.size(); ++node) {
    if (node == primary) continue;
    std::string why = why_not_promotable(facts, node);
    const auto* status = facts.answer_since(node, state.primary_since);
    if (why.empty() && status == nullptr) why = "it has not answered since the last failover";
    if (why.empty() && status->receiver != model::ReceiverState::streaming) {
      why = "it does not stream from the primary";
    }
    if (why.empty() && state.nodes[node].needs_repoint) why = "it is still to be repointed";
    if (why.empty()) {
      const auto behind = status->received.covers(state.primary_position)
                              ? std::optional<std::uint64_t>{0}
                              : status->received.bytes_behind(state.primary_position);
      if (!behind) {
        why = "its position cannot be compared with the primary's";
      } else if (*behind > facts.policy.switchover_lag_bytes_max) {
        why = "it is " + std::to_string(*behind) + " bytes behind";
      }
    }
    contenders.push_back({.node = node,
                          .received = status != nullptr ? status->received : model::Position{},
                          .replayed = status != nullptr ? status->position : model::Position{},
                          .zone = facts.policy.nodes[node].zone,
                          .priority = facts.policy.nodes[node].priority,
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
