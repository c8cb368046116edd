// What is remembered of one node's observations: its last answer, the failures
// since then, and how fresh connections fare. A fold over observations that
// judges nothing; detector.cpp draws the verdicts.
//
// Invariant: `trouble` holds only failures of probes that were sent after the
// last answered one. Persistent and fresh probes run side by side and overtake
// one another; a failure that an answer has overtaken says nothing any more.
#pragma once

#include <optional>
#include <string>

#include "topology/detect/detector.hpp"

namespace relevo::detect {

// Whether the server itself spoke, be it to complain.
bool is_answer(model::ProbeOutcome outcome);
// Whether the host said that nobody serves there: refused, or cut off.
bool is_refusal(model::ProbeOutcome outcome);

// The failures since the last answer.
struct Trouble {
  model::Instant since{};  // when the first probe that failed was sent
  model::Instant last{};   // when the newest failure was complete
  model::ProbeOutcome outcome = model::ProbeOutcome::timeout;  // of the newest
  std::string error;

  unsigned refusals = 0;
  model::Instant refused_since{}, refused_last{};  // of the first and newest refusal
  bool fresh_is_silent = false;  // a fresh connection got neither answer nor refusal either
};

struct Answer {
  model::Instant sent{}, received{};
  model::ProbeOutcome outcome = model::ProbeOutcome::ok;
  std::string sqlstate, error;
  model::Instant since{};  // since when answers are like this one, without a gap
};

// New connections fail although (perhaps) old sessions work.
struct FreshFailure {
  model::Instant since{}, sent{};  // first and newest
  model::ProbeOutcome outcome = model::ProbeOutcome::timeout;
  std::string error;
};

class Evidence {
 public:
  void observe(const model::Observation& observation);

  std::optional<LatestStatus> latest;
  model::Instant role_since{};

  bool observed = false;
  model::Instant first_sent{};
  std::optional<Answer> answer;
  std::optional<Trouble> trouble;

  std::optional<FreshFailure> fresh_failure;
  std::optional<model::Instant> fresh_sent;  // newest fresh connection that ended
  std::optional<model::Instant> signalled;   // newest traffic signal

  // As a replica: when its receiver was first seen not streaming after it had been.
  std::optional<model::Instant> receiver_lost;

 private:
  void note_fresh(const model::Observation& observation);
  void note_status(const model::Observation& observation);
  void note_answer(const model::Observation& observation);
  void note_failure(const model::Observation& observation);
};

}  // namespace relevo::detect
