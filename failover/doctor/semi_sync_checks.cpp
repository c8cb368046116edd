// Semi-synchronous replication against what quorum mode promises. The plugin's names
// are those of its age: rpl_semi_sync_master_*, or rpl_semi_sync_source_*.
#include <array>

#include "failover/doctor/check.hpp"

namespace relevo::doctor {
namespace {

struct Names {
  std::string_view primary_enabled, replica_enabled, timeout, wait_point, wait_none, count;
};

Names names_of(const Subject& s) {
  return {
      s.present({"rpl_semi_sync_source_enabled", "rpl_semi_sync_master_enabled"}),
      s.present({"rpl_semi_sync_replica_enabled", "rpl_semi_sync_slave_enabled"}),
      s.present({"rpl_semi_sync_source_timeout", "rpl_semi_sync_master_timeout"}),
      s.present({"rpl_semi_sync_source_wait_point", "rpl_semi_sync_master_wait_point"}),
      s.present({"rpl_semi_sync_source_wait_no_replica", "rpl_semi_sync_master_wait_no_slave"}),
      s.present({"rpl_semi_sync_source_wait_for_replica_count",
                 "rpl_semi_sync_master_wait_for_slave_count"}),
  };
}

std::string is_now(const Subject& s, std::string_view setting) {
  return std::string(setting) + " is " + std::string(s.text(setting));
}

std::string switched(std::string_view setting, int value) {
  return "SET GLOBAL " + std::string(setting) + " = " + std::to_string(value);
}

// ---- The switches ------------------------------------------------------------------
// They are part of a role, and Relevo moves them with it: --fix leaves them alone.

void plugin(Subject& s) {
  if (!s.cluster.quorum || s.node.settings.empty()) return;
  const Names names = names_of(s);
  if (!names.primary_enabled.empty() && !names.replica_enabled.empty()) return;
  s.find_kept(Gravity::error, "the plugins of semi-synchronous replication are not loaded",
              by_hand("in [mysqld] of its option file: plugin_load_add = "
                      "semisync_source.so;semisync_replica.so, and restart"));
}

void enabled(Subject& s) {
  const Names names = names_of(s);
  if (names.primary_enabled.empty() || names.replica_enabled.empty()) return;
  if (s.node.role == model::Role::replica && s.is_on(names.primary_enabled)) {
    return s.find_kept(Gravity::error, std::string(names.primary_enabled) + " is ON on a replica",
                       by_hand(switched(names.primary_enabled, 0)));
  }
  if (!s.cluster.quorum) return;
  if (s.is_primary() && s.is_off(names.primary_enabled)) {
    return s.find_kept(
        Gravity::error, is_now(s, names.primary_enabled) + " on the primary",
        by_hand(switched(names.replica_enabled, 0) + "; " + switched(names.primary_enabled, 1)));
  }
  if (s.node.role == model::Role::replica && s.is_off(names.replica_enabled)) {
    s.find_kept(Gravity::error, is_now(s, names.replica_enabled) + " on a replica",
                by_hand(switched(names.replica_enabled, 1) +
                        "; and let its receiver connect anew (STOP and START its IO_THREAD)"));
  }
}

// ---- The promise -------------------------------------------------------------------

void timeout(Subject& s) {
  constexpr double hour_ms = 3'600'000;
  const auto name = names_of(s).timeout;
  const auto milliseconds = s.number(name);
  if (!s.cluster.quorum || !milliseconds || *milliseconds >= hour_ms) return;
  s.find_kept(Gravity::error,
              std::string(name) + " is " + duration_text(*milliseconds) +
                  ": then commits go on without an acknowledgement",
              s.set(name, "86400000"));
}

void wait_point(Subject& s) {
  const auto name = names_of(s).wait_point;
  if (!s.cluster.quorum || name.empty() || s.text(name) == "AFTER_SYNC") return;
  s.find_kept(Gravity::warning, is_now(s, name), s.set(name, "AFTER_SYNC"));
}

void wait_none(Subject& s) {
  const auto name = names_of(s).wait_none;
  if (!s.cluster.quorum || !s.is_off(name)) return;
  s.find_kept(Gravity::error, is_now(s, name), s.set(name, "ON"));
}

void acks(Subject& s) {
  if (!s.cluster.quorum) return;
  const auto name = names_of(s).count;
  if (name.empty()) {
    if (!s.is_mariadb() || s.cluster.acks == 1 || !s.is_primary()) return;
    return s.find(
        Gravity::error,
        "MariaDB waits for one replica, failover.acks is " + std::to_string(s.cluster.acks),
        by_hand("\"failover\": {\"acks\": 1} in Relevo's configuration"));
  }
  const auto count = s.number(name);
  if (!count || *count == s.cluster.acks) return;
  const std::string found =
      is_now(s, name) + ", failover.acks is " + std::to_string(s.cluster.acks);
  const Remedy remedy = s.set(name, std::to_string(s.cluster.acks));
  *count < s.cluster.acks ? s.find_kept(Gravity::error, found, remedy)
                          : s.find(Gravity::warning, found, remedy);
}

void sync_relay_log(Subject& s) {
  const auto value = s.number("sync_relay_log");
  if (!s.cluster.quorum || !value || *value == 1) return;
  s.find(Gravity::warning, is_now(s, "sync_relay_log"), s.set("sync_relay_log", "1"));
}

// Rpl_status tells of --init-rpl-role, and of nothing else.
void init_rpl_role(Subject& s) {
  const auto told = s.node.counters.find("Rpl_status");
  if (!s.cluster.quorum || told == s.node.counters.end() || told->second != "AUTH_MASTER") return;
  s.find(Gravity::warning, "it was not started with init_rpl_role = SLAVE",
         s.set_at_restart("init_rpl_role", "SLAVE"));
}

constexpr auto checks = std::to_array<Check>({
    {"semi_sync_plugin", both_mysql,
     "in quorum mode: loaded on every node (MariaDB has it built in)",
     "Without it no commit waits for a replica.", plugin},
    {"semi_sync_enabled", both_mysql,
     "in quorum mode: the primary's switch on the primary, the replica's on replicas",
     "A primary without its switch waits for nobody; a replica with the primary's stops applying. "
     "Relevo moves them with the role.",
     enabled},
    {"semi_sync_timeout", both_mysql, "in quorum mode: an hour or more (default 10 s)",
     "After this a commit goes on without, and nobody is told: the promise of quorum mode ends "
     "there.",
     timeout},
    {"semi_sync_wait_point", both_mysql, "in quorum mode: AFTER_SYNC",
     "Else others read what no replica has yet, and what a failover may take back.", wait_point},
    {"semi_sync_wait_no_replica", both_mysql, "in quorum mode: ON",
     "With OFF, commits do not wait while too few replicas are connected.", wait_none},
    {"semi_sync_acks", both_mysql, "in quorum mode: as many as failover.acks",
     "The proof before a promotion counts on every commit having waited for failover.acks.", acks},
    {"sync_relay_log", both_mysql, "in quorum mode: 1",
     "An acknowledgement then means the replica's disk; else it is lost with the power of the "
     "replica's host.",
     sync_relay_log},
    {"init_rpl_role", mariadb, "in quorum mode: SLAVE",
     "A crashed primary then takes back what no replica acknowledged; else it keeps it, and is "
     "diverged.",
     init_rpl_role},
});

}  // namespace

std::span<const Check> semi_sync_checks() { return checks; }

}  // namespace relevo::doctor
