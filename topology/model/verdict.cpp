#include "topology/model/verdict.hpp"

namespace relevo::model {

std::string_view to_string(Engine engine) {
  return engine == Engine::postgres ? "postgres" : "mysql";
}

std::string_view to_string(Role role) {
  switch (role) {
    case Role::unknown: return "unknown";
    case Role::primary: return "primary";
    case Role::replica: return "replica";
  }
  return "unknown";
}

std::string_view to_string(NodeState state) {
  switch (state) {
    case NodeState::online: return "online";
    case NodeState::lagging: return "lagging";
    case NodeState::down: return "down";
    case NodeState::fenced: return "fenced";
    case NodeState::diverged: return "diverged";
    case NodeState::maintenance: return "maintenance";
  }
  return "down";
}

std::string_view to_string(ClusterState state) {
  switch (state) {
    case ClusterState::healthy: return "healthy";
    case ClusterState::degraded: return "degraded";
    case ClusterState::no_primary: return "no_primary";
    case ClusterState::failing_over: return "failing_over";
    case ClusterState::paused: return "paused";
  }
  return "no_primary";
}

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::healthy: return "Healthy";
    case Verdict::dead: return "Dead";
    case Verdict::hung: return "Hung";
    case Verdict::half_hung: return "HalfHung";
    case Verdict::unreachable: return "Unreachable";
    case Verdict::saturated: return "Saturated";
    case Verdict::disk_full: return "DiskFull";
    case Verdict::sync_blocked: return "SyncBlocked";
    case Verdict::restarting: return "Restarting";
    case Verdict::role_changed: return "RoleChanged";
  }
  return "Dead";
}

}  // namespace relevo::model
