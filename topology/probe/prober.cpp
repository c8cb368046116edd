#include "topology/probe/prober.hpp"

#include <algorithm>
#include <asio/steady_timer.hpp>
#include <utility>

#include "topology/probe/outcome.hpp"
#include "topology/probe/status.hpp"

namespace relevo::probe {
namespace {

using Clock = std::chrono::steady_clock;
using client::Failure;
using client::FailureKind;
using model::Duration;
using model::Instant;
using model::ProbeOutcome;
using Answer = client::Outcome<model::NodeStatus>;

// The least time between attempts, whatever the hurry.
constexpr Duration reconnect_gap = std::chrono::milliseconds(25);

// How long after the last attempt began the next connection may be tried. A
// server that is down is asked at each tick (half an interval leaves room for a
// tick that comes early); one that turns us away is not pestered, since each
// attempt costs it a process and a line in its log.
Duration retry_gap(ProbeOutcome outcome, Duration interval) {
  switch (outcome) {
    case ProbeOutcome::too_many_connections:
      return std::max<Duration>(interval, std::chrono::milliseconds(500));
    case ProbeOutcome::auth_failed:
    case ProbeOutcome::error:
      return std::max<Duration>(interval, std::chrono::seconds(1));
    case ProbeOutcome::ok:
    case ProbeOutcome::refused:
    case ProbeOutcome::unreachable:
    case ProbeOutcome::timeout:
    case ProbeOutcome::reset:
    case ProbeOutcome::starting_up:
      return interval / 2;
  }
  return interval;
}

}  // namespace

// Handlers hold the object weakly, and `stopped` is asked after each report: the
// owner may stop or destroy the prober from within it.
struct Prober::Impl : std::enable_shared_from_this<Impl> {
  enum class Stage : std::uint8_t { down, connecting, idle, asking };

  Impl(asio::io_context& context, ProbeTarget probe_target, ProbeSettings probe_settings,
       Report on_report)
      : target(std::move(probe_target)),
        settings(probe_settings),
        report(std::move(on_report)),
        ticker(context),
        patience(context),
        persistent(client::make_connection(target.engine, context)),
        fresh(client::make_connection(target.engine, context)) {}

  void start();
  void stop();
  void wait_for_tick();
  void tick();

  void probe_persistent(bool in_a_hurry = false);
  void connect_persistent();
  void ask_persistent(bool is_new, Instant deadline);
  void on_persistent_answer(const Answer& answer, Instant sent, bool is_new);
  void on_lost(const Failure& failure);
  void wait_patiently();

  void probe_fresh();
  void ask_fresh(Instant deadline);
  void on_fresh_answer(const Answer& answer, Instant sent);
  bool fresh_due(Instant now) const;

  void tell(Instant sent, bool is_fresh, const Answer& answer);
  void tell_failure(Instant sent, bool is_fresh, const Failure& failure);
  void tell(model::Observation observation);

  ProbeTarget target;
  ProbeSettings settings;
  Report report;
  asio::steady_timer ticker;
  asio::steady_timer patience;  // until a slow answer is doubted
  StatusMemory memory;          // outlives the connections
  StatusMemory fresh_memory;    // of a fresh connection's talk: it may see more
  std::unique_ptr<client::Connection> persistent;
  std::unique_ptr<client::Connection> fresh;

  bool stopped = true;
  Instant next_tick{};

  Stage stage = Stage::down;
  Instant probe_begun = Instant::min();  // the newest on the persistent connection
  Instant connect_begun = Instant::min();
  ProbeOutcome connect_outcome = ProbeOutcome::ok;  // of the newest attempt

