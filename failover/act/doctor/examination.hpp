// Asks every node of a cluster for what doctor judges, and runs what --fix prescribes.
//
// Blocks its caller's thread, at most for the time that it is given, and lives on an
// event loop of its own: neither a node that hangs nor one that answers slowly delays a
// probe or a failover. Nodes are asked side by side, so that one that hangs costs no
// other its turn.
#pragma once

#include <functional>
#include <vector>

#include "failover/act/settings.hpp"
#include "failover/doctor/diagnose.hpp"
#include "failover/doctor/facts.hpp"

namespace relevo::act {

// Fills in facts.nodes, which are in the order of settings.nodes. A node that did not
// answer all in time is not reachable, with the reason.
void examine(const ControllerSettings& settings, model::Duration limit,
             doctor::ClusterFacts& facts);

// One statement after the other. `may_go_on` is asked before each: false ends it there.
std::vector<model::Treatment> treat(const ControllerSettings& settings,
                                    const std::vector<doctor::Prescription>& prescriptions,
                                    model::Duration limit_each,
                                    const std::function<bool()>& may_go_on);

}  // namespace relevo::act
