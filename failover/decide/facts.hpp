// The questions that rules ask of what is known. Each is a pure predicate over
// state, policy and now; none changes anything.
#pragma once

#include <string>

#include "failover/decide/engine_traits.hpp"
#include "failover/decide/policy.hpp"
#include "failover/decide/state.hpp"

namespace relevo::decide {

struct Facts {
  const ClusterState& state;
  const Policy& policy;
  model::Instant now;

  const std::string& name(model::NodeId node) const { return policy.nodes[node].name; }
  EngineTraits traits() const { return traits_of(policy.engine); }

  // --- one node ---
  // Its last own account, if it is answering at all now; null otherwise.
  const model::NodeStatus* answer(model::NodeId node) const;
  // As answer(), but only if it was asked after `since`.
  const model::NodeStatus* answer_since(model::NodeId node, model::Instant since) const;
  bool says_primary(model::NodeId node) const;
  bool says_replica(model::NodeId node) const;
  bool conclusively_dead(model::NodeId node) const;
  // Dead or hung as far as can be seen from here, though nobody was asked about it.
  bool seems_dead(model::NodeId node) const;
  bool is_outsider(model::NodeId node) const;  // former primary, quarantined or diverged
  bool streams_from(model::NodeId node, model::NodeId upstream, model::Instant since) const;
  // What the node has that the published primary lacks, in the engine's notation; ""
  // when nothing. nullopt: not known, or not comparable now. An excess counts only by
  // an account of the primary that was asked for after the node was known to have it.
  std::optional<std::string> errant(model::NodeId node) const;
  // What a replica has of this primary's own writes that it lacks itself, and which one
  // has it; "" when nothing. MariaDB's crash recovery in a replica's role takes back
  // commits that were acknowledged: such a primary would write others in their place,
  // under the same numbers. Only asked of one that refuses writes, as it is after its
  // start: of what is under way a replica may tell first.
  std::string taken_back_by(model::NodeId primary) const;
  // " on timeline 3" where its history has a number, else "".
  std::string on_timeline(model::NodeId node) const;
  bool has_pending(model::NodeId node) const;
  bool retry_due(model::NodeId node) const { return now >= state.nodes[node].retry_at; }

  // --- the cluster ---
  // Every node was probed, or had its time for it: what is not seen is not there.
  bool everyone_had_time() const;
  bool in_progress() const;        // a failover or switchover is
  bool may_act() const;            // automatic or manual mode, and the lease is held
  bool primary_dead() const;       // the published, or else the last one
  bool primary_shortened() const;  // the published, or else the last one: taken_back_by()
  bool primary_returned() const;   // the last primary answers as one, asked since the attempt began
  bool view_applied() const;       // every worker has applied the View that was last published
  bool deadline_passed() const { return now >= state.phase_deadline; }
  bool too_many_failovers() const;
  std::vector<bool> usable_replicas() const;
  // Quorum mode: why the last primary's commits did not wait for as many replicas as the
  // policy says; "" when they did, or when the policy says nothing of it.
  std::string why_not_promised() const;
  // For how many replicas of this cluster its commits wait: 0 where others may stand for them.
  unsigned promised() const;
  // Whether all that keeps that from holding is what was written before it began to.
  bool promise_settling() const;
  // Replicas of the published primary that have all of its history up to there, for good.
  unsigned holders(const model::Position& end) const;

  // --- actions ---
  // Where its receiver stood when it was frozen; nullptr: it was not, or not yet.
  const model::Position* frozen(model::NodeId node) const;
  bool all_finished() const;                                          // none is under way
  const PendingAction* finished(std::string_view action_name) const;  // null: none such
};

// The end of a primary's history that replicas can have got: flushed, where it says.
const model::Position& log_end(const model::NodeStatus& primary);

// How one action ended, in words for operators.
std::string outcome_text(const PendingAction& pending);

}  // namespace relevo::decide
