// Scripts that concern a replica: freeze, promote, repoint.
#include "failover/act/postgres/jobs.hpp"
#include "failover/act/postgres/sql.hpp"

namespace relevo::act::postgres {

using model::NodeStatus;
using model::ReceiverState;
using model::Role;
using std::chrono::milliseconds;

namespace {
constexpr auto poll_interval = milliseconds(5);
}

// With the default of 5 s a promotion may have to wait that long for the startup
// process, which sleeps it out after its receiver ended. An ALTER SYSTEM waits for
// the disk, so none that changes nothing.
void PostgresJob::shorten_retries(Then then) {
  read(
      "SELECT setting::bigint <= 100 FROM pg_settings"
      " WHERE name = 'wal_retrieve_retry_interval'",
      [this, then = std::move(then)](const client::Rows& rows) {
        const bool short_already =
            !rows.rows.empty() && !rows.rows[0].empty() && rows.rows[0][0] == "t";
        if (short_already) return then();
        change("ALTER SYSTEM SET wal_retrieve_retry_interval = '100ms'", then);
      });
}

// --- FreezeReceiver ---

void FreezeJob::start() {
  connect(node_, [this] {
    shorten_retries([this] {
      change("ALTER SYSTEM SET primary_conninfo = ''", [this] { reload([this] { look(); }); });
    });
  });
}

// Gone twice in a row: a receiver that was just being started when the reload
// came is seen by the second look.
void FreezeJob::look() {
  read_status([this](const NodeStatus& status) {
    if (status.role != Role::replica) return fail_with("it is not a replica");
    const bool gone = status.receiver == ReceiverState::none;
    if (gone && gone_before_) return succeed("", status);
    gone_before_ = gone;
    if (time_left() <= poll_interval) return leave_unknown("its receiver is still there");
    pause(gone ? milliseconds(10) : milliseconds(poll_interval), [this] { look(); });
  });
}

// --- Promote ---

void PromoteJob::start() {
  connect(node_, [this] {
    read_status([this](const NodeStatus& status) {
      const bool done = status.role == Role::primary;
      if (done && !status.read_only) return succeed("it was primary already", status);
      if (status.read_only) {
        // Left from a time when it was a fenced primary itself.
        return change("ALTER SYSTEM RESET default_transaction_read_only",
                      [this, done] { done ? reload([this] { look(); }) : quicken(); });
      }
      quicken();
    });
  });
}

void PromoteJob::quicken() {
  shorten_retries([this] {
    reload([this] {
      // Not with wait = true: the server then looks only every 100 ms.
      change("SELECT pg_promote(false)", [this] { look(); });
    });
  });
}

void PromoteJob::look() {
  read_status([this](const NodeStatus& status) {
    if (status.role == Role::primary && !status.read_only) return succeed("", status);
    if (time_left() <= poll_interval) return leave_unknown("still a replica at the deadline");
    pause(poll_interval, [this] { look(); });
  });
}

// --- Repoint ---

void RepointJob::start() {
  // The slot first, on the primary: without it the primary may throw away what the
  // replica still needs. No free slot is no reason not to follow.
  connect(primary_, [this] {
    read("SELECT 1 FROM pg_replication_slots WHERE slot_name = " + quote_literal(slot()),
         [this](const client::Rows& rows) {
           if (!rows.rows.empty()) return with_slot(slot());
           read(
               "SELECT (SELECT count(*) FROM pg_replication_slots) <"
               " current_setting('max_replication_slots')::bigint",
               [this](const client::Rows& answer) {
                 const bool free =
                     !answer.rows.empty() && !answer.rows[0].empty() && answer.rows[0][0] == "t";
                 if (!free) return with_slot("");
                 attempt("SELECT pg_create_physical_replication_slot(" + quote_literal(slot()) +
                             ", true)",
                         [this] { check_slot(); });
               });
         });
  });
}

void RepointJob::check_slot() {
  read("SELECT 1 FROM pg_replication_slots WHERE slot_name = " + quote_literal(slot()),
       [this](const client::Rows& rows) { with_slot(rows.rows.empty() ? "" : slot()); });
}

std::string RepointJob::slot() const { return slot_name_of(node(node_).name); }

void RepointJob::with_slot(const std::string& slot) {
  connect(node_, [this, slot] {
    attempt("SET log_statement = 'none'", [this, slot] {  // the password is none of the log's
      change("ALTER SYSTEM SET primary_conninfo = " +
                 quote_literal(conninfo_of(upstream_for(settings_, node_, primary_))),
             [this, slot] {
               change("ALTER SYSTEM SET primary_slot_name = " + quote_literal(slot),
                      [this] { reload([this] { drop_own_slots(); }); });
             });
    });
  });
}

// Slots from the time when this node was the primary would keep its log for ever.
void RepointJob::drop_own_slots() {
  attempt(
      "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"
      " WHERE slot_type = 'physical' AND NOT active AND starts_with(slot_name, 'relevo_')",
      [this] { look(); });
}

void RepointJob::look() {
  read_status([this](const NodeStatus& status) {
    if (status.role != Role::replica) return fail_with("it is not a replica");
    if (status.receiver == ReceiverState::streaming &&
        status.upstream_host == node(primary_).host &&
        status.upstream_port == node(primary_).port) {
      return succeed("", status);
    }
    if (time_left() <= milliseconds(50)) {
      return fail_with(status.receiver == ReceiverState::waiting
                           ? "its receiver waits: it may be ahead of the primary"
                           : "it does not stream: see its log");
    }
    pause(milliseconds(20), [this] { look(); });
  });
}

Upstream upstream_for(const ControllerSettings& settings, model::NodeId replica,
                      model::NodeId primary) {
  // The monitor's CA file is this host's: a replica can at most be told to encrypt.
  const bool verifies = settings.sslmode == "verify-ca" || settings.sslmode == "verify-full";
  return {.host = settings.nodes[primary].host,
          .port = settings.nodes[primary].port,
          .user = settings.replication_user,
          .password = settings.replication_password,
          .sslmode = verifies ? "require" : settings.sslmode,
          .application_name = settings.nodes[replica].name};
}

}  // namespace relevo::act::postgres
