#include "proxy/session/mysql/diagnostics.hpp"

#include <algorithm>
#include <charconv>

namespace relevo::session::mysql {
namespace {

bool counts(const route::MysqlFacts& facts) {
  return facts.uses_found_rows || facts.uses_row_count || facts.uses_last_value;
}

bool sets_last_insert_id(const Meaning& meaning) {
  const route::MysqlFacts& facts = meaning.facts;
  if (facts.sets_last_insert_id || facts.may_call_routine || meaning.unknown) return true;
  if (meaning.effects == nullptr) return false;
  return std::any_of(meaning.effects->begin(), meaning.effects->end(),
                     [](const OwnedEffect& effect) {
                       const std::string name = fold_variable_name(effect.name);
                       return (effect.kind == route::EffectKind::set ||
                               effect.kind == route::EffectKind::set_computed) &&
                              (name == "last_insert_id" || name == "identity");
                     });
}

}  // namespace

Diagnostics::Need Diagnostics::need(const route::MysqlFacts& facts) const {
  if (counts(facts)) return Need::same_connection;
  if (facts.diagnostics) return keeps_ ? Need::same_connection : Need::clean_slate;
  if (facts.uses_last_insert_id) return Need::last_insert_id;
  return Need::nothing;
}

void Diagnostics::on_reply(const Meaning& meaning, const Outcome& outcome) {
  if (outcome.last_insert_id != 0 || sets_last_insert_id(meaning)) stale_ = true;
  // SHOW WARNINGS leaves what it shows.
  if (meaning.facts.diagnostics && !outcome.failed) return;
  keeps_ = outcome.failed || outcome.warnings > 0 || meaning.facts.calc_found_rows;
}

void Diagnostics::note_use(const route::MysqlFacts& facts) {
  habitual_ = habitual_ || counts(facts);
}

bool Diagnostics::on_last_insert_id(std::string_view decimal) {
  std::uint64_t value = 0;
  const char* const end = decimal.data() + decimal.size();
  const auto read = std::from_chars(decimal.data(), end, value);
  if (read.ec != std::errc() || read.ptr != end) return false;
  last_insert_id_ = value;
  stale_ = false;
  return true;
}

std::string Diagnostics::restore_sql() const {
  return "SET last_insert_id=" + std::to_string(last_insert_id_);
}

void Diagnostics::reset() { *this = {}; }

}  // namespace relevo::session::mysql
