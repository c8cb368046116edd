// MySQL's and MariaDB's settings. What a variable is called is asked of the server:
// MySQL 8.0.26 renamed slave and master, and later versions dropped the old names.
#include <algorithm>
#include <array>

#include "failover/doctor/check.hpp"

namespace relevo::doctor {
namespace {

std::string is_now(const Subject& s, std::string_view setting) {
  const std::string_view value = s.text(setting);
  return std::string(setting) + " is " + (value.empty() ? "empty" : std::string(value));
}

bool is_replica(const Subject& s) { return s.node.role == model::Role::replica; }

// Which words a replica's statements have: SLAVE and MASTER, or REPLICA and SOURCE.
bool old_words(const Subject& s) {
  constexpr std::uint32_t source_words = 80023;
  return s.is_mariadb() || s.node.version_number < source_words;
}

void want_off_by_restart(Subject& s, std::string_view setting, std::string_view value) {
  s.find(Gravity::error, is_now(s, setting), s.set_at_restart(setting, value));
}

// ---- Replication -------------------------------------------------------------------

void log_bin(Subject& s) {
  if (s.is_off("log_bin")) want_off_by_restart(s, "log_bin", "binlog");
}

void log_replica_updates(Subject& s) {
  const auto name = s.present({"log_replica_updates", "log_slave_updates"});
  if (s.is_off(name)) want_off_by_restart(s, name, "ON");
}

void server_id(Subject& s) {
  const std::string_view own = s.text("server_id");
  if (own.empty()) return;
  if (own == "0")
    return s.find(Gravity::error, "server_id is 0", s.set_at_restart("server_id", "..."));
  for (const NodeFacts& node : s.cluster.nodes) {
    const auto theirs = node.settings.find("server_id");
    if (&node == &s.node || theirs == node.settings.end() || theirs->second.value != own) continue;
    return s.find(Gravity::error, "server_id is " + std::string(own) + ", as on " + node.name,
                  s.set_at_restart("server_id", "... (another for each node)"));
  }
}

void server_uuid(Subject& s) {
  const std::string_view own = s.text("server_uuid");
  if (own.empty()) return;
  for (const NodeFacts& node : s.cluster.nodes) {
    const auto theirs = node.settings.find("server_uuid");
    if (&node == &s.node || theirs == node.settings.end() || theirs->second.value != own) continue;
    return s.find(
        Gravity::error, "the server_uuid is that of " + node.name,
        by_hand("remove auto.cnf from the data directory of one of them, and restart it"));
  }
}

void gtid_mode(Subject& s) {
  const std::string_view value = s.text("gtid_mode");
  if (value.empty() || value == "ON") return;
  s.find(
      Gravity::error, is_now(s, "gtid_mode"),
      by_hand("on every node, step by step: SET PERSIST enforce_gtid_consistency = ON; SET PERSIST "
              "gtid_mode = OFF_PERMISSIVE; SET PERSIST gtid_mode = ON_PERMISSIVE; and when "
              "Ongoing_anonymous_transaction_count is 0 everywhere: SET PERSIST gtid_mode = ON"));
}

void enforce_gtid_consistency(Subject& s) {
  const std::string_view value = s.text("enforce_gtid_consistency");
  if (value.empty() || value == "ON" || value == "1") return;
  s.find(Gravity::error, is_now(s, "enforce_gtid_consistency"),
         by_hand("SET PERSIST enforce_gtid_consistency = WARN; and when its log warns of nothing: "
                 "SET PERSIST enforce_gtid_consistency = ON"));
}

void gtid_strict_mode(Subject& s) {
  if (s.is_off("gtid_strict_mode")) {
    s.find(Gravity::warning, is_now(s, "gtid_strict_mode"), s.set("gtid_strict_mode", "ON"));
  }
}

void auto_position(Subject& s) {
  if (!is_replica(s) || s.node.auto_position != false) return;
  s.find(Gravity::error, "it follows by file and offset",
         by_hand(s.is_mariadb()
                     ? "STOP SLAVE; CHANGE MASTER TO MASTER_USE_GTID = slave_pos; START SLAVE"
                 : old_words(s)
                     ? "STOP SLAVE; CHANGE MASTER TO MASTER_AUTO_POSITION = 1; START SLAVE"
                     : "STOP REPLICA; CHANGE REPLICATION SOURCE TO SOURCE_AUTO_POSITION = 1; "
                       "START REPLICA"));
}

void binlog_format(Subject& s) {
  const std::string_view value = s.text("binlog_format");
  if (value.empty() || value == "ROW") return;
  s.find(Gravity::warning, is_now(s, "binlog_format"), s.set("binlog_format", "ROW"));
}

void binlog_expire(Subject& s) {
  constexpr double day_s = 86'400;
  const auto seconds = s.number("binlog_expire_logs_seconds");
  if (!seconds || *seconds <= 0 || *seconds >= day_s) return;
  s.find(Gravity::warning, is_now(s, "binlog_expire_logs_seconds"),
         s.set("binlog_expire_logs_seconds", "86400"));
}

// A replica takes no writes: Relevo sees to that itself, and does it as part of a role.
void read_only(Subject& s) {
  if (!is_replica(s)) return;
  const bool binds_nobody = s.is_off("read_only");
  if (binds_nobody || s.is_off("super_read_only")) {
    s.find(Gravity::warning,
           binds_nobody ? "a replica that takes writes: read_only is OFF"
                        : "super_read_only is OFF: users with all privileges can write",
           by_hand(s.is_mariadb() ? "SET GLOBAL read_only = 1"
                                  : "SET GLOBAL read_only = 1, GLOBAL super_read_only = 1"));
  }
}

// What it has from an option file, or by default, holds after a restart. What a
// statement set hides that: Diagnosis::not_checked says so.
void read_only_at_restart(Subject& s) {
  if (s.node.read_only_origin.empty() || s.node.option_file_hidden()) return;
  if (!s.is_off("read_only")) return;
  s.find(Gravity::warning, "after a restart it takes writes: read_only is OFF there",
         Remedy{{"in [mysqld] of its option file: read_only = ON" +
                 std::string(s.is_mariadb() ? "" : ", super_read_only = ON")},
                TakesEffect::by_hand,
                {}});
}

// ---- How soon ------------------------------------------------------------------------

void heartbeat_period(Subject& s) {
  if (!is_replica(s) || !s.node.heartbeat_s) return;
  constexpr double shortest_ms = 3000, margin_ms = 500;
  const double period_ms = *s.node.heartbeat_s * 1000;
  const double wait_ms = std::max(shortest_ms, period_ms + margin_ms);
  if (period_ms > 0 && wait_ms <= shortest_ms) return;
  // The receiver alone is stopped where that is enough: an applier that is stopped too
  // would throw away what it has not applied.
  const std::string change =
      s.is_mariadb()
          ? "STOP SLAVE IO_THREAD; and when Gtid_IO_Pos is applied: STOP SLAVE; CHANGE MASTER TO "
            "MASTER_HEARTBEAT_PERIOD = 1; START SLAVE"
      : old_words(s)
          ? "STOP SLAVE IO_THREAD; CHANGE MASTER TO MASTER_HEARTBEAT_PERIOD = 1; START SLAVE "
            "IO_THREAD"
          : "STOP REPLICA IO_THREAD; CHANGE REPLICATION SOURCE TO SOURCE_HEARTBEAT_PERIOD = 1; "
            "START REPLICA IO_THREAD";
  if (period_ms <= 0) {
    return s.find(Gravity::error, "heartbeats are off: a hung primary is never confirmed",
                  by_hand(change));
  }
  s.find(Gravity::warning,
         "a heartbeat each " + duration_text(period_ms) + ": a hung primary is confirmed after " +
             duration_text(wait_ms) + " of silence",
         by_hand(change));
}

void replica_net_timeout(Subject& s) {
  const auto name = s.present({"replica_net_timeout", "slave_net_timeout"});
  const auto seconds = s.number(name);
  if (seconds && *seconds > 10) {
    s.find(Gravity::warning, is_now(s, name) + " s", s.set(name, "4"));
  }
}

void parallel_appliers(Subject& s) {
  const auto name =
      s.present({"replica_parallel_workers", "slave_parallel_workers", "slave_parallel_threads"});
  const auto threads = s.number(name);
  if (!threads || *threads > 1) return;
  const std::string word = old_words(s) ? "SLAVE" : "REPLICA";
  s.find(Gravity::warning, is_now(s, name),
         by_hand("STOP " + word + " SQL_THREAD; " + s.set(name, "4").statements.front() +
                 "; START " + word + " SQL_THREAD"));
}

void preserve_commit_order(Subject& s) {
  const auto name = s.present({"replica_preserve_commit_order", "slave_preserve_commit_order"});
  if (!s.is_off(name)) return;
  const std::string word = old_words(s) ? "SLAVE" : "REPLICA";
  s.find(Gravity::warning, is_now(s, name),
         by_hand("STOP " + word + " SQL_THREAD; SET PERSIST " + std::string(name) +
                 " = ON; START " + word + " SQL_THREAD"));
}

void max_connect_errors(Subject& s) {
  const auto most = s.number("max_connect_errors");
  if (!most || *most >= 10'000 || s.is_on("skip_name_resolve")) return;
  s.find(Gravity::warning, is_now(s, "max_connect_errors"), s.set("max_connect_errors", "1000000"));
}

// ---- What may be lost ------------------------------------------------------------------

void sync_binlog(Subject& s) {
  const auto value = s.number("sync_binlog");
  if (value && *value != 1) {
    s.find(Gravity::warning, is_now(s, "sync_binlog"), s.set("sync_binlog", "1"));
  }
}

void innodb_flush(Subject& s) {
  const auto value = s.number("innodb_flush_log_at_trx_commit");
  if (value && *value != 1) {
    s.find(Gravity::warning, is_now(s, "innodb_flush_log_at_trx_commit"),
           s.set("innodb_flush_log_at_trx_commit", "1"));
  }
}

void relay_log_recovery(Subject& s) {
  if (!s.is_off("relay_log_recovery")) return;
  s.find(Gravity::warning, is_now(s, "relay_log_recovery"),
         s.set_at_restart("relay_log_recovery", "ON"));
}

constexpr auto checks = std::to_array<Check>({
    {"log_bin", both_mysql, "ON", "Without a binary log nobody could follow it as a primary.",
     log_bin},
    {"log_replica_updates", both_mysql, "ON (MariaDB: log_slave_updates)",
     "A promoted replica must be able to feed the others with what it replicated; without it, it "
     "is "
     "never promoted.",
     log_replica_updates},
    {"server_id", both_mysql, "another on each node, not 0",
     "It tells who wrote a transaction: a replica skips those that bear its own.", server_id},
    {"server_uuid", mysql, "another on each node", "Transactions are named after it.", server_uuid},
    {"gtid_mode", mysql, "ON",
     "A node that does not follow by GTID is never promoted: its position means nothing elsewhere.",
     gtid_mode},
    {"enforce_gtid_consistency", mysql, "ON", "gtid_mode = ON needs it.", enforce_gtid_consistency},
    {"gtid_strict_mode", mariadb, "ON",
     "A write of a replica's own then stops its replication, aloud; without it, it is hidden as "
     "soon "
     "as replication has passed its number.",
     gtid_strict_mode},
    {"auto_position", both_mysql, "a replica follows by GTID",
     "A file's name and an offset mean nothing on another primary: such a replica is never "
     "promoted.",
     auto_position},
    {"binlog_format", both_mysql, "ROW",
     "With statements, functions that answer otherwise on each node make data differ.",
     binlog_format},
    {"binlog_expire_logs_seconds", both_mysql, "86400 (a day) or more, or 0",
     "A node that was away, or changes its primary, needs what was written since; else it has to "
     "be "
     "rebuilt.",
     binlog_expire},
    {"read_only", both_mysql, "ON on replicas; MySQL: super_read_only",
     "What somebody writes on a replica makes it diverged. Relevo sets it by itself, unless "
     "failover.mode is off.",
     read_only},
    {"read_only_at_restart", both_mysql, "read_only = ON in every option file",
     "An old primary that comes back takes writes from whoever connects to it directly, until it "
     "is "
     "fenced, and they make it diverged.",
     read_only_at_restart},
    {"heartbeat_period", both_mysql, "2.5 s or less (default: half of slave_net_timeout), not 0",
     "Until a heartbeat is overdue, a receiver's silence proves nothing about a hung primary. "
     "Relevo "
     "sets 1 s whenever it repoints.",
     heartbeat_period},
    {"replica_net_timeout", both_mysql, "10 s or less (default 60; MariaDB: slave_net_timeout)",
     "Only after this does a receiver give up a primary that has vanished, and heartbeats come "
     "half "
     "as often by default.",
     replica_net_timeout},
    {"parallel_appliers", both_mysql,
     "MariaDB: slave_parallel_threads, MySQL: replica_parallel_workers: 2 or more",
     "A primary flushes many commits at once, a replica with one thread flushes for each: in a "
     "trial "
     "with 1000 writes a second, a failover first had 5.5 s of them to apply; with four threads, "
     "0.03 s.",
     parallel_appliers},
    {"replica_preserve_commit_order", mysql, "ON",
     "Else reads on a replica may see a transaction before one that was committed earlier.",
     preserve_commit_order},
    {"max_connect_errors", both_mysql, "10000 or more (default 100), or skip_name_resolve",
     "Probes that are cut short in a bad hour must not have the monitor's host blocked.",
     max_connect_errors},
    {"sync_binlog", both_mysql, "1",
     "After the loss of its power a primary has less than its replicas, and they count as "
     "diverged.",
     sync_binlog},
    {"innodb_flush_log_at_trx_commit", both_mysql, "1",
     "What was acknowledged must survive the loss of the host's power.", innodb_flush},
    {"relay_log_recovery", both_mysql, "ON",
     "After a crash a torn relay log stops the applier; with it, the replica fetches again.",
     relay_log_recovery},
});

}  // namespace

std::span<const Check> mysql_checks() { return checks; }

}  // namespace relevo::doctor
