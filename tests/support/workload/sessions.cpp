#include "sessions.hpp"

#include <cstdlib>
#include <thread>

#include "dialect.hpp"

namespace relevo::workload {
namespace {

constexpr std::chrono::milliseconds reconnect_pause{50};
constexpr std::chrono::milliseconds stop_check{20};

// Keeps to a rate without ever catching up: a burst after a stall would make the
// stall look shorter than it was.
class Pace {
 public:
  Pace(double per_second, int sessions)
      : period_(per_second > 0 ? std::chrono::duration_cast<Clock::duration>(
                                     std::chrono::duration<double>(sessions / per_second))
                               : Clock::duration::zero()) {}
  void wait() {
    if (period_ == Clock::duration::zero()) {
      return;
    }
    const auto now = Clock::now();
    next_ = std::max(next_ + period_, now);
    std::this_thread::sleep_until(next_);
  }

 private:
  const Clock::duration period_;
  Clock::time_point next_ = Clock::now();
};

// Connects if need be. False: it failed, was counted, and some time has passed.
bool ensure_connected(Connection& connection, const Plan& plan, SessionKind kind, Tally& tally) {
  if (connection.connected()) {
    return true;
  }
  if (const auto why = connection.connect(plan.conninfo)) {
    tally.error(kind, "cannot connect", *why);
    std::this_thread::sleep_for(reconnect_pause);
    return false;
  }
  return true;
}

// What the answer to the statement that commits means for the row.
Outcome outcome_of_commit(const Reply& reply) {
  switch (reply.kind) {
    case Reply::Kind::done:
      // COMMIT of a failed transaction is answered with ROLLBACK.
      return reply.tag == "ROLLBACK" ? Outcome::refused : Outcome::acknowledged;
    case Reply::Kind::refused:
      return reply.sqlstate == "08007" ? Outcome::unknown : Outcome::refused;
    case Reply::Kind::lost:
    case Reply::Kind::timed_out:
      // 57P03 comes before anything was executed, whatever becomes of the connection.
      return reply.sqlstate == "57P03" || reply.sqlstate == "40001" ? Outcome::refused
                                                                    : Outcome::unknown;
  }
  return Outcome::unknown;
}

struct Written {
  Outcome outcome;
  Reply reply;
};

Written write_row(Connection& connection, const Plan& plan, int number, std::uint64_t seq) {
  const std::string insert = statements(plan.engine, plan.table).insert;
  const std::vector<std::string> row{std::to_string(number), std::to_string(seq)};
  if (number % 2 == 0) {
    Reply reply = connection.run(insert, row, plan.statement_timeout);
    const Outcome outcome = outcome_of_commit(reply);
    return {outcome, std::move(reply)};
  }
  for (const bool begin : {true, false}) {
    Reply reply = begin ? connection.run("BEGIN", plan.statement_timeout)
                        : connection.run(insert, row, plan.statement_timeout);
    if (!reply.ok()) {  // no COMMIT was sent: it cannot have happened
      if (connection.connected()) {
        connection.run("ROLLBACK", plan.statement_timeout);
      }
      return {Outcome::refused, std::move(reply)};
    }
  }
  Reply reply = connection.run("COMMIT", plan.statement_timeout);
  const Outcome outcome = outcome_of_commit(reply);
  return {outcome, std::move(reply)};
}

// Tells whether the row is seen by its own writer, and where that was asked.
void read_back(Connection& connection, const Plan& plan, int number, std::uint64_t seq,
               Tally& tally) {
  const Reply reply =
      connection.run(statements(plan.engine, plan.table).read_back,
                     {std::to_string(number), std::to_string(seq)}, plan.statement_timeout);
  if (!reply.ok() || reply.first_row.size() != 2) {
    tally.error(SessionKind::reader, reply);
    return;
  }
  tally.read_back(std::atoi(reply.first_row[0].c_str()), reply.first_row[1] != "1");
}

}  // namespace

void run_writer(const Plan& plan, int number, Ledger& ledger, Tally& tally,
                const std::atomic<bool>& stop) {
  const auto connection_owner = make_connection(plan.engine);
  Connection& connection = *connection_owner;
  Pace pace(plan.writes_per_second, plan.writers);
  while (!stop && (plan.stop_after_writes == 0 || ledger.next() <= plan.stop_after_writes)) {
    pace.wait();
    if (!ensure_connected(connection, plan, SessionKind::writer, tally)) {
      continue;
    }
    const std::uint64_t seq = ledger.next();
    const auto began = Clock::now();
    const Written written = write_row(connection, plan, number, seq);
    ledger.record(written.outcome);
    switch (written.outcome) {
      case Outcome::acknowledged:
        tally.acknowledged(Clock::now() - began);
        if (plan.read_back) {
          read_back(connection, plan, number, seq, tally);
        }
        continue;
      case Outcome::refused:
        tally.refused();
        break;
      case Outcome::unknown:
        tally.unknown();
        break;
    }
    tally.error(SessionKind::writer, written.reply);
  }
}

void run_reader(const Plan& plan, int number, Tally& tally, const std::atomic<bool>& stop) {
  const auto connection_owner = make_connection(plan.engine);
  Connection& connection = *connection_owner;
  Pace pace(plan.reads_per_second, plan.readers);
  const auto [simple, extended] = [&] {
    Statements all = statements(plan.engine, plan.table);
    return std::pair(std::move(all.where), std::move(all.count));
  }();
  for (std::uint64_t turn = 0; !stop; ++turn) {
    pace.wait();
    if (!ensure_connected(connection, plan, SessionKind::reader, tally)) {
      continue;
    }
    const auto began = Clock::now();
    const Reply reply =
        turn % 2 == 0 ? connection.run(simple, plan.statement_timeout)
                      : connection.run(extended, {std::to_string(number)}, plan.statement_timeout);
    if (reply.ok() && !reply.first_row.empty()) {
      tally.read(std::atoi(reply.first_row[0].c_str()), Clock::now() - began);
    } else {
      tally.error(SessionKind::reader, reply);
    }
  }
}

void run_idle(const Plan& plan, int number, int writer_number, Ledger& ledger, Tally& tally,
              std::atomic<int>& connected, const std::atomic<bool>& stop) {
  const auto connection_owner = make_connection(plan.engine);
  Connection& connection = *connection_owner;
  while (!stop && !ensure_connected(connection, plan, SessionKind::idle, tally)) {
  }
  connected.fetch_add(1);
  while (!stop) {
    std::this_thread::sleep_for(stop_check);
  }
  if (const auto why = connection.unasked_error()) {
    tally.error(SessionKind::idle, "connection lost", *why);
    return;
  }
  if (number % 2 == 0) {
    const Reply reply =
        connection.run(statements(plan.engine, plan.table).where, plan.statement_timeout);
    if (!reply.ok()) {
      tally.error(SessionKind::idle, reply);
    }
    return;
  }
  const Written written = write_row(connection, plan, writer_number, ledger.next());
  ledger.record(written.outcome);
  if (written.outcome != Outcome::acknowledged) {
    tally.error(SessionKind::idle, written.reply);
  }
}

}  // namespace relevo::workload
