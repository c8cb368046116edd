#include "tests/sim/schedule.hpp"

#include <array>
#include <cstdio>

#include "tests/sim/random.hpp"

namespace relevo::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

decide::Policy draw_policy(Random& random, bool gtid) {
  decide::Policy policy;
  policy.engine = gtid ? model::Engine::mysql : model::Engine::postgres;
  const auto count = static_cast<unsigned>(2 + random.below(4));
  for (NodeId node = 0; node < count; ++node) {
    policy.nodes.push_back({.name = "n" + std::to_string(node),
                            .host = "n" + std::to_string(node),
                            .port = 5432,
                            .zone = node % 2 == 0 ? "a" : "b",
                            .priority = static_cast<unsigned>(random.below(2)) * 50 + 50,
                            .never_promote = random.chance(0.05)});
  }
  if (random.chance(0.5)) {
    policy.durability = decide::Durability::quorum;
    policy.acks = static_cast<unsigned>(1 + random.below(count - 1));
    policy.manages_quorum = random.chance(0.6);
  }
  if (random.chance(0.3)) {
    policy.loss_bytes_max = gtid ? (1 + random.below(5)) * 1024 : 500 + random.below(2000);
  }
  policy.promote_timeout = seconds(3);
  policy.verify_timeout = seconds(2);
  policy.repoint_timeout = seconds(2);
  policy.retry_delay_max = seconds(4);
  policy.failovers_max = static_cast<unsigned>(2 + random.below(3));
  return policy;
}

// How often each kind comes up, where a run has it at all.
constexpr std::array<unsigned, fault_kinds> weights = [] {
  std::array<unsigned, fault_kinds> all{};
  all.fill(2);
  all[static_cast<std::size_t>(FaultKind::restart)] = 5;
  all[static_cast<std::size_t>(FaultKind::thaw)] = 4;
  all[static_cast<std::size_t>(FaultKind::reachable)] = 4;
  all[static_cast<std::size_t>(FaultKind::mend_links)] = 3;
  all[static_cast<std::size_t>(FaultKind::command)] = 5;
  all[static_cast<std::size_t>(FaultKind::crash_primary)] = 3;
  return all;
}();

constexpr bool is_remedy(FaultKind kind) {
  return kind == FaultKind::restart || kind == FaultKind::thaw || kind == FaultKind::reachable ||
         kind == FaultKind::mend_links || kind == FaultKind::disk_well ||
         kind == FaultKind::synchronous;
}

Fault draw_fault(Random& random, FaultKind kind, Duration at, std::size_t nodes) {
  Fault fault{.at = at, .kind = kind};
  fault.node = static_cast<NodeId>(random.below(nodes));
  fault.other = static_cast<NodeId>((fault.node + 1 + random.below(nodes - 1)) % nodes);
  fault.lasts = milliseconds(200 + random.below(4000));
  constexpr std::array commands{
      decide::CommandKind::switchover,      decide::CommandKind::switchover,
      decide::CommandKind::failover,        decide::CommandKind::pause,
      decide::CommandKind::resume,          decide::CommandKind::maintenance_on,
      decide::CommandKind::maintenance_off, decide::CommandKind::acknowledge};
  fault.command = commands[random.below(commands.size())];
  fault.names_node = fault.command == decide::CommandKind::maintenance_on ||
                     fault.command == decide::CommandKind::maintenance_off || random.chance(0.3);
  fault.allow_data_loss = fault.command == decide::CommandKind::failover && random.chance(0.25);
  return fault;
}

const char* words_of(FaultKind kind) {
  switch (kind) {
    case FaultKind::crash:
      return "crash";
    case FaultKind::crash_primary:
      return "crash the primary";
    case FaultKind::crash_candidate:
      return "crash the candidate";
    case FaultKind::restart:
      return "restart";
    case FaultKind::pause:
      return "pause";
    case FaultKind::pause_primary:
      return "pause the primary";
    case FaultKind::thaw:
      return "thaw";
    case FaultKind::unreachable:
      return "Relevo does not reach";
    case FaultKind::mute:
      return "Relevo reaches, but does not hear";
    case FaultKind::reachable:
      return "Relevo reaches and hears";
    case FaultKind::cut:
      return "cut the link of";
    case FaultKind::cut_one_way:
      return "cut the way from";
    case FaultKind::mend_links:
      return "links mended";
    case FaultKind::flaky_probes:
      return "probes get no answer from";
    case FaultKind::lag_burst:
      return "lag burst on";
    case FaultKind::disk_full:
      return "disk full on";
    case FaultKind::slow_disk:
      return "slow disk on";
    case FaultKind::disk_well:
      return "disk well on";
    case FaultKind::slow_proxy:
      return "Views are slow to proxy";
    case FaultKind::relevo_restarts:
      return "Relevo restarts";
    case FaultKind::relevo_dies:
      return "Relevo dies in the middle of its next decision";
    case FaultKind::lease_lost:
      return "lease lost";
    case FaultKind::promoted_by_hand:
      return "somebody promotes";
    case FaultKind::made_writable:
      return "somebody makes writable";
    case FaultKind::asynchronous:
      return "somebody has commits wait for nobody on";
    case FaultKind::synchronous:
      return "commits wait for replicas again on";
    case FaultKind::command:
      return "command";
  }
  return "";
}

