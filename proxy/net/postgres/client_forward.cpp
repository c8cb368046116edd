// Towards the server: names of prepared statements are rewritten, what the
// server connection lacks is prepared on the way, everything else passes.
#include "proxy/net/postgres/client_session.hpp"
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

constexpr std::size_t message_bytes_max = 256 * 1024;   // larger ones pass through unread
constexpr std::size_t statement_bytes_max = 64U << 20;  // of one session's prepared statements
constexpr std::size_t portals_max = 1000;

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
  if (!planned) fresh = route::analyze_postgres(*sql, dialect_);
  const route::Analysis& analysis = planned ? plan_.analysis : fresh;
  if (deallocate_here(analysis)) {
    exchange.answer_locally(Expected::local_deallocate);
    cursor_ += header.total_bytes();
    send_due();
    return true;
  }
  exchange.expect_query(Audience::client, &analysis);
  note_sent(&analysis);
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

// -- extended query ------------------------------------------------------------------------

void ClientSession::prepare(const Prepared& statement, Audience audience) {
  auto& exchange = server_->exchange;
  Segments& out = shard_.worker().to_server();
  const std::uint64_t evicted = server_->statements.add(statement->id);
  if (evicted != 0) {
    wire::Writer writer(out.text());
    wire::encode_close(writer, wire::Target::statement,
                       session::postgres::server_statement_name(evicted));
    exchange.expect_close(Audience::proxy, evicted);
  }
  statement->append_parse(out.text(), statement->server_name);
  out.own();
  exchange.expect_parse(audience, statement);
}

// The unnamed statement is the session's, and the connection may have another's.
void ClientSession::prepare_unnamed() {
  if (unnamed_ == nullptr || server_->unnamed == unnamed_) return;
  Segments& out = shard_.worker().to_server();
  unnamed_->append_parse(out.text(), "");
  out.own();
  server_->exchange.expect_parse(Audience::proxy, nullptr);
  server_->unnamed = unnamed_;
}

bool ClientSession::forward_parse(const wire::Header& header, std::string_view whole) {
  const auto body = wire::as_bytes(body_of(whole));
  const auto parse = wire::decode_parse(body);
  const auto head = wire::decode_parse_head(body, header.body_bytes);
  if (!parse || !head) {
    ++shard_.traffic().protocol_errors;
    end("08P01", "malformed Parse message");
    return false;
  }
  batch_open_ = true;
  const auto types = body_of(whole).substr(head->rest_at + parse->query.size() + 1);
  const Prepared statement = shard_.prepared_table().intern(parse->query, types, dialect_);
  if (parse->statement.empty()) {
    unnamed_ = statement;
    server_->unnamed = statement;
    server_->exchange.expect_parse(Audience::client, nullptr);
    pass(whole);
    return true;
  }
  const auto known = statements_.find(parse->statement);
  if (known != statements_.end()) {
    // The name is taken. The server says so best, about the name that it knows.
    if (!server_->statements.has(known->second->id)) prepare(known->second, Audience::proxy);
    Segments& out = shard_.worker().to_server();
    statement->append_parse(out.text(), known->second->server_name);
    out.own();
    server_->exchange.expect_parse(Audience::client, nullptr);
    cursor_ += whole.size();
    return true;
  }
  statement_bytes_ += parse->query.size() + parse->statement.size();
  if (statement_bytes_ > statement_bytes_max) {
    statement_bytes_ = 0;
    for (const auto& [name, held] : statements_)
      statement_bytes_ += held->text.size() + name.size();
    if (statement_bytes_ > statement_bytes_max) {
      end("53200", "the session's prepared statements take more than 64 MiB");
      return false;
    }
  }
  statements_.emplace(std::string(parse->statement), statement);
  parsed_in_batch_.emplace_back(parse->statement);
  if (server_->statements.has(statement->id)) {
    server_->exchange.answer_locally(Expected::local_parse_complete);
  } else {
    prepare(statement, Audience::client);
  }
  cursor_ += whole.size();
  return true;
}

