// Errors of our own: no server in time, a server lost with work under way. Each
// tells the client exactly what it may assume (docs/architecture.md, "What a
// client sees"), and leaves the conversation in step.
#include <algorithm>

#include "proxy/net/mysql/client_session.hpp"
#include "proxy/wire/mysql/errors.hpp"
#include "proxy/wire/mysql/response.hpp"

namespace relevo::net::mysql {

namespace wire = relevo::wire::mysql;
namespace errors = wire::errors;

namespace {

constexpr std::string_view lost_transaction =
    "the primary was lost before COMMIT: the transaction was rolled back and can be retried";
constexpr std::string_view lost_outcome =
    "the primary was lost after the statement was sent: whether it was committed is not known";

constexpr int repeats_max = 10;

}  // namespace

std::string ClientSession::error_packet(std::uint8_t sequence, const wire::ErrorCode& code,
                                        std::string_view message) const {
  std::string out;
  wire::Writer writer(out, sequence);
  wire::encode_err(writer, code, message);
  return out;
}

// -- a command that cannot run ---------------------------------------------------------------

// Takes the command in hand off the buffer, or marks what is still to come of it.
void ClientSession::skip_command() {
  if (passing_ || (plan_.oversized && retained_)) {
    discarding_ = true;
    if (!passing_) {
      packet_left_ = 0;
      packet_continues_ = true;  // its first packet is still ahead
    }
  } else if (retained_) {
    in_.consume(plan_.bytes);
  }
  repacket_.reset();
  passing_ = retained_ = in_hand_ = sent_ = answer_done_ = false;
}

void ClientSession::refuse_command(const wire::ErrorCode& code, std::string_view message) {
  const std::string packet = error_packet(1, code, message);
  if (session_ != nullptr) session_->diagnostics().answered_error();
  skip_command();
  to_client(packet);
}

void ClientSession::fail_command(const wire::ErrorCode& code, std::string_view message) {
  if (welcoming_) {
    ++shard_.traffic().logins_failed;
    return end(code, message);
  }
  refuse_command(code, message);
  start_command();
  arm();
}

// The rest of a command that was refused before it was all here. False: more
// bytes are needed.
bool ClientSession::drop_leading() {
  while (discarding_) {
    if (packet_left_ == 0 && !packet_continues_) {
      discarding_ = false;
      break;
    }
    if (packet_left_ == 0) {
      const auto header = wire::read_packet_header(wire::as_bytes(in_.view()));
      if (!header) return false;
      packet_left_ = header->body_bytes;
      packet_continues_ = header->continues();
      in_.consume(wire::limits::header_bytes);
      continue;
    }
    const std::size_t part = std::min<std::size_t>(packet_left_, in_.size());
    if (part == 0) return false;
    in_.consume(part);
    packet_left_ -= static_cast<std::uint32_t>(part);
  }
  return !in_.empty();
}

// -- a server is lost ------------------------------------------------------------------------

void ClientSession::on_lost(const Error& error) { handle_loss(error); }

void ClientSession::on_primary_gone() {
  if (server_ == nullptr) return;
  // Not told to us by the connection: we end it.
  const ServerPtr server = server_;
  server->close();
  handle_loss({"08S01", "the cluster's primary has changed"});
}

// Where nothing has reached the client the answer comes from another node, and it never
// knows. What has begun is left to the connection's own end.
void ClientSession::on_replica_lost(const ServerLink& server) {
  const ServerPtr mine = server_;
  if (mine.get() != &server || state_ != State::linked || session_->pins().any()) return;
  if (!in_hand_ || !sent_ || answer_done_ || !retained_) return;
  if (mine->exchange.answer_begun()) return;
  if (mine->exchange.in_transaction() && !(transaction_fresh_ && begin_plain_)) return;
  mine->close();
  handle_loss({"08S01", "the replica does not answer"});
}

void ClientSession::handle_loss(const Error& error) {
  const auto self = shared_from_this();
  const ServerPtr server = std::exchange(server_, nullptr);
  --shard_.traffic().nodes[server->key().node].clients;
  if (state_ == State::ended) return;
  const auto& exchange = server->exchange;
  const bool owed = in_hand_ && sent_ && !answer_done_;
  const bool outcome_open = owed && exchange.outcome_open();
  const auto pins = session_ != nullptr ? session_->pins() : session::mysql::Pins();
  // Nothing has run in it, or of its first statement nothing has reached the client.
  const bool begins_again = exchange.in_transaction() && transaction_fresh_ && begin_plain_ &&
                            (!owed || retained_) && !outcome_open && !pins.any();
  begin_due_ = begin_due_ || begins_again;
  const bool in_transaction = exchange.in_transaction() && !begin_due_;
  const bool begun = exchange.answer_begun() && !retained_;
  const std::uint8_t sequence = begun ? exchange.next_sequence() : std::uint8_t{1};
  session::Traffic& traffic = shard_.traffic();
  shard_.worker().deadlines().clear(deadline_);
  own_.clear();
  own_failure_.reset();
  own_first_ = giving_back_ = again_ = kept_ = transaction_open_ = spoilt_ = false;
  state_ = State::idle;
  // The client has the beginning of a packet whose end will never come, or is
  // sending a file that nobody reads.
  if (server->cut_in_packet() || exchange.wants_client_data() || released_) return close();
  if (welcoming_) {
    if (++repeats_ > repeats_max) return end(errors::option_prevents_statement, error.message);
    return route_command();
  }
  if (pins.any() && !(in_transaction && outcome_open)) {
    if (!pins.only(session::mysql::Pin::mode) || owed) {
      return end(errors::server_shutdown,
                 "the server connection was lost, and with it the session's " + pins.reason() +
                     " (" + error.message + ")");
    }
  }
  const auto tell = [&](const wire::ErrorCode& code, std::string_view message) {
    skip_command();
    to_client(error_packet(sequence, code, message));
    start_command();
    arm();
  };
  if (outcome_open) {
    ++traffic.outcomes_unknown;
    wrote_ = false;
    last_write_ = std::chrono::steady_clock::now();
    return tell(errors::commit_outcome_unknown, lost_outcome);
  }
  if (in_transaction) {
    ++traffic.transactions_broken;
    wrote_ = false;
    if (owed) return tell(errors::deadlock, lost_transaction);
    transaction_lost_ = true;
    if (in_hand_) refuse_in_lost_transaction();
    start_command();
    return arm();
  }
  if (!in_hand_ || answer_done_) {
    if (in_hand_) command_over();
    start_command();
    return arm();
  }
  if (!owed || retained_) {
    // Nothing of it was answered and nothing of it can have been committed.
    if (owed) ++traffic.replays;
    const model::NodeId node = server->key().node;
    if (shard_.view()->primary != node) failed_on_ |= mask_of(node);
    sent_ = wrote_ = false;
    if (++repeats_ > repeats_max) {
      return fail_command(errors::option_prevents_statement,
                          "server connections are lost again and again");
    }
    return route_command();
  }
  wrote_ = false;
  ++traffic.transactions_broken;
  tell(errors::deadlock, "the server was lost in the middle of the answer: " + error.message);
}

// The client believes that it is in a transaction. Its next statement learns that
// it is not; a ROLLBACK gets what it asks for.
void ClientSession::refuse_in_lost_transaction() {
  transaction_lost_ = false;
  status_ =
      status_.without(wire::Status::in_transaction).without(wire::Status::in_transaction_readonly);
  if (plan_.only_ends && !plan_.commits && !plan_.oversized) return answer_ok();
  refuse_command(errors::deadlock, lost_transaction);
}

}  // namespace relevo::net::mysql
