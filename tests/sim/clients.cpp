// What clients do through the proxies, and the ledger of what they were told.
#include <algorithm>

#include "tests/sim/world.hpp"

namespace relevo::sim {

void World::client_writes() {
  check_writable();
  for (std::size_t i = 0; i < proxies_.size(); ++i) {
    const auto& proxy = proxies_[i];
    if (!proxy.primary || !proxy.open) continue;
    const auto node = *proxy.primary;
    const auto& database = databases_[node];
    const bool stalls = database.disk_full || (database.slow_disk && chance(0.7));
    if (!answers(node) || !database.primary || database.read_only || stalls) continue;
    write(node);
    auto& writers = written_in_epoch_[proxy.epoch];
    writers.insert(node);
    if (writers.size() > 1) violate("two nodes took routed writes in one epoch");
    // Of a View that has not arrived yet: harmless while nobody else took writes since.
    for (auto later = written_in_epoch_.upper_bound(proxy.epoch); later != written_in_epoch_.end();
         ++later) {
      if (later->second != std::set<NodeId>{node}) {
        violate("a write was routed under an epoch after another node took some in a newer one");
      }
    }
    unacknowledged_.push_back({database.log.back().id, node, i, database.log.size()});
  }
  acknowledge();
}

// A commit is acknowledged once enough replicas have it and said so, over a connection
// that still stands.
void World::acknowledge() {
  std::erase_if(unacknowledged_, [&](const Waiting& waiting) {
    if (!answers(waiting.node) || databases_[waiting.node].mute) return false;
    const unsigned wanted = databases_[waiting.node].acks;
    unsigned acks = 0;
    for (NodeId node = 0; wanted != 0 && node < databases_.size(); ++node) {
      const auto& replica = databases_[node];
      if (node == waiting.node || replica.primary || !replica.streaming) continue;
      if (replica.upstream != waiting.node || !flows(node, waiting.node)) continue;
      const bool has_it = gtid_ ? std::any_of(replica.log.rbegin(), replica.log.rend(),
                                              [&](const Write& w) { return w.id == waiting.id; })
                                : replica.log.size() >= waiting.length &&
                                      replica.log[waiting.length - 1].id == waiting.id;
      if (has_it) ++acks;
    }
    if (acks < wanted) return false;
    acknowledged_.push_back({waiting.id, waiting.node, wanted >= policy_.acks, now_,
                             databases_[waiting.node].acks_changes});
    return true;
  });
}

}  // namespace relevo::sim
