#include "proxy/session/postgres/exchange.hpp"

namespace relevo::session::postgres {

namespace wire = relevo::wire::postgres;
using wire::Backend;
using wire::Bytes;

namespace {

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

bool keeps_work(std::string_view tag) {
  return tag.starts_with("COMMIT") || tag.starts_with("PREPARE TRANSACTION");
}

bool commits(std::string_view tag) {
  return keeps_work(tag) || tag.starts_with("CALL") || tag.starts_with("DO");
}

bool ends_with_ready(Expected kind) {
  return kind == Expected::query || kind == Expected::function_call || kind == Expected::sync;
}

// Behind a COPY that failed. Anything else says that the Sync was read as data's end.
bool may_precede_a_late_ready(Backend type) {
  switch (type) {
    case Backend::error_response:
    case Backend::ready_for_query:
    case Backend::notice_response:
    case Backend::parameter_status:
    case Backend::notification_response:
      return true;
    default:
      return false;
  }
}

}  // namespace

// -- what was sent -------------------------------------------------------------

void Exchange::push(Expectation expectation) {
  if (skipping_) {  // the server will not even look at it
    note_skipped(expectation);
    return;
  }
  unsynced_ = !ends_with_ready(expectation.kind) && (unsynced_ || !is_local(expectation.kind));
  pending_.push_back(std::move(expectation));
}

void Exchange::pop() {
  pending_[head_] = {};
  answered_ = false;
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
  answered_ = answered_ || ends_execute;
  if (ends_execute && expects(Expected::execute)) {
    // A suspended portal's statement has run, too, if not to its end.
    if (front().effects != nullptr) effects_.ran(*front().effects);
    pop();
  }
  return {.forward = forward};
}

Verdict Exchange::on_data() {
  if (!expects_result()) return {.violation = true};
  return {.forward = front().audience == Audience::client};
}

Verdict Exchange::on_message(Backend type, Bytes body) {
  if (late_readies_ != 0 && !may_precede_a_late_ready(type)) late_readies_ = 0;
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
      answered_ = expects(Expected::function_call);
      return answered_ ? Verdict{.forward = true} : Verdict{.violation = true};
    case Backend::error_response:
      return on_error();
    case Backend::ready_for_query:
      return on_ready(body);
    case Backend::notice_response:
      return on_notice(body);
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
  answered_ = true;
  ignored_syncs_ = 0;
  const bool forward = front().audience == Audience::client;
  const std::string_view tag = wire::as_text(body);
  if (keeps_work(tag)) {
    effects_.committed();
  } else if (tag.starts_with("ROLLBACK")) {
    effects_.rolled_back();  // to a savepoint perhaps: the tag doesn't tell
  }
  committed_ = committed_ || commits(tag);
  if (expects(Expected::execute)) {
    if (front().effects != nullptr) effects_.ran(*front().effects);
    pop();
  }
  return {.forward = forward};
}

Verdict Exchange::on_notice(Bytes body) {
  if (idle()) return {.forward = true};
  if (front().audience != Audience::client) return {};
  const bool unreplicated = says_unreplicated(body);
  if (unreplicated) unreplicated_.note(body);
  return {.forward = true, .unreplicated = unreplicated};
}

bool Exchange::pass_doubtful(Backend type, std::string_view whole, std::string& out) {
  // Behind an Execute whose Sync was not sent yet the client may wait for this very answer.
  const bool ready_is_next = expects(Expected::query) || expects(Expected::sync);
  return unreplicated_.pass(type, whole, ready_is_next, out);
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
    ++ignored_syncs_;
    unsynced_ = !ends_with_ready(pending_.back().kind);
  }
  return {.forward = front().audience == Audience::client};
}

Verdict Exchange::on_error() {
  failed_ = true;
  copy_in_ = false;
  late_readies_ += std::exchange(ignored_syncs_, 0);
  if (idle()) return {.forward = true, .failed = true};
  const Expectation& at = front();
  if (at.kind == Expected::query || at.kind == Expected::function_call) {
    answered_ = true;
    const bool proxy = at.audience == Audience::proxy;
    return {.forward = !proxy, .failed = true, .for_proxy = proxy};
  }
  const bool proxy = at.audience == Audience::proxy;
  effects_.failed(at.effects.get());
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

// Whether ReadyForQuery ends what we wait for. A query has other answers first: before
// those it is a late one, if one may come.
bool Exchange::ready_is_due() const {
  if (idle() || !ends_with_ready(pending_[head_].kind)) return false;
  return late_readies_ == 0 || answered_ || pending_[head_].kind == Expected::sync;
}

Verdict Exchange::on_ready(Bytes body) {
  const bool late = !ready_is_due();
  if ((late && late_readies_ == 0) || body.size() != 1) return {.violation = true};
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
  committed_ = false;
  if (late) return on_late_ready();
  Expectation& done = front();
  if (done.effects != nullptr) {
    if (done.mixed) {
      effects_.lose_track();
    } else if (!failed_) {
      effects_.ran(*done.effects);
    } else {
      effects_.failed(done.effects.get());
    }
  }
  const bool forward = done.audience == Audience::client;
  pop();
  if (idle()) end_sent_ = false;
  effects_.settle(status_, failed_);
  return {.forward = forward,
          .ready = true,
          .failed = std::exchange(failed_, false),
          .for_proxy = !forward};
}

// A COPY failed before it read the Sync that had been sent on behind it, and so
// that one is answered after all.
Verdict Exchange::on_late_ready() {
  --late_readies_;
  if (!idle()) return {.forward = true};  // and then comes what we wait for
  skipping_ = unsynced_ = end_sent_ = false;
  effects_.settle(status_, failed_);
  return {.forward = true, .ready = true, .failed = std::exchange(failed_, false)};
}

void Exchange::note_skipped(const Expectation& skipped) {
  if (skipped.statement != nullptr) unprepared_.push_back(skipped.statement->id);
  if (skipped.closes != 0) unclosed_.push_back(skipped.closes);
}

// -- where we stand ----------------------------------------------------------------

bool Exchange::outcome_open() const {
  if (doubtful()) return true;
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
