// Scripts that concern a primary, present or former: fence, unfence, rejoin.
#include "failover/act/postgres/jobs.hpp"
#include "failover/act/postgres/sql.hpp"

namespace relevo::act::postgres {

using model::NodeStatus;
using std::chrono::milliseconds;

namespace {

// Client sessions other than ours that were there before the fence stood. Those
// that begin later are read-only by default.
constexpr const char* sessions_before =
    " FROM pg_stat_activity WHERE backend_type = 'client backend'"
    " AND pid <> pg_backend_pid()"
    " AND NOT (usename = current_user AND application_name = 'relevo')"
    " AND backend_start <= ";

}  // namespace

// --- Fence ---

void FenceJob::start() {
  connect(node_, [this] {
    change("ALTER SYSTEM SET default_transaction_read_only = on", [this] {
      reload([this] {
        // The postmaster hands the new setting on within moments; sessions that
        // begin before that are caught by this margin.
        read("SELECT clock_timestamp() + interval '100 milliseconds'",
             [this](const client::Rows& rows) {
               if (rows.rows.size() != 1 || rows.rows[0].size() != 1 || !rows.rows[0][0]) {
                 return leave_unknown("it did not tell the time");
               }
               fenced_at_ = *rows.rows[0][0];
               // Our own session must be able to write, and never waits for a
               // replica's acknowledgement.
               change("SET default_transaction_read_only = off",
                      [this] { change("SET synchronous_commit = local", [this] { close(); }); });
             });
      });
    });
  });
}

void FenceJob::close() {
  if (!firm_) return end_sessions();
  // Each database is marked so that unfencing opens only what was closed here.
  read(
      "SELECT format('ALTER DATABASE %I SET relevo.fenced = ''on''', datname),"
      " format('ALTER DATABASE %I ALLOW_CONNECTIONS false', datname) FROM pg_database"
      " WHERE datallowconn AND NOT datistemplate AND datname <> current_database()",
      [this](const client::Rows& rows) {
        for (const auto& row : rows.rows) {
          for (const auto& statement : row) {
            if (statement) statements_.push_back(*statement);
          }
        }
        close_next();
      });
}

void FenceJob::close_next() {
  if (statements_.empty()) return end_sessions();
  const std::string statement = statements_.front();
  statements_.pop_front();
  attempt(statement, [this] { close_next(); });
}

void FenceJob::end_sessions() {
  read(std::string("SELECT count(pg_terminate_backend(pid)), count(*)") + sessions_before +
           quote_literal(fenced_at_) + "::timestamptz",
       [this](const client::Rows& rows) {
         const bool none = !rows.rows.empty() && rows.rows[0].size() == 2 && rows.rows[0][1] == "0";
         if (none) return flush();
         if (time_left() <= milliseconds(20)) {
           return leave_unknown("client sessions did not end in time");
         }
         pause(milliseconds(5), [this] { end_sessions(); });
       });
}

// A commit of our own flushes whatever sessions with synchronous_commit = off left
// unflushed, so that the flushed position is the end of the history.
void FenceJob::flush() {
  attempt("SELECT pg_logical_emit_message(true, 'relevo', 'fenced')",
          [this] { read_status([this](const NodeStatus& status) { succeed("", status); }); });
}

// --- Unfence ---

void UnfenceJob::start() {
  connect(node_, [this] {
    change("ALTER SYSTEM RESET default_transaction_read_only", [this] {
      reload([this] {
        read(
            "SELECT format('ALTER DATABASE %I ALLOW_CONNECTIONS true', datname),"
            " format('ALTER DATABASE %I RESET relevo.fenced', datname) FROM pg_database"
            " JOIN pg_db_role_setting ON setdatabase = pg_database.oid AND setrole = 0"
            " WHERE 'relevo.fenced=on' = ANY (setconfig) AND NOT pg_is_in_recovery()",
            [this](const client::Rows& rows) {
              for (const auto& row : rows.rows) {
                for (const auto& statement : row) {
                  if (statement) statements_.push_back(*statement);
                }
              }
              attempt("SET default_transaction_read_only = off", [this] { open_next(); });
            });
      });
    });
  });
}

void UnfenceJob::open_next() {
  if (statements_.empty()) {
    return read_status([this](const NodeStatus& status) { succeed("", status); });
  }
  const std::string statement = statements_.front();
  statements_.pop_front();
  attempt(statement, [this] { open_next(); });
}

// --- PrepareRejoin ---

void PrepareRejoinJob::start() {
  connect(node_, [this] {
    read("SELECT pg_is_in_recovery(), current_setting('data_directory')",
         [this](const client::Rows& rows) {
           if (rows.rows.size() != 1 || rows.rows[0].size() != 2 || !rows.rows[0][1]) {
             return fail_with("the data directory is not shown to the monitor's user");
           }
           if (rows.rows[0][0] == "t") return succeed("it is a replica already");
           directory_ = *rows.rows[0][1];
           set_upstream();
         });
  });
}

void PrepareRejoinJob::set_upstream() {
  attempt("SET log_statement = 'none'", [this] {
    change("ALTER SYSTEM SET primary_conninfo = " +
               quote_literal(conninfo_of(upstream_for(settings_, node_, primary_))),
           [this] {
             change("ALTER SYSTEM SET primary_slot_name = ''", [this] {
               // Last: from here on its next start is a replica's.
               change("COPY (SELECT '') TO " + quote_literal(directory_ + "/standby.signal"),
                      [this] { succeed(""); });
             });
           });
  });
}

}  // namespace relevo::act::postgres
