#include "proxy/session/mysql/effects.hpp"

namespace relevo::session::mysql {

Meaning meaning_of(const route::Analysis& analysis) {
  Meaning meaning{.cls = analysis.cls,
                  .transaction = analysis.transaction,
                  .statements = analysis.statements,
                  .controls_transaction = analysis.controls_transaction,
                  .unknown = analysis.effects_overflow,
                  .facts = analysis.mysql,
                  .effects = nullptr};
  if (analysis.effect_count == 0) return meaning;
  meaning.effects = std::make_unique<std::vector<OwnedEffect>>();
  for (std::size_t i = 0; i < analysis.effect_count; ++i) {
    const route::Effect& effect = analysis.effects[i];
    if (effect.kind == route::EffectKind::unknown) meaning.unknown = true;
    meaning.effects->push_back({effect.kind, std::string(effect.name), std::string(effect.value)});
  }
  return meaning;
}

Meaning unread_meaning() {
  Meaning meaning;
  meaning.controls_transaction = true;
  meaning.statements = 2;
  meaning.unknown = true;
  meaning.facts.may_call_routine = true;
  meaning.facts.implicit_commit = true;
  return meaning;
}

}  // namespace relevo::session::mysql
