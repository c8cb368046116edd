#include "proxy/route/verdict.hpp"

#include <algorithm>

namespace relevo::route {
namespace {

int strictness(StatementClass cls) {
  switch (cls) {
    case StatementClass::read:
      return 0;
    case StatementClass::session:
      return 1;
    case StatementClass::write:
      return 2;
  }
  return 2;
}

}  // namespace

void join(Analysis& analysis, const Verdict& verdict) {
  const bool first = analysis.statements == 0;
  ++analysis.statements;
  analysis.transaction = first ? verdict.transaction : TransactionControl::none;
  analysis.controls_transaction |= verdict.controls_transaction;
  const bool certain_write = verdict.cls == StatementClass::write && !verdict.unproven;
  if (first || strictness(verdict.cls) > strictness(analysis.cls) ||
      (analysis.unproven && certain_write)) {
    analysis.cls = verdict.cls;
    analysis.reason = verdict.reason;
    analysis.subject = verdict.subject;
    analysis.unproven = verdict.unproven;
    analysis.object = verdict.object;
  }
}

void give_up(Analysis& analysis, std::string_view reason) {
  join(analysis, write_verdict(reason, {}));
  analysis.cls = StatementClass::write;
  analysis.reason = reason;
  analysis.subject = {};
  analysis.unproven = false;
  analysis.object = 0;
  add_effect(analysis, EffectKind::unknown, {}, {});
}

void add_effect(Analysis& analysis, EffectKind kind, std::string_view name,
                std::string_view value) {
  if (analysis.effect_count == Analysis::max_effects) {
    analysis.effects_overflow = true;
    return;
  }
  analysis.effects[analysis.effect_count++] = {kind, name, value};
}

bool has_multibyte(std::string_view sql) {
  return std::ranges::any_of(sql, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

}  // namespace relevo::route
