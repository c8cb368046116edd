#include "proxy/session/mysql/pins.hpp"

#include <array>

#include "proxy/session/mysql/state.hpp"

namespace relevo::session::mysql {

using route::EffectKind;

namespace {

struct PinName {
  Pin pin;
  std::string_view text;
};
constexpr std::array pin_names = {
    PinName{Pin::mode, "session pooling"},
    PinName{Pin::temporary_tables, "temporary tables"},
    PinName{Pin::table_locks, "LOCK TABLES"},
    PinName{Pin::named_locks, "named locks"},
    PinName{Pin::handlers, "HANDLER"},
    PinName{Pin::cursors, "open cursors"},
    PinName{Pin::long_data, "a parameter sent in parts"},
    PinName{Pin::sql_statements, "SQL-level prepared statements"},
    PinName{Pin::user_variables, "computed user variables"},
    PinName{Pin::next_transaction, "SET TRANSACTION for the next one"},
    PinName{Pin::xa, "an XA transaction"},
    PinName{Pin::variables, "variables that do not follow"},
    PinName{Pin::routine, "a routine of unknown effect"},
    PinName{Pin::sequences, "numbers of sequences"},
    PinName{Pin::unknown, "a statement of unknown effect"},
};

template <typename Set>
void take(Set& set, std::string_view name) {
  if (const auto found = set.find(name); found != set.end()) set.erase(found);
}

}  // namespace

std::string Pins::reason() const {
  std::string reason;
  for (const PinName& name : pin_names) {
    if (!has(name.pin)) continue;
    if (!reason.empty()) reason += ", ";
    reason += name.text;
  }
  return reason;
}

void Pins::apply(const Meaning& meaning) {
  if (meaning.unknown) add(Pin::unknown);
  if (meaning.facts.may_call_routine) add(Pin::routine);
  if (meaning.effects == nullptr) return;
  for (const OwnedEffect& effect : *meaning.effects) apply_one(effect);
}

void Pins::apply_failed(const Meaning& meaning) {
  if (meaning.unknown) add(Pin::unknown);
  if (meaning.facts.may_call_routine) add(Pin::routine);
  if (meaning.effects == nullptr) return;
  for (const OwnedEffect& effect : *meaning.effects) {
    switch (effect.kind) {
      // A failure of these leaves what there was.
      case EffectKind::temp_object:
      case EffectKind::sql_prepare:
      case EffectKind::handler_open:
      case EffectKind::lock_tables:
      case EffectKind::xa_begin:
      case EffectKind::next_transaction:
        if (meaning.statements > 1) apply_one(effect);
        break;
      // Evaluated row by row, so it may have happened before the failure.
      case EffectKind::named_lock:
        apply_one(effect);
        break;
      case EffectKind::set_user_computed:
      case EffectKind::set_user_variable:
        opaque_variable(fold_variable_name(effect.name));
        break;
      default:
        break;
    }
  }
}

void Pins::apply_one(const OwnedEffect& effect) {
  switch (effect.kind) {
    case EffectKind::temp_object:
      tables_.insert(fold_variable_name(effect.name));
      return add(Pin::temporary_tables);
    case EffectKind::drop_temp:
      take(tables_, fold_variable_name(effect.name));
      if (tables_.empty()) remove(Pin::temporary_tables);
      return;
    case EffectKind::lock_tables:
      return add(Pin::table_locks);
    case EffectKind::unlock_tables:
      return remove(Pin::table_locks);
    case EffectKind::named_lock:
      // The same name may be locked several times over, and GET_LOCK may have
      // failed: a name alone does not tell how many releases it takes.
      countless_locks_ = countless_locks_ || effect.name.empty() || locks_.contains(effect.name);
      locks_.insert(effect.name);
      return add(Pin::named_locks);
    case EffectKind::named_unlock:
      take(locks_, effect.name);
      if (locks_.empty() && !countless_locks_) remove(Pin::named_locks);
      return;
    case EffectKind::named_unlock_all:
      locks_.clear();
      countless_locks_ = false;
      return remove(Pin::named_locks);
    case EffectKind::handler_open:
      handlers_.insert(fold_variable_name(effect.name));
      return add(Pin::handlers);
    case EffectKind::handler_close:
      take(handlers_, fold_variable_name(effect.name));
      if (handlers_.empty()) remove(Pin::handlers);
      return;
    case EffectKind::sql_prepare:
      statements_.insert(fold_variable_name(effect.name));
      return add(Pin::sql_statements);
    case EffectKind::sql_deallocate:
      take(statements_, fold_variable_name(effect.name));
      if (statements_.empty()) remove(Pin::sql_statements);
      return;
    case EffectKind::next_transaction:
      return add(Pin::next_transaction);
    case EffectKind::xa_begin:
      return add(Pin::xa);
    case EffectKind::xa_end:
      return remove(Pin::xa);
    case EffectKind::set_user_computed:
      return opaque_variable(fold_variable_name(effect.name));
    case EffectKind::set_role:
      // Roles are checked against grants as they are at the time.
      return add(Pin::variables);
    case EffectKind::unknown:
      return add(Pin::unknown);
    default:
      return;
  }
}

void Pins::opaque_variable(std::string_view folded_name) {
  opaque_.emplace(folded_name);
  add(Pin::user_variables);
}

void Pins::known_variable(std::string_view folded_name) {
  take(opaque_, folded_name);
  if (opaque_.empty()) remove(Pin::user_variables);
}

void Pins::reset() {
  const bool mode = has(Pin::mode);
  *this = {};
  if (mode) add(Pin::mode);
}

}  // namespace relevo::session::mysql
