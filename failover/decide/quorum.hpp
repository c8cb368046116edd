// The durability proof of quorum mode.
//
// With N configured ackers, of which W must acknowledge a commit, let F of them
// be frozen. A commit needs W ackers; if F >= N-W+1 then only N-F <= W-1 are
// left, so (1) the old primary can acknowledge nothing more, and (2) any set of
// W that acknowledged a commit before meets the frozen set, so the furthest
// frozen replica holds every acknowledged write.
#pragma once

#include <string>

namespace relevo::decide {

struct QuorumProof {
  bool proven = false;
  unsigned frozen = 0;
  unsigned needed = 0;  // 0: W is not within 1..N, nothing can be proven
  std::string text;     // "2 of 3 ackers frozen, 2 needed (W=2)"
};

QuorumProof prove_quorum(unsigned ackers, unsigned acks, unsigned frozen);

}  // namespace relevo::decide
