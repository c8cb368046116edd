#include "failover/act/controller_impl.hpp"

#include <algorithm>

#include "failover/decide/facts.hpp"
#include "topology/model/check.hpp"

namespace relevo::act {

using decide::Phase;
using model::NodeId;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

// Between looks while something is amiss: verdicts ripen with time alone.
constexpr auto alert_interval = milliseconds(10);
// Steps that may follow from one event; more would be two rules that undo each
// other, and waiting for the next tick bounds the harm.
constexpr int steps_max = 64;

decide::Policy policy_of(const ControllerSettings& settings) {
  auto policy = settings.policy;
  policy.engine = settings.engine;
  policy.nodes.clear();
  for (const auto& node : settings.nodes) {
    policy.nodes.push_back({.name = node.name,
                            .host = node.host,
                            .port = node.port,
                            .zone = node.zone,
                            .priority = node.priority,
                            .never_promote = node.never_promote});
  }
  return policy;
}

std::string address_of(const ControlledNode& node) {
  return node.host + ":" + std::to_string(node.port);
}

detect::DetectorSettings detector_settings(const ControllerSettings& settings) {
  detect::DetectorSettings detector;
  detector.interval = settings.interval;
  detector.timeout = settings.timeout;
  detector.detect = settings.detect;
  detector.refused_grace = settings.refused_grace;
  for (const auto& node : settings.nodes) detector.addresses.push_back(address_of(node));
  return detector;
}

detect::ViewSettings view_settings(const ControllerSettings& settings) {
  detect::ViewSettings view;
  view.cluster = settings.cluster;
  view.engine = settings.engine;
  view.max_lag = settings.max_lag;
  view.stale_after = std::max<model::Duration>(settings.timeout, 5 * settings.interval);
  for (const auto& node : settings.nodes) {
    view.nodes.push_back({node.name, address_of(node), node.zone, node.weight});
  }
  return view;
}

}  // namespace

Controller::Impl::Impl(asio::io_context& io, ControllerSettings settings, Ports ports)
    : io_(io),
      settings_(std::move(settings)),
      policy_(policy_of(settings_)),
      ports_(std::move(ports)),
      detector_(detector_settings(settings_), settings_.nodes.size()),
      probed_(settings_.nodes.size()),
      memory_(settings_),
      executor_(io, settings_, [this](decide::ActionFinished finished) { feed(finished); }),
      catalogue_(io, settings_, [this] { return catalogue_order(); }),
      tick_timer_(io),
      publish_timer_(io) {}

Result<void> Controller::Impl::start() {
  RELEVO_CHECK(!running_ && !ended_);
  const auto hint = memory_.load();
  if (!hint) return tl::make_unexpected(hint.error());
  state_ = decide::initial_state(settings_.nodes.size(), steady_clock::now(), *hint);
  if (auto opened = memory_.open_journal(policy_, state_); !opened) return opened;
  running_ = true;
  lease_.on_lost([weak = weak_from_this()](const std::string&) {
    if (const auto self = weak.lock()) self->feed(decide::LeaseLost{});
  });
  for (NodeId node = 0; node < settings_.nodes.size(); ++node) {
    probe::ProbeTarget target;
    target.node = node;
    target.engine = settings_.engine;
    target.endpoint.host = settings_.nodes[node].host;
    target.endpoint.port = settings_.nodes[node].port;
    target.endpoint.user = settings_.monitor_user;
    target.endpoint.password = settings_.monitor_password;
    target.endpoint.database = settings_.monitor_database;
    target.endpoint.sslmode = settings_.sslmode;
    target.endpoint.sslrootcert = settings_.sslrootcert;
    probe::ProbeSettings probe;
    probe.interval = settings_.interval;
    // Spread over the interval: an account of one node that was asked for after another's
    // was in is what comparing them takes.
    probe.phase = settings_.interval * node / settings_.nodes.size();
    probe.timeout = settings_.timeout;
    probers_.push_back(std::make_unique<probe::Prober>(
        io_, target, probe, [this](model::Observation seen) { observed(seen); }));
    probers_.back()->start();
  }
  publish_view();
  schedule_tick();
  schedule_publication();
  return {};
}

void Controller::Impl::reconfigure(ControllerSettings settings) {
  RELEVO_CHECK(settings.nodes.size() == settings_.nodes.size());
  settings_ = std::move(settings);
  policy_ = policy_of(settings_);
  // A replay needs the policy that decisions were taken under.
  if (auto opened = memory_.open_journal(policy_, state_); !opened) {
    tell(model::Severity::critical, std::nullopt, opened.error().message, 0);
  }
  publish_view();
}

