// A transaction of which no server knows yet (session/postgres/held_begin.hpp).
#include "proxy/net/postgres/client_session.hpp"
#include "proxy/wire/postgres/command.hpp"
#include "proxy/wire/postgres/frame.hpp"

namespace relevo::net::postgres {

namespace wire = relevo::wire::postgres;
using session::postgres::PlainControl;

// Of the planned batch, where it is a simple query; else "".
std::string_view ClientSession::planned_text() const {
  if (!plan_.query || !plan_.whole) return {};
  const auto body = in_.view().substr(0, plan_.bytes).substr(wire::limits::header_bytes);
  const auto text = wire::decode_query(wire::as_bytes(body));
  return text ? *text : std::string_view();
}

// True: the planned batch begins or ends a transaction here, and was answered.
bool ClientSession::answer_control() {
  const bool begins = plan_.begins_transaction && !begin_.held() && pins_ == 0;
  const bool ends = plan_.only_ends && begin_.held();
  if (!begins && !ends) return false;
  const std::string_view text = planned_text();
  const auto control = session::postgres::read_plain_control(text);
  if (!control || (control->kind == PlainControl::Kind::begin) != begins) return false;
  if (begins) {
    begin_.hold(text, *control);
  } else {
    begin_.clear();
  }
  Segments& out = shard_.worker().to_server();  // nothing is on its way there now
  out.clear();
  wire::Writer writer(out.text());
  wire::encode_command_complete(writer, control->tag);
  append_ready(out.text());
  out.own();
  in_.consume(plan_.bytes);
  to_client(out);
  out.clear();
  return true;
}

// With a connection in hand for the transaction's first batch. The batch waits for the
// answer: sent on behind a BEGIN that fails, it would run, and be committed, by itself.
void ClientSession::tell_begin() { begin_own_query(begin_.text(), Own::begin); }

// False: there is no transaction, and the batch has got its error.
bool ClientSession::begin_told() {
  if (server_->exchange.in_transaction()) {
    begin_.tell();
    return true;
  }
  const Error refused = std::exchange(own_error_, {});
  unlink();
  fail_batch(refused.code, refused.message);
  return false;
}

}  // namespace relevo::net::postgres
