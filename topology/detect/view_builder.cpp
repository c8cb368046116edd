#include "topology/detect/view_builder.hpp"

#include <algorithm>

#include "topology/detect/words.hpp"
#include "topology/model/check.hpp"

namespace relevo::detect {
namespace {

using model::ClusterState;
using model::NodeState;
using model::NodeView;
using model::ReceiverState;
using model::Role;
using model::Verdict;

// Whether a node may get any traffic at all, going by its verdict.
bool answers(const Assessment& assessment) {
  switch (assessment.verdict) {
    case Verdict::dead:
    case Verdict::hung:
    case Verdict::unreachable:
    case Verdict::restarting:
      return false;
    case Verdict::healthy:
    case Verdict::half_hung:
    case Verdict::saturated:
    case Verdict::disk_full:
    case Verdict::sync_blocked:
    case Verdict::role_changed:
      return true;
  }
  return false;
}

std::string receiver_words(ReceiverState state) {
  switch (state) {
    case ReceiverState::none:
      return "receiver is disconnected";
    case ReceiverState::connecting:
      return "receiver is still connecting";
    case ReceiverState::waiting:
      return "receiver waits: the upstream has nothing that it can follow";
    case ReceiverState::streaming:
      return "receiver is streaming";
  }
  return "receiver is disconnected";
}

std::string quoted(const std::string& text) { return text.empty() ? "" : ": " + text; }

struct Standing {
  NodeState state = NodeState::down;
  bool eligible = false;
  std::string reason;
};

class Builder {
 public:
  Builder(const ViewSettings& settings, const Authority& authority, const Detector& detector,
          const std::vector<Assessment>& assessments, const std::vector<ReplicaLag>& lags,
          std::optional<model::Instant> now)
      : settings_(settings),
        authority_(authority),
        detector_(detector),
        assessments_(assessments),
        lags_(lags),
        now_(now) {}

  NodeView node(model::NodeId id) const;
  ClusterState cluster_state(const std::vector<NodeView>& nodes) const;

 private:
  bool is_primary(model::NodeId id) const { return authority_.primary == id; }
  bool primary_answers() const;
  bool primary_fell_silent(const LatestStatus& witness) const;
  const NodeFlags& flags(model::NodeId id) const;

  Standing standing(model::NodeId id) const;
  Standing replica_standing(model::NodeId id, const LatestStatus& latest) const;
  Standing orphan_standing(model::NodeId id) const;
  std::string unknown_lag_reason(const LatestStatus& latest) const;

