// Whether a failover may go on once the receivers stand still: which candidate,
// how much may be lost, or why not.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "failover/decide/candidate.hpp"
#include "failover/decide/facts.hpp"

namespace relevo::decide {

struct Plan {
  std::optional<model::NodeId> candidate;  // none: refused
  std::optional<Distance> loss;            // async: at least this much; nullopt: not known
  std::string text;                        // the figures, or why it was refused
};

// Reads the frozen positions.
Plan plan_failover(const Facts& facts);

// Why this node cannot be promoted, as far as flags and evidence say; "" if it can.
std::string why_not_promotable(const Facts& facts, model::NodeId node);

struct SwitchoverPlan {
  std::optional<model::NodeId> candidate;
  std::string why_not;
};
// Reads live evidence: the primary is healthy, the candidate streams from it.
SwitchoverPlan plan_switchover(const Facts& facts, std::optional<model::NodeId> wanted);

// Which node that already says it is primary may be published as such.
struct Adoption {
  std::optional<model::NodeId> node;
  std::string why_not;  // set when somebody claims to be primary and is refused
};
Adoption find_adoptable(const Facts& facts);

// Why a primary that has taken back writes of its own (Facts::taken_back_by) is none.
std::string shortened_text(const Facts& facts, model::NodeId primary, const std::string& lost);

}  // namespace relevo::decide