  bool fresh_busy = false;
  bool fresh_failed = false;
  Instant fresh_begun = Instant::min();  // whichever way a connection was made
};

// ---- The beat --------------------------------------------------------------

void Prober::Impl::start() {
  if (!stopped) return;
  stopped = false;
  next_tick = Clock::now() + settings.interval + settings.phase;
  probe_persistent();
  wait_for_tick();
}

void Prober::Impl::stop() {
  stopped = true;
  ticker.cancel();
  patience.cancel();
  persistent->close();
  fresh->close();
  stage = Stage::down;
  fresh_busy = false;
}

void Prober::Impl::wait_for_tick() {
  ticker.expires_at(next_tick);
  ticker.async_wait([weak = weak_from_this()](const asio::error_code& error) {
    const auto self = weak.lock();
    if (!error && self && !self->stopped) self->tick();
  });
}

// The beat does not depend on how long an answer takes. Ticks that were missed
// are left out, not made up for.
void Prober::Impl::tick() {
  const Instant now = Clock::now();
  const auto missed = std::max<Duration::rep>((now - next_tick) / settings.interval, 0);
  next_tick += settings.interval * (missed + 1);
  wait_for_tick();
  probe_persistent();
  if (fresh_due(now)) probe_fresh();
}

// ---- The persistent connection ---------------------------------------------

void Prober::Impl::probe_persistent(bool in_a_hurry) {
  const Instant now = Clock::now();
  switch (stage) {
    case Stage::connecting:
    case Stage::asking:
      return;  // under way
    case Stage::idle:
      if (in_a_hurry && now - probe_begun < settings.interval / 4) return;
      return ask_persistent(false, now + settings.timeout);
    case Stage::down: {
      const Duration gap = in_a_hurry ? std::min(settings.interval / 4, reconnect_gap)
                                      : retry_gap(connect_outcome, settings.interval);
      if (connect_begun == Instant::min() || now - connect_begun >= gap) connect_persistent();
      return;
    }
  }
}

void Prober::Impl::connect_persistent() {
  stage = Stage::connecting;
  connect_begun = fresh_begun = probe_begun = Clock::now();
  const Instant deadline = connect_begun + settings.timeout;
  persistent->connect(target.endpoint, settings.timeout,
                      [weak = weak_from_this(), begun = connect_begun,
                       deadline](const client::Outcome<void>& outcome) {
                        const auto self = weak.lock();
                        if (!self || self->stopped) return;
                        if (outcome) {
                          self->persistent->when_lost([weak](const Failure& failure) {
                            const auto alive = weak.lock();
                            if (alive && !alive->stopped) alive->on_lost(failure);
                          });
                          self->ask_persistent(true, deadline);
                          return;
                        }
                        self->stage = Stage::down;
                        self->connect_outcome = outcome_of(outcome.error());
                        self->tell_failure(begun, true, outcome.error());
                      });
}

// `is_new`: this probe made the connection, so it shows that new ones work.
void Prober::Impl::ask_persistent(bool is_new, Instant deadline) {
  stage = Stage::asking;
  if (is_new) memory.reconsider();
  const Instant sent = probe_begun = Clock::now();
  ask_status(*persistent, target.engine, memory, deadline,
             [weak = weak_from_this(), sent, is_new](const Answer& answer) {
               const auto self = weak.lock();
               if (self && !self->stopped) self->on_persistent_answer(answer, sent, is_new);
             });
  if (!is_new) wait_patiently();
}

void Prober::Impl::on_persistent_answer(const Answer& answer, Instant sent, bool is_new) {
  patience.cancel();
  stage = persistent->connected() ? Stage::idle : Stage::down;
  connect_outcome = answer ? ProbeOutcome::ok : outcome_of(answer.error());
  tell(sent, is_new, answer);
  // Whether a new connection can be made is the next question; it can't wait.
  if (!stopped && stage == Stage::down) probe_persistent(true);
}

void Prober::Impl::on_lost(const Failure& failure) {
  stage = Stage::down;
  connect_outcome = outcome_of(failure);
  tell_failure(Clock::now(), false, failure);
  if (!stopped) probe_persistent(true);
}

// An answer that takes long may be that of a busy server, a hung one, or a broken
// path: a fresh connection tells, well before the deadline does.
void Prober::Impl::wait_patiently() {
  patience.expires_after(settings.timeout / 4);
  patience.async_wait([weak = weak_from_this()](const asio::error_code& error) {
    const auto self = weak.lock();
    if (!error && self && !self->stopped && self->stage == Stage::asking) self->probe_fresh();
  });
}

// ---- Fresh connections -----------------------------------------------------

bool Prober::Impl::fresh_due(Instant now) const {
  const Duration every =
      fresh_failed ? std::max(settings.timeout, settings.interval) : settings.fresh_every;
  return now - fresh_begun >= every;
}

void Prober::Impl::probe_fresh() {
  // While the persistent connection is being made anew, that is the fresh one.
  if (fresh_busy || stage == Stage::down || stage == Stage::connecting) return;
  const Instant begun = Clock::now();
  if (fresh_begun != Instant::min() && begun - fresh_begun < settings.interval) return;
  fresh_busy = true;
  fresh_begun = begun;
  const Instant deadline = begun + settings.timeout;
  fresh->connect(target.endpoint, settings.timeout,
                 [weak = weak_from_this(), begun, deadline](const client::Outcome<void>& outcome) {
                   const auto self = weak.lock();
                   if (!self || self->stopped) return;
                   if (outcome) return self->ask_fresh(deadline);
                   self->fresh_busy = false;
                   self->tell_failure(begun, true, outcome.error());
                 });
}

void Prober::Impl::ask_fresh(Instant deadline) {
  const Instant sent = Clock::now();
  fresh_memory = memory;
  fresh_memory.reconsider();
  ask_status(*fresh, target.engine, fresh_memory, deadline,
             [weak = weak_from_this(), sent](const Answer& answer) {
               const auto self = weak.lock();
               if (self && !self->stopped) self->on_fresh_answer(answer, sent);
             });
}

void Prober::Impl::on_fresh_answer(const Answer& answer, Instant sent) {
  fresh->close();
  fresh_busy = false;
  if (answer) {
    const unsigned granted = memory.denied & ~fresh_memory.denied;
    const unsigned denied = memory.denied | fresh_memory.denied;
    // Whichever heard the upstream last knows.
    if (fresh_memory.receiver_heard >= memory.receiver_heard) memory = fresh_memory;
    memory.denied = denied;
    // What the user lacked was granted meanwhile. A session keeps the privileges that it
    // began with (MariaDB, MySQL), so that a new one takes the persistent one's place.
    if (granted != 0) {
      patience.cancel();
      persistent->close();
      connect_persistent();
    }
  }
  tell(sent, true, answer);
}

// ---- Reports ---------------------------------------------------------------

void Prober::Impl::tell(Instant sent, bool is_fresh, const Answer& answer) {
  if (!answer) return tell_failure(sent, is_fresh, answer.error());
  model::Observation observation;
  observation.sent = sent;
  observation.received = Clock::now();
  observation.fresh_connection = is_fresh;
  observation.outcome = ProbeOutcome::ok;
  observation.status = *answer;
  tell(std::move(observation));
}

void Prober::Impl::tell_failure(Instant sent, bool is_fresh, const Failure& failure) {
  model::Observation observation;
  observation.sent = sent;
  observation.received = Clock::now();
  observation.outcome = outcome_of(failure);
  observation.fresh_connection = is_fresh;
  observation.sqlstate = failure.sqlstate;
  observation.error = failure.message;
  tell(std::move(observation));
}

void Prober::Impl::tell(model::Observation observation) {
  observation.node = target.node;
  if (observation.fresh_connection) fresh_failed = observation.outcome != ProbeOutcome::ok;
  const Report call = report;  // outlives the prober, should the owner end it now
  call(std::move(observation));
}

// ---- The public face -------------------------------------------------------

Prober::Prober(asio::io_context& io, ProbeTarget target, ProbeSettings settings, Report report)
    : impl_(std::make_shared<Impl>(io, std::move(target), settings, std::move(report))) {}

Prober::~Prober() { impl_->stop(); }

void Prober::start() { impl_->start(); }

void Prober::stop() { impl_->stop(); }

void Prober::hurry(bool fresh_connection) {
  if (impl_->stopped) return;
  impl_->probe_persistent(true);
  if (fresh_connection) impl_->probe_fresh();
}

}  // namespace relevo::probe
