#include "topology/detect/evidence.hpp"

#include <algorithm>

namespace relevo::detect {

using model::ProbeOutcome;

namespace {

// All that tells which transactions a node has.
bool same_history(const model::NodeStatus& a, const model::NodeStatus& b) {
  return a.logged == b.logged && a.received == b.received && a.position == b.position;
}

}  // namespace

bool is_answer(ProbeOutcome outcome) {
  switch (outcome) {
    case ProbeOutcome::ok:
    case ProbeOutcome::starting_up:
    case ProbeOutcome::too_many_connections:
    case ProbeOutcome::auth_failed:
    case ProbeOutcome::error:
      return true;
    case ProbeOutcome::refused:
    case ProbeOutcome::unreachable:
    case ProbeOutcome::timeout:
    case ProbeOutcome::reset:
      return false;
  }
  return false;
}

bool is_refusal(ProbeOutcome outcome) {
  return outcome == ProbeOutcome::refused || outcome == ProbeOutcome::reset;
}

void Evidence::observe(const model::Observation& observation) {
  if (!observed) first_sent = observation.sent;
  observed = true;
  if (observation.fresh_connection) note_fresh(observation);
  if (is_answer(observation.outcome)) {
    note_status(observation);
    note_answer(observation);
  } else {
    note_failure(observation);
  }
}

void Evidence::note_fresh(const model::Observation& observation) {
  if (fresh_sent && observation.sent < *fresh_sent) return;
  fresh_sent = observation.sent;
  if (observation.outcome == ProbeOutcome::ok) {
    fresh_failure.reset();
    return;
  }
  const bool continues = fresh_failure && fresh_failure->outcome == observation.outcome;
  const model::Instant since = continues ? fresh_failure->since : observation.sent;
  fresh_failure = FreshFailure{since, observation.sent, observation.outcome, observation.error};
}

void Evidence::note_status(const model::Observation& observation) {
  if (!observation.status) return;
  if (latest && observation.sent < latest->sent) return;
  const model::NodeStatus& status = *observation.status;
  if (!latest || latest->status.role != status.role) role_since = observation.sent;
  if (status.receiver == model::ReceiverState::streaming) {
    receiver_lost.reset();
  } else if (latest && latest->status.receiver == model::ReceiverState::streaming) {
    receiver_lost = observation.sent;
  }
  const auto history_since = latest && same_history(latest->status, status)
                                 ? latest->history_since
                                 : observation.received;
  latest = LatestStatus{status, observation.sent, observation.received, history_since};
}

void Evidence::note_answer(const model::Observation& observation) {
  if (answer && observation.sent < answer->sent) return;
  const bool continues = answer && !trouble && answer->outcome == observation.outcome;
  const model::Instant since = continues ? answer->since : observation.received;
  answer = Answer{observation.sent,     observation.received, observation.outcome,
                  observation.sqlstate, observation.error,    since};
  trouble.reset();
}

void Evidence::note_failure(const model::Observation& observation) {
  if (answer && observation.sent <= answer->sent) return;  // overtaken by an answer
  if (!trouble) {
    trouble.emplace();
    trouble->since = observation.sent;
    trouble->last = observation.received;
  }
  Trouble& now = *trouble;
  now.since = std::min(now.since, observation.sent);
  now.last = std::max(now.last, observation.received);
  now.outcome = observation.outcome;
  now.error = observation.error;
  if (is_refusal(observation.outcome)) {
    if (now.refusals++ == 0) now.refused_since = observation.received;
    now.refused_last = std::max(now.refused_last, observation.received);
  } else if (observation.fresh_connection) {
    now.fresh_is_silent = true;
  }
}

}  // namespace relevo::detect
