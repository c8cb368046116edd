#include "topology/detect/detector.hpp"

#include <algorithm>

#include "topology/detect/evidence.hpp"
#include "topology/detect/testimony.hpp"
#include "topology/detect/words.hpp"
#include "topology/model/check.hpp"

namespace relevo::detect {
namespace {

using model::ProbeOutcome;
using model::Verdict;

constexpr std::string_view disk_full_sqlstate = "53100";
constexpr std::string_view session_ended_sqlstate = "57P01";

// Whether the server announced that it goes down. The end of our own session does
// not count: sessions that outlive a killed postmaster end with the same 57P01.
bool said_goodbye(const std::optional<Answer>& answer) {
  return answer && answer->outcome == ProbeOutcome::starting_up &&
         answer->sqlstate != session_ended_sqlstate;
}

std::string quoted(const std::string& text) { return text.empty() ? "" : ": " + text; }

std::string failure_words(ProbeOutcome outcome) {
  switch (outcome) {
    case ProbeOutcome::refused:
      return "connection refused";
    case ProbeOutcome::reset:
      return "connections are cut off";
    case ProbeOutcome::unreachable:
      return "no way to the host";
    default:
      return "no answer";
  }
}

// A primary whose commits wait for synchronous replicas of which none is there.
bool commits_wait(const model::NodeStatus& status) {
  if (status.role != model::Role::primary || status.synchronous_standbys.empty()) return false;
  return std::none_of(status.downstreams.begin(), status.downstreams.end(), [](const auto& down) {
    // Without the privilege the state is empty, and nothing can be concluded.
    return down.sync_state.empty() || down.sync_state == "sync" || down.sync_state == "quorum";
  });
}

// The verdict that an answer other than ok leads to, whichever connection brought it.
Assessment judge_complaint(ProbeOutcome outcome, const std::string& sqlstate,
                           const std::string& error, model::Instant since) {
  switch (outcome) {
    case ProbeOutcome::starting_up:
      return {Verdict::restarting, "starting up or shutting down" + quoted(error), since};
    case ProbeOutcome::too_many_connections:
      return {Verdict::saturated, "out of connection slots" + quoted(error), since};
    case ProbeOutcome::auth_failed:
      return {Verdict::unreachable, "answers, but does not let the monitor in" + quoted(error),
              since};
    default:
      if (sqlstate == disk_full_sqlstate) {
        return {Verdict::disk_full, "disk full" + quoted(error), since};
      }
      return {Verdict::unreachable, "answers, but with an error" + quoted(error), since};
  }
}

// Refusals count when they span the grace: the first is that old, and the last
// probe that was due within it has been refused as well.
bool refused_for(const Trouble& trouble, model::Duration grace, model::Duration interval,
                 model::Instant now) {
  return trouble.refusals >= 2 && now - trouble.refused_since >= grace &&
         trouble.refused_last >= trouble.refused_since + grace - std::min(interval, grace);
}

}  // namespace

Detector::Detector(DetectorSettings settings, std::size_t node_count)
    : settings_(std::move(settings)), nodes_(node_count) {}

Detector::~Detector() = default;

void Detector::observe(const model::Observation& observation) {
  RELEVO_CHECK(observation.node < nodes_.size());
  RELEVO_CHECK(observation.outcome != ProbeOutcome::ok || observation.status.has_value());
  nodes_[observation.node].observe(observation);
}

bool Detector::signal(model::NodeId node, model::TrafficSignal, model::Instant now) {
  RELEVO_CHECK(node < nodes_.size());
  Evidence& evidence = nodes_[node];
  // A dying node resets a thousand client connections at once: one probe will do.
  if (evidence.signalled && now - *evidence.signalled < settings_.interval / 2) return false;
  evidence.signalled = now;
  return true;
}

const std::optional<LatestStatus>& Detector::latest(model::NodeId node) const {
  RELEVO_CHECK(node < nodes_.size());
  return nodes_[node].latest;
}

bool Detector::wants_fresh_probe(model::NodeId node, model::Instant now) const {
  RELEVO_CHECK(node < nodes_.size());
  const Evidence& evidence = nodes_[node];
  if (!evidence.observed) return false;  // the first probe is a fresh one anyway
  if (!evidence.fresh_sent) return true;
  const model::Instant fresh_sent = *evidence.fresh_sent;
  if (evidence.signalled && *evidence.signalled > fresh_sent) return true;
  if (evidence.trouble && fresh_sent < evidence.trouble->since) return true;
  const bool overdue =
      !evidence.answer || now - evidence.answer->received >= 3 * settings_.interval;
  if (overdue && now - fresh_sent >= settings_.timeout) return true;
  if (evidence.fresh_failure && now - fresh_sent >= settings_.timeout) return true;
  return now - fresh_sent >= settings_.fresh_every;
}

Assessment Detector::assess(model::NodeId node, std::optional<model::NodeId> primary,
                            model::Instant now) const {
  RELEVO_CHECK(node < nodes_.size());
  const Evidence& evidence = nodes_[node];
  if (!evidence.observed) return {Verdict::unreachable, "not probed yet", {}, false, true};

  const model::Instant newest =
      evidence.trouble ? evidence.trouble->last : evidence.answer->received;
  if (now - newest > 2 * (settings_.timeout + settings_.interval)) {
    // Our own fault (a stopped prober, a frozen process): nothing follows from it.
    return {Verdict::unreachable, "no probe has ended for " + in_words(now - newest), newest, false,
            true};
  }
  if (evidence.trouble) return judge_silent(evidence, node, primary == node, now);
  return judge_answering(evidence, node, primary);
}

Assessment Detector::judge_answering(const Evidence& evidence, model::NodeId node,
                                     std::optional<model::NodeId> primary) const {
  const Answer& answer = *evidence.answer;
  if (answer.outcome != ProbeOutcome::ok) {
    return judge_complaint(answer.outcome, answer.sqlstate, answer.error, answer.since);
  }

  if (evidence.fresh_failure) {
    const FreshFailure& fresh = *evidence.fresh_failure;
    if (!is_answer(fresh.outcome)) {
      return {Verdict::half_hung,
              "the old session answers, but for new ones: " + failure_words(fresh.outcome) +
                  quoted(fresh.error),
              fresh.since};
    }
    if (fresh.outcome == ProbeOutcome::starting_up ||
        fresh.outcome == ProbeOutcome::too_many_connections) {
      return judge_complaint(fresh.outcome, "", fresh.error, fresh.since);
    }
  }

  const model::NodeStatus& status = evidence.latest->status;
  const bool is_primary = primary == node;
  if (is_primary && status.role == model::Role::replica) {
    return {Verdict::role_changed, "is believed to be the primary, but is in recovery",
            evidence.role_since};
  }
  if (primary && !is_primary && status.role == model::Role::primary) {
    return {Verdict::role_changed, "answers as a primary, though another node is the primary",
            evidence.role_since};
  }
  if (commits_wait(status)) {
    return {Verdict::sync_blocked,
            "commits wait for synchronous replicas (" + status.synchronous_standbys +
                "), and none is connected",
            answer.since};
  }
  return {Verdict::healthy, status.warning, answer.since};
}

Assessment Detector::judge_silent(const Evidence& evidence, model::NodeId node, bool is_primary,
                                  model::Instant now) const {
  const Trouble& trouble = *evidence.trouble;
  const model::Duration grace = said_goodbye(evidence.answer)
                                    ? std::max(settings_.shutdown_grace, settings_.refused_grace)
                                    : settings_.refused_grace;
  const model::Duration silence =
      now - (evidence.answer ? evidence.answer->received : evidence.first_sent);

  Assessment own;
  if (refused_for(trouble, grace, settings_.interval, now)) {
    own = {Verdict::dead,
           failure_words(trouble.outcome) + " for " + in_words(now - trouble.refused_since),
           trouble.refused_since};
  } else if (silence >= settings_.detect && trouble.fresh_is_silent) {
    own = {Verdict::hung,
           failure_words(trouble.outcome) + " for " + in_words(silence) +
               ", on a fresh connection neither",
           trouble.since};
  } else {
    // No verdict yet: what it was before stands.
    if (!evidence.answer) {
      own = {Verdict::unreachable, "has not answered yet", evidence.first_sent};
    } else if (evidence.answer->outcome == ProbeOutcome::ok) {
      own = {Verdict::healthy, "", evidence.answer->since};
    } else {
      own = judge_complaint(evidence.answer->outcome, evidence.answer->sqlstate, "",
                            evidence.answer->since);
    }
    if (!own.reason.empty()) own.reason += "; ";
    own.reason += failure_words(trouble.outcome) + " for " + in_words(now - trouble.since);
    own.suspect = true;
    return own;
  }
  return is_primary ? confirm(std::move(own), evidence, node, now) : own;
}

// What we see ourselves may be a fault of our own link: the replicas decide.
Assessment Detector::confirm(Assessment own, const Evidence& evidence, model::NodeId primary,
                             model::Instant now) const {
  const Suspicion suspicion = own.verdict == Verdict::dead ? Suspicion::refused : Suspicion::silent;
  const Testimony testimony = hear_replicas(settings_, nodes_, primary, suspicion, now);
  own.reason += "; " + testimony.in_words();
  if (testimony.hear > 0) {
    own.verdict = Verdict::unreachable;
    own.since = evidence.trouble->since;
  } else {
    own.conclusive = testimony.lost > 0;
    if (!own.conclusive && testimony.asked > 0) {
      own.reason += ", but their receivers were down before";
    }
  }
  return own;
}

}  // namespace relevo::detect