bool concerns_node(FaultKind kind) {
  return kind != FaultKind::crash_primary && kind != FaultKind::crash_candidate &&
         kind != FaultKind::pause_primary && kind != FaultKind::mend_links &&
         kind != FaultKind::slow_proxy && kind != FaultKind::relevo_restarts &&
         kind != FaultKind::relevo_dies && kind != FaultKind::lease_lost &&
         kind != FaultKind::command;
}

}  // namespace

Schedule draw_schedule(std::uint64_t seed) {
  Random random(seed * 2);
  Schedule schedule;
  schedule.seed = seed;
  schedule.gtid = random.chance(0.5);
  schedule.policy = draw_policy(random, schedule.gtid);
  schedule.proxies = static_cast<unsigned>(1 + random.below(3));
  schedule.hands_on =
      schedule.policy.durability == decide::Durability::async && random.chance(0.15);
  if (random.chance(0.08)) schedule.policy.mode = decide::Mode::manual;
  if (schedule.hands_on && random.chance(0.3)) schedule.policy.mode = decide::Mode::off;
  schedule.action_fault = random.chance(0.3) ? 0.25 : 0.03;
  schedule.primary_stays_dead = random.chance(0.5);
  schedule.never_set_up = schedule.policy.manages_quorum && random.chance(0.3);

  std::vector<FaultKind> kinds;
  for (std::size_t i = 0; i < fault_kinds; ++i) {
    const auto kind = static_cast<FaultKind>(i);
    const bool by_hand =
        kind == FaultKind::promoted_by_hand || (kind == FaultKind::made_writable && !schedule.gtid);
    if (by_hand && !schedule.hands_on) continue;
    const bool of_quorum = kind == FaultKind::asynchronous || kind == FaultKind::synchronous;
    if (of_quorum && schedule.policy.durability != decide::Durability::quorum) continue;
    if (!is_remedy(kind) && !random.chance(0.5)) continue;
    kinds.insert(kinds.end(), weights[i], kind);
  }
  const auto gap_ms = 200 + random.below(2500);
  for (Duration at = milliseconds(500 + random.below(gap_ms)); at < schedule.length;
       at += milliseconds(50 + random.below(gap_ms))) {
    const auto kind = kinds[random.below(kinds.size())];
    schedule.faults.push_back(draw_fault(random, kind, at, schedule.policy.nodes.size()));
  }
  return schedule;
}

std::string to_string(const Fault& fault, const decide::Policy& policy) {
  const auto& name = policy.nodes[fault.node].name;
  std::string text = words_of(fault.kind);
  if (concerns_node(fault.kind)) text += " " + name;
  if (fault.kind == FaultKind::cut) text += " and " + policy.nodes[fault.other].name;
  if (fault.kind == FaultKind::cut_one_way) text += " to " + policy.nodes[fault.other].name;
  if (fault.kind == FaultKind::slow_proxy) text += " " + std::to_string(fault.node);
  const bool burst = fault.kind == FaultKind::flaky_probes || fault.kind == FaultKind::lag_burst ||
                     fault.kind == FaultKind::slow_proxy;
  if (burst) {
    text += " for " +
            std::to_string(std::chrono::duration_cast<milliseconds>(fault.lasts).count()) + " ms";
  }
  if (fault.kind == FaultKind::command) {
    text += " " + std::string(decide::to_string(fault.command));
    if (fault.names_node) text += " " + name;
    if (fault.allow_data_loss) text += ", data loss allowed";
  }
  return text;
}

std::string describe(const Schedule& schedule) {
  const auto& policy = schedule.policy;
  const char* const modes[] = {"automatic", "manual", "off"};
  std::string text = std::to_string(policy.nodes.size()) +
                     (schedule.gtid ? " nodes by GTID, " : " nodes of PostgreSQL, ") +
                     modes[static_cast<int>(policy.mode)];
  if (policy.durability == decide::Durability::quorum) {
    text += ", quorum of " + std::to_string(policy.acks) +
            (policy.manages_quorum ? ", kept by Relevo" : "");
  } else {
    text += ", async, max_loss " + std::to_string(policy.loss_bytes_max);
  }
  text += ", " + std::to_string(schedule.proxies) + " proxies";
  for (const auto& node : policy.nodes) {
    if (node.never_promote) text += ", " + node.name + " never_promote";
  }
  if (schedule.hands_on) text += ", people interfere";
  text += ", " + std::to_string(static_cast<int>(schedule.action_fault * 100)) +
          " % of actions go wrong";
  if (schedule.primary_stays_dead) text += ", the last primary stays dead";
  text += "\n";
  for (const auto& fault : schedule.faults) {
    char at[16];
    std::snprintf(
        at, sizeof at, "%9.3f  ",
        static_cast<double>(std::chrono::duration_cast<milliseconds>(fault.at).count()) / 1000.0);
    text += at + to_string(fault, policy) + "\n";
  }
  return text;
}

}  // namespace relevo::sim
