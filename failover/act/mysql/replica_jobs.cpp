// Scripts that keep a replica one: freeze, keep read-only, repoint.
#include "failover/act/mysql/jobs.hpp"
#include "failover/decide/history.hpp"
#include "topology/model/mariadb_gtid.hpp"

namespace relevo::act::mysql {

using model::NodeStatus;
using model::ReceiverState;
using model::Role;
using std::chrono::milliseconds;

// --- FreezeReceiver ---

void FreezeJob::start() {
  begin(node_, [this](const NodeStatus& status) {
    if (status.role != Role::replica) return fail_with("it is not a replica");
    change(dialect_.stop_receiver(), [this] { look(); });
  });
}

void FreezeJob::look() {
  read_status([this](const NodeStatus& status) {
    if (status.receiver == ReceiverState::none) return succeed("", status);
    if (time_left() <= milliseconds(5)) return leave_unknown("its receiver is still there");
    pause(milliseconds(5), [this] { look(); });
  });
}

// --- SetReadOnly ---

void SetReadOnlyJob::start() {
  begin(node_, [this](const NodeStatus& status) {
    if (status.role != Role::replica) return fail_with("it is not a replica");
    change(dialect_.refuse_writes(), [this] {
      read_status([this](const NodeStatus& now) {
        now.read_only ? succeed("", now) : leave_unknown("it still takes writes");
      });
    });
  });
}

// --- Repoint ---

bool RepointJob::follows(const NodeStatus& status) const {
  return status.role == Role::replica && status.auto_position &&
         status.upstream_host == node(primary_).host && status.upstream_port == node(primary_).port;
}

void RepointJob::start() {
  begin(node_, [this](const NodeStatus& status) {
    if (follows(status)) {
      if (status.receiver == ReceiverState::streaming && status.applier_running) {
        return succeed("it follows already", status);
      }
      // Frozen, and led back to where it was: its relay log stays, and is no longer a
      // copy of what another holds, but may be the only one.
      if (status.applier_running && status.receiver == ReceiverState::none &&
          status.receiver_error.empty()) {
        return change(dialect_.start_receiver(), [this] { look(); });
      }
    }
    if (status.role != Role::replica && !status.read_only) {
      return fail_with("it is a primary that takes writes: it has to be fenced first");
    }
    compare(status);
  });
}

// What the new primary has is fetched again, so that its relay log may go; what it
// lacks must neither be thrown away nor be carried into the cluster.
void RepointJob::compare(const NodeStatus& own) {
  begin(primary_, [this, own](const NodeStatus& primary) {
    if (primary.role != Role::primary) return fail_with(node(primary_).name + " is not a primary");
    const auto excess = decide::history_excess(own, primary);
    if (!excess) return fail_with("its history cannot be compared with the primary's");
    if (!excess->empty()) {
      return fail_with("it has " + *excess + ", which " + node(primary_).name + " lacks");
    }
    // "prefer": the replica encrypts if our own session to that server could be.
    if (settings_.sslmode != "prefer") {
      tls_ = settings_.sslmode != "disable" && settings_.sslmode != "allow";
      return prepare();
    }
    read("SHOW SESSION STATUS LIKE 'Ssl_cipher'", [this](const client::Rows& rows) {
      tls_ = rows.rows.size() == 1 && rows.rows[0].size() == 2 && rows.rows[0][1] &&
             !rows.rows[0][1]->empty();
      prepare();
    });
  });
}

void RepointJob::prepare() {
  begin(node_, [this](const NodeStatus& status) {
    const auto set_position = [this] { this->set_position(); };
    if (status.role == Role::replica) return change(dialect_.stop_replication(), set_position);
    set_position();
  });
}

// A MariaDB primary's own writes are in its binary log's position only; as a replica
// it asks from gtid_slave_pos.
void RepointJob::set_position() {
  const auto go_on = [this] { switch_semi_sync(false, [this] { follow(); }); };
  if (!dialect_.mariadb()) return go_on();
  read("SELECT @@GLOBAL.gtid_slave_pos, @@GLOBAL.gtid_binlog_pos",
       [this, go_on](const client::Rows& rows) {
         if (rows.rows.size() != 1 || rows.rows[0].size() != 2) {
           return leave_unknown("it did not tell its position");
         }
         const auto applied = model::MariadbGtid::parse(rows.rows[0][0].value_or(""));
         const auto logged = model::MariadbGtid::parse(rows.rows[0][1].value_or(""));
         if (!applied || !logged) return leave_unknown("its position cannot be read");
         auto position = *applied;
         position.add(*logged);
         if (position == *applied) return go_on();
         change("SET GLOBAL gtid_slave_pos = " + quote_literal(position.to_string()), go_on);
       });
}

void RepointJob::follow() {
  const Upstream upstream{.host = node(primary_).host,
                          .port = node(primary_).port,
                          .user = settings_.replication_user,
                          .password = settings_.replication_password,
                          .tls = tls_};
  change(dialect_.follow(upstream),
         [this] { change(dialect_.start_replication(), [this] { look(); }); });
}

void RepointJob::look() {
  read_status([this](const NodeStatus& status) {
    const bool streaming = follows(status) && status.receiver == ReceiverState::streaming;
    if (streaming && status.applier_running) return succeed("", status);
    const bool given_up = status.receiver == ReceiverState::none && !status.receiver_error.empty();
    if (given_up || time_left() <= milliseconds(50)) {
      const auto& why =
          status.receiver_error.empty() ? status.applier_error : status.receiver_error;
      return fail_with(why.empty() ? "it does not stream: see its log" : why);
    }
    pause(milliseconds(20), [this] { look(); });
  });
}

}  // namespace relevo::act::mysql
