// Which of several equally correct replicas gets the next read.
//
// All of them are right; this is about load alone. A replica's share of the load is by
// its weight, less while it warms up, and less the more slowly it answers. No allocation and no
// state but the caller's counter, which also breaks ties: equal loads rotate instead of all falling
// on the first node.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "proxy/route/policy.hpp"
#include "topology/model/view.hpp"

namespace relevo::route {

// `candidates` is not empty and names nodes of `view`. A weight of 0 takes a
// node out of the rotation as long as another candidate has one.
model::NodeId balance(Balance how, const model::View& view, std::string_view zone,
                      std::span<const model::NodeId> candidates,
                      std::span<const std::uint32_t> outstanding, std::uint32_t& round_robin);

}  // namespace relevo::route
