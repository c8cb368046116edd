// Towards the server: the command, once the connection is as it has to be
// (client_state.cpp).
#include <algorithm>

#include "proxy/net/mysql/client_session.hpp"
#include "proxy/wire/mysql/commands.hpp"
#include "proxy/wire/mysql/statements.hpp"

namespace relevo::net::mysql {

namespace wire = relevo::wire::mysql;
namespace errors = wire::errors;
using session::mysql::Audience;
using session::mysql::CommandPlan;
using session::mysql::ExecutePlan;
using wire::Command;

void ClientSession::flush_to_server() { server_->send(shard_.worker().to_server()); }

// Does the next thing that the command in hand needs.
void ClientSession::go_on() {
  if (state_ != State::linked || !in_hand_ || sent_ || giving_back_ || killing_) return;
  if (own_first_ && !own_.empty()) return;
  if (!server_->ready()) return;  // its user is being changed
  if (!may_run_here()) return wait_in_hold();
  own_first_ = false;
  // What the plan points into may lie elsewhere, since more has come behind it.
  if (planned_at_ != in_.data()) plan_command();
  Segments& out = shard_.worker().to_server();
  out.clear();
  if (prepare_connection()) send_command();
  if (state_ == State::linked && server_ != nullptr) flush_to_server();
  if (!in_hand_) start_command();  // it had no answer to wait for
  arm();
}

// A pinned session's connection may be to a node that takes nothing new just now.
bool ClientSession::may_run_here() const {
  if (server_->exchange.in_transaction()) return true;
  const model::View& view = *shard_.view();
  if (view.paused) return false;
  const model::NodeId node = server_->key().node;
  if (view.primary == node) return view.gate == model::PrimaryGate::open;
  return view.nodes[node].role == model::Role::replica;
}

// -- the command ---------------------------------------------------------------------------

void ClientSession::command_sent(session::mysql::Meaning meaning, std::uint32_t client_statement) {
  sent_ = true;
  answer_done_ = false;
  const bool writes = meaning.cls == route::StatementClass::write;
  wrote_ = wrote_ || writes;
  session::NodeTraffic& traffic = shard_.traffic().nodes[server_->key().node];
  ++(writes ? traffic.writes : traffic.reads);
  server_->exchange.expect({.command = plan_.command,
                            .audience = Audience::client,
                            .meaning = std::move(meaning),
                            .client_statement = client_statement});
}

void ClientSession::send_command() {
  switch (plan_.way) {
    case CommandPlan::Way::prepare:
      return send_prepare();
    case CommandPlan::Way::execute:
    case CommandPlan::Way::long_data:
      return send_execute();
    default:
      break;
  }
  const route::Analysis* runs = plan_.runs();
  const bool query = plan_.command == Command::query;
  note_names(runs);
  note_takes(runs, plan_.text);
  command_sent(runs != nullptr ? session::mysql::meaning_of(*runs)
               : query         ? session::mysql::unread_meaning()
                               : session::mysql::Meaning{.cls = route::StatementClass::session});
  if (plan_.oversized) {
    passing_ = true;
    retained_ = false;
    return pass();
  }
  if (plan_.begins_transaction) note_begin(plan_.text);
  Segments& out = shard_.worker().to_server();
  if (plan_.token) {
    wire::Writer writer(out.text());
    wire::encode_query(writer, plan_.text, server_->capabilities());
    return out.own();
  }
  if (counted_text_.empty()) return out.add(in_.view().substr(0, plan_.bytes));
  // What stands ahead of the text, query attributes perhaps, stays as it is.
  const char* const payload = in_.data() + wire::limits::header_bytes;
  const std::string_view head(payload, static_cast<std::size_t>(plan_.text.data() - payload));
  const auto body = static_cast<std::uint32_t>(head.size() + counted_text_.size());
  out.add_copy(wire::as_text(wire::packet_header_bytes(body, 0)));
  out.add(head);
  out.add_copy(counted_text_);
}

void ClientSession::send_prepare() {
  session::mysql::StateTable& table = shard_.state_table();
  const auto context = session::mysql::prepare_context(table, session_->state());
  session::mysql::ClientStatement made;
  made.statement = shard_.prepared_table().intern(plan_.text, context, session_->dialect());
  const auto number = statements_.add(std::move(made));
  if (!number) {
    refuse_command(errors::too_many_prepared_statements,
                   "Can't create more prepared statements in this session");
    return settle();
  }
  prepared_number_ = *number;
  command_sent(session::mysql::Meaning{.cls = route::StatementClass::session}, *number);
  Segments& out = shard_.worker().to_server();
  if (plan_.token) {
    wire::Writer writer(out.text());
    wire::encode_prepare(writer, plan_.text);
    return out.own();
  }
  out.add(in_.view().substr(0, plan_.bytes));
}

void ClientSession::send_execute() {
  session::mysql::ClientStatement& statement = *plan_.prepared;
  session::mysql::ServerStatement& server = *server_->statements.find(prepared_in_hand().id);
  const bool executes =
      plan_.command == Command::stmt_execute || plan_.command == Command::stmt_bulk_execute;
  if (!executes) return send_numbered(server.number);
  const std::string_view bytes = in_.view();
  const auto header = wire::read_packet_header(wire::as_bytes(bytes));
  const std::size_t here =
      std::min<std::size_t>(header->body_bytes, bytes.size() - wire::limits::header_bytes);
  const auto payload = wire::as_bytes(bytes.substr(wire::limits::header_bytes, here));
  ExecutePlan execute =
      session::mysql::plan_execute(payload, header->body_bytes, capabilities_, statement, server);
  switch (execute.status) {
    case ExecutePlan::Status::malformed:
      ++shard_.traffic().protocol_errors;
      return end(errors::malformed_protocol, "malformed COM_STMT_EXECUTE");
    case ExecutePlan::Status::no_types:
      refuse_command({1210, "HY000"}, "Incorrect arguments to mysqld_stmt_execute");
      return settle();
    case ExecutePlan::Status::ready:
      break;
  }
  note_names(plan_.runs());
  note_takes(plan_.runs(), plan_.prepared->statement->text);
  command_sent(session::mysql::meaning_of(*plan_.runs()));
  Segments& out = shard_.worker().to_server();
  if (plan_.oversized) {
    retained_ = false;
    passing_ = true;
    repacket_.emplace(std::move(execute.head), execute.head_bytes);
    return pass();
  }
  const std::size_t body = header->body_bytes - execute.head_bytes + execute.head.size();
  if (body >= wire::limits::packet_bytes) {
    return end(errors::packet_too_large, "Got a packet bigger than 'max_allowed_packet' bytes");
  }
  out.add_copy(
      wire::as_text(wire::packet_header_bytes(static_cast<std::uint32_t>(body), header->sequence)));
  out.add_copy(execute.head);
  out.add(bytes.substr(wire::limits::header_bytes + execute.head_bytes,
                       header->body_bytes - execute.head_bytes));
}

// COM_STMT_FETCH, _RESET, _SEND_LONG_DATA: alike but for the number.
void ClientSession::send_numbered(std::uint32_t server_number) {
  const bool long_data = plan_.way == CommandPlan::Way::long_data;
  constexpr std::size_t head_bytes = 1 + wire::statement_id_bytes;
  const std::string_view bytes = in_.view();
  const std::string head = session::mysql::with_statement_number(
      bytes.substr(wire::limits::header_bytes, head_bytes), server_number);
  if (long_data) {
    plan_.prepared->long_data = true;
    session_->pins().add(session::mysql::Pin::long_data);
  } else {
    command_sent(session::mysql::Meaning{.cls = route::StatementClass::session});
  }
  sent_ = true;
  if (plan_.oversized) {
    retained_ = false;
    passing_ = true;
    repacket_.emplace(head, head_bytes);
    return pass();
  }
  Segments& out = shard_.worker().to_server();
  out.add(bytes.substr(0, wire::limits::header_bytes));
  out.add_copy(head);
  out.add(bytes.substr(wire::limits::header_bytes + head_bytes,
                       plan_.bytes - wire::limits::header_bytes - head_bytes));
  if (!long_data) return;
  flush_to_server();
  command_over();  // no answer comes to this one
}

// -- what is larger than the buffer ------------------------------------------------------------

// Bytes of an oversized command go on as they come, packet by packet.
void ClientSession::pass() {
  Segments& out = shard_.worker().to_server();
  while (passing_ && !server_->blocked()) {
    const std::string_view left = in_.view();
    if (packet_left_ == 0) {
      const auto header = wire::read_packet_header(wire::as_bytes(left));
      if (!header) break;
      packet_left_ = header->body_bytes;
      packet_continues_ = header->continues();
      if (repacket_) {
        repacket_->on_packet(header->body_bytes, out.text());
        out.own();
      } else {
        out.add(left.substr(0, wire::limits::header_bytes));
      }
      pass_bytes(wire::limits::header_bytes);
      if (packet_left_ > 0) continue;
    }
    const std::size_t part = std::min<std::size_t>(packet_left_, in_.size());
    if (part == 0 && packet_left_ > 0) break;
    const std::string_view bytes = in_.view().substr(0, part);
    if (repacket_) {
      repacket_->on_bytes(bytes, out.text());
      out.own();
    } else {
      out.add(bytes);
    }
    packet_left_ -= static_cast<std::uint32_t>(part);
    pass_bytes(part);
    if (packet_left_ == 0 && !packet_continues_) {
      passing_ = false;
      repacket_.reset();
    }
  }
  if (!passing_ && plan_.way == CommandPlan::Way::long_data) command_over();
}

// Sends what is gathered and takes `bytes` off the buffer, where they lay.
void ClientSession::pass_bytes(std::size_t bytes) {
  flush_to_server();
  in_.consume(bytes);
}

void ClientSession::forward() {
  if (state_ != State::linked || server_ == nullptr) return;
  if (passing_) {
    pass();
    if (!in_hand_) start_command();
    return arm();
  }
  if (server_->exchange.wants_client_data()) {
    forward_file();
    return arm();
  }
  if (!in_hand_) start_command();
  if (in_hand_ && !sent_) go_on();
  arm();
}

// LOAD DATA LOCAL: the client's packets up to the empty one.
void ClientSession::forward_file() {
  Segments& out = shard_.worker().to_server();
  out.clear();
  while (server_ != nullptr && !server_->blocked() &&
         (file_left_ > 0 || server_->exchange.wants_client_data())) {
    if (file_left_ > 0) {
      const std::size_t part = std::min<std::size_t>(file_left_, in_.size());
      if (part == 0) break;
      out.add(in_.view().substr(0, part));
      file_left_ -= static_cast<std::uint32_t>(part);
      pass_bytes(part);
      continue;
    }
    const auto read = wire::read_packet_header(wire::as_bytes(in_.view()));
    if (!read) break;
    wire::PacketHeader header = *read;
    // Clients that compress count compressed packets, and these as it comes.
    if (compressed_ != nullptr) header.sequence = server_->exchange.next_sequence();
    const std::uint8_t sequence = server_->exchange.on_client_data(header);
    out.add_copy(wire::as_text(wire::packet_header_bytes(header.body_bytes, sequence)));
    file_left_ = header.body_bytes;
    pass_bytes(wire::limits::header_bytes);
  }
}

}  // namespace relevo::net::mysql
