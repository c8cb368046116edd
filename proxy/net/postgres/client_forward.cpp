// Towards the server: names of prepared statements are rewritten, what the
// server connection lacks is prepared on the way, everything else passes.
#include "proxy/net/postgres/client_session.hpp"
#include "proxy/route/token.hpp"
#include "proxy/session/postgres/token.hpp"
#include "proxy/wire/postgres/command.hpp"
#include "proxy/wire/postgres/extended.hpp"
#include "proxy/wire/postgres/frame.hpp"

namespace relevo::net::postgres {

namespace wire = relevo::wire::postgres;
using session::postgres::Audience;
using session::postgres::Expected;
using session::postgres::Prepared;
using wire::Frontend;

namespace {

constexpr std::size_t message_bytes_max = 256 * 1024;  // larger ones pass through unread

bool begins_batch(const wire::Header& header) {
  switch (static_cast<Frontend>(header.type)) {
    case Frontend::copy_data:
    case Frontend::copy_done:
    case Frontend::copy_fail:
    case Frontend::terminate:
      return false;
    default:
      return true;
  }
}

std::string_view body_of(std::string_view whole) {
  return whole.substr(wire::limits::header_bytes);
}

}  // namespace

bool ClientSession::on_primary() const {
  const auto& view = shard_.view();
  return view->primary == server_->key().node && view->gate == model::PrimaryGate::open &&
         !view->paused;
}

// At the start of a batch, with a connection in hand: in the planned batch, in
// a transaction, pipelining, or pinned.
bool ClientSession::may_begin_batch() {
  if (first_message_) return true;
  const auto& exchange = server_->exchange;
  if (exchange.idle()) {
    if (exchange.in_transaction()) return true;
    if (ending_ || pins_ == 0) return false;  // settle() gives the connection back
    const auto& node = shard_.view()->nodes[server_->key().node];
    const bool replica = node.role == model::Role::replica &&
                         shard_.view()->primary != server_->key().node && !shard_.view()->paused;
    if (on_primary() || replica) return true;
    held_while_linked_ = true;
    waiting_since_ = {};
    wait_in_hold();
    return false;
  }
  // Pipelining over the end of a batch: only where anything may run. Elsewhere
  // the next batch waits for this one's end, and is routed for itself.
  return on_primary() || (exchange.in_transaction() && server_->exchange.idle());
}

void ClientSession::forward() {
  Segments& out = shard_.worker().to_server();
  bool over = false;
  while (state_ == State::linked && !own_first_ && again_ == Again::no) {
    if (server_->blocked()) break;
    const std::string_view left = in_.view().substr(cursor_);
    if (left.empty()) break;
    if (pass_left_ > 0) {
      const std::size_t part = std::min<std::uint64_t>(pass_left_, left.size());
      out.add(left.substr(0, part));
      cursor_ += part;
      pass_left_ -= part;
      continue;
    }
    const auto header = wire::read_header(wire::as_bytes(left));
    if (header.is_malformed()) {
      ++shard_.traffic().protocol_errors;
      out.clear();
      return end("08P01", header.error());
    }
    if (!header) break;
    if (!batch_open_ && begins_batch(*header)) {
      if (!may_begin_batch()) {
        // Behind a COPY that the server ended early: its last data is gone now.
        over = server_ != nullptr && server_->clean() && pins_ == 0 && own_ == Own::none;
        break;
      }
      if (!first_message_) retained_ = false;  // more than one batch is under way
    }
    if (!forward_message(*header, left)) break;
    first_message_ = false;
  }
  if (state_ == State::ended || server_ == nullptr) return out.clear();
  server_->send(out);
  if (!retained_) forget_retained();
  if (over) return settle();
  arm();
}

void ClientSession::forget_retained() {
  retained_ = false;
  in_.consume(cursor_);
  cursor_ = 0;
  in_.release_if_empty();
}

// False: not all of it is here yet, or the session has ended.
bool ClientSession::forward_message(const wire::Header& header, std::string_view left) {
  const std::size_t total = header.total_bytes();
  const bool complete = left.size() >= total;
  const auto type = static_cast<Frontend>(header.type);
  auto& exchange = server_->exchange;
  switch (type) {
    case Frontend::copy_done:
    case Frontend::copy_fail:
      exchange.copy_ended();
      [[fallthrough]];
    case Frontend::copy_data:
      retained_ = false;
      pass_left_ = total;
      return true;
    case Frontend::bind:
      return forward_bind(header, left);
    case Frontend::function_call:
      exchange.expect_function_call();
      note_sent(nullptr);
      pass_left_ = total;
      return true;
    default:
      break;
  }
  if (!complete) {
    if (total <= message_bytes_max && left.size() < message_bytes_max) return false;
    if (type == Frontend::query) {
      // Larger than we read. What it did to the session is asked afterwards.
      exchange.expect_query(Audience::client, nullptr);
      note_sent(nullptr);
      needs_inspection_ = true;
      pass_left_ = total;
      return true;
    }
    if (type != Frontend::parse) {
      ++shard_.traffic().protocol_errors;
      end("08P01", "message is too long");
      return false;
    }
    // A statement larger than we read is left to this connection under the
    // client's own name, and the session with it.
    pins_ |= pin_prepare;
    exchange.expect_parse(Audience::client, nullptr);
    server_->unnamed = nullptr;
    unnamed_ = nullptr;
    note_sent(nullptr);
    batch_open_ = true;
    pass_left_ = total;
    return true;
  }
  const std::string_view whole = left.substr(0, total);
  switch (type) {
    case Frontend::query:
      return forward_query(header, whole);
    case Frontend::parse:
      return forward_parse(header, whole);
    case Frontend::describe:
      return forward_describe(whole);
    case Frontend::close:
      return forward_close(whole);
    case Frontend::execute:
      return forward_execute(whole);
    case Frontend::sync:
      if (!exchange.copy_in()) {
        exchange.expect_sync();
        batch_open_ = false;
      }
      pass(whole);
      return true;
    case Frontend::flush:
      pass(whole);
      if (exchange.has_due()) send_due();
      return true;
    case Frontend::terminate:
      close();
      return false;
    default:
      ++shard_.traffic().protocol_errors;
      end("08P01", "unexpected message type");
      return false;
  }
}

void ClientSession::pass(std::string_view whole) {
  shard_.worker().to_server().add(whole);
  cursor_ += whole.size();
}

void ClientSession::note_sent(const route::Analysis* analysis) {
  session::Traffic& traffic = shard_.traffic();
  session::NodeTraffic& node = traffic.nodes[server_->key().node];
  const bool read = analysis != nullptr && analysis->cls == route::StatementClass::read;
  ++traffic.queries;
  note_names(analysis);
  ++(read ? node.reads : node.writes);
  if (analysis == nullptr || analysis->cls == route::StatementClass::write) wrote_ = true;
}

// -- simple query ------------------------------------------------------------------------

bool ClientSession::forward_query(const wire::Header& header, std::string_view whole) {
  auto& exchange = server_->exchange;
  const auto sql = wire::decode_query(wire::as_bytes(body_of(whole)));
  if (!sql) {
    ++shard_.traffic().protocol_errors;
    end("08P01", "malformed Query message");
    return false;
  }
  // The plan's analysis points into the bytes where they lay; they may have moved.
  route::Analysis fresh;
  const bool planned = first_message_ && plan_.query && planned_at_ == in_.data();
  const bool token = planned ? plan_.token : route::asks_for_token_postgres(*sql, dialect_);
  if (!planned) {
    look_at_names();
    if (token) {
      fresh = session::postgres::token_analysis();
    } else {
      shard_.prepared_table().queries().analyze(*sql, dialect_, fresh);
    }
  }
  const route::Analysis& analysis = planned ? plan_.analysis : fresh;
  if (deallocate_here(analysis)) {
    exchange.answer_locally(Expected::local_deallocate);
    cursor_ += header.total_bytes();
    send_due();
    return true;
  }
  exchange.expect_query(Audience::client, &analysis);
  note_sent(&analysis);
  if (token) {
    Segments& out = shard_.worker().to_server();
    wire::Writer writer(out.text());
    wire::encode_query(writer, route::token_sql_postgres());
    out.own();
    cursor_ += whole.size();
    return true;
  }
  pass(whole);
  return true;
}

// DEALLOCATE of a statement that was prepared by the protocol: the server knows
// it by another name, and keeps it for others.
bool ClientSession::deallocate_here(const route::Analysis& analysis) {
  if (analysis.statements != 1 || analysis.effect_count != 1) return false;
  const route::Effect& effect = analysis.effects[0];
  if (effect.kind != route::EffectKind::sql_deallocate || effect.name.empty()) return false;
  const auto found = statements_.find(effect.name);
  if (found == statements_.end()) return false;
  statements_.erase(found);
  return true;
}

// Answers of our own that wait for nothing the server still has to say.
void ClientSession::send_due() {
  if (!server_->exchange.has_due()) return;
  retained_ = false;
  std::string out;
  server_->exchange.append_due(out);
  to_client(out);
}

}  // namespace relevo::net::postgres
