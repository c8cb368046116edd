// Which replica to promote: the one that received most. Ties go to the one that
// most others can follow, then the higher priority, then the zone of the former
// primary, then the further replayed, then the lower id, so that the same world
// always gives the same answer.
//
// Invariant: the chosen one covers every other eligible contender. Where two
// histories cannot be compared, none is chosen.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "topology/model/ids.hpp"
#include "topology/model/position.hpp"

namespace relevo::decide {

struct Contender {
  model::NodeId node = 0;
  model::Position received;
  model::Position replayed;
  std::string zone;
  unsigned priority = 100;
  // Replicas of an older version than its own, which may not understand what it
  // writes. A preference and no more: no write is given up for a replica.
  unsigned cannot_follow = 0;
  std::string excluded;  // why it may not be promoted; "" when it may
};

struct Choice {
  std::optional<model::NodeId> node;
  std::string why_none;
};

Choice choose_candidate(const std::vector<Contender>& contenders, const std::string& zone,
                        std::optional<model::NodeId> wanted);

}  // namespace relevo::decide
