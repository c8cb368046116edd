// Identities shared by every module: nodes, epochs, and the proxy's own clock.
#pragma once

#include <chrono>
#include <cstdint>

namespace relevo::model {

// Monotonic time of this process. Pure code takes it as an argument and never
// reads it: clocks of other hosts play no part in any decision.
using Instant = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;

// A node's place in its cluster's configured list: stable while Relevo runs.
using NodeId = std::uint32_t;

// Grows by one each time the cluster's writable node may change. Work that was
// begun under an older epoch is never continued under a newer one.
using Epoch = std::uint64_t;

}  // namespace relevo::model
