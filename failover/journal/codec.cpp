#include "failover/journal/codec.hpp"

#include <nlohmann/json.hpp>

using json = nlohmann::json;

namespace nlohmann {

template <typename T>
struct adl_serializer<std::optional<T>> {
  static void to_json(json& out, const std::optional<T>& value) {
    if (value) {
      out = *value;
    } else {
      out = nullptr;
    }
  }
  static void from_json(const json& in, std::optional<T>& value) {
    if (in.is_null()) {
      value.reset();
    } else {
      value = in.get<T>();
    }
  }
};

// Monotonic instants and durations as nanoseconds of this host's steady clock.
template <>
struct adl_serializer<relevo::model::Duration> {
  static void to_json(json& out, relevo::model::Duration value) { out = value.count(); }
  static void from_json(const json& in, relevo::model::Duration& value) {
    value = relevo::model::Duration(in.get<relevo::model::Duration::rep>());
  }
};

template <>
struct adl_serializer<relevo::model::Instant> {
  static void to_json(json& out, relevo::model::Instant value) {
    out = value.time_since_epoch().count();
  }
  static void from_json(const json& in, relevo::model::Instant& value) {
    value = relevo::model::Instant(relevo::model::Duration(in.get<relevo::model::Duration::rep>()));
  }
};

template <>
struct adl_serializer<relevo::model::MariadbLogState> {
  static void to_json(json& out, const relevo::model::MariadbLogState& value) {
    out = value.to_string();
  }
  static void from_json(const json& in, relevo::model::MariadbLogState& value) {
    const auto text = in.get<std::string>();
    const auto read = relevo::model::MariadbLogState::parse(text);
    if (!read) throw json::type_error::create(302, "not a log state: " + text, nullptr);
    value = *read;
  }
};

template <>
struct adl_serializer<relevo::model::Position> {
  static void to_json(json& out, const relevo::model::Position& value) { out = value.to_string(); }
  static void from_json(const json& in, relevo::model::Position& value) {
    const auto text = in.get<std::string>();
    const auto read = relevo::model::Position::parse(text);
    if (!read) throw json::type_error::create(302, "not a position: " + text, nullptr);
    value = *read;
  }
};

}  // namespace nlohmann

namespace relevo::model {
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(DownstreamStatus, application_name, client_address, state,
                                   sync_state)
// With defaults where fields may be added: a journal of an older Relevo still replays.
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(SemiSync, primary_enabled, primary_active, clients,
                                                acks_wanted, timeout, waits_alone,
                                                waits_before_commit, replica_enabled,
                                                replica_active)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(
    NodeStatus, role, version, system_identifier, timeline, position, received, read_only,
    replay_paused, start_time_us, receiver, upstream_host, upstream_port, receiver_silence,
    receiver_timeout, downstreams, synchronous_standbys, synchronous_commit, logged, warning,
    flavor, server_id, server_uuid, super_read_only, log_bin, log_replica_updates, gtid_mode,
    auto_position, applier_running, receiver_error, applier_error, semi_sync, purged)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ViewApplied, sequence, epoch, transactions_on_primary)
}  // namespace relevo::model

namespace relevo::detect {
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Assessment, verdict, reason, since, conclusive, suspect)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(LatestStatus, status, sent, received, history_since)
}  // namespace relevo::detect

namespace relevo::decide {
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(NodePolicy, name, host, port, zone, priority, never_promote)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(
    Policy, engine, nodes, mode, durability, acks, manages_quorum, loss_bytes_max,
    switchover_lag_bytes_max, bytes_per_transaction, start_grace, barrier_timeout, freeze_timeout,
    freeze_patience, read_timeout, promote_timeout, promote_attempts_max, verify_timeout,
    repoint_timeout, fence_timeout, drain, catch_up_timeout, overdue_grace, retry_delay_min,
    retry_delay_max, waiting_receiver_max, errant_min, settling_max, failovers_max, failover_window)

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Distance, count, unit)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Promise, acks, acknowledging, lapses_after, text)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Coverage, acks, told, lapses, rising_to, since, end)

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(FreezeReceiver, node)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ReadRole, node)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(AwaitPosition, node, position)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Promote, node)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Repoint, node, primary)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Fence, node, firm)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Unfence, node)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PrepareRejoin, node, primary)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SetReadOnly, node)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SetQuorum, node, acks, side)

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(NodeEvidence, assessment, latest, probed)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Observed, nodes)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ViewPublished, sequence)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ViewApplied, applied)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ActionFinished, id, outcome, text, status)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(OperatorCommand, id, kind, node, allow_data_loss)

