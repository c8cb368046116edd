// What a primary's commits wait for, by its own account of its settings.
//
// The quorum proof (quorum.hpp) holds if every commit that a client was told of has
// been acknowledged by W replicas. Whether it has is the server's doing and not ours:
// settings that were never made, or that somebody took back, leave a proof of nothing.
// So the proof is only used beside the last primary's own word that it waited.
//
// A session may still do without (PostgreSQL's SET synchronous_commit = local): that is
// its client's choice, and no setting tells of it.
//
// Sources: PostgreSQL, "Runtime Config: Replication", synchronous_standby_names;
// MySQL 8.4 Reference Manual, 19.4.10; MariaDB, "Semisynchronous Replication".
#pragma once

#include <optional>
#include <string>

#include "topology/model/observation.hpp"

namespace relevo::decide {

struct Promise {
  unsigned acks = 0;           // replicas that had to acknowledge a commit; 0: none
  unsigned acknowledging = 0;  // that were connected and may do so, as the server counts them
  // A commit that waited for so long goes on without. nullopt: it waits for ever, or
  // for so long (an hour) that nobody waits for it.
  std::optional<model::Duration> lapses_after;
  std::string text;  // "synchronous_standby_names is 'ANY 1 (*)'"

  bool operator==(const Promise&) const = default;
  // As a promise: who happens to be connected is none.
  bool same_as(const Promise& other) const {
    return acks == other.acks && lapses_after == other.lapses_after && text == other.text;
  }
};

Promise promise_of(const model::NodeStatus& primary);

// For how much of a primary's history its promise holds. Settings that begin to have
// commits wait, or to have them wait for more, say nothing of what was committed before:
// the proof may count on them only once as many replicas have received all of that, too.
//
// Its end is told by an account that was asked for after the one that first showed the
// settings: of one and the same account the position may be the older part.
struct Coverage {
  unsigned acks = 0;  // replicas that have each commit that a client was told of
  // What commits wait for, by the account last judged; nullopt: none was, by this process.
  std::optional<unsigned> told;
  bool lapses = false;     // by that account, after a while they go on without
  unsigned rising_to = 0;  // once as many have received `end`; 0: nothing is awaited
  model::Instant since{};  // an account asked for after this tells the end
  model::Position end;     // of what was written before; unknown until it is told

  bool operator==(const Coverage&) const = default;
};

// An account that came in then says that commits wait for so many, and perhaps not for
// ever: what went on without in such a time is only covered after it. `margin`: for so long
// a server may go on as before although it shows new settings already.
void judge(Coverage& coverage, unsigned acks, bool lapses, model::Instant seen,
           model::Duration margin);
void settle(Coverage& coverage);  // as many as awaited have it all

std::string in_replicas(unsigned count);  // "1 replica", "2 replicas"

}  // namespace relevo::decide
