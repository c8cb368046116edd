#include "proxy/session/mysql/token.hpp"

#include "proxy/route/token.hpp"
#include "proxy/session/mysql/state.hpp"

namespace relevo::session::mysql {

std::string_view token_text(route::EffectKind kind, std::string_view value) {
  if (kind != route::EffectKind::set_user_variable) return "?";
  while (!value.empty() && (value.back() == ' ' || value.back() == ';')) value.remove_suffix(1);
  while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  if (value.size() == 4 && fold_variable_name(value) == "null") return {};
  const bool quoted = value.size() >= 2 && (value.front() == '\'' || value.front() == '"') &&
                      value.back() == value.front();
  return quoted ? value.substr(1, value.size() - 2) : std::string_view("?");
}

bool sets_bad_token(const route::Analysis& analysis, route::MysqlDialect dialect) {
  using route::MysqlServer;
  for (std::size_t i = 0; i < analysis.effect_count; ++i) {
    const route::Effect& effect = analysis.effects[i];
    if (effect.kind != route::EffectKind::set_user_variable) continue;
    if (effect.name.size() != token_variable.size()) continue;
    if (fold_variable_name(effect.name) != token_variable) continue;
    const std::string_view text = token_text(effect.kind, effect.value);
    if (text.empty()) continue;
    const bool of_mysql = text.starts_with("mysql:");
    const bool other = (dialect.server == MysqlServer::mysql && !of_mysql) ||
                       (dialect.server == MysqlServer::mariadb && of_mysql);
    if (other || !route::parse_token(text, model::Engine::mysql)) return true;
  }
  return false;
}

}  // namespace relevo::session::mysql
