// The conversation on one server connection: which answers are still to come,
// what each of them means, and where the transaction stands.
//
// Every message that goes to the server leaves an expectation here, in order;
// every message that comes back is matched against the oldest one. That is what
// lets the proxy add messages of its own (a SET, a Parse) and take their answers
// out again, answer some of the client's messages itself in the right place,
// and know at each moment whether the connection may go back to the pool.
//
// Invariant: idle() is true exactly when the server owes nothing and the client
// has been told everything. After an error in the extended protocol the server
// skips to the next Sync, and so do we: expectations up to it are dropped.
// https://www.postgresql.org/docs/current/protocol-flow.html
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/route/statement.hpp"
#include "proxy/session/postgres/effects.hpp"
#include "proxy/session/postgres/prepared.hpp"
#include "proxy/session/postgres/unreplicated.hpp"
#include "proxy/wire/postgres/types.hpp"

namespace relevo::session::postgres {

enum class Expected : std::uint8_t {
  query,          // simple query: everything up to ReadyForQuery
  function_call,  // likewise
  parse,
  bind,
  describe,
  execute,
  close,
  sync,
  local_parse_complete,  // answered by us when its turn comes
  local_close_complete,
  local_deallocate,  // CommandComplete "DEALLOCATE" and ReadyForQuery
};

enum class Audience : std::uint8_t { client, proxy };

// What to do with one message of the server.
struct Verdict {
  bool forward = false;
  bool violation = false;     // a message that cannot come now: the connection is lost
  bool ready = false;         // it was ReadyForQuery
  bool failed = false;        // ... of a query or batch that had an error
  bool for_proxy = false;     // ... or an error in answer to a message of our own
  bool unreplicated = false;  // a notice of a commit without its replicas' word
};

// What we answer ourselves, and not the server.
constexpr bool is_local(Expected kind) { return kind >= Expected::local_parse_complete; }

class Exchange {
 public:
  using TransactionStatus = wire::postgres::TransactionStatus;

  // -- what was sent ---------------------------------------------------------
  void expect_query(Audience audience, const route::Analysis* analysis);
  void expect_function_call();
  void expect_parse(Audience audience, Prepared statement);
  void expect_bind() { push({.kind = Expected::bind}); }
  void expect_describe() { push({.kind = Expected::describe}); }
  void expect_execute(const route::Analysis* analysis);
  // `id`: of our own statement that is closed by it, see take_unclosed().
  void expect_close(Audience audience, std::uint64_t id = 0) {
    push({.kind = Expected::close, .audience = audience, .closes = id});
  }
  void expect_sync();
  void answer_locally(Expected local) { push({.kind = local}); }
  void copy_ended();  // the client sent CopyDone or CopyFail, perhaps before it was asked for data

  // -- what came back --------------------------------------------------------
  // `body`: of ErrorResponse, NoticeResponse and CommandComplete at least the beginning.
  Verdict on_message(wire::postgres::Backend type, wire::postgres::Bytes body);
  // Rows and copy data, whose bodies nobody reads.
  Verdict on_data();

  // The client has to be told of a commit without its replicas' word. Until it is, what
  // the server says goes through pass_doubtful(), see UnreplicatedCommit::pass.
  bool doubtful() const { return unreplicated_.open(); }
  bool pass_doubtful(wire::postgres::Backend type, std::string_view whole, std::string& out);

  // Answers of our own that are due now, appended as whole messages.
  bool has_due() const;
  void append_due(std::string& out);

