// All that a decision remembers. A plain value: copied, compared, written to the
// journal and read back.
//
// Invariants
// - epoch never falls; it rises before any node but the published primary may
//   be promoted or published.
// - primary is set only in the phases steady and draining.
// - a node is published as primary only after it said itself that it is one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "failover/decide/action.hpp"
#include "failover/decide/distance.hpp"
#include "failover/decide/event.hpp"
#include "failover/decide/promise.hpp"
#include "topology/detect/view_builder.hpp"

namespace relevo::decide {

enum class Phase : std::uint8_t {
  starting,     // no node is adopted yet
  steady,       // one primary is published
  held,         // none is published; waits for evidence or an operator
  barrier,      // failover: waits until every worker has let go of the old primary
  freezing,     // failover: replicas' receivers are being detached
  promoting,    // a candidate has been told to promote
  verifying,    // a candidate is being asked which role it has
  draining,     // switchover: no new transactions, those in progress end
  closing,      // switchover: waits until every worker has let go
  fencing,      // switchover: the old primary is being made read-only
  catching_up,  // switchover: the candidate receives the last bytes
  undoing,      // switchover: the old primary is being made writable again
};

struct NodeRecord {
  bool maintenance = false;
  bool diverged = false;
  bool barred = false;              // failed to promote; until the next primary is published
  bool quarantined = false;         // claims to be primary, or may, and is not ours
  model::Epoch former_primary = 0;  // was primary until the epoch before this one; 0: it was not
  bool rejoin_prepared = false;     // its next start makes a replica of it
  std::string reason;

  bool needs_repoint = false;  // must be told to follow the present primary
  // A freeze was sent and may take effect late: what the node was seen to do says
  // nothing, only a repoint that succeeded does.
  bool freeze_sent = false;
  // How many whose end was not seen: each may take effect long after the node was led elsewhere,
  // when the node thaws or its disk goes on. The same for fences that were to be lifted again.
  unsigned freezes_in_doubt = 0;
  unsigned fences_in_doubt = 0;
  unsigned repoint_failures = 0;
  unsigned fence_failures = 0;
  model::Instant retry_at{};                    // of a background action that failed
  std::optional<model::Instant> waiting_since;  // its receiver waits for WAL it will never get

  // Other transactions than the primary's were seen on it. Judged by GTID only.
  std::optional<model::Instant> errant_since;

  // Its server's start, and what it had received as long as that lasted.
  std::int64_t started_us = 0;
  bool start_probed = false;  // by our own probes, whose accounts of one start are equal
  model::Position received_before;
  // It restarted, or was led to another primary, and may have thrown away what it had
  // received and not applied: what
  // it acknowledged before proves nothing until it has caught up with a living primary.
  std::optional<model::Instant> restarted_at;
  bool lost_received = false;  // it certainly has

  std::optional<model::Position> frozen;  // received position, in the present failover

  // Quorum mode's settings could not be made: how often, when to try again, the words.
  unsigned settings_failures = 0;
  model::Instant settings_retry_at{};
  std::string settings_failure;
  model::Epoch named_in = 0;  // led to its primary for its name's sake in this epoch
};

struct PendingAction {
  Action action;
  bool finished = false;
  ActionOutcome outcome = ActionOutcome::unknown;
  std::string text;
  std::optional<model::NodeStatus> status;
};

struct ClusterState {
  model::Epoch epoch = 0;
  bool epoch_used = false;                    // a primary was, or may have been, published under it
  std::optional<model::NodeId> primary;       // published
  std::optional<model::NodeId> last_primary;  // the last one that was; before it is replaced
  model::PrimaryGate gate = model::PrimaryGate::closed;
  bool paused = false;
  bool lease_held = false;
  model::Instant lease_retry_at{};

  Phase phase = Phase::starting;
  model::Instant phase_since{};
  model::Instant phase_deadline = model::Instant::max();
  model::Instant primary_since{};  // when it was published
  model::Instant attempt_since{};  // when the failover or switchover in progress began
  std::string reason;              // why held, in plain words

