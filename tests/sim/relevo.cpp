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
  std::fill(proxies_.begin(), proxies_.end(), Proxy{});
  unacknowledged_.clear();
  observed_ = decide::Observed{};
  automatic_failovers_ = 0;
  doomed_ = false;
  for (NodeId node = 0; node < databases_.size(); ++node) {
    after(milliseconds(below(50)), [this, node, life = life_] {
      if (life == life_) probe(node);
    });
  }
  publish();
}

void World::probe(NodeId node) {
  look(node, detector_->wants_fresh_probe(node, now_));
  // A second connection beside the first: its answer may overtake, or come late.
  if (chance(0.2)) look(node, true);
  after(probe_interval, [this, node, life = life_] {
    if (life == life_) probe(node);
  });
}

void World::look(NodeId node, bool fresh) {
  model::Observation seen;
  seen.node = node;
  seen.sent = now_;
  seen.fresh_connection = fresh;
  Duration takes = milliseconds(1 + below(chance(0.05) ? 450 : 5));
  const auto& database = databases_[node];
  const bool silent = !database.reachable || database.mute || database.frozen ||
                      (now_ < database.flaky_until && chance(0.8));
  if (silent) {
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
  } else if (database.disk_full && chance(0.5)) {
    seen.outcome = model::ProbeOutcome::error;
    seen.sqlstate = "53100";
  } else {
    seen.outcome = model::ProbeOutcome::ok;
    seen.status = status_of(node);
  }
  const std::pair confession{node, database.acks_changes};
  const bool confesses = seen.status && database.primary && database.acks < policy_.acks &&
                         !(gtid_ && database.read_only);
  after(takes, [this, seen = std::move(seen), confession, confesses, life = life_]() mutable {
    if (life != life_) return;
    seen.received = now_;
    detector_->observe(seen);
    probed_[seen.node] = true;
    const bool taken = confesses && state_.primary == seen.node &&
                       seen.sent > state_.primary_since &&
                       detector_->latest(seen.node)->sent == seen.sent;
    if (taken) confessed_.insert(confession);
    evidence(seen.node);
  });
}

// Everybody is judged anew, but only this one has said anything new.
void World::evidence(NodeId told) {
  auto& observed = std::get<decide::Observed>(observed_);
  observed.nodes.resize(databases_.size());
  const auto reference = state_.primary ? state_.primary : state_.last_primary;
  for (NodeId node = 0; node < databases_.size(); ++node) {
    auto& seen = observed.nodes[node];
    seen.assessment = detector_->assess(node, reference, now_);
    if (node == told) seen.latest = detector_->latest(node);
    seen.probed = probed_[node];
  }
  feed(observed_);
}

void World::feed(const decide::Event& first) {
  const decide::Event* event = &first;
  decide::Event next;
  for (int i = 0;; ++i) {
    if (i == 64) return violate("rules go round in circles");
    const auto before = settled();
    const auto decision = decide::step(state_, policy_, now_, *event);
    ++outcome_.steps;
    check_step(before, decision);
    if (decision.rule == 0) return;
    outcome_.rules.insert(decision.rule);
    if (print_) {
      for (const auto& note : decision.notes) {
        log("rule " + std::to_string(decision.rule) + ": " + note.text);
      }
    }
    if (decision.authority_changed) persisted_ = decide::hint_of(state_);
    // A process may be killed between any two things that it does.
    auto left = doomed_ ? below(decision.actions.size() + 1) : decision.actions.size() + 1;
    for (const auto& reply : decision.replies) {
      log("reply: " + reply.text);
      open_commands_.erase(reply.id);
    }
    next = decide::Tick{};
    event = &next;
    for (const auto& action : decision.actions) {
      if (left-- == 0) break;
      if (std::holds_alternative<decide::PublishView>(action.task)) {
        publish();
        next = decide::ViewPublished{sequence_};
      } else {
        carry_out(action);
      }
    }
    if (doomed_) {
      log("FAULT Relevo dies after deciding by rule " + std::to_string(decision.rule));
      return relevo_restarts();
    }
  }
}

