// 6xx: what operators ask for. Every command is answered: at once, or when the
// failover or switchover that it began has ended.
#include <array>

#include "failover/decide/rules.hpp"

namespace relevo::decide {
namespace {

using model::Severity;

// The command that this step has just received, if it is of that kind.
const OperatorCommand* received(const Facts& facts, CommandKind kind) {
  const auto& command = facts.state.just_received;
  return command && command->kind == kind ? &*command : nullptr;
}

bool asks_for_primary(const Facts& facts) {
  return received(facts, CommandKind::switchover) != nullptr ||
         received(facts, CommandKind::failover) != nullptr;
}

OperatorCommand take(Turn& turn) {
  const auto command = *turn.state.just_received;
  turn.state.just_received.reset();
  return command;
}

void set_paused(Turn& turn, bool paused) {
  const auto command = take(turn);
  turn.state.paused = paused;
  turn.publish();
  turn.note(Severity::info, std::nullopt,
            paused ? "paused by an operator: new transactions are held" : "resumed by an operator");
  turn.reply(command, true, paused ? "new transactions are held" : "transactions go on");
}

void set_maintenance(Turn& turn, bool on) {
  const auto command = take(turn);
  auto& record = turn.state.nodes[*command.node];
  record.maintenance = on;
  turn.decision.authority_changed = true;
  turn.publish();
  const std::string text = turn.name(*command.node) + (on ? " is in maintenance: out of rotation "
                                                            "and of promotion"
                                                          : " is in rotation again");
  turn.note(Severity::info, command.node, text);
  turn.reply(command, true, text);
}

bool names_working_node(const Facts& facts) {
  const auto* command = received(facts, CommandKind::maintenance_on);
  if (command == nullptr) return false;
  return facts.state.primary == command->node ||
         (facts.in_progress() &&
          (facts.state.candidate == command->node || facts.state.last_primary == command->node));
}

bool failover_asked(const Facts& facts) {
  return received(facts, CommandKind::failover) != nullptr;
}

// A node that says it is primary and has been named by the operator as such.
bool insists_on_claimant(const Facts& facts) {
  const auto* command = received(facts, CommandKind::failover);
  return command != nullptr && command->node && !facts.state.primary &&
         facts.says_primary(*command->node) &&
         (command->allow_data_loss || find_adoptable(facts).node == command->node);
}

const auto commands = std::to_array<Rule>({
    {601, "pause", [](const Facts& f) { return received(f, CommandKind::pause) != nullptr; },
     [](Turn& t) { set_paused(t, true); },
     "An operator pauses: new transactions are held; failover stays armed."},
    {602, "resume", [](const Facts& f) { return received(f, CommandKind::resume) != nullptr; },
     [](Turn& t) { set_paused(t, false); }, "An operator resumes: held transactions go on."},
    {603, "maintenance-refused", names_working_node,
     [](Turn& t) {
       const auto command = take(t);
       t.reply(command, false,
               t.name(*command.node) + " is the primary or about to be: switch over first");
     },
     "The primary, and a node that is becoming or ceasing to be it, cannot be drained."},
    {604, "maintenance-on",
     [](const Facts& f) { return received(f, CommandKind::maintenance_on) != nullptr; },
     [](Turn& t) { set_maintenance(t, true); },
     "An operator takes a replica out of rotation and of promotion."},
    {605, "maintenance-off",
     [](const Facts& f) { return received(f, CommandKind::maintenance_off) != nullptr; },
     [](Turn& t) { set_maintenance(t, false); }, "An operator puts a node back in rotation."},
    {606, "acknowledge",
     [](const Facts& f) { return received(f, CommandKind::acknowledge) != nullptr; },
     [](Turn& t) {
       const auto command = take(t);
       t.state.needs_acknowledge = false;
       t.state.failovers.clear();
       t.state.retry_at = t.now;
       t.note(Severity::info, std::nullopt, "repeated failovers acknowledged by an operator");
       t.reply(command, true, "automatic failover is armed again");
     },
     "An operator has looked into repeated failovers: automatic ones may go on."},
    {607, "command-while-busy",
     [](const Facts& f) { return asks_for_primary(f) && f.in_progress(); },
     [](Turn& t) {
       const auto command = take(t);
       t.reply(command, false,
               std::string(t.state.switchover ? "a switchover" : "a failover") +
                   " is in progress (" + std::string(to_string(t.state.phase)) + ")");
     },
     "One failover or switchover at a time."},
    {608, "command-while-following",
     [](const Facts& f) { return asks_for_primary(f) && !f.may_act(); },
     [](Turn& t) {
       const auto command = take(t);
       t.reply(command, false,
               t.policy.mode == Mode::off
                   ? "failover.mode is off: whoever manages this cluster promotes"
                   : "this Relevo does not hold the lease of the cluster");
     },
     "Without the right to act on the cluster, no command that promotes is taken."},
    {609, "switchover-refused",
     [](const Facts& f) {
       const auto* command = received(f, CommandKind::switchover);
       return command != nullptr && !plan_switchover(f, command->node).candidate;
     },
     [](Turn& t) {
       const auto command = take(t);
       t.reply(command, false, plan_switchover(t.facts(), command.node).why_not);
     },
     "A switchover starts only when its end is in sight: primary healthy, candidate streaming."},
    {610, "switchover-begins",
     [](const Facts& f) { return received(f, CommandKind::switchover) != nullptr; },
     [](Turn& t) {
       const auto command = take(t);
       t.begin_switchover(*plan_switchover(t.facts(), command.node).candidate, command);
     },
     "An operator moves the primary; new transactions are held while those in progress end."},
    {611, "failover-to-claimant", insists_on_claimant,
     [](Turn& t) {
       const auto command = take(t);
       auto& record = t.state.nodes[*command.node];
       if (record.former_primary != 0) t.state.soft_fenced = command.node;  // lift what we set
       record.former_primary = 0;
       record.quarantined = record.diverged = false;
       t.adopt(*command.node, "an operator named it");
       t.reply(command, true, t.name(*command.node) + " is the primary");
     },
     "No primary is published and the operator names a node that already is one."},
    {612, "failover-of-healthy-primary",
     [](const Facts& f) {
       const auto* command = received(f, CommandKind::failover);
       return command != nullptr && !command->allow_data_loss && f.state.primary &&
              f.says_primary(*f.state.primary);
     },
     [](Turn& t) {
       const auto command = take(t);
       t.reply(command, false,
               "the primary " + t.name(*t.state.primary) +
                   " answers: use switchover, or allow data loss to force it");
     },
     "Promoting beside a primary that works risks writes that a switchover would keep."},
    {613, "failover-to-primary",
     [](const Facts& f) {
       const auto* command = received(f, CommandKind::failover);
       return command != nullptr && command->node && f.state.primary == command->node;
     },
     [](Turn& t) {
       const auto command = take(t);
       t.reply(command, false, t.name(*command.node) + " is the primary already");
     },
     "The primary is not its own successor."},
    {614, "failover-asked", failover_asked,
     [](Turn& t) {
       const auto command = take(t);
       t.state.command = command;
       t.state.asked = true;
       t.state.forced = command.allow_data_loss;
       t.state.wanted = command.node;
       t.begin_failover("an operator asked for it");
     },
     "An operator decides that the primary is gone."},
});

}  // namespace

std::span<const Rule> command_rules() { return commands; }

}  // namespace relevo::decide
