// The append-only record of (now, event, decision), one JSON document a line,
// from which an incident replays byte for byte.
//
// A file opens with a snapshot of policy and state; each line after it is a step.
// A run of observations on which no rule fired is left out but for the last one
// before the next decision: such steps change nothing else (see step.hpp). When
// the file has grown to half of bytes_max it becomes FILE.1 and a new one opens
// with a new snapshot, so that either replays by itself.
//
// Lines of decisions that change the epoch are on disk (fdatasync) when record()
// returns.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "failover/decide/step.hpp"
#include "topology/model/result.hpp"

namespace relevo::journal {

class Journal {
 public:
  // Opens or makes `path` and appends a snapshot.
  static Result<std::unique_ptr<Journal>> open(std::string path, std::uint64_t bytes_max,
                                               const decide::Policy& policy,
                                               const decide::ClusterState& state);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // `after`: the state as the step has left it. An error (disk full) leaves the
  // journal usable: the caller tells the operator and goes on.
  Result<void> record(model::Instant now, const decide::Event& event,
                      const decide::Decision& decision, const decide::ClusterState& after);

 private:
  Journal(std::string path, std::uint64_t bytes_max, decide::Policy policy);
  Result<void> open_file();
  Result<void> append(const std::string& line);
  Result<void> append_snapshot(const decide::ClusterState& state);
  Result<void> rotate_if_full(const decide::ClusterState& after);

  std::string path_;
  std::uint64_t bytes_max_;
  decide::Policy policy_;
  int file_ = -1;
  std::uint64_t bytes_ = 0;
  // The last observations that were left out so far, one of each kind.
  struct Skipped {
    model::Instant now;
    decide::Event event;
  };
  std::optional<Skipped> skipped_evidence_, skipped_applied_, skipped_published_;
};

// One step of a replay, as it is decided today.
struct ReplayedStep {
  std::uint64_t line = 0;
  model::Instant now{};
  const decide::Event& event;
  const decide::Policy& policy;
  const decide::ClusterState& before;
  const decide::ClusterState& after;
  const decide::Decision& decision;
  int recorded_rule = 0;
  const std::vector<decide::Action>& recorded_actions;
  bool differs = false;
};

struct Replay {
  std::uint64_t steps = 0;
  std::uint64_t decisions = 0;  // steps on which a rule fired
  std::uint64_t differing = 0;
  std::string mismatch;  // the first step that decides otherwise today; "" when none
};

// Feeds every record of the file back through step(). A torn last line, as a
// crash leaves it, is ignored; damage anywhere else is an error.
Result<Replay> replay(const std::string& path);
// `decided` is told of each step on which a rule fires, or fired.
Result<Replay> replay(const std::string& path,
                      const std::function<void(const ReplayedStep&)>& decided);

}  // namespace relevo::journal
