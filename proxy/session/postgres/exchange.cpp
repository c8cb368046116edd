#include "proxy/session/postgres/exchange.hpp"

#include "proxy/wire/postgres/writer.hpp"

namespace relevo::session::postgres {

namespace wire = relevo::wire::postgres;
using wire::Backend;
using wire::Bytes;

namespace {

// What a rollback doesn't take back.
bool survives_rollback(route::EffectKind kind) {
  switch (kind) {
    case route::EffectKind::advisory_lock:
    case route::EffectKind::advisory_unlock_all:
    case route::EffectKind::sql_prepare:
    case route::EffectKind::sql_deallocate:
    case route::EffectKind::load:
    case route::EffectKind::unknown:  // any of these, perhaps
      return true;
    default:
      return false;
  }
}

void append(Effects& to, Effects& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  from.clear();
}

void append_empty(std::string& out, Backend type) {
  wire::Writer writer(out);
  writer.begin(type);
  writer.end();
}

bool may_end_transaction(const route::Analysis* analysis) {
  using route::TransactionControl;
  if (analysis == nullptr) return true;
  switch (analysis->transaction) {
    case TransactionControl::commit:
    case TransactionControl::rollback:
    case TransactionControl::two_phase:
      return true;
    default:
      return analysis->controls_transaction && analysis->statements > 1;
  }
}

bool is_local(Expected kind) { return kind >= Expected::local_parse_complete; }

bool ends_with_ready(Expected kind) {
  return kind == Expected::query || kind == Expected::function_call || kind == Expected::sync;
}

}  // namespace

std::unique_ptr<Effects> own_effects(const route::Analysis& analysis) {
  if (analysis.effect_count == 0 && !analysis.effects_overflow) return nullptr;
  auto owned = std::make_unique<Effects>();
  for (std::size_t i = 0; i < analysis.effect_count; ++i) {
    const route::Effect& effect = analysis.effects[i];
    if (effect.kind == route::EffectKind::set_local) continue;  // ends with its transaction
    owned->push_back({effect.kind, std::string(effect.name), std::string(effect.value)});
  }
  if (analysis.effects_overflow) owned->push_back({route::EffectKind::unknown, {}, {}});
  return owned;
}

// -- what was sent -------------------------------------------------------------

void Exchange::push(Expectation expectation) {
  if (skipping_) {  // the server will not even look at it
    note_skipped(expectation);
    return;
  }
  pending_.push_back(std::move(expectation));
}

void Exchange::pop() {
  pending_[head_] = {};
  if (++head_ == pending_.size()) {
    pending_.clear();
    head_ = 0;
  } else if (head_ >= 64 && head_ * 2 > pending_.size()) {
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }
}

bool Exchange::outcome_matters(const route::Analysis& analysis) const {
  using route::TransactionControl;
  switch (analysis.transaction) {
    case TransactionControl::commit:
    case TransactionControl::two_phase:
      return true;
    case TransactionControl::begin:
    case TransactionControl::begin_read_only:
    case TransactionControl::rollback:
    case TransactionControl::savepoint:
    case TransactionControl::rollback_to_savepoint:
      return false;
    case TransactionControl::none:
      break;
  }
  if (analysis.controls_transaction) return true;
  return may_commit_by_itself() && analysis.cls == route::StatementClass::write;
}

void Exchange::expect_query(Audience audience, const route::Analysis* analysis) {
  Expectation expectation{.kind = Expected::query, .audience = audience};
  if (audience == Audience::client) {
    if (analysis == nullptr) {  // too large to be read
      expectation.outcome_matters = true;
      expectation.mixed = true;
      expectation.effects = std::make_unique<Effects>();
    } else {
      expectation.outcome_matters = outcome_matters(*analysis);
      expectation.mixed = analysis->controls_transaction && analysis->statements > 1;
      expectation.effects = own_effects(*analysis);
    }
    end_sent_ = end_sent_ || may_end_transaction(analysis);
  }
  push(std::move(expectation));
}

void Exchange::expect_function_call() {
  push({.kind = Expected::function_call, .outcome_matters = may_commit_by_itself()});
}

void Exchange::expect_parse(Audience audience, Prepared statement) {
  push({.kind = Expected::parse, .audience = audience, .statement = std::move(statement)});
}

void Exchange::expect_execute(const route::Analysis* analysis) {
  Expectation expectation{.kind = Expected::execute};
  if (analysis != nullptr) {
    expectation.outcome_matters = outcome_matters(*analysis);
    expectation.effects = own_effects(*analysis);
  } else {
    expectation.outcome_matters = true;
  }
  if (!skipping_) {
    batch_matters_ = batch_matters_ || expectation.outcome_matters;
    end_sent_ = end_sent_ || may_end_transaction(analysis);
  }
  push(std::move(expectation));
}

void Exchange::expect_sync() {
  skipping_ = false;
  // Outside of a transaction block the work commits at the Sync.
  push({.kind = Expected::sync, .outcome_matters = std::exchange(batch_matters_, false)});
}

void Exchange::copy_ended() {
  if (!copy_in_ && !idle()) ++pending_.back().copy_ends;  // for a COPY yet to be answered
  copy_in_ = false;
}

// -- what came back --------------------------------------------------------------

bool Exchange::expects_result() const {
  return expects(Expected::query) || expects(Expected::execute);
}

Verdict Exchange::complete(Expected kind) {
  if (!expects(kind)) return {.violation = true};
  const bool forward = front().audience == Audience::client;
  pop();
  return {.forward = forward};
}

Verdict Exchange::result(bool ends_execute) {
  if (!expects_result()) return {.violation = true};
  const bool forward = front().audience == Audience::client;
  if (ends_execute && expects(Expected::execute)) {
    // A suspended portal's statement has run, too, if not to its end.
    if (front().effects != nullptr) append(batch_effects_, *front().effects);
    pop();
  }
  return {.forward = forward};
}

Verdict Exchange::on_data() {
  if (!expects_result()) return {.violation = true};
  return {.forward = front().audience == Audience::client};
}

Verdict Exchange::on_message(Backend type, Bytes body) {
  switch (type) {
    case Backend::parse_complete:
      return complete(Expected::parse);
    case Backend::bind_complete:
      return complete(Expected::bind);
    case Backend::close_complete:
      return complete(Expected::close);
    case Backend::no_data:
      return complete(Expected::describe);
    case Backend::parameter_description:
      return expects(Expected::describe) ? Verdict{.forward = true} : Verdict{.violation = true};
    case Backend::row_description:  // Execute sends none
      return expects(Expected::query) ? result(false) : complete(Expected::describe);
    case Backend::data_row:
    case Backend::copy_data:
      return on_data();
    case Backend::copy_out_response:
    case Backend::copy_done:
      return result(false);
    case Backend::empty_query_response:
      return result(true);
    case Backend::portal_suspended:
      return expects(Expected::execute) ? result(true) : Verdict{.violation = true};
    case Backend::command_complete:
      return on_command_complete(body);
    case Backend::copy_in_response:
      return on_copy_in();
    case Backend::function_call_response:
      return expects(Expected::function_call) ? Verdict{.forward = true}
                                              : Verdict{.violation = true};
    case Backend::error_response:
      return on_error();
    case Backend::ready_for_query:
      return on_ready(body);
    case Backend::notice_response:
    case Backend::parameter_status:
      return {.forward = idle() || front().audience == Audience::client};
    case Backend::notification_response:
      return {.forward = true};
    default:
      return {.violation = true};
  }
}

Verdict Exchange::on_command_complete(Bytes body) {
  if (!expects_result()) return {.violation = true};
  const bool forward = front().audience == Audience::client;
  const std::string_view tag = wire::as_text(body);
  if (tag.starts_with("COMMIT") || tag.starts_with("PREPARE TRANSACTION")) {
    append(committed_, transaction_effects_);
    append(committed_, batch_effects_);
  } else if (tag.starts_with("ROLLBACK")) {
    // Of the whole transaction or to a savepoint: the tag doesn't tell.
    unclear_ = unclear_ || !transaction_effects_.empty() || !batch_effects_.empty();
  }
  if (expects(Expected::execute)) {
    if (front().effects != nullptr) append(batch_effects_, *front().effects);
    pop();
  }
  return {.forward = forward};
}

// Whether the client has already sent the end of the data that the server now asks for.
bool Exchange::take_copy_end(Expectation& sent_before_it) {
  if (sent_before_it.copy_ends == 0) return false;
  --sent_before_it.copy_ends;
  return true;
}

Verdict Exchange::on_copy_in() {
  if (!expects_result()) return {.violation = true};
  copy_in_ = !take_copy_end(front());
  // While it copies in, the server ignores Sync: those that were sent on behind
  // the COPY and ahead of its data's end are never answered.
  std::size_t at = head_ + 1;
  while (copy_in_ && at < pending_.size()) {
    Expectation& behind = pending_[at];
    const bool sync = behind.kind == Expected::sync;
    if (!sync && !is_local(behind.kind)) break;  // the server will call it an error
    copy_in_ = !take_copy_end(behind);
    if (!sync) {
      ++at;
      continue;
    }
    batch_matters_ = batch_matters_ || behind.outcome_matters;
    pending_[at - 1].copy_ends += behind.copy_ends;
    pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(at));
  }
  return {.forward = front().audience == Audience::client};
}

