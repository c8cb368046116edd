#include "proxy/session/postgres/effects.hpp"

#include <algorithm>
#include <iterator>
#include <string>

namespace relevo::session::postgres {
namespace {

bool survives_rollback(const OwnedEffect& effect) {
  switch (effect.kind) {
    case route::EffectKind::advisory_lock:
    case route::EffectKind::advisory_unlock_all:
    case route::EffectKind::sql_prepare:
    case route::EffectKind::sql_deallocate:
    case route::EffectKind::load:
    case route::EffectKind::unknown:  // any of these, perhaps
      return true;
    default:
      return false;
  }
}

void append(Effects& to, Effects& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  from.clear();
}

}  // namespace

std::unique_ptr<Effects> own_effects(const route::Analysis& analysis) {
  if (analysis.effect_count == 0 && !analysis.effects_overflow) return nullptr;
  auto owned = std::make_unique<Effects>();
  for (std::size_t i = 0; i < analysis.effect_count; ++i) {
    const route::Effect& effect = analysis.effects[i];
    if (effect.kind == route::EffectKind::set_local) continue;  // ends with its transaction
    owned->push_back({effect.kind, std::string(effect.name), std::string(effect.value)});
  }
  if (analysis.effects_overflow) owned->push_back({route::EffectKind::unknown, {}, {}});
  return owned;
}

void EffectLog::ran(Effects& effects) { append(batch_, effects); }

void EffectLog::failed(const Effects* effects) {
  if (effects == nullptr) return;
  unclear_ = unclear_ || std::any_of(effects->begin(), effects->end(), survives_rollback);
}

void EffectLog::committed() {
  append(committed_, transaction_);
  append(committed_, batch_);
}

void EffectLog::rolled_back() { unclear_ = unclear_ || !transaction_.empty() || !batch_.empty(); }

void EffectLog::settle(TransactionStatus status, bool failed) {
  if (batch_.empty() && transaction_.empty()) return;
  for (OwnedEffect& effect : batch_) {
    if (survives_rollback(effect)) committed_.push_back(std::move(effect));
  }
  std::erase_if(batch_, survives_rollback);
  switch (status) {
    case TransactionStatus::idle:
      if (!failed) append(committed_, batch_);
      batch_.clear();
      transaction_.clear();
      break;
    case TransactionStatus::in_transaction:
      append(transaction_, batch_);
      break;
    case TransactionStatus::failed:
      batch_.clear();
      break;
  }
}

}  // namespace relevo::session::postgres
