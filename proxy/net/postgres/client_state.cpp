// What a session has set and what keeps it on its connection: told by the texts
// of its statements where they tell, asked of the server where they don't.
#include <array>

#include "proxy/net/postgres/client_session.hpp"
#include "proxy/wire/postgres/command.hpp"
#include "proxy/wire/postgres/reader.hpp"

namespace relevo::net::postgres {

namespace wire = relevo::wire::postgres;
using route::EffectKind;
using session::postgres::Audience;
using session::postgres::OwnedEffect;
using session::postgres::SettingsMap;
using session::postgres::SettingValue;

namespace {

// What a session has that its statements' texts didn't tell. Names are
// qualified: the session's search_path is not ours to trust.
constexpr std::string_view inspection_sql =
    "SELECT 's', name, setting FROM pg_catalog.pg_settings WHERE source = 'session' "
    // Ours are placeholders to the server, which that view leaves out.
    "UNION ALL SELECT 's', name, pg_catalog.current_setting(name, true) "
    "FROM (VALUES ('relevo.target'), ('relevo.after')) AS own(name) "
    "WHERE pg_catalog.current_setting(name, true) <> '' "
    "UNION ALL SELECT 's', 'role', pg_catalog.current_setting('role') "
    "WHERE pg_catalog.current_setting('role') <> 'none' "
    "UNION ALL SELECT 's', 'session_authorization', session_user::pg_catalog.text "
    "WHERE pg_catalog.current_setting('is_superuser') IS NOT NULL "
    "AND (SELECT usename FROM pg_catalog.pg_stat_activity "
    "WHERE pid = pg_catalog.pg_backend_pid()) <> session_user "
    "UNION ALL SELECT 'p', 'temporary', '' WHERE EXISTS (SELECT FROM pg_catalog.pg_class "
    "WHERE relnamespace = pg_catalog.pg_my_temp_schema()) "
    "UNION ALL SELECT 'p', 'advisory', '' WHERE EXISTS (SELECT FROM pg_catalog.pg_locks "
    "WHERE locktype = 'advisory' AND pid = pg_catalog.pg_backend_pid()) "
    "UNION ALL SELECT 'p', 'listen', '' WHERE EXISTS (SELECT FROM "
    "pg_catalog.pg_listening_channels()) "
    "UNION ALL SELECT 'p', 'prepare', '' WHERE EXISTS (SELECT FROM "
    "pg_catalog.pg_prepared_statements WHERE from_sql) "
    "UNION ALL SELECT 'p', 'cursor', '' WHERE EXISTS (SELECT FROM pg_catalog.pg_cursors "
    "WHERE is_holdable)";

struct PinName {
  unsigned pin;
  std::string_view inspected, text;
};
constexpr std::array pin_names = {
    PinName{1, "", "session pooling"},
    PinName{2, "temporary", "temporary objects"},
    PinName{4, "advisory", "session-level advisory locks"},
    PinName{8, "cursor", "WITH HOLD cursors"},
    PinName{16, "listen", "LISTEN"},
    PinName{32, "prepare", "SQL-level prepared statements"},
    PinName{64, "", "a loaded library"},
};

}  // namespace

std::string ClientSession::pin_reason() const {
  std::string reason;
  for (const PinName& name : pin_names) {
    if ((pins_ & name.pin) == 0) continue;
    if (!reason.empty()) reason += ", ";
    reason += name.text;
  }
  return reason;
}

void ClientSession::begin_own_query(std::string_view sql, Own what) {
  own_ = what;
  own_first_ = true;
  Segments& out = shard_.worker().to_server();
  wire::Writer writer(out.text());
  wire::encode_query(writer, sql);
  out.own();
  server_->exchange.expect_query(Audience::proxy, nullptr);
  server_->send(out);
}

void ClientSession::inspect() {
  needs_inspection_ = false;
  inspected_.clear();
  inspected_pins_ = 0;
  begin_own_query(inspection_sql, Own::inspection);
}

void ClientSession::on_own_row(wire::Bytes row) {
  if (own_ != Own::inspection) return;
  wire::Reader reader(row);
  if (reader.u16() != 3) return;
  std::array<std::string, 3> fields;
  for (std::string& field : fields) {
    const std::int32_t size = reader.i32();
    if (size > 0) field = std::string(wire::as_text(reader.bytes(static_cast<std::size_t>(size))));
  }
  if (!reader.ok()) return;
  if (fields[0] == "s") {
    inspected_[session::postgres::fold_setting_name(fields[1])] = {fields[2],
                                                                   SettingValue::Form::flat};
    return;
  }
  for (const PinName& name : pin_names) {
    if (!name.inspected.empty() && name.inspected == fields[1]) inspected_pins_ |= name.pin;
  }
}

void ClientSession::finish_inspection() {
  settings_ = shard_.settings_table().intern(std::exchange(inspected_, {}));
  server_->applied = settings_;
  const unsigned inspectable = pin_temporary | pin_advisory | pin_cursor | pin_listen | pin_prepare;
  pins_ = (pins_ & ~inspectable) | inspected_pins_;
}

void ClientSession::apply(const session::postgres::Effects& effects) {
  SettingsMap map = *settings_;
  const bool was_pinned = pins_ != 0;
  for (const OwnedEffect& effect : effects) apply_one(effect, map);
  if (!was_pinned && pins_ != 0) ++shard_.traffic().pinned;
  settings_ = shard_.settings_table().intern(std::move(map));
  server_->applied = settings_;
}

void ClientSession::apply_one(const OwnedEffect& effect, SettingsMap& map) {
  const auto reset = [&](const std::string& name) {
    if (const auto found = startup_settings_->find(name); found != startup_settings_->end()) {
      map.insert_or_assign(name, found->second);
    } else {
      map.erase(name);
    }
  };
  const auto reset_all = [&] {
    SettingsMap kept = *startup_settings_;
    for (const char* identity : {"role", "session_authorization"}) {
      if (const auto found = map.find(identity); found != map.end()) kept.insert(*found);
    }
    map = std::move(kept);
  };
  switch (effect.kind) {
    case EffectKind::set:
    case EffectKind::set_role: {
      SettingValue value{effect.value, SettingValue::Form::sql};
      std::string name = session::postgres::fold_setting_name(effect.name);
      if (effect.kind == EffectKind::set_role && effect.value.empty()) {  // RESET ROLE
        reset(name);
        break;
      }
      // SET TIME ZONE takes forms (INTERVAL, LOCAL) that SET name TO does not.
      if (name == "timezone" && (effect.value.size() == 5 || plain_value(value).empty())) {
        needs_inspection_ = true;
      }
      map.insert_or_assign(std::move(name), std::move(value));
      break;
    }
    case EffectKind::set_local:
      break;
    case EffectKind::reset:
      reset(session::postgres::fold_setting_name(effect.name));
      break;
    case EffectKind::reset_all:
      reset_all();
      break;
    case EffectKind::discard_all:
      map = *startup_settings_;
      pins_ &= pin_mode;
      statements_.clear();
      unnamed_ = nullptr;
      channels_.clear();
      sql_statements_.clear();
      server_->statements.clear();
      server_->unnamed = nullptr;
      break;
    case EffectKind::discard_plans:
    case EffectKind::discard_sequences:
      break;
    case EffectKind::discard_temp:
      pins_ &= ~static_cast<unsigned>(pin_temporary);
      break;
    case EffectKind::temp_object:
      pins_ |= pin_temporary;
      break;
    case EffectKind::advisory_lock:
      pins_ |= pin_advisory;
      break;
    case EffectKind::advisory_unlock_all:
      pins_ &= ~static_cast<unsigned>(pin_advisory);
      break;
    case EffectKind::hold_cursor:
      pins_ |= pin_cursor;
      break;
    case EffectKind::close_all:
      pins_ &= ~static_cast<unsigned>(pin_cursor);
      break;
    case EffectKind::listen:
      pins_ |= pin_listen;
      channels_.insert(effect.name);
      break;
    case EffectKind::unlisten:
      if (effect.name == "*") channels_.clear();
      channels_.erase(effect.name);
      if (channels_.empty()) pins_ &= ~static_cast<unsigned>(pin_listen);
      break;
    case EffectKind::sql_prepare:
      pins_ |= pin_prepare;
      sql_statements_.insert(effect.name);
      break;
    case EffectKind::sql_deallocate:
      if (effect.name.empty()) {
        pins_ &= ~static_cast<unsigned>(pin_prepare);
        sql_statements_.clear();
        statements_.clear();
        server_->statements.clear();
      } else if (sql_statements_.erase(effect.name) > 0 && sql_statements_.empty()) {
        pins_ &= ~static_cast<unsigned>(pin_prepare);
      }
      break;
    case EffectKind::load:
      pins_ |= pin_load;
      break;
    case EffectKind::unknown:
    default:  // of another database: none comes
      needs_inspection_ = true;
      break;
  }
}

}  // namespace relevo::net::postgres
