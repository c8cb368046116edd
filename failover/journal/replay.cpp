#include <fstream>

#include "failover/journal/codec.hpp"
#include "failover/journal/journal.hpp"

namespace relevo::journal {

Result<Replay> replay(const std::string& path) {
  return replay(path, [](const ReplayedStep&) {});
}

Result<Replay> replay(const std::string& path,
                      const std::function<void(const ReplayedStep&)>& decided) {
  std::ifstream file(path);
  if (!file) return fail("journal_io", "cannot read " + path);
  std::optional<Snapshot> world;
  Replay result;
  std::string text;
  std::uint64_t number = 0;
  while (std::getline(file, text)) {
    ++number;
    if (text.empty()) continue;
    auto line = decode(text);
    if (!line) {
      // Torn by a crash: the last line, or the one before a restart's snapshot.
      std::string next;
      if (!std::getline(file, next)) break;
      auto restart = decode(next);
      if (!restart || !restart->snapshot) {
        return fail("journal_damaged",
                    path + " line " + std::to_string(number) + ": " + line.error().message);
      }
      ++number;
      line = std::move(restart);
    }
    if (line->snapshot) {
      if (line->snapshot->policy.nodes.size() != line->snapshot->state.nodes.size() ||
          line->snapshot->state.evidence.size() != line->snapshot->state.nodes.size()) {
        return fail("journal_damaged",
                    path + " line " + std::to_string(number) + ": the snapshot contradicts itself");
      }
      world = std::move(line->snapshot);
      continue;
    }
    if (!world) return fail("journal_damaged", path + " does not begin with a snapshot");
    const auto& record = *line->record;
    const auto before = world->state;
    const auto decision = decide::step(world->state, world->policy, record.now, record.event);
    ++result.steps;
    if (record.rule != 0) ++result.decisions;
    const bool same =
        decision.rule == record.rule && encode(decision.actions) == encode(record.actions);
    if (!same) ++result.differing;
    if (decision.rule != 0 || !same) {
      decided({.line = number,
               .now = record.now,
               .event = record.event,
               .policy = world->policy,
               .before = before,
               .after = world->state,
               .decision = decision,
               .recorded_rule = record.rule,
               .recorded_actions = record.actions,
               .differs = !same});
    }
    if (!same && result.mismatch.empty()) {
      result.mismatch = "line " + std::to_string(number) + ": recorded rule " +
                        std::to_string(record.rule) + ", decided now " +
                        std::to_string(decision.rule);
    }
  }
  return result;
}

}  // namespace relevo::journal