void Controller::Impl::shutdown() {
  if (ended_) return;
  ended_ = true;
  running_ = false;
  for (const auto& prober : probers_) prober->stop();
  tick_timer_.cancel();
  publish_timer_.cancel();
  executor_.shutdown();
  catalogue_.shutdown();
  lease_.release();
  const auto waiting = std::exchange(replies_, {});
  for (const auto& [id, reply] : waiting) {
    reply(fail("shutting_down", "Relevo is shutting down; the outcome is not known"));
  }
}

// --- evidence ---

void Controller::Impl::observed(const model::Observation& observation) {
  if (!running_) return;
  probed_[observation.node] = true;
  detector_.observe(observation);
  const bool of_primary = observation.node == state_.primary && observation.status &&
                          observation.status->role == model::Role::primary &&
                          observation.sent > state_.primary_since;
  if (of_primary) {
    // Positions of a former primary prove nothing about this one's history.
    if (history_of_ != state_.primary) history_.clear();
    history_of_ = state_.primary;
    history_.add(observation.sent, observation.received, observation.status->position,
                 observation.status->received);
  }
  feed_evidence();
}

void Controller::Impl::signal(NodeId node, model::TrafficSignal signal) {
  RELEVO_CHECK(node < settings_.nodes.size());
  if (!running_) return;
  if (detector_.signal(node, signal, steady_clock::now())) probers_[node]->hurry(true);
}

void Controller::Impl::feed_evidence() {
  const auto now = steady_clock::now();
  decide::Observed observed;
  bool suspect = false;
  for (NodeId node = 0; node < settings_.nodes.size(); ++node) {
    const auto assessment = detector_.assess(node, reference_primary(), now);
    if (detector_.wants_fresh_probe(node, now)) probers_[node]->hurry(true);
    suspect = suspect || (assessment.suspect && node == reference_primary());
    observed.nodes.push_back({assessment, detector_.latest(node), probed_[node]});
  }
  // The replicas are the witnesses: they are asked at once, not at their next tick.
  if (suspect) {
    for (const auto& prober : probers_) prober->hurry();
  }
  feed(std::move(observed));
}

std::optional<NodeId> Controller::Impl::reference_primary() const {
  return state_.primary ? state_.primary : state_.last_primary;
}

// --- decisions ---

void Controller::Impl::feed(decide::Event event) {
  if (!running_) return;
  queue_.push_back(std::move(event));
  if (settling_) return;
  settling_ = true;
  while (running_ && !queue_.empty()) {
    auto next = std::move(queue_.front());
    queue_.pop_front();
    settle(std::move(next));
  }
  settling_ = false;
  if (running_ && alert()) schedule_tick();
}

void Controller::Impl::settle(decide::Event event) {
  for (int i = 0; i < steps_max && running_; ++i) {
    const auto now = steady_clock::now();
    const auto decision = decide::step(state_, policy_, now, event);
    const auto kept = memory_.record(now, event, decision, state_);
    if (!kept && !memory_failed_) {
      tell(model::Severity::critical, std::nullopt,
           "decisions cannot be written down: " + kept.error().message, 0);
    }
    memory_failed_ = !kept;
    if (decision.rule == 0) return;
    // A View that went out is known by its sequence before anything else happens:
    // a barrier never waits for an older one.
    if (carry_out(decision)) {
      event = decide::ViewPublished{sequence_};
    } else {
      event = decide::Tick{};
    }
  }
}

bool Controller::Impl::carry_out(const decide::Decision& decision) {
  for (const auto& note : decision.notes) {
    tell(note.severity, note.node, note.text, decision.rule);
  }
  // The View goes out before anything is done to a server.
  bool published = false;
  for (const auto& action : decision.actions) {
    if (!std::holds_alternative<decide::PublishView>(action.task)) continue;
    publish_view();
    published = true;
    for (const auto& prober : probers_) prober->hurry();
  }
  for (const auto& action : decision.actions) {
    if (std::holds_alternative<decide::PublishView>(action.task)) continue;
    if (std::holds_alternative<decide::AcquireLease>(action.task)) {
      acquire_lease();
    } else {
      executor_.run(action);
    }
  }
  for (const auto& reply : decision.replies) {
    const auto found = replies_.find(reply.id);
    if (found == replies_.end()) continue;
    const auto handler = std::move(found->second);
    replies_.erase(found);
    if (reply.ok) {
      handler(reply.text);
    } else {
      handler(fail("refused", reply.text));
    }
  }
  return published;
}

