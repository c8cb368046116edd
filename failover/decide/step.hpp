// The decision itself: a pure function over an ordered table of numbered rules.
//
// A step takes one event in and fires at most one rule: the first whose guard
// holds. Steps that follow at once (a freeze that ended lets the candidate be
// chosen) are taken by further ticks at the same instant: see settle().
//
// A step in which no rule fires changes nothing but what it was told: the
// evidence, the acknowledged View, a finished action. So a journal may leave out
// all but the last of a run of such observations and still replay exactly.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "failover/decide/action.hpp"
#include "failover/decide/event.hpp"
#include "failover/decide/policy.hpp"
#include "failover/decide/state.hpp"
#include "topology/model/event.hpp"

namespace relevo::decide {

// Tells the operator what was decided and with which figures.
struct Note {
  model::Severity severity = model::Severity::info;
  std::optional<model::NodeId> node;
  std::string text;
};

struct CommandReply {
  CommandId id = 0;
  bool ok = false;
  std::string text;
};

struct Decision {
  int rule = 0;  // 0: none fired
  std::vector<Action> actions;
  std::vector<Note> notes;
  std::vector<CommandReply> replies;
  bool authority_changed = false;  // epoch, primary or a flag that must be written down first
};

Decision step(ClusterState& state, const Policy& policy, model::Instant now, const Event& event);

struct RuleInfo {
  int number = 0;
  std::string_view name;
  std::string_view because;
};
// The whole table in its order, for documentation and tests.
const std::vector<RuleInfo>& rule_table();

}  // namespace relevo::decide
