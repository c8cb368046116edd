// What a decision is taken on. Each input of the outside world is one Event;
// time enters beside it, as `now`.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "failover/decide/action.hpp"
#include "topology/detect/detector.hpp"
#include "topology/model/view.hpp"

namespace relevo::decide {

// What is known of one node: its verdict and its last own account of itself.
struct NodeEvidence {
  detect::Assessment assessment;
  std::optional<detect::LatestStatus> latest;
  bool probed = false;  // at least one probe of it has ended, whichever way
};

struct Tick {};

struct Observed {
  std::vector<NodeEvidence> nodes;  // indexed by NodeId
};

struct ViewPublished {
  std::uint64_t sequence = 0;
};

struct ViewApplied {
  model::ViewApplied applied;
};

struct ActionFinished {
  ActionId id = 0;
  ActionOutcome outcome = ActionOutcome::unknown;
  std::string text;                         // the server's own words where it failed
  std::optional<model::NodeStatus> status;  // what the node said afterwards, where it was asked
};

using CommandId = std::uint64_t;

enum class CommandKind : std::uint8_t {
  switchover,
  failover,
  pause,
  resume,
  maintenance_on,
  maintenance_off,
  acknowledge,  // of repeated failovers: automatic ones may go on
};

struct OperatorCommand {
  CommandId id = 0;
  CommandKind kind = CommandKind::switchover;
  std::optional<model::NodeId> node;  // switchover/failover: where to; maintenance: which
  bool allow_data_loss = false;       // failover
};

struct LeaseGranted {};
struct LeaseLost {};

using Event = std::variant<Tick, Observed, ViewPublished, ViewApplied, ActionFinished,
                           OperatorCommand, LeaseGranted, LeaseLost>;

std::string_view name_of(const Event& event);
std::string_view to_string(CommandKind kind);

}  // namespace relevo::decide