void Controller::Impl::acquire_lease() {
  lease_.acquire([weak = weak_from_this()](const Result<void>& granted) {
    const auto self = weak.lock();
    if (self && granted) self->feed(decide::LeaseGranted{});
  });
}

void Controller::Impl::command(decide::CommandKind kind, const std::string& node,
                               bool allow_data_loss, Reply reply) {
  if (!running_) return reply(fail("not_running", "the controller does not run"));
  decide::OperatorCommand command;
  command.id = next_command_++;
  command.kind = kind;
  command.allow_data_loss = allow_data_loss;
  if (!node.empty()) {
    for (NodeId id = 0; id < settings_.nodes.size(); ++id) {
      if (settings_.nodes[id].name == node) command.node = id;
    }
    if (!command.node) return reply(fail("unknown_node", "there is no node \"" + node + "\""));
  }
  replies_[command.id] = std::move(reply);
  feed(command);
}

// --- what the outside sees ---

void Controller::Impl::tell(model::Severity severity, std::optional<NodeId> node, std::string text,
                            int rule) {
  model::Event event;
  event.at = std::chrono::system_clock::now();
  event.cluster = settings_.cluster;
  event.epoch = state_.epoch;
  event.rule = rule;
  event.severity = severity;
  if (node) event.node = settings_.nodes[*node].name;
  event.text = std::move(text);
  const auto& kept = events_.add(std::move(event));
  if (ports_.event) ports_.event(kept);
}

void Controller::Impl::publish_view() {
  const auto now = steady_clock::now();
  const auto settings = view_settings(settings_);
  std::vector<detect::Assessment> assessments;
  std::vector<detect::ReplicaLag> lags;
  for (NodeId node = 0; node < settings_.nodes.size(); ++node) {
    assessments.push_back(detector_.assess(node, reference_primary(), now));
    const auto& latest = detector_.latest(node);
    const bool comparable = latest && history_of_ == reference_primary();
    lags.push_back(comparable ? history_.measure(latest->status.position, latest->sent, now,
                                                 settings.stale_after)
                              : detect::ReplicaLag{});
  }
  model::View view = detect::build_view(settings, decide::authority_of(state_), detector_,
                                        assessments, lags, ++sequence_, now);
  if (view.primary && history_of_ == view.primary) {
    if (const auto& latest = detector_.latest(*view.primary);
        latest && latest->status.role == model::Role::primary &&
        latest->sent > state_.primary_since) {
      view.primary_position = latest->status.position;
      view.primary_sampled = latest->sent;
    }
  }
  readiness_.apply(view, detector_, now);
  view_ = std::make_shared<const model::View>(std::move(view));
  if (ports_.publish) ports_.publish(view_);
}

bool Controller::Impl::alert() const {
  if (state_.phase != Phase::steady) return true;
  const auto& evidence = state_.evidence;
  return std::any_of(evidence.begin(), evidence.end(),
                     [](const decide::NodeEvidence& node) { return node.assessment.suspect; });
}

void Controller::Impl::schedule_tick() {
  const auto wait = alert() ? model::Duration(alert_interval) : settings_.interval;
  const auto due = steady_clock::now() + wait;
  if (tick_timer_.expiry() > steady_clock::now() && tick_timer_.expiry() <= due) return;
  tick_timer_.expires_at(due);
  tick_timer_.async_wait([weak = weak_from_this()](std::error_code error) {
    const auto self = weak.lock();
    if (error || !self || !self->running_) return;
    self->feed_evidence();
    self->schedule_tick();
  });
}

void Controller::Impl::schedule_publication() {
  // While a switchover drains, each View asks how many transactions are left.
  const bool draining = state_.phase == Phase::draining;
  publish_timer_.expires_after(draining ? model::Duration(alert_interval) : settings_.interval);
  publish_timer_.async_wait([weak = weak_from_this()](std::error_code error) {
    const auto self = weak.lock();
    if (error || !self || !self->running_) return;
    self->publish_view();
    self->schedule_publication();
  });
}

model::Flavor Controller::Impl::flavor() const {
  for (const auto node : catalogue_order()) {
    if (const auto& latest = state_.evidence[node].latest) return latest->status.flavor;
  }
  return model::Flavor::mysql;
}

std::vector<NodeId> Controller::Impl::catalogue_order() const {
  std::vector<NodeId> order;
  if (state_.primary) order.push_back(*state_.primary);
  const decide::Facts facts{state_, policy_, steady_clock::now()};
  for (NodeId node = 0; node < settings_.nodes.size(); ++node) {
    if (node != state_.primary && facts.answer(node) != nullptr && !facts.is_outsider(node)) {
      order.push_back(node);
    }
  }
  return order;
}

}  // namespace relevo::act