  // -- where we stand --------------------------------------------------------
  bool idle() const { return head_ == pending_.size(); }
  TransactionStatus status() const { return status_; }
  bool in_transaction() const { return status_ != TransactionStatus::idle; }
  bool copy_in() const { return copy_in_; }
  // What the server says now answers a message of our own.
  bool answers_proxy() const { return !idle() && pending_[head_].audience == Audience::proxy; }
  // The server ignores everything up to the next Sync.
  bool skipping_to_sync() const { return skipping_; }
  // Nothing is owed, and no Sync is: what was done since the last one is neither
  // committed nor rolled back, and would fall to whoever sends the next.
  bool at_rest() const { return idle() && !unsynced_ && !skipping_; }
  // One ReadyForQuery more may come, for a Sync that was sent on behind a COPY which
  // then failed: nobody can tell whether it was read as part of the COPY.
  bool uncertain() const { return late_readies_ != 0; }

  // Whether a commit may be under way: something that ends a transaction, or
  // that writes outside of one, was sent and is not yet answered.
  bool outcome_open() const;
  // Something may have been committed since the last ReadyForQuery: what was sent since
  // then must not be sent again, whatever becomes of the rest of it.
  bool committed() const { return committed_ || doubtful(); }
  // ReadyForQuery messages that the client still waits for.
  std::size_t owed_answers() const;

  EffectLog& effects() { return effects_; }
  // Statements whose Parse the server never executed: they aren't there.
  std::vector<std::uint64_t> take_unprepared() { return std::exchange(unprepared_, {}); }
  bool has_unprepared() const { return !unprepared_.empty(); }
  // Statements whose Close the server never executed: they are still there.
  std::vector<std::uint64_t> take_unclosed() { return std::exchange(unclosed_, {}); }
  bool has_unclosed() const { return !unclosed_.empty(); }

 private:
  struct Expectation {
    Expected kind = Expected::sync;
    Audience audience = Audience::client;
    bool outcome_matters = false;
    bool mixed = false;  // several statements, some of which begin or end transactions
    std::uint32_t copy_ends =
        0;  // CopyDone or CopyFail sent right behind it, before the COPY began
    std::uint64_t closes = 0;
    Prepared statement = nullptr;
    std::unique_ptr<Effects> effects = nullptr;
  };

  void push(Expectation expectation);
  void pop();
  Expectation& front() { return pending_[head_]; }
  bool expects(Expected kind) const { return !idle() && pending_[head_].kind == kind; }
  bool expects_result() const;
  bool outcome_matters(const route::Analysis& analysis) const;
  // A write that is sent now may be committed without a COMMIT of its own.
  bool may_commit_by_itself() const { return !in_transaction() || end_sent_; }
  Verdict complete(Expected kind);
  Verdict result(bool ends_execute);
  Verdict on_error();
  Verdict on_ready(wire::postgres::Bytes body);
  Verdict on_command_complete(wire::postgres::Bytes body);
  Verdict on_copy_in();
  Verdict on_notice(wire::postgres::Bytes body);
  static bool take_copy_end(Expectation& sent_before_it);
  bool ready_is_due() const;
  Verdict on_late_ready();
  void note_skipped(const Expectation& skipped);

  // A queue in a vector: what lies before head_ is done. Emptied, it starts over,
  // so that the everyday conversation allocates nothing.
  std::vector<Expectation> pending_;
  std::size_t head_ = 0;

  TransactionStatus status_ = TransactionStatus::idle;
  bool copy_in_ = false;
  bool skipping_ = false;
  bool failed_ = false;         // in the current query, or batch up to Sync
  bool batch_matters_ = false;  // an Execute since the last Sync writes
  bool end_sent_ = false;       // something that may end the transaction is not yet answered
  bool committed_ = false;      // COMMIT was answered, or a procedure that can do it
  bool unsynced_ = false;       // something of the extended protocol was sent since the last Sync
  bool answered_ = false;       // the oldest expectation has had what comes before ReadyForQuery
  std::uint32_t ignored_syncs_ = 0;  // sent on behind the COPY that goes on
  std::uint32_t late_readies_ = 0;   // how many of them may be answered, since it failed
  EffectLog effects_;
  UnreplicatedCommit unreplicated_;
  std::vector<std::uint64_t> unprepared_;
  std::vector<std::uint64_t> unclosed_;
};

}  // namespace relevo::session::postgres
