// What the replicas say about a primary that does not answer us. Their receivers
// are asked, never their appliers: replay may be paused or delayed while the
// primary lives, and may go on for long after it died.
//
// A replica testifies only by what it was asked after the trouble began: before,
// everybody heard the primary.
#pragma once

#include <string>
#include <vector>

#include "topology/detect/evidence.hpp"

namespace relevo::detect {

struct Testimony {
  unsigned replicas = 0;         // known ones
  unsigned asked = 0;            // of those: answered since the trouble began
  unsigned hear = 0;             // their receiver streams, and its last message is fresh
  unsigned lost = 0;             // their receiver has lost the primary
  std::string in_words() const;  // "0 of 2 replicas hear it", "no replica can be asked"
};

enum class Suspicion : std::uint8_t {
  refused,  // the primary's own host says that nobody serves there
  silent,   // the fault may as well be on our own link
};

// Of a primary that is suspected of being gone, at `now`; its evidence has trouble.
Testimony hear_replicas(const DetectorSettings& settings, const std::vector<Evidence>& nodes,
                        model::NodeId primary, Suspicion suspicion, model::Instant now);

}  // namespace relevo::detect