void World::publish() {
  const auto sequence = ++sequence_;
  const auto authority = decide::authority_of(state_);
  for (std::size_t i = 0; i < proxies_.size(); ++i) {
    auto& proxy = proxies_[i];
    const bool slow = !healing_ && (now_ < proxy.slow_until || chance(0.1));
    const bool stuck = !healing_ && now_ < proxy.slow_until;
    const auto takes = milliseconds(slow ? 50 + below(stuck ? 7000 : 400) : 1 + below(5));
    // Messages to a worker arrive in the order in which they were sent.
    proxy.delivered_at = std::max(proxy.delivered_at, now_ + takes);
    at(proxy.delivered_at, [this, i, sequence, authority, life = life_] {
      if (life != life_) return;
      auto& one = proxies_[i];
      if (authority.epoch < one.epoch) return violate("a View of an older epoch was applied");
      const bool let_go = one.primary && one.primary != authority.primary;
      one.primary = authority.primary;
      one.epoch = authority.epoch;
      one.open = authority.gate == model::PrimaryGate::open;
      one.sequence = sequence;
      if (one.primary) {
        were_published_.insert(*one.primary);
        told_to_promote_.clear();
      }
      // Its connections are gone, and their answers.
      if (let_go) {
        std::erase_if(unacknowledged_, [&](const Waiting& waiting) { return waiting.proxy == i; });
      }
      model::ViewApplied applied{sequence, authority.epoch, 0};
      for (const auto& other : proxies_) {
        applied.sequence = std::min(applied.sequence, other.sequence);
        applied.epoch = std::min(applied.epoch, other.epoch);
      }
      feed(decide::ViewApplied{applied});
    });
  }
}

void World::carry_out(const decide::Action& action) {
  if (std::holds_alternative<decide::AcquireLease>(action.task)) {
    const bool denied = !healing_ && chance(0.4);
    after(milliseconds(1), [this, denied, life = life_] {
      if (life == life_ && !denied) feed(decide::LeaseGranted{});
    });
    return;
  }
  const auto node = *decide::node_of(action.task);
  latest_action_[node] = action.id;
  const auto& database = databases_[node];
  const auto disk = database.slow_disk && !healing_ ? milliseconds(below(6000)) : milliseconds(0);
  const auto arrives = now_ + milliseconds(5 + below(40)) + disk;
  const bool in_time = arrives < action.deadline;
  at(arrives, [this, action, in_time, life = life_] {
    if (life != life_ && chance(0.5)) return;
    arrive(action, in_time, life == life_);
  });
  if (in_time) return;
  at(action.deadline, [this, id = action.id, life = life_] {
    if (life == life_) answer({id, decide::ActionOutcome::unknown, "timed out", {}});
  });
}

// What was sent has reached the node, or should have.
void World::arrive(const decide::Action& action, bool in_time, bool of_this_life) {
  const bool faulty = !healing_;
  const auto node = *decide::node_of(action.task);
  auto& database = databases_[node];
  decide::ActionFinished result;
  result.id = action.id;
  // The executor gives up what it is doing to a node when there is something newer; what
  // the server has begun it may still do.
  const bool given_up = latest_action_[node] != action.id;
  if (of_this_life && given_up && chance(0.5)) return;
  const bool stands_still = database.running && database.frozen && database.reachable;
  if (faulty && chance(schedule_.action_fault)) {
    result.outcome = decide::ActionOutcome::unknown;
    result.text = "lost on the way";
  } else if (stands_still && chance(0.5)) {
    database.stuck.push_back(action);
    result.outcome = decide::ActionOutcome::unknown;
    result.text = "no answer";
  } else {
    result = perform(action);
  }
  // Done, but nobody is told.
  if (database.mute || (faulty && chance(schedule_.action_fault))) {
    result.outcome = decide::ActionOutcome::unknown;
    result.text = "the answer was lost";
    result.status.reset();
  }
  if (!of_this_life || given_up || !in_time) return;
  if (faulty && chance(0.01)) {
    // Nothing comes for long, and then it does.
    after(milliseconds(below(12000)), [this, result, life = life_] {
      if (life == life_) answer(result);
    });
    return;
  }
  answer(result);
}

void World::answer(const decide::ActionFinished& result) {
  if (!healing_ && chance(0.05)) {
    after(milliseconds(below(1000)), [this, result, life = life_] {
      if (life == life_) feed(result);
    });
  }
  feed(result);
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
  // PostgreSQL writes its settings down; a promotion writes on either.
  const bool writes = std::holds_alternative<decide::Promote>(action.task) ||
                      (!gtid_ && !std::holds_alternative<decide::ReadRole>(action.task) &&
                       !std::holds_alternative<decide::AwaitPosition>(action.task));
  if (database.disk_full && writes) {
    result.outcome = decide::ActionOutcome::failed;
    result.text = "disk full";
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
  } else if (const auto* quorum = std::get_if<decide::SetQuorum>(&action.task)) {
    database.wait_for(quorum->acks, now_);
    result.text = "commits wait for " + std::to_string(quorum->acks);
    log(policy_.nodes[node].name + ": " + result.text);
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
