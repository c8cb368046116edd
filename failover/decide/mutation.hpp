// What the simulator's mutants lack: one rule, the order of two, or one guard. Its checks
// have to notice. In every other build these are constants, and nothing is left of them.
#pragma once

#include <cstdint>

namespace relevo::decide {

enum class Guard : std::uint8_t {
  none,
  barrier,         // every worker has let go before anything is promoted
  lease,           // only its holder acts
  everyone_asked,  // nobody is adopted before every node had its time
  confirmation,    // a death is confirmed by the replicas
  brake,           // against failing over again and again
  outsiders,       // former primaries, quarantined and diverged nodes stay out
  freshness,       // an account of before an event is no account of after
  proof,           // enough of the ackers stand still
  promise,         // commits waited for them, by the primary's own word
  covered,         // and so did those from before they had to
  furthest,        // the one that received most is promoted
  one_at_a_time,   // one action for a node
};
constexpr int guards = static_cast<int>(Guard::one_at_a_time);

#ifdef RELEVO_RULE_MUTATIONS
struct Mutation {
  int dropped = 0;            // a rule's number; 0: none
  int swapped = 0, with = 0;  // each is tried in the other's place
  Guard guard = Guard::none;
};
extern Mutation mutation;
inline bool without(Guard guard) { return mutation.guard == guard; }
#else
constexpr bool without(Guard) { return false; }
#endif

}  // namespace relevo::decide
