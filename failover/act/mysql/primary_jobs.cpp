// Scripts that make a primary, and take the right to write from one.
#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "failover/act/mysql/jobs.hpp"

namespace relevo::act::mysql {

using model::NodeStatus;
using model::Role;
using std::chrono::milliseconds;

namespace {

constexpr auto poll_interval = milliseconds(5);

// What is no client's: replication on either side, and the server's own threads.
constexpr auto own_commands = std::to_array<std::string_view>(
    {"Binlog Dump", "Binlog Dump GTID", "Daemon", "Slave_IO", "Slave_SQL", "Slave_worker"});
constexpr auto own_users =
    std::to_array<std::string_view>({"system user", "event_scheduler", "unauthenticated user"});

template <typename List>
bool contains(const List& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

// The sessions in an answer to SHOW PROCESSLIST that are applications'. Columns of
// every version: Id, User, Host, db, Command, ...
std::deque<std::uint64_t> client_sessions(const client::Rows& rows, const std::string& monitor) {
  std::deque<std::uint64_t> sessions;
  for (const auto& row : rows.rows) {
    if (row.size() < 5 || !row[0] || !row[1] || !row[4]) continue;
    if (*row[1] == monitor || contains(own_users, *row[1]) || contains(own_commands, *row[4])) {
      continue;
    }
    std::uint64_t id = 0;
    const char* const end = row[0]->data() + row[0]->size();
    if (std::from_chars(row[0]->data(), end, id).ptr == end) sessions.push_back(id);
  }
  return sessions;
}

}  // namespace

// --- Promote ---

void PromoteJob::start() {
  begin(node_, [this](const NodeStatus& status) {
    if (status.role == Role::primary) {
      // By an attempt before, whose answer was lost; or left half-way by it.
      return status.read_only ? open() : succeed("it was primary already", status);
    }
    change(dialect_.stop_receiver(), [this, running = status.applier_running] {
      running ? drain() : change(dialect_.start_applier(), [this] { drain(); });
    });
  });
}

// The applier alone, until nothing is left that it has not applied.
void PromoteJob::drain() {
  read_status([this](const NodeStatus& status) {
    const bool received_stands = status.receiver == model::ReceiverState::none;
    if (received_stands && status.position.covers(status.received)) return leave_upstream();
    if (!status.applier_running && !status.applier_error.empty()) {
      return fail_with("its applier stopped with received transactions left: " +
                       status.applier_error);
    }
    if (time_left() <= poll_interval) {
      return fail_with("applied only up to " + status.position.to_string() + " of " +
                       status.received.to_string());
    }
    pause(poll_interval, [this] { drain(); });
  });
}

void PromoteJob::leave_upstream() {
  change(dialect_.stop_replication(),
         [this] { change(dialect_.forget_upstream(), [this] { open(); }); });
}

// Semi-synchronous replication before the first write: none goes without it.
void PromoteJob::open() {
  switch_semi_sync(true, [this] {
    change(dialect_.take_writes(), [this] {
      read_status([this](const NodeStatus& status) {
        if (status.role == Role::primary && !status.read_only) return succeed("", status);
        leave_unknown("it does not say that it is a primary that takes writes");
      });
    });
  });
}

// --- Fence ---

void FenceJob::start() {
  begin(node_, [this](const NodeStatus&) { refuse_writes(); });
}

// A commit that waits for its acknowledgement holds the lock that is needed: its
// session is ended, and it is tried again.
void FenceJob::refuse_writes() {
  change_or(
      dialect_.refuse_writes(),
      [this] {
        end_sessions([this] {
          read_status([this](const NodeStatus& status) {
            status.read_only ? succeed("", status) : leave_unknown("it still takes writes");
          });
        });
      },
      [this](const client::Failure& failure) {
        constexpr std::uint16_t lock_wait_timeout = 1205;
        if (failure.server_errno != lock_wait_timeout) return fail_with(failure.message);
        if (time_left() <= poll_interval) {
          return fail_with("a session holds the lock that read_only needs: " + failure.message);
        }
        end_sessions([this] { refuse_writes(); });
      });
}

void FenceJob::end_sessions(Then then) {
  read("SHOW PROCESSLIST", [this, then = std::move(then)](const client::Rows& rows) {
    sessions_ = client_sessions(rows, settings_.monitor_user);
    if (sessions_.empty()) return then();
    if (time_left() <= milliseconds(20))
      return leave_unknown("client sessions did not end in time");
    kill_next([this, then] {
      const auto again = [this, then] {
        pause(poll_interval, [this, then] { end_sessions(then); });
      };
      if (dialect_.mariadb() || !std::exchange(release_waiting_, false)) return again();
      switch_semi_sync(false, again);
    });
  });
}

void FenceJob::kill_next(Then then) {
  if (sessions_.empty()) return then();
  const auto session = sessions_.front();
  sessions_.pop_front();
  // One that has gone by itself meanwhile is no failure.
  attempt(dialect_.kill(session), [this, then = std::move(then)] { kill_next(then); });
}

// --- Unfence ---

// A replica's fence is its duty: it stays. A primary that was restarted has
// semi-synchronous replication as its option file says, on the replica's side:
// switched first, so that no commit goes unacknowledged.
void UnfenceJob::start() {
  begin(node_, [this](const NodeStatus& status) {
    if (status.role == Role::primary) return switch_semi_sync(true, [this] { set_writes(true); });
    status.read_only ? succeed("", status) : set_writes(false);
  });
}

void UnfenceJob::set_writes(bool taken) {
  change(taken ? dialect_.take_writes() : dialect_.refuse_writes(), [this, taken] {
    read_status([this, taken](const NodeStatus& now) {
      now.read_only != taken ? succeed("", now) : leave_unknown("its read_only did not change");
    });
  });
}

}  // namespace relevo::act::mysql