// Those without a field.
void to_json(json& out, const AcquireLease&) { out = json::object(); }
void from_json(const json&, AcquireLease&) {}
void to_json(json& out, const PublishView&) { out = json::object(); }
void from_json(const json&, PublishView&) {}
void to_json(json& out, const Tick&) { out = json::object(); }
void from_json(const json&, Tick&) {}
void to_json(json& out, const LeaseGranted&) { out = json::object(); }
void from_json(const json&, LeaseGranted&) {}
void to_json(json& out, const LeaseLost&) { out = json::object(); }
void from_json(const json&, LeaseLost&) {}

namespace {

// A variant is {"type": NAME, ...fields}.
template <typename Variant>
json encode_variant(const Variant& value) {
  json out = std::visit([](const auto& kind) { return json(kind); }, value);
  out["type"] = name_of(value);
  return out;
}

template <typename Variant, std::size_t Index = 0>
Variant decode_variant(const json& in) {
  if constexpr (Index < std::variant_size_v<Variant>) {
    using Kind = std::variant_alternative_t<Index, Variant>;
    if (name_of(Variant(Kind{})) == in.at("type").get<std::string>()) return in.get<Kind>();
    return decode_variant<Variant, Index + 1>(in);
  } else {
    throw json::type_error::create(302, "unknown type " + in.at("type").dump(), nullptr);
  }
}

}  // namespace

void to_json(json& out, const Action& action) {
  out = {{"id", action.id},
         {"epoch", action.epoch},
         {"deadline", action.deadline},
         {"task", encode_variant(action.task)}};
}

void from_json(const json& in, Action& action) {
  action.id = in.at("id").get<ActionId>();
  action.epoch = in.at("epoch").get<model::Epoch>();
  action.deadline = in.at("deadline").get<model::Instant>();
  action.task = decode_variant<Task>(in.at("task"));
}

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(
    NodeRecord, maintenance, diverged, barred, quarantined, former_primary, rejoin_prepared, reason,
    needs_repoint, freeze_sent, freezes_in_doubt, fences_in_doubt, repoint_failures, fence_failures,
    retry_at, waiting_since, errant_since, started_us, start_probed, received_before, restarted_at,
    lost_received, frozen, settings_failures, settings_retry_at, settings_failure, named_in)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PendingAction, action, finished, outcome, text, status)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(
    ClusterState, epoch, epoch_used, primary, last_primary, gate, paused, lease_held,
    lease_retry_at, phase, phase_since, phase_deadline, primary_since, attempt_since, reason, nodes,
    evidence, applied, awaited_sequence, pending, next_action, system_identifier, primary_timeline,
    primary_position, primary_told, promise, promise_seen, coverage, promise_doubt, fork,
    switchover, candidate, doubtful, soft_fenced, wanted, death_confirmed, forced, asked,
    promote_attempts, command, just_received, loss, final_position, needs_acknowledge, failovers,
    retry_at, retry_delay, retry_seen)

}  // namespace relevo::decide

namespace relevo::journal {

std::string encode(model::Instant now, const decide::Event& event,
                   const decide::Decision& decision) {
  json line = {{"now", now}, {"event", decide::encode_variant(event)}, {"rule", decision.rule}};
  if (!decision.actions.empty()) line["actions"] = decision.actions;
  for (const auto& note : decision.notes) line["notes"].push_back(note.text);
  return line.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string encode(const Snapshot& snapshot) {
  const json line = {{"snapshot", {{"policy", snapshot.policy}, {"state", snapshot.state}}}};
  return line.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string encode(const std::vector<decide::Action>& actions) {
  return json(actions).dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<Line> decode(const std::string& text) {
  // nlohmann reports malformed input by exception; none leaves this function.
  try {
    const auto document = json::parse(text);
    Line line;
    if (document.contains("snapshot")) {
      const auto& snapshot = document.at("snapshot");
      line.snapshot = Snapshot{snapshot.at("policy").get<decide::Policy>(),
                               snapshot.at("state").get<decide::ClusterState>()};
      return line;
    }
    Record record;
    record.now = document.at("now").get<model::Instant>();
    record.event = decide::decode_variant<decide::Event>(document.at("event"));
    record.rule = document.at("rule").get<int>();
    if (document.contains("actions")) {
      record.actions = document.at("actions").get<std::vector<decide::Action>>();
    }
    line.record = std::move(record);
    return line;
  } catch (const json::exception& error) {
    return fail("journal_damaged", error.what());
  }
}

}  // namespace relevo::journal
