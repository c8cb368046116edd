// From the server: answers go to the client, what they did to the session is
// noted, and at the end of the work the connection is given back.
#include <algorithm>
#include <array>

#include "proxy/net/postgres/client_session.hpp"
#include "proxy/route/shape.hpp"
#include "proxy/wire/postgres/command.hpp"
#include "proxy/wire/postgres/frame.hpp"
#include "proxy/wire/postgres/reader.hpp"

namespace relevo::net::postgres {

namespace wire = relevo::wire::postgres;
using route::EffectKind;
using session::postgres::Audience;
using session::postgres::OwnedEffect;
using session::postgres::SettingsMap;
using session::postgres::SettingValue;

namespace {

constexpr int repeats_max = 3;

}  // namespace

// -- Borrower ------------------------------------------------------------------------------

void ClientSession::on_answer(Segments& bytes) {
  if (again_ != Again::no) return;  // the rest of an answer that is taken back
  if (retained_) forget_retained();
  begin_.clear();
  tell_catalog_change_early();
  to_client(bytes);
}

Borrower::OnError ClientSession::on_error(const wire::Report& report) {
  if (own_ != Own::none && server_->exchange.answers_proxy()) {
    own_error_ = {std::string(report.sqlstate), std::string(report.message)};
    return OnError::forward;
  }
  if (again_ != Again::no) return OnError::forward;
  const bool stale =
      report.sqlstate == "0A000" && report.message == "cached plan must not change result type";
  stale_plan_ = stale_plan_ || stale;
  const auto& exchange = server_->exchange;
  const bool repeatable = retained_ && repeats_ < repeats_max && !exchange.committed();
  const bool begun = exchange.in_transaction();
  if (!repeatable || (begun && !begin_.told())) return OnError::forward;
  if (stale && !begun) {
    again_ = Again::after_deallocate;
    return OnError::swallow;
  }
  const bool on_replica = shard_.view()->primary != server_->key().node;
  // Struck down by replay: another node need not have the same conflict, and the primary
  // has none.
  if (on_replica && (report.sqlstate == "40001" || report.sqlstate == "40P01")) {
    ++shard_.traffic().replica_conflicts;
    again_ = repeats_ + 1 < repeats_max ? Again::elsewhere : Again::on_primary;
    return OnError::swallow;
  }
  // Refused because it writes: the primary will do it.
  const bool refused =
      report.sqlstate == "25006" ||
      (report.sqlstate == "55000" && report.message.find("recovery") != std::string_view::npos) ||
      (report.sqlstate == "0A000" && report.message.find("hot standby") != std::string_view::npos);
  if (on_replica && refused && !begun) {
    note_refused();
    again_ = Again::on_primary;
    return OnError::swallow;
  }
  if (on_primary() && report.sqlstate == "25006" && plan_.demand.need != route::Need::read) {
    // It was the primary and isn't any more: the next View will say who is.
    shard_.cluster().ports.signal(server_->key().node, model::TrafficSignal::role_refused);
  }
  return OnError::forward;
}

// What was refused is remembered by its shape, where there is one statement that it
// can have been.
void ClientSession::note_refused() {
  std::string_view text;
  route::Dialect dialect = dialect_;
  if (plan_.query) {
    text = planned_text();
  } else if (executed_ != nullptr && !several_executed_) {
    text = executed_->text;
    dialect = executed_->dialect;
  }
  const std::uint64_t shape = text.empty() ? 0 : route::shape_of_postgres(text, dialect);
  shard_.note_refused(server_->key().node, shape, route::shape_text_postgres(text, dialect));
}

void ClientSession::on_parameter(std::string_view name, std::string_view value) {
  parameter_changed_ = true;
  note_dialect(name, value);
  if (name == "application_name") application_name_ = std::string(value);
}

void ClientSession::on_unprepared(std::uint64_t id) {
  // A name of an earlier batch stays: its statement is prepared again when used.
  for (const std::string& name : parsed_in_batch_) {
    const auto found = statements_.find(name);
    if (found != statements_.end() && found->second->id == id) statements_.erase(found);
  }
}

void ClientSession::note_dialect(std::string_view name, std::string_view value) {
  if (name == "standard_conforming_strings") {
    dialect_.standard_conforming_strings = value == "on";
  } else if (name == "client_encoding") {
    client_utf8_ = value == "UTF8";
    // Encodings in which a byte below 0x80 may be the second half of a character.
    static constexpr std::array multibyte = {"SJIS", "BIG5",  "GBK",           "GB18030",
                                             "UHC",  "JOHAB", "SHIFT_JIS_2004"};
    dialect_.ascii_in_multibyte = std::any_of(multibyte.begin(), multibyte.end(),
                                              [&](const char* one) { return value == one; });
  }
}

void ClientSession::on_ready(const session::postgres::Verdict& verdict) {
  if (verdict.for_proxy) {
    own_done_ = true;
    // Nobody else gets this connection. A BEGIN that failed has done nothing.
    if (verdict.failed && own_ != Own::begin) stale_plan_ = true;
    return;
  }
  if (wrote_ && again_ == Again::no) {
    last_write_ = std::chrono::steady_clock::now();
    wrote_ = server_->exchange.in_transaction();
  }
  auto& exchange = server_->exchange;
  if (again_ == Again::no) let_names_go();
  ends_transaction_ = false;
  if (exchange.in_transaction()) return;
  ++shard_.traffic().transactions;
  parsed_in_batch_.clear();
  tell_catalog_change();
  if (exchange.effects().has_committed()) {
    apply(exchange.effects().take_committed());
  } else if (parameter_changed_) {
    needs_inspection_ = true;  // something that the text didn't tell
  }
  parameter_changed_ = false;
  if (exchange.effects().take_unclear()) needs_inspection_ = true;
}

void ClientSession::on_read_done() {
  if (server_ == nullptr) return;
  if (std::exchange(own_done_, false)) {
    const Own done = std::exchange(own_, Own::none);
    own_first_ = false;
    if (stale_plan_) {
      drop_server();
      return end(own_error_.code,
                 (done == Own::settings ? "the session's settings cannot be put in force: "
                                        : "the session's state cannot be read back: ") +
                     own_error_.message);
    }
    if (done == Own::inspection) finish_inspection();
    if (done == Own::settings && begin_.held()) tell_begin();
    if (done == Own::begin && !begin_told()) return;
  }
  settle();
}

void ClientSession::on_server_writable() { forward(); }

// -- the end of a batch ----------------------------------------------------------------------

void ClientSession::settle() {
  if (server_ == nullptr || state_ == State::ended) return;
  auto& exchange = server_->exchange;
  const bool done =
      server_->clean() && own_ == Own::none && !batch_open_ && pass_left_ == 0 && !first_message_;
  if (welcoming_ && server_->clean() && own_ == Own::none) {
    const auto parameters =
        std::make_shared<const session::postgres::ParameterMap>(server_->parameters);
    shard_.memory().set_welcome(user_, database_, *settings_, parameters);
    unlink();
    state_ = State::welcoming;
    return finish_welcome(*parameters);
  }
  if (again_ != Again::no && exchange.idle()) return run_again();
  if (!done) return forward();
  portals_.clear();
  unnamed_portal_ = nullptr;
  if (needs_inspection_) return inspect();
  forget_retained();
  if (pins_ != 0) {
    if (ending_) return end("57P01", "Relevo is shutting down");
    shard_.note_primary_idle();
    return forward();
  }
  unlink();
  if (ending_) return end("57P01", "Relevo is shutting down");
  start_batch();
  arm();
}

void ClientSession::unlink() {
  state_ = State::idle;
  drop_server();
  stale_plan_ = false;
}

// What was sent is taken back: nothing of its answer has reached the client.
void ClientSession::run_again() {
  const Again how = std::exchange(again_, Again::no);
  ++shard_.traffic().replays;
  ++repeats_;
  for (const std::string& name : parsed_in_batch_) statements_.erase(name);
  parsed_in_batch_.clear();
  cursor_ = 0;
  pass_left_ = 0;
  batch_open_ = false;
  wrote_ = false;
  needs_inspection_ = false;
  if (how == Again::after_deallocate) {
    // Every plan of this connection may be as stale.
    server_->statements.clear();
    server_->unnamed = nullptr;
    stale_plan_ = false;
    first_message_ = true;
    retained_ = true;
    begin_own_query("DEALLOCATE ALL", Own::settings);
    return;
  }
  if (how == Again::elsewhere) {
    failed_on_ |= mask_of(server_->key().node);
  } else {
    primary_only_ = true;
  }
  if (begin_.told()) begin_.hold_again();
  unlink();
  route_batch();
}

}  // namespace relevo::net::postgres
