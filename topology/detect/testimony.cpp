#include "topology/detect/testimony.hpp"

#include <algorithm>

#include "topology/model/check.hpp"

namespace relevo::detect {
namespace {

using model::ReceiverState;

// A receiver asks for a sign of life after half its timeout; the answer needs a
// round trip and a busy machine some more. MySQL's and MariaDB's never ask: their
// upstream sends a heartbeat each period, told here as half a timeout. With the
// default period of 30 s their silence testifies to nothing for so long; that
// their connection broke does so at once.
constexpr model::Duration receiver_reply_margin = std::chrono::milliseconds(500);

bool hears(const DetectorSettings& settings, const LatestStatus& latest, model::Instant now) {
  const model::NodeStatus& status = latest.status;
  if (status.receiver != ReceiverState::streaming) return false;
  if (!status.receiver_silence) return true;  // connected, and no proof of silence
  model::Duration fresh = settings.receiver_fresh;
  if (status.receiver_timeout) {
    if (*status.receiver_timeout == model::Duration::zero()) return true;  // it never asks
    fresh = std::max(fresh, *status.receiver_timeout / 2 + receiver_reply_margin);
  }
  return *status.receiver_silence + (now - latest.received) < fresh;
}

bool streams_from_another(const DetectorSettings& settings, const model::NodeStatus& status,
                          model::NodeId primary) {
  if (status.upstream_host.empty() || primary >= settings.addresses.size()) return false;
  const std::string upstream = status.upstream_host + ":" + std::to_string(status.upstream_port);
  if (upstream == settings.addresses[primary]) return false;
  return std::find(settings.addresses.begin(), settings.addresses.end(), upstream) !=
         settings.addresses.end();
}

// Whether a receiver that does not stream says anything about the primary.
bool has_lost_it(const DetectorSettings& settings, const Evidence& replica, const Evidence& primary,
                 Suspicion suspicion) {
  if (replica.latest->status.receiver == ReceiverState::streaming) return true;  // silent for long
  if (suspicion == Suspicion::refused) return true;
  // Against mere silence, a receiver that was broken before is no witness. Who was
  // never seen well at all (we started after the death) is believed.
  if (!primary.answer) return true;
  return replica.receiver_lost &&
         *replica.receiver_lost >= primary.answer->sent - 2 * settings.interval;
}

}  // namespace

std::string Testimony::in_words() const {
  if (replicas == 0) return "no replica is known that could confirm it";
  if (asked == 0) return "none of " + std::to_string(replicas) + " replicas can be asked";
  return std::to_string(hear) + " of " + std::to_string(replicas) + " replicas hear it";
}

Testimony hear_replicas(const DetectorSettings& settings, const std::vector<Evidence>& nodes,
                        model::NodeId primary, Suspicion suspicion, model::Instant now) {
  const Evidence& accused = nodes[primary];
  RELEVO_CHECK(accused.trouble.has_value());
  Testimony testimony;
  for (model::NodeId id = 0; id < nodes.size(); ++id) {
    const Evidence& node = nodes[id];
    if (id == primary || !node.latest || node.latest->status.role != model::Role::replica) continue;
    if (streams_from_another(settings, node.latest->status, primary)) continue;
    ++testimony.replicas;
    const bool asked_since = node.latest->sent >= accused.trouble->since &&
                             now - node.latest->received <= 2 * settings.timeout;
    if (!asked_since) continue;
    ++testimony.asked;
    if (hears(settings, *node.latest, now)) {
      ++testimony.hear;
    } else if (has_lost_it(settings, node, accused, suspicion)) {
      ++testimony.lost;
    }
  }
  return testimony;
}

}  // namespace relevo::detect