Verdict Exchange::on_error() {
  failed_ = true;
  copy_in_ = false;
  if (idle()) return {.forward = true, .failed = true};
  const Expectation& at = front();
  if (at.kind == Expected::query || at.kind == Expected::function_call) {
    const bool proxy = at.audience == Audience::proxy;
    return {.forward = !proxy, .failed = true, .for_proxy = proxy};
  }
  const bool proxy = at.audience == Audience::proxy;
  note_failed(at.effects.get());
  // The server skips to the next Sync; nothing before that is answered.
  while (!idle() && front().kind != Expected::sync) {
    note_skipped(front());
    pop();
  }
  if (idle()) {
    skipping_ = true;
    batch_matters_ = false;
  }
  return {.forward = true, .failed = true, .for_proxy = proxy};
}

Verdict Exchange::on_ready(Bytes body) {
  if (idle() || !ends_with_ready(front().kind) || body.size() != 1) return {.violation = true};
  switch (const auto status = static_cast<TransactionStatus>(body[0])) {
    case TransactionStatus::idle:
    case TransactionStatus::in_transaction:
    case TransactionStatus::failed:
      status_ = status;
      break;
    default:
      return {.violation = true};
  }
  copy_in_ = false;
  Expectation& done = front();
  if (done.effects != nullptr) {
    if (done.mixed) {
      unclear_ = true;
    } else if (!failed_) {
      append(batch_effects_, *done.effects);
    } else {
      note_failed(done.effects.get());
    }
  }
  const bool forward = done.audience == Audience::client;
  pop();
  if (idle()) end_sent_ = false;
  settle_effects();
  return {.forward = forward,
          .ready = true,
          .failed = std::exchange(failed_, false),
          .for_proxy = !forward};
}