  std::vector<NodeRecord> nodes;
  std::vector<NodeEvidence> evidence;  // of the last Observed
  std::optional<model::ViewApplied> applied;
  std::optional<std::uint64_t> awaited_sequence;  // of the last PublishView; nullopt: not out yet

  std::vector<PendingAction> pending;
  ActionId next_action = 1;

  // What the primary last said of itself; kept when it is gone.
  std::uint64_t system_identifier = 0;
  std::uint32_t primary_timeline = 0;
  model::Position primary_position;
  std::optional<model::NodeStatus> primary_told;  // all of its last account
  // What its commits waited for by that account, and when it was asked for: nullopt after
  // a restart of this process.
  std::optional<Promise> promise;
  std::optional<model::Instant> promise_seen;
  Coverage coverage;                    // for how much of its history that holds
  std::string promise_doubt;            // why that is less than the policy says; "" when it is not
  std::optional<model::Position> fork;  // where the present primary left the former one's history

  // The failover or switchover in progress.
  bool switchover = false;
  std::optional<model::NodeId> candidate;
  bool doubtful = false;  // the candidate was told to promote and it is not known whether it did
  std::optional<model::NodeId> soft_fenced;  // made read-only by a switchover that is not done
  std::optional<model::NodeId> wanted;       // the operator's choice
  // The primary's death was established once. From then on its replicas' receivers
  // are down by our own hand and can testify no more: its silence is enough.
  bool death_confirmed = false;
  bool forced = false;  // allow_data_loss
  bool asked = false;   // an operator asked for it
  unsigned promote_attempts = 0;
  std::optional<OperatorCommand> command;        // being executed; answered when done
  std::optional<OperatorCommand> just_received;  // to be judged by this very step
  std::optional<Distance> loss;                  // as computed for the present failover
  model::Position final_position;                // switchover: all that must be replayed

  // Retries while held, and the brake on repeated failovers.
  bool needs_acknowledge = false;
  std::vector<model::Instant> failovers;
  model::Instant retry_at{};
  model::Duration retry_delay{};
  std::vector<bool> retry_seen;  // which nodes were usable when the last attempt was refused
};

// The last authority that was written down before this process started.
struct Hint {
  model::Epoch epoch = 0;
  std::optional<model::NodeId> primary;
  std::uint32_t timeline = 0;  // of that primary, 0: not known
  std::optional<model::NodeId> soft_fenced;
  bool death_confirmed = false;
  // Told to promote, and not published yet: it may have happened.
  std::optional<model::NodeId> candidate;
  std::vector<model::NodeId> former_primaries;
  std::vector<model::NodeId> needs_repoint;
  std::vector<model::NodeId> in_doubt;  // a freeze or a fence may still come into force
  std::vector<model::NodeId> maintenance;
  std::vector<model::NodeId> diverged;
  // A restart of a node while this process was down has to be noticed as well.
  std::vector<std::int64_t> started_us;  // by node; empty, or 0: not known
  std::vector<model::NodeId> restarted;  // and not caught up since
  std::optional<Promise> promise;        // of that primary
  unsigned covered_acks = 0;             // replicas that have all of its commits so far
};

ClusterState initial_state(std::size_t node_count, model::Instant now, const Hint& hint = {});

// What the primary's account of itself, asked for then, says of its commits. One by
// statements that refuses writes acknowledges nothing, and its switches are turned on
// again before it is let write: what it promised before stands.
void remember_promise(ClusterState& state, const model::NodeStatus& primary, model::Instant asked);
// Another node is the primary: the former one's word is not its.
void forget_promise(ClusterState& state);

// What must survive a restart of this process.
Hint hint_of(const ClusterState& state);

// What the View is to say.
detect::Authority authority_of(const ClusterState& state);

std::string_view to_string(Phase phase);

}  // namespace relevo::decide
