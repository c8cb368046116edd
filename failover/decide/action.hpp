// What a decision asks the outside to do, and how that may end.
//
// Every action is idempotent, carries the epoch under which it was decided (an
// executor refuses one of an older epoch) and a deadline. It ends as ok, failed
// (certainly not done) or unknown (it may have happened): after an unknown the
// node is asked, never assumed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "topology/model/ids.hpp"
#include "topology/model/position.hpp"

namespace relevo::decide {

using ActionId = std::uint64_t;

// Detach a replica from its upstream so that its received position stands still.
struct FreezeReceiver {
  model::NodeId node = 0;
};
// Read role, timeline and positions over a connection of its own.
struct ReadRole {
  model::NodeId node = 0;
};
// As ReadRole, again and again until everything up to `position` is replayed.
struct AwaitPosition {
  model::NodeId node = 0;
  model::Position position;
};
// Everything received is applied first; it fails where that cannot be done.
struct Promote {
  model::NodeId node = 0;
};
// Lead a node to the primary. By GTID the histories are compared first: a node that
// has what the primary lacks is left as it is, and the action fails.
struct Repoint {
  model::NodeId node = 0;
  model::NodeId primary = 0;
};
// Make a primary refuse writes: read-only by default, client sessions ended.
struct Fence {
  model::NodeId node = 0;
  // Also close its databases to new connections. That is written to its log, so
  // it is for a former primary only and never for one whose log a candidate
  // still has to receive.
  bool firm = false;
};
// Lift what Fence set. A node that is a replica by now stays read-only.
struct Unfence {
  model::NodeId node = 0;
};
// Leave on a demoted primary what makes its next start a replica's. Where a
// statement makes a replica of it, Repoint is told to it instead.
struct PrepareRejoin {
  model::NodeId node = 0;
  model::NodeId primary = 0;
};
// Make a replica refuse writes of its own; its sessions go on.
struct SetReadOnly {
  model::NodeId node = 0;
};
// What quorum mode needs of a server's settings: which replicas acknowledge, how many of
// them, that commits wait for as long as it takes. Then, where that is a switch by
// itself, the side that the server plays. PostgreSQL has one list for every side.
enum class SyncSide : std::uint8_t { neither, replica, primary };
struct SetQuorum {
  model::NodeId node = 0;
  unsigned acks = 1;
  SyncSide side = SyncSide::neither;
};
struct AcquireLease {};
// Publish the View that the state now amounts to, at once; answered by
// ViewPublished with its sequence.
struct PublishView {};

using Task = std::variant<FreezeReceiver, ReadRole, AwaitPosition, Promote, Repoint, Fence, Unfence,
                          PrepareRejoin, AcquireLease, PublishView, SetReadOnly, SetQuorum>;

struct Action {
  ActionId id = 0;
  model::Epoch epoch = 0;
  model::Instant deadline{};
  Task task;
};

enum class ActionOutcome : std::uint8_t { ok, failed, unknown };

std::string_view name_of(const Task& task);              // "Promote"
std::optional<model::NodeId> node_of(const Task& task);  // nullopt: concerns the cluster
std::string_view to_string(ActionOutcome outcome);

}  // namespace relevo::decide
