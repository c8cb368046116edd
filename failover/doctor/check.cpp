#include "failover/doctor/check.hpp"

#include <charconv>
#include <cmath>
#include <cstdio>

namespace relevo::doctor {

void Subject::find(Gravity gravity, std::string found, Remedy remedy) {
  model::Finding finding;
  finding.check = check_.name;
  finding.gravity = gravity;
  finding.found = std::move(found);
  finding.why = check_.why;
  finding.statements = std::move(remedy.statements);
  finding.takes_effect = remedy.takes_effect;
  finding.on = remedy.on.empty() ? node.name : std::move(remedy.on);
  findings_.push_back(std::move(finding));
}

void Subject::find_kept(Gravity gravity, std::string found, Remedy remedy) {
  const bool kept = cluster.quorum && cluster.manages_quorum && cluster.acts;
  find(gravity, std::move(found),
       kept ? by_hand("nothing: Relevo sets it (failover.quorum_settings is manage); if it stays, "
                      "relevoctl events says why (543, 904)")
            : std::move(remedy));
}

std::string_view Subject::text(std::string_view setting) const {
  const auto found = node.settings.find(setting);
  return found == node.settings.end() ? std::string_view() : found->second.value;
}

std::optional<double> Subject::number(std::string_view setting) const {
  const std::string_view value = text(setting);
  double result = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), result);
  if (value.empty() || error != std::errc{} || end != value.data() + value.size()) {
    return std::nullopt;
  }
  return result;
}

bool Subject::is_on(std::string_view setting) const {
  const std::string_view value = text(setting);
  return value == "on" || value == "ON" || value == "1";
}

bool Subject::is_off(std::string_view setting) const {
  const std::string_view value = text(setting);
  return value == "off" || value == "OFF" || value == "0";
}

std::string_view Subject::present(std::initializer_list<std::string_view> names) const {
  for (const std::string_view name : names) {
    if (has(name)) return name;
  }
  return {};
}

const NodeFacts* Subject::primary() const {
  if (!cluster.primary) return nullptr;
  const NodeFacts& found = cluster.nodes[*cluster.primary];
  return found.reachable ? &found : nullptr;
}

namespace {

bool is_plain(std::string_view value) {
  const bool number = !value.empty() && value.find_first_not_of("0123456789") == std::string::npos;
  return number || value == "ON" || value == "OFF";
}

std::string quoted(std::string_view value) {
  std::string text = "'";
  for (const char c : value) {
    if (c == '\'') text += c;
    text += c;
  }
  return text + "'";
}

// As MySQL and MariaDB take it: numbers and switches bare, words quoted.
std::string assigned(std::string_view setting, std::string_view value) {
  return std::string(setting) + " = " + (is_plain(value) ? std::string(value) : quoted(value));
}

constexpr std::uint32_t mysql_persist = 80000;

std::string in_option_file(std::string_view setting, std::string_view value) {
  return "in [mysqld] of its option file: " + std::string(setting) + " = " + std::string(value);
}

}  // namespace

Remedy Subject::set(std::string_view setting, std::string_view value) const {
  if (node.flavor == model::Flavor::postgres) {
    const auto found = node.settings.find(setting);
    if (found != node.settings.end() && found->second.source == "command line") {
      return by_hand("take " + std::string(setting) + " off the server's command line, which wins");
    }
    return {{"ALTER SYSTEM SET " + std::string(setting) + " = " + quoted(value),
             "SELECT pg_reload_conf()"},
            TakesEffect::reload,
            {}};
  }
  const bool persists = node.flavor == model::Flavor::mysql && node.version_number >= mysql_persist;
  return {{(persists ? "SET PERSIST " : "SET GLOBAL ") + assigned(setting, value)},
          TakesEffect::at_once,
          {}};
}

Remedy Subject::set_at_restart(std::string_view setting, std::string_view value) const {
  if (node.flavor == model::Flavor::postgres) {
    Remedy remedy = set(setting, value);
    if (remedy.takes_effect == TakesEffect::reload) {
      remedy.statements.pop_back();
      remedy.takes_effect = TakesEffect::restart;
    }
    return remedy;
  }
  return {{in_option_file(setting, value)}, TakesEffect::restart, {}};
}

Remedy by_hand(std::string what, std::string on) {
  Remedy remedy;
  remedy.statements.push_back(std::move(what));
  remedy.on = std::move(on);
  return remedy;
}

std::string duration_text(double milliseconds) {
  char text[48];
  if (milliseconds < 1000) {
    std::snprintf(text, sizeof text, "%g ms", milliseconds);
  } else {
    std::snprintf(text, sizeof text, "%g s", std::round(milliseconds / 100) / 10);
  }
  return text;
}

}  // namespace relevo::doctor
