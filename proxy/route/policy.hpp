// Where a statement goes: the primary, one of the replicas, or nowhere yet.
//
// Invariant: a statement that may write goes to the primary or waits; a read
// goes to a replica only if that replica satisfies both the lag bound and what
// its session has written. Every choice carries its reason, because "why did
// this go there?" is the first question of every incident.
//
// Pure: a function of the View, the session and the loads that the caller
// counts. The only state that it changes is the caller's round-robin counter.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "proxy/route/statement.hpp"
#include "topology/model/view.hpp"

namespace relevo::route {

enum class Reads : std::uint8_t { replicas, primary };
enum class Consistency : std::uint8_t { session, eventual };
enum class Balance : std::uint8_t { least_outstanding, round_robin, nearest_zone };

// `routing` of the configuration, as far as the choice needs it. The bound
// routing.max_lag is not here: it is already in NodeView::eligible_for_reads.
struct RoutingSettings {
  Reads reads = Reads::replicas;
  Consistency consistency = Consistency::session;
  Balance balance = Balance::least_outstanding;
  std::string zone;  // where this proxy runs, for nearest_zone
};

// What the policy knows of the session that asks.
struct SessionRouting {
  HintTarget target = HintTarget::none;  // SET relevo.target; none: automatic
  // When its last write was acknowledged, by this process's clock.
  std::optional<model::Instant> last_write;
  // As of when the statement's names were looked up: a replica that has not replayed
  // that moment may still call what they meant before.
  std::optional<model::Instant> names_since;
  // Of the token that it presented (ReadAfter), whatever the consistency.
  std::optional<model::Instant> read_after;
  // Its transactions are SERIALIZABLE by default: a hot standby refuses those.
  bool serializable = false;
};

enum class Need : std::uint8_t {
  read,     // any server that satisfies the session
  write,    // the primary
  session,  // acts on the session only: any server, the primary for preference
};

// What one statement, outside of a transaction, asks of its server.
struct Demand {
  Need need = Need::write;
  // A write only for lack of proof (Analysis::unproven, or a plain BEGIN): it
  // follows a hint or a session target to a replica.
  bool unproven = false;
  Hint hint{};
};

// BEGIN counts as what its transaction may do, a text of several statements
// with transaction control in it as a write.
Demand demand_of(const Analysis& analysis);

// Of a transaction whose BEGIN has waited for its first statement, which demands `first`.
// `replica_will_do`: the BEGIN's modes are READ ONLY and not SERIALIZABLE.
Demand demand_of_transaction(bool replica_will_do, const Demand& first);

enum class Target : std::uint8_t { primary, replica, hold };

struct Choice {
  Target target = Target::hold;
  model::NodeId node = 0;   // meaningless when target is hold
  std::string_view reason;  // static text
};

// A load that keeps a node out of the choice: nothing can be sent there now.
inline constexpr std::uint32_t load_unavailable = std::numeric_limits<std::uint32_t>::max();

// Nobody can be behind a primary that does not exist: neither lag nor what DDL may have
// changed is a reason to keep reads from its replicas, which refuse what writes.
bool without_primary(const model::View& view);

// `outstanding`: statements under way per node, indexed by NodeId; at least as
// many as the View has nodes. `load_unavailable` there excludes a replica (its
// connections fail) but never the primary, for which there is no substitute.
//
// Precedence: the View's pause; what only the primary can do; the statement's
// hint; the session's target; routing.reads. A hint chooses among the servers
// that are correct for the session and never waives what it has written.
Choice choose(const model::View& view, const RoutingSettings& settings,
              const SessionRouting& session, const Demand& demand,
              std::span<const std::uint32_t> outstanding, std::uint32_t& round_robin);

std::string_view to_string(StatementClass cls);  // "read", "write", "session"
std::string_view to_string(Target target);       // "primary", "replica", "hold"

}  // namespace relevo::route
