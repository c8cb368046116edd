// Nanoseconds of one routing choice among a handful of replicas.
#include <benchmark/benchmark.h>

#include <chrono>
#include <vector>

#include "proxy/route/policy.hpp"

namespace relevo::route::bench {
namespace {

void choose_replica(benchmark::State& state) {
  model::View view;
  view.primary = 0;
  view.gate = model::PrimaryGate::open;
  for (std::int64_t i = 0; i <= state.range(0); ++i) {
    model::NodeView node;
    node.role = i == 0 ? model::Role::primary : model::Role::replica;
    node.state = model::NodeState::online;
    node.eligible_for_reads = true;
    node.caught_up_to = model::Instant{} + std::chrono::seconds(10);
    view.nodes.push_back(node);
  }
  SessionRouting session;
  session.last_write = model::Instant{} + std::chrono::seconds(5);
  const RoutingSettings settings;
  const Demand demand{.need = Need::read};
  const std::vector<std::uint32_t> outstanding(view.nodes.size(), 3);
  std::uint32_t round_robin = 0;
  for (auto _ : state) {
    Choice choice = choose(view, settings, session, demand, outstanding, round_robin);
    benchmark::DoNotOptimize(choice);
  }
}
BENCHMARK(choose_replica)->Arg(2)->Arg(8);

}  // namespace
}  // namespace relevo::route::bench
