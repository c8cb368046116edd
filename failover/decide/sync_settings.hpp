// What the servers' settings lack of what quorum mode needs, and what is to be set next.
//
// Order: what a server needs to play either side, then the replicas' side, one replica at
// a time, and last the primary's: so that commits are made to wait only once those are
// there that they wait for. Where the settings keep the policy's promise already, in
// whatever words, they are left as they are.
#pragma once

#include <optional>

#include "failover/decide/facts.hpp"

namespace relevo::decide {

// nullopt: nothing, or nothing that can be done now.
std::optional<SetQuorum> next_setting(const Facts& facts);

// A replica that the primary knows by another name than ours (application_name): it
// could acknowledge nothing under a list of names. nullopt: none whose name matters.
std::optional<model::NodeId> misnamed_replica(const Facts& facts);

}  // namespace relevo::decide
