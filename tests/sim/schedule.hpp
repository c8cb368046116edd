// What happens to one simulated world: its kind, and its faults in their order. All
// of it is drawn from the seed beforehand, so that a schedule can be printed, and
// shrunk to the few faults without which nothing goes wrong.
//
// Runs differ in kind: each draws which kinds of fault it has and how often, so that
// some are all crashes and others all delays.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "failover/decide/event.hpp"
#include "failover/decide/policy.hpp"

namespace relevo::sim {

using model::Duration;
using model::Instant;
using model::NodeId;

enum class FaultKind : std::uint8_t {
  crash,
  crash_primary,
  crash_candidate,
  restart,
  pause,  // SIGSTOP
  pause_primary,
  thaw,
  unreachable,  // from Relevo and its clients: nothing arrives
  mute,         // one-way: what is asked arrives, no answer comes back
  reachable,
  cut,          // between two nodes
  cut_one_way,  // from the one to the other
  mend_links,
  flaky_probes,  // probes get no answer though the node is well
  lag_burst,     // a replica receives and applies next to nothing
  disk_full,
  slow_disk,
  disk_well,
  slow_proxy,  // Views reach it late
  relevo_restarts,
  relevo_dies,  // after a decision, with only part of it carried out
  lease_lost,
  promoted_by_hand,
  made_writable,  // a replica, by hand
  asynchronous,   // its commits wait for nobody, whatever the policy says
  synchronous,
  command,
};
constexpr std::size_t fault_kinds = static_cast<std::size_t>(FaultKind::command) + 1;

struct Fault {
  Duration at{};  // since the start
  FaultKind kind = FaultKind::crash;
  NodeId node = 0;
  NodeId other = 0;
  Duration lasts{};  // of a burst
  decide::CommandKind command = decide::CommandKind::switchover;
  bool names_node = false;  // the command
  bool allow_data_loss = false;
};

struct Schedule {
  std::uint64_t seed = 0;
  decide::Policy policy;
  bool gtid = false;  // MySQL's kind of databases
  unsigned proxies = 1;
  bool hands_on = false;  // people promote behind our back (async mode only)
  double action_fault = 0.03;
  Duration length = std::chrono::seconds(6);  // of trouble; then everything is healed
  bool never_set_up = false;        // quorum: nobody has told the databases to wait for replicas
  bool primary_stays_dead = false;  // what healing does not bring back
  std::vector<Fault> faults;
};

Schedule draw_schedule(std::uint64_t seed);

std::string to_string(const Fault& fault, const decide::Policy& policy);
std::string describe(const Schedule& schedule);  // its kind in one line, then a fault a line

}  // namespace relevo::sim
