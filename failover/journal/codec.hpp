// The journal's JSON, by field names of the structs. Everything goes both ways:
// what was written is read back equal.
#pragma once

#include <string>

#include "failover/decide/step.hpp"
#include "topology/model/result.hpp"

namespace relevo::journal {

struct Record {
  model::Instant now{};
  decide::Event event;
  int rule = 0;
  std::vector<decide::Action> actions;
};

struct Snapshot {
  decide::Policy policy;
  decide::ClusterState state;
};

std::string encode(model::Instant now, const decide::Event& event,
                   const decide::Decision& decision);
std::string encode(const Snapshot& snapshot);
// The actions alone: what replay compares.
std::string encode(const std::vector<decide::Action>& actions);

struct Line {
  std::optional<Record> record;
  std::optional<Snapshot> snapshot;
};
Result<Line> decode(const std::string& text);

}  // namespace relevo::journal
