#include "failover/decide/quorum.hpp"

#include "failover/decide/mutation.hpp"

namespace relevo::decide {

QuorumProof prove_quorum(unsigned ackers, unsigned acks, unsigned frozen) {
  QuorumProof proof;
  proof.frozen = frozen;
  if (acks < 1 || acks > ackers) {
    proof.text = "acks=" + std::to_string(acks) + " is impossible with " + std::to_string(ackers) +
                 " replicas: nothing can be proven";
    return proof;
  }
  proof.needed = ackers - acks + 1;
  proof.proven = frozen >= proof.needed || without(Guard::proof);
  proof.text = std::to_string(frozen) + " of " + std::to_string(ackers) + " ackers frozen, " +
               std::to_string(proof.needed) + " needed (acks=" + std::to_string(acks) + ")";
  return proof;
}

}  // namespace relevo::decide
