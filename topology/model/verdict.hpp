// The words for what a node is and what is wrong with it. They are part of the
// public interface: topology output, logs, metrics and documentation use them.
#pragma once

#include <cstdint>
#include <string_view>

namespace relevo::model {

enum class Engine : std::uint8_t { postgres, mysql };

// Which server answered, where one engine has more than one.
enum class Flavor : std::uint8_t { postgres, mysql, mariadb };

enum class Role : std::uint8_t { unknown, primary, replica };

// Where a node stands in the rotation.
enum class NodeState : std::uint8_t { online, lagging, down, fenced, diverged, maintenance };

enum class ClusterState : std::uint8_t { healthy, degraded, no_primary, failing_over, paused };

// What the evidence says about a node. Only dead and hung lead to a failover
// by themselves.
enum class Verdict : std::uint8_t {
  healthy,
  dead,          // refuses connections, and no replica hears it
  hung,          // accepts nothing, answers nothing, and no replica hears it
  half_hung,     // old sessions work, new ones hang
  unreachable,   // not reachable from here, but replicas still hear it
  saturated,     // out of connection slots: alive
  disk_full,     // reads work, writes fail
  sync_blocked,  // commits wait for synchronous replicas
  restarting,    // starting up, shutting down or in crash recovery
  role_changed,  // answers, in another role than expected
};

std::string_view to_string(Engine);
std::string_view to_string(Role);
std::string_view to_string(NodeState);
std::string_view to_string(ClusterState);
std::string_view to_string(Verdict);  // "Healthy", "Dead", "HalfHung", ...: as the contract spells them

}  // namespace relevo::model
