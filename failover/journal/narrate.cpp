#include "failover/journal/narrate.hpp"

#include <algorithm>
#include <cstdio>

#include "failover/decide/step.hpp"

namespace relevo::journal {
namespace {

using model::NodeId;

std::string seconds_of(model::Duration time) {
  char text[32];
  std::snprintf(text, sizeof text, "%+.3f s", std::chrono::duration<double>(time).count());
  return text;
}

std::string name_of_node(const decide::Policy& policy, std::optional<NodeId> node) {
  if (!node) return "the cluster";
  return *node < policy.nodes.size() ? policy.nodes[*node].name : "node " + std::to_string(*node);
}

// "Promote db2: failed: no connection". By the state before the step: it knows what was asked.
std::string ended(const decide::ActionFinished& finished, const ReplayedStep& step) {
  std::string text = "an action of an attempt that is over";
  for (const auto& pending : step.before.pending) {
    if (pending.action.id != finished.id) continue;
    text = std::string(decide::name_of(pending.action.task)) + " " +
           name_of_node(step.policy, decide::node_of(pending.action.task));
  }
  text += " ended: " + std::string(decide::to_string(finished.outcome));
  if (!finished.text.empty()) text += ": " + finished.text;
  return text;
}

std::string asked(const decide::OperatorCommand& command, const decide::Policy& policy) {
  std::string text = "an operator asks for " + std::string(decide::to_string(command.kind));
  if (command.node) text += " " + name_of_node(policy, command.node);
  if (command.allow_data_loss) text += ", data loss allowed";
  return text;
}

std::string words_of(const ReplayedStep& step) {
  struct Words {
    const ReplayedStep& at;
    std::string operator()(const decide::Tick&) const { return "time passed"; }
    std::string operator()(const decide::Observed&) const { return "the nodes were looked at"; }
    std::string operator()(const decide::ViewPublished& published) const {
      return "View " + std::to_string(published.sequence) + " went out";
    }
    std::string operator()(const decide::ViewApplied& view) const {
      return "every worker has applied View " + std::to_string(view.applied.sequence) +
             " of epoch " + std::to_string(view.applied.epoch);
    }
    std::string operator()(const decide::ActionFinished& done) const { return ended(done, at); }
    std::string operator()(const decide::OperatorCommand& command) const {
      return asked(command, at.policy);
    }
    std::string operator()(const decide::LeaseGranted&) const { return "the lease was granted"; }
    std::string operator()(const decide::LeaseLost&) const { return "the lease was lost"; }
  };
  return std::visit(Words{step}, step.event);
}

std::string rule_words(int number) {
  if (number == 0) return "no rule";
  for (const auto& rule : decide::rule_table()) {
    if (rule.number != number) continue;
    return "rule " + std::to_string(number) + " " + std::string(rule.name) + ": " +
           std::string(rule.because);
  }
  return "rule " + std::to_string(number) + ", which this Relevo does not have";
}

std::string account_of(const decide::NodeEvidence& evidence) {
  std::string text(model::to_string(evidence.assessment.verdict));
  if (evidence.assessment.conclusive) text += ", confirmed";
  if (evidence.latest) {
    const auto& status = evidence.latest->status;
    text += ", " + std::string(model::to_string(status.role));
    if (status.role == model::Role::primary && status.read_only) text += ", read-only";
    const auto& position = status.received.known() ? status.received : status.position;
    if (position.known()) text += " at " + position.to_string();
  }
  if (!evidence.assessment.reason.empty()) text += " (" + evidence.assessment.reason + ")";
  return text;
}

std::string actions_of(const std::vector<decide::Action>& actions, const decide::Policy& policy) {
  std::string text;
  for (const auto& action : actions) {
    text += text.empty() ? "" : ", ";
    text += decide::name_of(action.task);
    if (const auto node = decide::node_of(action.task)) text += " " + name_of_node(policy, node);
  }
  return text.empty() ? "nothing" : text;
}

}  // namespace

// What is known of the nodes, as far as it was not told before.
std::string Narrator::seen(const ReplayedStep& step) {
  std::string text;
  told_.resize(step.after.evidence.size());
  for (NodeId node = 0; node < told_.size(); ++node) {
    auto account = account_of(step.after.evidence[node]);
    if (account == told_[node]) continue;
    text += "    " + name_of_node(step.policy, node) + ": " + account + "\n";
    told_[node] = std::move(account);
  }
  return text;
}

std::string Narrator::tell(const ReplayedStep& step) {
  if (!began_) began_ = step.now;
  const auto& decision = step.decision;
  std::string text = "line " + std::to_string(step.line) + "  " + seconds_of(step.now - *began_) +
                     "  " + words_of(step) + "\n" + seen(step) + "  " + rule_words(decision.rule) +
                     "\n";
  for (const auto& note : decision.notes) text += "    said: " + note.text + "\n";
  text += "    asked for: " + actions_of(decision.actions, step.policy) + "\n";
  if (step.differs) {
    text += "  DIFFERS: recorded was " + rule_words(step.recorded_rule) +
            "\n    asked for: " + actions_of(step.recorded_actions, step.policy) + "\n";
  }
  return text;
}

}  // namespace relevo::journal