bool ClientSession::forward_bind(const wire::Header& header, std::string_view left) {
  const auto body = wire::as_bytes(body_of(left));
  const auto bind = wire::decode_bind_head(
      body.first(std::min<std::size_t>(body.size(), header.body_bytes)), header.body_bytes);
  if (bind.needs_more() && left.size() < message_bytes_max) return false;
  if (!bind) {
    ++shard_.traffic().protocol_errors;
    end("08P01", "malformed Bind message");
    return false;
  }
  batch_open_ = true;
  Prepared statement;
  if (bind->statement.empty()) {
    prepare_unnamed();
    statement = unnamed_;
  } else if (const auto found = statements_.find(bind->statement); found != statements_.end()) {
    statement = found->second;
    if (!server_->statements.has(statement->id)) prepare(statement, Audience::proxy);
  }
  if (bind->portal.empty()) {
    unnamed_portal_ = statement;
  } else if (portals_.size() < portals_max) {
    portals_.insert_or_assign(std::string(bind->portal), statement);
  }
  server_->exchange.expect_bind();
  if (statement == nullptr || bind->statement.empty()) {
    // As it stands: unnamed, or a name of which the server will say that it is unknown.
    pass_left_ = header.total_bytes();
    return true;
  }
  const auto rest_bytes = static_cast<std::uint32_t>(header.body_bytes - bind->rest_at);
  Segments& out = shard_.worker().to_server();
  wire::Writer writer(out.text());
  wire::encode_bind_head(writer, bind->portal, statement->server_name, rest_bytes);
  out.own();
  cursor_ += wire::limits::header_bytes + bind->rest_at;
  pass_left_ = rest_bytes;
  return true;
}

bool ClientSession::forward_describe(std::string_view whole) {
  const auto describe = wire::decode_describe_or_close(wire::as_bytes(body_of(whole)));
  if (!describe) {
    ++shard_.traffic().protocol_errors;
    end("08P01", "malformed Describe message");
    return false;
  }
  batch_open_ = true;
  auto& exchange = server_->exchange;
  if (describe->target == wire::Target::statement) {
    if (describe->name.empty()) {
      prepare_unnamed();
    } else if (const auto found = statements_.find(describe->name); found != statements_.end()) {
      if (!server_->statements.has(found->second->id)) prepare(found->second, Audience::proxy);
      Segments& out = shard_.worker().to_server();
      wire::Writer writer(out.text());
      wire::encode_describe(writer, wire::Target::statement, found->second->server_name);
      out.own();
      exchange.expect_describe();
      cursor_ += whole.size();
      return true;
    }
  }
  exchange.expect_describe();
  pass(whole);
  return true;
}

bool ClientSession::forward_close(std::string_view whole) {
  const auto target = wire::decode_describe_or_close(wire::as_bytes(body_of(whole)));
  if (!target) {
    ++shard_.traffic().protocol_errors;
    end("08P01", "malformed Close message");
    return false;
  }
  batch_open_ = true;
  if (target->target == wire::Target::portal) {
    if (const auto found = portals_.find(target->name); found != portals_.end())
      portals_.erase(found);
    server_->exchange.expect_close(Audience::client);
    pass(whole);
    return true;
  }
  // The connection keeps the statement, for whoever prepares the same text.
  if (const auto found = statements_.find(target->name); found != statements_.end()) {
    statements_.erase(found);
  }
  if (target->name.empty()) unnamed_ = nullptr;
  server_->exchange.answer_locally(Expected::local_close_complete);
  cursor_ += whole.size();
  return true;
}

bool ClientSession::forward_execute(std::string_view whole) {
  const auto execute = wire::decode_execute(wire::as_bytes(body_of(whole)));
  if (!execute) {
    ++shard_.traffic().protocol_errors;
    end("08P01", "malformed Execute message");
    return false;
  }
  batch_open_ = true;
  Prepared statement;
  if (execute->portal.empty()) {
    statement = unnamed_portal_;
  } else if (const auto found = portals_.find(execute->portal); found != portals_.end()) {
    statement = found->second;
  }
  const route::Analysis* analysis = statement != nullptr ? &statement->analysis : nullptr;
  server_->exchange.expect_execute(analysis);
  note_sent(analysis);
  pass(whole);
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
