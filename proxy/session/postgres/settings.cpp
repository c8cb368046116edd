#include "proxy/session/postgres/settings.hpp"

#include <algorithm>
#include <array>

namespace relevo::session::postgres {
namespace {

char fold(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Settings whose accepted values don't depend on the node, on privileges that
// may be lost, or on objects that may be dropped.
constexpr std::array certain_names = {
    std::string_view("application_name"),
    std::string_view("bytea_output"),
    std::string_view("client_encoding"),
    std::string_view("client_min_messages"),
    std::string_view("datestyle"),
    std::string_view("extra_float_digits"),
    std::string_view("idle_in_transaction_session_timeout"),
    std::string_view("intervalstyle"),
    std::string_view("lock_timeout"),
    std::string_view("search_path"),
    std::string_view("standard_conforming_strings"),
    std::string_view("statement_timeout"),
    std::string_view("timezone"),
    std::string_view("work_mem"),
};

bool is_certain(std::string_view name) {
  return std::find(certain_names.begin(), certain_names.end(), name) != certain_names.end();
}

// The role decides whether the others are allowed, so it is left first and
// taken last; and another session authorization undoes SET ROLE.
constexpr std::array identity_names = {std::string_view("session_authorization"),
                                       std::string_view("role")};

bool is_identity(std::string_view name) {
  return std::find(identity_names.begin(), identity_names.end(), name) != identity_names.end();
}

std::string reset(std::string_view name) { return "RESET " + quote_identifier(name) + ';'; }

const SettingValue* find(const Settings& settings, std::string_view name) {
  const auto found = settings->find(name);
  return found == settings->end() ? nullptr : &found->second;
}

void append_set(std::string& sql, std::string_view name, const SettingValue& value) {
  if (value.form == SettingValue::Form::sql) {
    sql += "SET ";
    sql += quote_identifier(name);
    sql += " TO ";
    sql += value.text;
  } else {
    sql += "SELECT pg_catalog.set_config(";
    sql += quote_literal(name);
    sql += ',';
    sql += quote_literal(value.text);
    sql += ",false)";
  }
  sql += ';';
}

std::string key_of(const SettingsMap& map) {
  std::string key;
  for (const auto& [name, value] : map) {
    key += name;
    key += value.form == SettingValue::Form::sql ? '\1' : '\2';
    key += value.text;
    key += '\0';
  }
  return key;
}

}  // namespace

Settings no_settings() {
  static const Settings empty = std::make_shared<const SettingsMap>();
  return empty;
}

Settings SettingsTable::intern(SettingsMap map) {
  if (map.empty()) return no_settings();
  auto& known = known_[key_of(map)];
  if (auto existing = known.lock()) return existing;
  Settings made = std::make_shared<const SettingsMap>(std::move(map));
  known = made;
  if (known_.size() >= sweep_at_) {
    std::erase_if(known_, [](const auto& entry) { return entry.second.expired(); });
    sweep_at_ = std::max<std::size_t>(256, known_.size() * 2);
  }
  return made;
}

std::optional<SettingsChange> settings_change(const Settings& from, const Settings& to) {
  if (from == to || *from == *to) return std::nullopt;
  SettingsChange change;
  std::string identity;  // comes last
  bool again = false;    // one identity was changed, and what depends on it has to follow
  for (const std::string_view name : identity_names) {
    const SettingValue* old = find(from, name);
    const SettingValue* wanted = find(to, name);
    const bool same = old == nullptr ? wanted == nullptr : wanted != nullptr && *old == *wanted;
    if (same && !again) continue;
    again = true;
    if (old != nullptr && wanted == nullptr) change.sql += reset(name);
    if (wanted != nullptr) append_set(identity, name, *wanted);
  }
  change.certain = !again;
  for (const auto& [name, value] : *from) {
    if (is_identity(name) || to->contains(name)) continue;
    change.sql += reset(name);
    change.certain = change.certain && is_certain(name);
  }
  for (const auto& [name, value] : *to) {
    if (is_identity(name)) continue;
    if (const SettingValue* old = find(from, name); old != nullptr && *old == value) continue;
    append_set(change.sql, name, value);
    change.certain = change.certain && is_certain(name);
  }
  change.sql += identity;
  return change;
}

bool parse_options(std::string_view options, SettingsMap& into) {
  // Words are split at white space; a backslash takes the next character literally
  // (process_postgres_switches, pg_split_opts).
  const auto is_space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  std::string word;
  std::size_t at = 0;
  bool expect_assignment = false;
  const auto next_word = [&] {
    word.clear();
    while (at < options.size() && is_space(options[at])) ++at;
    if (at == options.size()) return false;
    while (at < options.size() && !is_space(options[at])) {
      if (options[at] == '\\' && ++at == options.size()) break;
      word += options[at++];
    }
    return true;
  };
  while (next_word()) {
    std::string_view assignment = word;
    if (!expect_assignment) {
      if (assignment == "-c") {
        expect_assignment = true;
        continue;
      }
      if (assignment.starts_with("--")) {
        assignment.remove_prefix(2);
      } else if (assignment.starts_with("-c")) {
        assignment.remove_prefix(2);
      } else {
        return false;
      }
    }
    expect_assignment = false;
    const auto equals = assignment.find('=');
    if (equals == std::string_view::npos || equals == 0) return false;
    std::string name = fold_setting_name(assignment.substr(0, equals));
    std::replace(name.begin(), name.end(), '-', '_');
    into[std::move(name)] = {std::string(assignment.substr(equals + 1)), SettingValue::Form::flat};
  }
  return !expect_assignment;
}

std::string fold_setting_name(std::string_view name) {
  if (name.size() >= 2 && name.front() == '"' && name.back() == '"') {
    name = name.substr(1, name.size() - 2);
  }
  std::string folded(name);
  std::transform(folded.begin(), folded.end(), folded.begin(), fold);
  return folded == "time zone" ? "timezone" : folded;
}

std::string quote_literal(std::string_view text) {
  std::string quoted;
  quoted.reserve(text.size() + 3);
  const bool escape = text.find('\\') != std::string_view::npos;
  quoted += escape ? " E'" : "'";
  for (const char c : text) {
    if (c == '\'' || (escape && c == '\\')) quoted += c;
    quoted += c;
  }
  quoted += '\'';
  return quoted;
}

std::string quote_identifier(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '.') {
      quoted += "\".\"";
    } else {
      if (c == '"') quoted += '"';
      quoted += c;
    }
  }
  quoted += '"';
  return quoted;
}

std::string plain_value(const SettingValue& value) {
  if (value.form == SettingValue::Form::flat) return value.text;
  std::string_view text = value.text;
  while (!text.empty() && (text.back() == ' ' || text.back() == ';')) text.remove_suffix(1);
  if (text.size() >= 2 && text.front() == '\'' && text.back() == '\'') {
    text = text.substr(1, text.size() - 2);
    return text.find('\'') == std::string_view::npos ? std::string(text) : "";
  }
  const bool word = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  });
  return word ? std::string(text) : "";
}

}  // namespace relevo::session::postgres
