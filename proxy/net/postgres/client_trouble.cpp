// Errors of our own: no server in time, a server lost with work under way. Each
// tells the client exactly what it may assume (docs/architecture.md, "What a
// client sees"), and leaves the conversation in step.
#include "proxy/net/postgres/client_session.hpp"
#include "proxy/wire/postgres/command.hpp"
#include "proxy/wire/postgres/constants.hpp"
#include "proxy/wire/postgres/frame.hpp"
#include "proxy/wire/postgres/report.hpp"

namespace relevo::net::postgres {

namespace wire = relevo::wire::postgres;
using wire::Frontend;

namespace {

constexpr std::string_view lost_transaction =
    "the primary was lost before COMMIT: the transaction was rolled back and can be retried";
constexpr std::string_view lost_outcome =
    "the primary was lost after the statement was sent: whether it was committed is not known";

constexpr std::string_view lost_replication =
    "the primary ended the session while the commit waited for replicas: it was committed there, "
    "but might not have been replicated";

constexpr int repeats_max = 10;

template <std::size_t Size>
void append_bytes(std::string& out, const std::array<std::byte, Size>& bytes) {
  out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

}  // namespace

void ClientSession::append_error(std::string& out, std::string_view severity,
                                 std::string_view sqlstate, std::string_view message,
                                 std::string_view detail) const {
  wire::Writer writer(out);
  wire::encode_error(writer, wire::make_report(severity, sqlstate, message, detail));
}

void ClientSession::append_ready(std::string& out) const {
  if (in_failed_transaction_) {
    append_bytes(out, wire::constants::ready_failed);
  } else if (begin_.held()) {
    append_bytes(out, wire::constants::ready_in_transaction);
  } else {
    append_bytes(out, wire::constants::ready_idle);
  }
}

// The planned batch cannot run. It lies at the front of in_, nothing of it sent.
void ClientSession::fail_batch(std::string_view sqlstate, std::string_view message) {
  if (welcoming_) {
    ++shard_.traffic().logins_failed;
    return end(sqlstate, message);
  }
  if (held_while_linked_) {
    // Its connection is on a node that is no primary now, and what is pinned
    // there cannot be had elsewhere.
    held_while_linked_ = false;
    return end(sqlstate, std::string(message) +
                             "; the session was pinned to its server connection (" + pin_reason() +
                             ")");
  }
  if (begin_.held()) {
    begin_.clear();
    in_failed_transaction_ = true;
  }
  std::string out;
  append_error(out, "ERROR", sqlstate, message);
  state_ = State::idle;
  if (plan_.query) {
    const auto header = wire::read_header(wire::as_bytes(in_.view()));
    discard_left_ = header->total_bytes();
    append_ready(out);
  } else {
    in_.consume(plan_.bytes);
    if (plan_.ends_with_sync) {
      append_ready(out);
    } else {
      skip_to_sync_ = true;
    }
  }
  to_client(out);
  start_batch();
  arm();
}

// Before a batch can be planned: what is left of one that failed. False: more
// bytes are needed, or the session has ended.
bool ClientSession::drop_leading() {
  while (!in_.empty()) {
    if (discard_left_ > 0) {
      const std::size_t part = std::min<std::uint64_t>(discard_left_, in_.size());
      in_.consume(part);
      discard_left_ -= part;
      continue;
    }
    const auto header = wire::read_header(wire::as_bytes(in_.view()));
    if (header.is_malformed()) {
      ++shard_.traffic().protocol_errors;
      end("08P01", header.error());
      return false;
    }
    if (!header) return false;
    const bool copy = header->is(Frontend::copy_data) || header->is(Frontend::copy_done) ||
                      header->is(Frontend::copy_fail);
    // Left over from a copy that ended early; servers ignore it, too.
    if (!copy && !skip_to_sync_) return true;
    if (header->is(Frontend::terminate)) {
      close();
      return false;
    }
    if (header->is(Frontend::sync)) {
      skip_to_sync_ = false;
      std::string out;
      append_ready(out);
      to_client(out);
    }
    discard_left_ = header->total_bytes();
  }
  return false;
}

// -- a server is lost ------------------------------------------------------------------------

void ClientSession::on_lost(const Error& error) { handle_loss(error); }

void ClientSession::on_primary_gone() {
  if (server_ == nullptr) return;
  // Not told to us by the connection: we end it.
  const ServerPtr server = server_;
  server->close();
  handle_loss({"57P01", "the cluster's primary has changed"});
}

// Where nothing has reached the client the answer comes from another node, and it never
// knows. What has begun is left to the connection's own end.
void ClientSession::on_replica_lost(const ServerLink& server) {
  const ServerPtr mine = server_;
  if (mine.get() != &server || state_ != State::linked || pins_ != 0) return;
  if (!retained_ || mine->exchange.idle()) return;
  if (mine->exchange.in_transaction() && !begin_.told()) return;
  mine->close();
  handle_loss({"57P01", "the replica does not answer"});
}

void ClientSession::handle_loss(const Error& error) {
  const auto self = shared_from_this();
  const ServerPtr server = std::exchange(server_, nullptr);
  --shard_.traffic().nodes[server->key().node].clients;
  if (state_ == State::ended) return;
  const auto& exchange = server->exchange;
  const bool owed = !exchange.idle() || batch_open_ || pass_left_ > 0;
  const bool outcome_open = exchange.outcome_open();
  if (begin_.told() && retained_ && !outcome_open) begin_.hold_again();
  const bool in_transaction = exchange.in_transaction() && !begin_.held();
  const std::string_view outcome = exchange.doubtful() ? lost_replication : lost_outcome;
  const std::size_t answers = exchange.owed_answers();
  const bool was_own = own_ != Own::none && !owed;
  session::Traffic& traffic = shard_.traffic();
  shard_.worker().deadlines().clear(deadline_);
  own_ = Own::none;
  own_first_ = false;
  again_ = Again::no;
  held_while_linked_ = false;
  stale_plan_ = needs_inspection_ = parameter_changed_ = false;
  portals_.clear();
  unnamed_portal_ = nullptr;
  state_ = State::idle;

  if (server->cut_in_message()) {
    // The client has the beginning of a message whose end will never come.
    close();
    return;
  }
  if (welcoming_) {
    if (++repeats_ > repeats_max) return end(error.code, error.message);
    return route_batch();
  }
  if (pins_ != 0 && !(in_transaction && outcome_open)) {
    if (pins_ != pin_mode || owed) {
      const std::string lost = "the server connection was lost, and with it the session's " +
                               pin_reason() + " (" + error.message + ")";
      if (!exchange.doubtful()) return end("57P01", lost);
      ++traffic.outcomes_unknown;
      return end("08007", std::string(outcome) + "; " + lost);
    }
  }
  if (in_transaction) {
    begin_.clear();
    wrote_ = false;
    if (!owed) {
      ++traffic.transactions_broken;
      in_failed_transaction_ = loss_untold_ = true;
      forget_retained();
      start_batch();
      return arm();
    }
    if (outcome_open) {
      ++traffic.outcomes_unknown;
      last_write_ = std::chrono::steady_clock::now();
      return fail_outstanding(answers, "08007", outcome, false);
    }
    ++traffic.transactions_broken;
    return fail_outstanding(answers, "40001", lost_transaction, true);
  }
  if (!owed && !was_own) {
    forget_retained();
    start_batch();
    return arm();
  }
  if (retained_ && !outcome_open) {
    // Nothing of it was answered and nothing of it can have been committed.
    ++traffic.replays;
    ++repeats_;
    const model::NodeId node = server->key().node;
    if (shard_.view()->primary != node) failed_on_ |= mask_of(node);
    for (const std::string& name : parsed_in_batch_) statements_.erase(name);
    parsed_in_batch_.clear();
    cursor_ = 0;
    pass_left_ = 0;
    batch_open_ = false;
    wrote_ = false;
    if (repeats_ > repeats_max)
      return fail_batch("57P03", "server connections are lost again and again");
    return route_batch();
  }
  wrote_ = false;
  if (outcome_open) {
    ++traffic.outcomes_unknown;
    last_write_ = std::chrono::steady_clock::now();
    return fail_outstanding(answers, "08007", outcome, false);
  }
  ++traffic.transactions_broken;
  fail_outstanding(answers, "40001",
                   "the server was lost in the middle of the answer: " + error.message, false);
}

// Answers for all that was sent to a server that is gone: an error for each
// query and each Sync.
void ClientSession::fail_outstanding(std::size_t answers, std::string_view sqlstate,
                                     std::string_view message, bool in_failed) {
  in_failed_transaction_ = in_failed;
  loss_untold_ = false;
  std::string out;
  for (std::size_t i = 0; i < answers; ++i) {
    append_error(out, "ERROR", sqlstate, message);
    append_ready(out);
  }
  if (batch_open_) {
    append_error(out, "ERROR", sqlstate, message);
    skip_to_sync_ = true;
  }
  discard_left_ = pass_left_;
  pass_left_ = 0;
  batch_open_ = false;
  forget_retained();
  to_client(out);
  start_batch();
  arm();
}

// -- the rest of a lost transaction ------------------------------------------------------------

// The client believes that it is in a transaction. Whatever it asks before it
// ends it is refused, as in any failed transaction.
void ClientSession::answer_failed_transaction() {
  std::string out;
  const bool untold = std::exchange(loss_untold_, false);
  // A COMMIT must hear of the loss; a ROLLBACK gets what it asks for.
  const bool ends = plan_.only_ends && plan_.executes && !plan_.oversized;
  const bool granted = ends && !(plan_.commits && untold);
  const auto refuse = [&] {
    if (untold) {
      append_error(out, "ERROR", "40001", lost_transaction);
    } else {
      append_error(
          out, "ERROR", "25P02",
          "current transaction is aborted, commands ignored until end of transaction block");
    }
  };
  if (ends) in_failed_transaction_ = false;
  wire::Writer writer(out);
  if (plan_.query) {
    if (granted) {
      wire::encode_command_complete(writer, "ROLLBACK");
    } else {
      refuse();
    }
    append_ready(out);
    const auto header = wire::read_header(wire::as_bytes(in_.view()));
    discard_left_ = header->total_bytes();
    return to_client(out);
  }
  if (!granted || !plan_.ends_with_sync) {
    refuse();
    if (plan_.ends_with_sync) {
      append_ready(out);
    } else {
      skip_to_sync_ = true;
    }
    in_.consume(plan_.bytes);
    return to_client(out);
  }
  std::size_t at = 0;
  while (at < plan_.bytes) {
    const auto left = in_.view().substr(at);
    const auto header = wire::read_header(wire::as_bytes(left));
    switch (static_cast<Frontend>(header->type)) {
      case Frontend::parse:
        append_bytes(out, wire::constants::parse_complete);
        break;
      case Frontend::bind:
        append_bytes(out, wire::constants::bind_complete);
        break;
      case Frontend::close:
        append_bytes(out, wire::constants::close_complete);
        break;
      case Frontend::describe:
        if (left[wire::limits::header_bytes] == 'S') {
          writer.begin(wire::Backend::parameter_description);
          writer.u16(0);
          writer.end();
        }
        append_bytes(out, wire::constants::no_data);
        break;
      case Frontend::execute:
        wire::encode_command_complete(writer, "ROLLBACK");
        break;
      case Frontend::sync:
        append_ready(out);
        break;
      default:
        break;
    }
    at += header->total_bytes();
  }
  in_.consume(plan_.bytes);
  to_client(out);
}

}  // namespace relevo::net::postgres
