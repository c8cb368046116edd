#include "proxy/session/postgres/token.hpp"

#include "proxy/route/token.hpp"
#include "proxy/session/postgres/settings.hpp"

namespace relevo::session::postgres {

route::Analysis token_analysis() {
  route::Analysis analysis;
  analysis.cls = route::StatementClass::read;
  analysis.reason = token_reason;
  analysis.statements = 1;
  return analysis;
}

bool sets_bad_token(const route::Analysis& analysis) {
  for (std::size_t i = 0; i < analysis.effect_count; ++i) {
    const route::Effect& effect = analysis.effects[i];
    const bool sets = effect.kind == route::EffectKind::set;
    if (!sets || effect.name.size() != token_setting.size()) continue;
    if (fold_setting_name(effect.name) != token_setting) continue;
    const std::string text = plain_value({std::string(effect.value), SettingValue::Form::sql});
    const bool none = effect.value == "''" || fold_setting_name(effect.value) == "default";
    if (!none && !route::parse_token(text, model::Engine::postgres)) return true;
  }
  return false;
}

}  // namespace relevo::session::postgres
