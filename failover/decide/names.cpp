// The words of the decision: journal, logs and operators see these.
#include <array>

#include "failover/decide/action.hpp"
#include "failover/decide/event.hpp"
#include "failover/decide/state.hpp"
#include "topology/model/check.hpp"

namespace relevo::decide {
namespace {

constexpr std::array<std::string_view, 12> task_names{
    "FreezeReceiver", "ReadRole",      "AwaitPosition", "Promote",     "Repoint",     "Fence",
    "Unfence",        "PrepareRejoin", "AcquireLease",  "PublishView", "SetReadOnly", "SetQuorum"};
static_assert(task_names.size() == std::variant_size_v<Task>);

constexpr std::array<std::string_view, 8> event_names{
    "Tick",           "Observed",        "ViewPublished", "ViewApplied",
    "ActionFinished", "OperatorCommand", "LeaseGranted",  "LeaseLost"};
static_assert(event_names.size() == std::variant_size_v<Event>);

template <typename T>
concept AboutNode = requires(const T& task) { task.node; };

}  // namespace

std::string_view name_of(const Task& task) { return task_names[task.index()]; }
std::string_view name_of(const Event& event) { return event_names[event.index()]; }

std::optional<model::NodeId> node_of(const Task& task) {
  return std::visit(
      [](const auto& kind) -> std::optional<model::NodeId> {
        if constexpr (AboutNode<std::decay_t<decltype(kind)>>) {
          return kind.node;
        } else {
          return std::nullopt;
        }
      },
      task);
}

std::string_view to_string(ActionOutcome outcome) {
  switch (outcome) {
    case ActionOutcome::ok:
      return "ok";
    case ActionOutcome::failed:
      return "failed";
    case ActionOutcome::unknown:
      return "unknown";
  }
  RELEVO_CHECK(false);
  return {};
}

std::string_view to_string(CommandKind kind) {
  switch (kind) {
    case CommandKind::switchover:
      return "switchover";
    case CommandKind::failover:
      return "failover";
    case CommandKind::pause:
      return "pause";
    case CommandKind::resume:
      return "resume";
    case CommandKind::maintenance_on:
      return "maintenance on";
    case CommandKind::maintenance_off:
      return "maintenance off";
    case CommandKind::acknowledge:
      return "acknowledge";
  }
  RELEVO_CHECK(false);
  return {};
}

std::string_view to_string(Phase phase) {
  switch (phase) {
    case Phase::starting:
      return "starting";
    case Phase::steady:
      return "steady";
    case Phase::held:
      return "held";
    case Phase::barrier:
      return "barrier";
    case Phase::freezing:
      return "freezing";
    case Phase::promoting:
      return "promoting";
    case Phase::verifying:
      return "verifying";
    case Phase::draining:
      return "draining";
    case Phase::closing:
      return "closing";
    case Phase::fencing:
      return "fencing";
    case Phase::catching_up:
      return "catching_up";
    case Phase::undoing:
      return "undoing";
  }
  RELEVO_CHECK(false);
  return {};
}

}  // namespace relevo::decide