void Exchange::note_skipped(const Expectation& skipped) {
  if (skipped.statement != nullptr) unprepared_.push_back(skipped.statement->id);
  if (skipped.closes != 0) unclosed_.push_back(skipped.closes);
}

// It failed, which doesn't say how far it came before that.
void Exchange::note_failed(const Effects* effects) {
  if (effects == nullptr) return;
  for (const OwnedEffect& effect : *effects) {
    unclear_ = unclear_ || survives_rollback(effect.kind);
  }
}

void Exchange::settle_effects() {
  if (batch_effects_.empty() && transaction_effects_.empty()) return;
  for (OwnedEffect& effect : batch_effects_) {
    if (survives_rollback(effect.kind)) committed_.push_back(std::move(effect));
  }
  std::erase_if(batch_effects_, [](const OwnedEffect& e) { return survives_rollback(e.kind); });
  switch (status_) {
    case TransactionStatus::idle:
      if (!failed_) append(committed_, batch_effects_);
      batch_effects_.clear();
      transaction_effects_.clear();
      break;
    case TransactionStatus::in_transaction:
      append(transaction_effects_, batch_effects_);
      break;
    case TransactionStatus::failed:
      batch_effects_.clear();
      break;
  }
}

// -- answers of our own ------------------------------------------------------------

bool Exchange::has_due() const { return !idle() && is_local(pending_[head_].kind); }

void Exchange::append_due(std::string& out) {
  while (has_due()) {
    switch (front().kind) {
      case Expected::local_parse_complete:
        append_empty(out, Backend::parse_complete);
        break;
      case Expected::local_close_complete:
        append_empty(out, Backend::close_complete);
        break;
      default: {
        wire::Writer writer(out);
        writer.begin(Backend::command_complete);
        writer.cstring("DEALLOCATE");
        writer.end();
        writer.begin(Backend::ready_for_query);
        writer.u8(static_cast<std::uint8_t>(status_));
        writer.end();
      }
    }
    pop();
  }
}

bool Exchange::outcome_open() const {
  for (std::size_t i = head_; i < pending_.size(); ++i) {
    if (pending_[i].outcome_matters) return true;
  }
  return false;
}

std::size_t Exchange::owed_answers() const {
  std::size_t count = 0;
  for (std::size_t i = head_; i < pending_.size(); ++i) {
    const Expectation& at = pending_[i];
    const bool answer = ends_with_ready(at.kind) || at.kind == Expected::local_deallocate;
    if (answer && at.audience == Audience::client) ++count;
  }
  return count;
}

}  // namespace relevo::session::postgres
