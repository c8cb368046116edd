// PostgreSQL's settings: what replication needs, what makes a failover slow, what
// loses data. docs/doctor.md is made from these rows.
#include <algorithm>
#include <array>
#include <cstdlib>

#include "failover/doctor/check.hpp"
#include "topology/model/sync_rule.hpp"

namespace relevo::doctor {
namespace {

using model::application_name_of;
using model::parse_sync_rule;
using model::same_name;

std::string number_text(double value) { return std::to_string(static_cast<long long>(value)); }

std::string is_now(const Subject& s, std::string_view setting) {
  const auto found = s.node.settings.find(setting);
  if (found == s.node.settings.end()) return {};
  std::string text = std::string(setting) + " is ";
  const Setting& told = found->second;
  const auto value = s.number(setting);
  if (value && told.unit == "ms") {
    text += duration_text(*value);
  } else if (value && told.unit == "s") {
    text += duration_text(*value * 1000);
  } else {
    text += (told.value.empty() ? "empty" : told.value) + told.unit;
  }
  if (told.pending_restart) text += " (changed on file: it waits for a restart)";
  return text;
}

void want_on(Subject& s, std::string_view setting, Gravity gravity) {
  if (s.is_off(setting)) s.find(gravity, is_now(s, setting), s.set(setting, "on"));
}

// ---- Replication ----------------------------------------------------------------

void wal_level(Subject& s) {
  if (s.text("wal_level") == "minimal") {
    s.find(Gravity::error, is_now(s, "wal_level"), s.set_at_restart("wal_level", "replica"));
  }
}

void hot_standby(Subject& s) {
  if (s.is_off("hot_standby")) {
    s.find(Gravity::error, is_now(s, "hot_standby"), s.set_at_restart("hot_standby", "on"));
  }
}

void room_for_replicas(Subject& s, std::string_view setting, Gravity without_room) {
  const auto value = s.number(setting);
  if (!value || *value >= static_cast<double>(s.cluster.nodes.size())) return;
  const bool fits = *value >= static_cast<double>(s.others());
  s.find(fits ? Gravity::note : without_room,
         is_now(s, setting) + ", with " + std::to_string(s.others()) + " other nodes",
         s.set_at_restart(setting, number_text(std::max(10.0, s.cluster.nodes.size() * 2.0))));
}

void max_wal_senders(Subject& s) { room_for_replicas(s, "max_wal_senders", Gravity::error); }
void max_replication_slots(Subject& s) {
  room_for_replicas(s, "max_replication_slots", Gravity::warning);
}

void wal_log_hints(Subject& s) {
  if (s.is_off("wal_log_hints") && s.is_off("data_checksums")) {
    s.find(Gravity::warning, "neither wal_log_hints nor data checksums are on",
           s.set_at_restart("wal_log_hints", "on"));
  }
}

// Hot standby refuses to go on with less than its primary has.
void not_below_primary(Subject& s) {
  const NodeFacts* primary = s.primary();
  if (primary == nullptr || primary == &s.node) return;
  for (const std::string_view setting :
       {"max_connections", "max_worker_processes", "max_wal_senders", "max_prepared_transactions",
        "max_locks_per_transaction"}) {
    const auto theirs = primary->settings.find(setting);
    const auto own = s.number(setting);
    if (theirs == primary->settings.end() || !own) continue;
    const double wanted = std::atof(theirs->second.value.c_str());
    if (*own >= wanted) continue;
    s.find(Gravity::error,
           is_now(s, setting) + ", and " + theirs->second.value + " on " + primary->name,
           s.set_at_restart(setting, theirs->second.value));
  }
}

void recovery_target(Subject& s) {
  for (const std::string_view setting :
       {"recovery_target", "recovery_target_lsn", "recovery_target_name", "recovery_target_time",
        "recovery_target_xid"}) {
    if (s.text(setting).empty()) continue;
    s.find(Gravity::error, is_now(s, setting), s.set_at_restart(setting, ""));
  }
  if (const auto timeline = s.text("recovery_target_timeline");
      !timeline.empty() && timeline != "latest") {
    s.find(Gravity::error, is_now(s, "recovery_target_timeline"),
           s.set_at_restart("recovery_target_timeline", "latest"));
  }
}

void recovery_min_apply_delay(Subject& s) {
  const auto delay = s.number("recovery_min_apply_delay");
  if (!delay || *delay <= 0 || s.node.never_promote) return;
  s.find(Gravity::warning, is_now(s, "recovery_min_apply_delay"),
         by_hand("give " + s.node.name +
                 " \"never_promote\": true in Relevo's configuration, or "
                 "ALTER SYSTEM SET recovery_min_apply_delay = 0; SELECT pg_reload_conf()"));
}

void command_line(Subject& s) {
  for (const std::string_view setting :
       {"primary_conninfo", "primary_slot_name", "wal_retrieve_retry_interval",
        "default_transaction_read_only"}) {
    const auto found = s.node.settings.find(setting);
    if (found == s.node.settings.end() || found->second.source != "command line") continue;
    s.find(Gravity::error, std::string(setting) + " is given on the server's command line",
           by_hand("take " + std::string(setting) + " off the server's command line, and restart"));
  }
}

void allow_alter_system(Subject& s) {
  if (s.is_off("allow_alter_system")) {
    s.find(Gravity::error, is_now(s, "allow_alter_system"),
           by_hand("allow_alter_system = on in postgresql.conf, and reload"));
  }
}

// ---- How soon --------------------------------------------------------------------

void wal_receiver_timeout(Subject& s) {
  const auto timeout = s.number("wal_receiver_timeout");
  if (!timeout) return;
  const Remedy remedy = s.set("wal_receiver_timeout", "4s");
  if (*timeout <= 0) {
    return s.find(Gravity::error, "wal_receiver_timeout is 0: a hung primary is never confirmed",
                  remedy);
  }
  constexpr double shortest_ms = 3000, margin_ms = 500;
  const double wait = std::max(shortest_ms, *timeout / 2 + margin_ms);
  if (wait <= shortest_ms) return;
  s.find(Gravity::warning,
         is_now(s, "wal_receiver_timeout") + ": a hung primary is confirmed after " +
             duration_text(wait) + " of silence",
         remedy);
}

void wal_receiver_status_interval(Subject& s) {
  const auto seconds = s.number("wal_receiver_status_interval");
  if (seconds && (*seconds > 2 || *seconds <= 0)) {
    s.find(Gravity::note, is_now(s, "wal_receiver_status_interval"),
           s.set("wal_receiver_status_interval", "1s"));
  }
}

void wal_sender_timeout(Subject& s) {
  const auto timeout = s.number("wal_sender_timeout");
  if (timeout && (*timeout > 10'000 || *timeout <= 0)) {
    s.find(*timeout <= 0 ? Gravity::warning : Gravity::note, is_now(s, "wal_sender_timeout"),
           s.set("wal_sender_timeout", "4s"));
  }
}

void wal_retrieve_retry_interval(Subject& s) {
  const auto interval = s.number("wal_retrieve_retry_interval");
  if (interval && *interval > 500) {
    s.find(Gravity::warning,
           is_now(s, "wal_retrieve_retry_interval") + ": a promotion may wait that long",
           s.set("wal_retrieve_retry_interval", "100ms"));
  }
}

void max_standby_streaming_delay(Subject& s) {
  const auto delay = s.number("max_standby_streaming_delay");
  if (!delay || (*delay >= 0 && *delay <= 30'000)) return;
  s.find(*delay < 0 ? Gravity::warning : Gravity::note,
         *delay < 0 ? "max_standby_streaming_delay is -1: a read may hold replay without end"
                    : is_now(s, "max_standby_streaming_delay"),
         s.set("max_standby_streaming_delay", "30s"));
}

void hot_standby_feedback(Subject& s) { want_on(s, "hot_standby_feedback", Gravity::note); }

void restart_after_crash(Subject& s) { want_on(s, "restart_after_crash", Gravity::note); }

// ---- What may be lost ------------------------------------------------------------

void fsync(Subject& s) { want_on(s, "fsync", Gravity::warning); }
void full_page_writes(Subject& s) { want_on(s, "full_page_writes", Gravity::warning); }

void synchronous_commit(Subject& s) {
  const std::string_view value = s.text("synchronous_commit");
  const bool waits = value == "on" || value == "remote_apply";
  if (value.empty() || waits) return;
  if (!s.cluster.quorum && value != "off") return;
  const Gravity gravity =
      s.cluster.quorum && value != "remote_write" ? Gravity::error : Gravity::warning;
  const Remedy remedy = s.set("synchronous_commit", "on");
  gravity == Gravity::error ? s.find_kept(gravity, is_now(s, "synchronous_commit"), remedy)
                            : s.find(gravity, is_now(s, "synchronous_commit"), remedy);
}

void wal_keep_size(Subject& s) {
  const auto megabytes = s.number("wal_keep_size");
  if (megabytes && *megabytes < 128) {
    s.find(Gravity::warning, is_now(s, "wal_keep_size"), s.set("wal_keep_size", "512MB"));
  }
}

void max_slot_wal_keep_size(Subject& s) {
  const auto megabytes = s.number("max_slot_wal_keep_size");
  if (megabytes && *megabytes < 0) {
    s.find(Gravity::warning, "max_slot_wal_keep_size is -1: without a limit",
           by_hand("ALTER SYSTEM SET max_slot_wal_keep_size = '...'; SELECT pg_reload_conf()  "
                   "-- below the size of the disk that has pg_wal"));
  }
}

// ---- Quorum mode -------------------------------------------------------------------

std::string wanted_rule(const ClusterFacts& cluster) {
  std::vector<std::string> names;
  for (const NodeFacts& node : cluster.nodes) names.push_back(node.name);
  return model::sync_rule_text(cluster.acks, names);
}

// Made to wait for replicas that are not there under these names, every commit on the
// primary would hang: then somebody has to look first.
Remedy set_rule(const Subject& s) {
  Remedy remedy = s.set("synchronous_standby_names", wanted_rule(s.cluster));
  const NodeFacts* primary = s.primary();
  if (primary == &s.node) {
    std::size_t there = 0;
    for (const NodeFacts& node : s.cluster.nodes) {
      there += static_cast<std::size_t>(
          std::any_of(primary->downstreams.begin(), primary->downstreams.end(),
                      [&](const std::string& name) { return same_name(name, node.name); }));
    }
    if (there < s.cluster.acks) remedy.takes_effect = TakesEffect::by_hand;
  }
  return remedy;
}

void synchronous_standby_names(Subject& s) {
  constexpr std::string_view setting = "synchronous_standby_names";
  if (!s.has(setting)) return;
  const auto rule = parse_sync_rule(s.text(setting));
  if (!s.cluster.quorum) {
    if (rule) {
      s.find(Gravity::note, is_now(s, setting) + ", and failover.durability is async",
             by_hand("\"failover\": {\"durability\": \"quorum\", \"acks\": " +
                     std::to_string(rule->count) + "} in Relevo's configuration"));
    }
    return;
  }
  if (!rule) return s.find_kept(Gravity::error, is_now(s, setting), set_rule(s));
  if (rule->count != s.cluster.acks) {
    const std::string found = is_now(s, setting) + ": commits wait for " +
                              std::to_string(rule->count) + ", failover.acks is " +
                              std::to_string(s.cluster.acks);
    return rule->count < s.cluster.acks ? s.find_kept(Gravity::error, found, set_rule(s))
                                        : s.find(Gravity::warning, found, set_rule(s));
  }
  for (const std::string& name : rule->names) {
    const bool known =
        std::any_of(s.cluster.nodes.begin(), s.cluster.nodes.end(),
                    [&](const NodeFacts& node) { return same_name(node.name, name); });
    if (known) continue;
    return s.find(name == "*" ? Gravity::warning : Gravity::error,
                  is_now(s, setting) + ": " +
                      (name == "*" ? "whatever connects acknowledges" : name + " is no node"),
                  set_rule(s));
  }
  for (const NodeFacts& node : s.cluster.nodes) {
    if (&node == &s.node || rule->counts(node.name)) continue;
    return s.find(Gravity::warning, is_now(s, setting) + ": without " + node.name, set_rule(s));
  }
}

void application_name(Subject& s) {
  if (!s.cluster.quorum || s.node.role != model::Role::replica) return;
  const std::string_view conninfo = s.text("primary_conninfo");
  if (conninfo.empty()) return;
  std::string name = application_name_of(conninfo);
  if (name.empty()) name = s.text("cluster_name");
  if (name.empty()) name = "walreceiver";
  if (same_name(name, s.node.name)) return;
  s.find(Gravity::error, "its receiver calls itself " + name,
         by_hand("add application_name=" + s.node.name +
                 " to its primary_conninfo (ALTER SYSTEM SET primary_conninfo), and reload"));
}

constexpr auto checks = std::to_array<Check>({
    {"wal_level", postgres, "replica or logical",
     "With minimal there is no log that a replica could follow.", wal_level},
    {"hot_standby", postgres, "on",
     "A replica that takes no connections cannot be asked, read from or promoted.", hot_standby},
    {"max_wal_senders", postgres, "at least the number of nodes",
     "After a failover every other node streams from the new primary, and a backup needs one more.",
     max_wal_senders},
    {"max_replication_slots", postgres, "at least the number of nodes",
     "Without a free slot a repointed replica follows without one, and its primary may recycle "
     "what "
     "it still needs.",
     max_replication_slots},
    {"not_below_primary", postgres, "max_connections and its like not below the primary's",
     "A replica with less than its primary stops its replay, or does not start at all.",
     not_below_primary},
    {"wal_log_hints", postgres, "on, or data checksums",
     "pg_rewind, which brings an old primary back without a new copy, works only with one of them.",
     wal_log_hints},
    {"wal_keep_size", postgres, "128MB or more",
     "A replica that changes its primary has no slot there yet, and needs log from before the "
     "change.",
     wal_keep_size},
    {"max_slot_wal_keep_size", postgres, "a limit below the size of the disk",
     "The slot of a node that does not come back keeps log until the primary's disk is full.",
     max_slot_wal_keep_size},
    {"recovery_target", postgres, "recovery_target* empty, recovery_target_timeline latest",
     "A replica with a target stops there, and one bound to a timeline does not follow through a "
     "promotion.",
     recovery_target},
    {"recovery_min_apply_delay", postgres, "0, or never_promote",
     "A delayed replica is far behind whenever it might be promoted.", recovery_min_apply_delay},
    {"command_line", postgres, "what Relevo sets is not given on the command line",
     "Relevo freezes, repoints and fences by ALTER SYSTEM, and a server's command line wins over "
     "that.",
     command_line},
    {"allow_alter_system", postgres, "on (PostgreSQL 17 and newer)",
     "Relevo freezes, repoints and fences by ALTER SYSTEM.", allow_alter_system},
    {"wal_receiver_timeout", postgres, "5s or less (default 60s), not 0",
     "A receiver asks for a sign of life after half of this; until it may, its silence proves "
     "nothing about a hung primary.",
     wal_receiver_timeout},
    {"wal_receiver_status_interval", postgres, "2s or less (default 10s)",
     "The primary's view of its replicas is no newer than that.", wal_receiver_status_interval},
    {"wal_sender_timeout", postgres, "10s or less (default 60s), not 0",
     "Only after this does a primary drop the connection of a replica that has vanished.",
     wal_sender_timeout},
    {"wal_retrieve_retry_interval", postgres, "500ms or less (default 5s)",
     "After its receiver ended, a replica sleeps this out before it looks for promotion: 5.1 s "
     "with "
     "the default, 0.1 s with 100ms.",
     wal_retrieve_retry_interval},
    {"max_standby_streaming_delay", postgres, "30s (the default) or less",
     "So long may a read on a replica hold its replay, and a promotion replays all that was "
     "received.",
     max_standby_streaming_delay},
    {"hot_standby_feedback", postgres, "on",
     "Without it, vacuum on the primary cancels reads on replicas; Relevo runs those on the "
     "primary "
     "again.",
     hot_standby_feedback},
    {"restart_after_crash", postgres, "on (the default)",
     "With off, the crash of one session's process ends the server until somebody starts it.",
     restart_after_crash},
    {"fsync", postgres, "on", "Without it, the loss of a host's power corrupts its data.", fsync},
    {"full_page_writes", postgres, "on",
     "Without it, the loss of a host's power corrupts its data, and pg_rewind does not work.",
     full_page_writes},
    {"synchronous_commit", postgres, "on or remote_apply; without quorum, anything but off",
     "What is acknowledged before it is on disk, in quorum mode on a replica's, can be lost.",
     synchronous_commit},
    {"synchronous_standby_names", postgres, "in quorum mode: ANY acks (all nodes)",
     "The proof before a promotion counts on every commit having waited for failover.acks of the "
     "nodes.",
     synchronous_standby_names},
    {"application_name", postgres, "in quorum mode: a replica's is its node's name",
     "The primary knows by it whose acknowledgement it has.", application_name},
});

}  // namespace

std::span<const Check> postgres_checks() { return checks; }

}  // namespace relevo::doctor
