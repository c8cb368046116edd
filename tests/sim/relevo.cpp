// Relevo's side of the simulated world: probes, the real detector and decision, a
// simulated executor and data plane.
#include <algorithm>

#include "failover/decide/facts.hpp"
#include "tests/sim/world.hpp"

namespace relevo::sim {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {
constexpr auto probe_interval = milliseconds(200);
constexpr auto probe_timeout = milliseconds(500);
}  // namespace

void World::relevo_restarts() {
  ++life_;
  const auto epoch_before = state_.epoch;
  const auto hint = persisted_;
  state_ = decide::initial_state(databases_.size(), now_, hint);
  if (state_.epoch < epoch_before) violate("the epoch fell by a restart");
  open_commands_.clear();
  detect::DetectorSettings settings;
  settings.interval = probe_interval;
  settings.timeout = probe_timeout;
  settings.receiver_fresh = seconds(2);
  for (const auto& node : policy_.nodes) settings.addresses.push_back(node.host + ":5432");
  detector_.emplace(settings, databases_.size());
  std::fill(probed_.begin(), probed_.end(), false);
  worker_ = {};
  unacknowledged_.clear();
  for (NodeId node = 0; node < databases_.size(); ++node) {
    after(milliseconds(below(50)), [this, node, life = life_] {
      if (life == life_) probe(node);
    });
  }
  publish();
}

void World::probe(NodeId node) {
  model::Observation seen;
  seen.node = node;
  seen.sent = now_;
  seen.fresh_connection = detector_->wants_fresh_probe(node, now_) || chance(0.3);
  Duration takes = milliseconds(1 + below(5));
  const auto& database = databases_[node];
  if (!database.reachable || database.frozen) {
    seen.outcome = model::ProbeOutcome::timeout;
    takes = probe_timeout;
  } else if (!database.running) {
    seen.outcome = model::ProbeOutcome::refused;
  } else if (!answers(node)) {
    seen.outcome = model::ProbeOutcome::starting_up;
    seen.sqlstate = "57P03";
  } else if (chance(0.002)) {
    seen.outcome = model::ProbeOutcome::too_many_connections;
    seen.sqlstate = "53300";
  } else {
    seen.outcome = model::ProbeOutcome::ok;
    seen.status = status_of(node);
  }
  after(takes, [this, seen, life = life_]() mutable {
    if (life != life_) return;
    seen.received = now_;
    detector_->observe(seen);
    probed_[seen.node] = true;
    evidence();
  });
  after(std::max<Duration>(probe_interval, takes), [this, node, life = life_] {
    if (life == life_) probe(node);
  });
}

void World::evidence() {
  decide::Observed observed;
  const auto reference = state_.primary ? state_.primary : state_.last_primary;
  for (NodeId node = 0; node < databases_.size(); ++node) {
    observed.nodes.push_back(
        {detector_->assess(node, reference, now_), detector_->latest(node), probed_[node]});
  }
  feed(observed);
}

void World::feed(const decide::Event& first) {
  decide::Event event = first;
  for (int i = 0;; ++i) {
    if (i == 64) return violate("rules go round in circles");
    const auto before = settled();
    const auto decision = decide::step(state_, policy_, now_, event);
    ++outcome_.steps;
    check_step(before, decision);
    if (decision.rule == 0) return;
    outcome_.rules.insert(decision.rule);
    for (const auto& note : decision.notes) {
      log("rule " + std::to_string(decision.rule) + ": " + note.text);
    }
    if (decision.authority_changed) persisted_ = decide::hint_of(state_);
    for (const auto& reply : decision.replies) {
      log("reply: " + reply.text);
      open_commands_.erase(reply.id);
    }
    event = decide::Tick{};
    for (const auto& action : decision.actions) {
      if (std::holds_alternative<decide::PublishView>(action.task)) {
        publish();
        event = decide::ViewPublished{sequence_};
      } else {
        carry_out(action);
      }
    }
  }
}

void World::publish() {
  const auto sequence = ++sequence_;
  const auto authority = decide::authority_of(state_);
  const bool slow = !healing_ && chance(0.1);
  // Messages to a worker arrive in the order in which they were sent.
  delivered_at_ =
      std::max(delivered_at_, now_ + milliseconds(slow ? 50 + below(400) : 1 + below(5)));
  at(delivered_at_, [this, sequence, authority, life = life_] {
    if (life != life_) return;
    if (authority.epoch < worker_.epoch) return violate("a View of an older epoch was applied");
    const bool let_go = worker_.primary && worker_.primary != authority.primary;
    worker_ = {authority.primary, authority.epoch, authority.gate == model::PrimaryGate::open};
    if (worker_.primary) {
      were_published_.insert(*worker_.primary);
      told_to_promote_.clear();
    }
    if (let_go) unacknowledged_.clear();  // its connections are gone, and their answers
    feed(decide::ViewApplied{{sequence, authority.epoch, 0}});
  });
}

void World::carry_out(const decide::Action& action) {
  if (std::holds_alternative<decide::AcquireLease>(action.task)) {
    const bool denied = !healing_ && chance(0.4);
    after(milliseconds(1), [this, denied, life = life_] {
      if (life == life_ && !denied) feed(decide::LeaseGranted{});
    });
    return;
  }
  const bool faulty = !healing_;
  const bool never_reaches = faulty && chance(action_fault_);
  const bool answer_lost = faulty && chance(action_fault_);  // it happened all the same
  const bool silent = faulty && chance(0.01);
  const auto node = *decide::node_of(action.task);
  latest_action_[node] = action.id;
  after(milliseconds(5 + below(40)),
        [this, node, action, never_reaches, answer_lost, silent, life = life_] {
          decide::ActionFinished result;
          result.id = action.id;
          if (life != life_ && chance(0.5)) return;
          // The executor gives up what it is doing to a node when there is something newer.
          if (life == life_ && latest_action_[node] != action.id) return;
          if (never_reaches) {
            result.outcome = decide::ActionOutcome::unknown;
            result.text = "lost on the way";
          } else {
            result = perform(action);
          }
          if (answer_lost) {
            result.outcome = decide::ActionOutcome::unknown;
            result.text = "the answer was lost";
            result.status.reset();
          }
          if (life != life_ || silent) return;
          feed(result);
        });
}

decide::ActionFinished World::perform(const decide::Action& action) {
  decide::ActionFinished result;
  result.id = action.id;
  const auto node = *decide::node_of(action.task);
  auto& database = databases_[node];
  const std::string name(decide::name_of(action.task));
  if (!answers(node)) {
    result.outcome = decide::ActionOutcome::failed;
    result.text = "no connection";
    return result;
  }
  result.outcome = decide::ActionOutcome::ok;
  if (std::holds_alternative<decide::FreezeReceiver>(action.task)) {
    if (gtid_) {
      database.receiver_stopped = true;
      if (database.primary) result.outcome = decide::ActionOutcome::failed;
    } else {
      database.upstream.reset();
    }
    database.streaming = false;
  } else if (const auto* await = std::get_if<decide::AwaitPosition>(&action.task)) {
    if (!status_of(node).position.covers(await->position)) {
      if (now_ + milliseconds(20) >= action.deadline) {
        result.outcome = decide::ActionOutcome::failed;
      } else {
        // Asked again by the executor, as long as the deadline allows.
        result.outcome = decide::ActionOutcome::unknown;
        replicate();
        if (status_of(node).position.covers(await->position)) {
          result.outcome = decide::ActionOutcome::ok;
        }
      }
    }
  } else if (std::holds_alternative<decide::Promote>(action.task)) {
    if (gtid_) database.read_only = false;
    if (!database.primary) {
      database.primary = true;
      ++database.timeline;
      database.upstream.reset();
      database.receiver_stopped = false;
      database.applied = database.log.size();  // drained
      database.read_only = false;
      log(policy_.nodes[node].name + " is promoted to timeline " +
          std::to_string(database.timeline));
    }
  } else if (const auto* repoint = std::get_if<decide::Repoint>(&action.task)) {
    result.text = follow(node, repoint->primary);
    if (!result.text.empty()) result.outcome = decide::ActionOutcome::failed;
  } else if (std::holds_alternative<decide::Fence>(action.task)) {
    database.read_only = true;
  } else if (std::holds_alternative<decide::Unfence>(action.task)) {
    database.read_only = gtid_ && !database.primary;
  } else if (std::holds_alternative<decide::SetReadOnly>(action.task)) {
    database.read_only = true;
  }
  result.status = status_of(node);
  return result;
}

}  // namespace relevo::sim