  const ViewSettings& settings_;
  const Authority& authority_;
  const Detector& detector_;
  const std::vector<Assessment>& assessments_;
  const std::vector<ReplicaLag>& lags_;
  std::optional<model::Instant> now_;
};

const NodeFlags& Builder::flags(model::NodeId id) const {
  static const NodeFlags none;
  return id < authority_.nodes.size() ? authority_.nodes[id] : none;
}

// A primary that is suspected already counts as none for reads: they go on from
// the replicas while the verdict is still out.
bool Builder::primary_answers() const {
  if (!authority_.primary) return false;
  const Assessment& assessment = assessments_[*authority_.primary];
  return answers(assessment) && !assessment.suspect;
}

// A probe that gets no answer takes its whole timeout to say so. By then no lag can be
// told any more, and without this every read would be sent to the very node that is
// about to be suspected, and hang there with it. The witness has answered what was
// asked well after the primary's last word: it is not we who were away. A primary that
// answers, if only that it has no room, has not fallen silent.
bool Builder::primary_fell_silent(const LatestStatus& witness) const {
  const Verdict verdict = assessments_[*authority_.primary].verdict;
  const auto& latest = detector_.latest(*authority_.primary);
  if (!now_ || !latest || verdict == Verdict::saturated || verdict == Verdict::disk_full) {
    return false;
  }
  return *now_ - latest->sent > settings_.stale_after &&
         witness.sent - latest->received > settings_.stale_after / 2;
}

NodeView Builder::node(model::NodeId id) const {
  const NodeSettings& configured = settings_.nodes[id];
  NodeView view;
  view.name = configured.name;
  view.address = configured.address;
  view.zone = configured.zone;
  view.weight = configured.weight;
  view.verdict = assessments_[id].verdict;
  view.caught_up_to = lags_[id].caught_up_to;
  view.lag = lags_[id].lag;
  view.lag_bytes = lags_[id].bytes;
  if (const auto& latest = detector_.latest(id)) {
    view.role = latest->status.role;
    view.flavor = latest->status.flavor;
    view.version = latest->status.version;
    view.position = latest->status.position.to_string();
    view.timeline = latest->status.timeline;
  }
  if (is_primary(id)) {
    view.lag = model::Duration::zero();
    view.lag_bytes = 0;
    view.caught_up_to = model::Instant::max();
  }
  Standing standing = this->standing(id);
  view.state = standing.state;
  view.eligible_for_reads = standing.eligible;
  view.reason = std::move(standing.reason);
  return view;
}

// The operator's and the failover manager's word comes first, then the evidence.
Standing Builder::standing(model::NodeId id) const {
  const Assessment& assessment = assessments_[id];
  const NodeFlags& flags = this->flags(id);
  const auto say = [&](const char* otherwise) {
    return flags.reason.empty() ? std::string(otherwise) : flags.reason;
  };
  if (flags.fenced) return {NodeState::fenced, false, say("a former primary, quarantined")};
  if (flags.diverged) {
    return {NodeState::diverged, false, say("has history that the primary lacks")};
  }
  if (flags.maintenance) return {NodeState::maintenance, false, say("in maintenance")};
  if (!answers(assessment)) return {NodeState::down, false, assessment.reason};

  const auto& latest = detector_.latest(id);
  if (!latest) return {NodeState::down, false, "its role is not known yet"};

  // The primary is never shunned for lag, nor before the verdict is out.
  if (is_primary(id)) {
    return {NodeState::online, true, assessment.reason.empty() ? flags.reason : assessment.reason};
  }

  if (latest->status.role == Role::primary) {
    if (authority_.primary) {
      return {
          NodeState::fenced, false,
          "answers as a primary, but the primary is " + settings_.nodes[*authority_.primary].name};
    }
    return {NodeState::online, false, "answers as a primary, but none is chosen"};
  }
  if (assessment.verdict == Verdict::half_hung) return {NodeState::down, false, assessment.reason};
  if (!primary_answers() || primary_fell_silent(*latest)) return orphan_standing(id);
  return replica_standing(id, *latest);
}

Standing Builder::replica_standing(model::NodeId id, const LatestStatus& latest) const {
  const Assessment& assessment = assessments_[id];
  const ReplicaLag& lag = lags_[id];
  if (latest.status.receiver != ReceiverState::streaming) {
    return {NodeState::lagging, false,
            receiver_words(latest.status.receiver) + quoted(latest.status.receiver_error)};
  }
  if (!lag.lag) return {NodeState::lagging, false, unknown_lag_reason(latest)};
  if (*lag.lag > settings_.max_lag) {
    std::string reason = "lag " + in_words(*lag.lag) + " is over " + in_words(settings_.max_lag);
    if (!latest.status.applier_error.empty()) {
      reason += "; replay stopped" + quoted(latest.status.applier_error);
    } else if (latest.status.replay_paused) {
      reason += "; replay is paused";
    }
    return {NodeState::lagging, false, std::move(reason)};
  }
  return {NodeState::online, true, assessment.reason};
}

// Without a primary nobody's lag can be measured, and nothing new is written that
// could be missed. But a replica that was far behind already would serve old data
// as if it were the latest: it is held against the most advanced one.
Standing Builder::orphan_standing(model::NodeId id) const {
  model::Instant best = model::Instant::min();
  for (model::NodeId other = 0; other < lags_.size(); ++other) {
    if (!is_primary(other)) best = std::max(best, lags_[other].caught_up_to);
  }
  const model::Instant own = lags_[id].caught_up_to;
  if (own == model::Instant::min() && best != model::Instant::min()) {
    return {NodeState::lagging, false, "no primary: it was not known to have caught up"};
  }
  if (best != model::Instant::min() && best - own > settings_.max_lag) {
    return {NodeState::lagging, false,
            "no primary: " + in_words(best - own) + " behind the most advanced replica"};
  }
  return {
      NodeState::online, true,
      authority_.primary ? "the primary does not answer: lag unknown" : "no primary: lag unknown"};
}

std::string Builder::unknown_lag_reason(const LatestStatus& latest) const {
  if (!latest.status.position.known()) return "lag unknown: it tells no replayed position";
  if (now_ && *now_ - latest.sent > settings_.stale_after) {
    return "lag unknown: last sample is " + in_words(*now_ - latest.sent) + " old";
  }
  const auto& primary = detector_.latest(*authority_.primary);
  if (!primary) return "lag unknown: the primary's position is not known yet";
  if (now_ && *now_ - primary->sent > settings_.stale_after) {
    return "lag unknown: the primary's last sample is " + in_words(*now_ - primary->sent) + " old";
  }
  return "lag unknown: it is behind all that is remembered of the primary";
}

ClusterState Builder::cluster_state(const std::vector<NodeView>& nodes) const {
  if (authority_.failing_over) return ClusterState::failing_over;
  if (!authority_.primary) return ClusterState::no_primary;
  if (nodes[*authority_.primary].state == NodeState::down) return ClusterState::no_primary;
  if (authority_.paused) return ClusterState::paused;
  const bool all_online = std::all_of(nodes.begin(), nodes.end(), [](const NodeView& node) {
    return node.state == NodeState::online;
  });
  return all_online ? ClusterState::healthy : ClusterState::degraded;
}

}  // namespace

model::View build_view(const ViewSettings& settings, const Authority& authority,
                       const Detector& detector, const std::vector<Assessment>& assessments,
                       const std::vector<ReplicaLag>& lags, std::uint64_t sequence,
                       std::optional<model::Instant> now) {
  RELEVO_CHECK(assessments.size() == settings.nodes.size());
  RELEVO_CHECK(lags.size() == settings.nodes.size());
  RELEVO_CHECK(!authority.primary || *authority.primary < settings.nodes.size());

  const Builder builder(settings, authority, detector, assessments, lags, now);
  model::View view;
  view.cluster = settings.cluster;
  view.engine = settings.engine;
  view.epoch = authority.epoch;
  view.sequence = sequence;
  view.primary = authority.primary;
  view.gate = authority.primary ? authority.gate : model::PrimaryGate::closed;
  view.paused = authority.paused;
  view.nodes.reserve(settings.nodes.size());
  for (model::NodeId id = 0; id < settings.nodes.size(); ++id) {
    view.nodes.push_back(builder.node(id));
  }
  view.state = builder.cluster_state(view.nodes);
  return view;
}

}  // namespace relevo::detect
