// A session's own run-time parameters (GUCs) and how to bring a server
// connection from one set of them to another.
//
// Intuition: a session's settings are a small sorted map; a server connection
// remembers which map was last applied to it. Maps are immutable and interned,
// so in the everyday case (all sessions of an application have the same) the
// two are the same pointer and there is nothing to do.
//
// Invariant: only what a session set is in its map. Everything else is the
// server's default for that role and database, which RESET brings back.
// https://www.postgresql.org/docs/current/sql-set.html
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace relevo::session::postgres {

struct SettingValue {
  // `sql`: as written after SET name TO, e.g. "'a', b". `flat`: one string in
  // the form of a startup packet or pg_settings.setting.
  enum class Form : std::uint8_t { sql, flat };
  std::string text;
  Form form = Form::sql;
  bool operator==(const SettingValue&) const = default;
};

// Names are folded to lower case: PostgreSQL compares them so.
using SettingsMap = std::map<std::string, SettingValue, std::less<>>;
using Settings = std::shared_ptr<const SettingsMap>;  // never null

Settings no_settings();

// Makes equal maps one pointer. One per worker; not for several threads.
class SettingsTable {
 public:
  Settings intern(SettingsMap map);

 private:
  std::unordered_map<std::string, std::weak_ptr<const SettingsMap>> known_;
  std::size_t sweep_at_ = 256;
};

struct SettingsChange {
  std::string sql;  // statements for one simple query
  // Every name in it is one whose value, accepted by one server, is accepted by
  // all: it may travel in the same packet as the query that needs it. Otherwise
  // the query waits for its success, lest it run in the wrong schema or role.
  bool certain = true;
};

// nullopt: nothing differs.
std::optional<SettingsChange> settings_change(const Settings& from, const Settings& to);

// "-c search_path=a -cfoo=b --work-mem=1MB" of a startup packet's `options`
// into `into`. False when it has something else than settings.
bool parse_options(std::string_view options, SettingsMap& into);

std::string fold_setting_name(std::string_view name);  // lower case; "timezone" for "TIME ZONE"

// SQL literals, safe whatever standard_conforming_strings is.
std::string quote_literal(std::string_view text);
std::string quote_identifier(std::string_view name);  // dotted names part by part

// A value as SQL wrote it, as plain text: 'abc' or abc -> abc. Empty when it is
// a list or anything else but one simple literal or word.
std::string plain_value(const SettingValue& value);

}  // namespace relevo::session::postgres
