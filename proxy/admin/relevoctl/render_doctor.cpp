// What doctor found, node by node, with what mends it.
#include <algorithm>

#include "proxy/admin/relevoctl/render.hpp"

namespace relevo::admin {
namespace {

using Json = nlohmann::json;

const Json& member(const Json& json, const char* name) {
  static const Json absent;
  if (!json.is_object()) return absent;
  const auto it = json.find(name);
  return it == json.end() ? absent : *it;
}

std::string text(const Json& json, const char* name) {
  const Json& value = member(json, name);
  return value.is_string() ? printable(value.get_ref<const std::string&>()) : std::string();
}

bool is_true(const Json& json, const char* name) {
  const Json& value = member(json, name);
  return value.is_boolean() && value.get<bool>();
}

Color color_of(const std::string& severity) {
  if (severity == "error") return Color::red;
  return severity == "warning" ? Color::yellow : Color::none;
}

std::string counted(std::size_t count, const char* one) {
  return std::to_string(count) + " " + one + (count == 1 ? "" : "s");
}

// "1 error, 2 warnings"; "no findings".
std::string summary(const Json& findings) {
  std::string out;
  for (const char* severity : {"error", "warning", "note"}) {
    const auto count = static_cast<std::size_t>(
        std::count_if(findings.begin(), findings.end(),
                      [&](const Json& finding) { return text(finding, "severity") == severity; }));
    if (count > 0) out += (out.empty() ? "" : ", ") + counted(count, severity);
  }
  return out.empty() ? "no findings" : out;
}

std::string joined(const Json& statements) {
  std::string out;
  if (!statements.is_array()) return out;
  for (const Json& statement : statements) {
    if (!statement.is_string()) continue;
    if (!out.empty()) out += "; ";
    out += printable(statement.get_ref<const std::string&>());
  }
  return out;
}

std::string finding_lines(const Json& finding, Style style) {
  const std::string severity = text(finding, "severity");
  const std::string check = text(finding, "check");
  std::string found = text(finding, "found");
  if (!found.starts_with(check)) found = check + ": " + found;
  const std::string indent(11, ' ');
  std::string padded = colored(severity, color_of(severity), style);
  padded.append(severity.size() < 9 ? 9 - severity.size() : 1, ' ');
  std::string out = "  " + padded + found + "\n" + indent + text(finding, "why") + "\n";
  const std::string mend = joined(member(finding, "statements"));
  if (!mend.empty()) {
    out += indent + "on " + text(finding, "on") + ", " + text(finding, "takes_effect") + ": " +
           mend + "\n";
  }
  return out;
}

}  // namespace

std::string render_doctor(const Json& answer, Style style) {
  std::string out;
  for (const Json& ran : member(answer, "ran")) {
    const bool ok = is_true(ran, "ok");
    out += "ran on " + text(ran, "node") + ": " + text(ran, "statement") + ": " +
           colored(ok ? "ok" : "refused", ok ? Color::green : Color::red, style) +
           (ok ? "" : ": " + text(ran, "outcome")) + "\n";
  }
  if (!out.empty()) out += "\n";
  const Json& nodes = member(answer, "nodes");
  std::vector<Row> heads;
  for (const Json& node : nodes) {
    if (is_true(node, "reachable")) {
      heads.push_back({{text(node, "name"), Color::bold},
                       {text(node, "role")},
                       {text(node, "version")},
                       {summary(member(node, "findings"))}});
    } else {
      heads.push_back({{text(node, "name"), Color::bold},
                       {"-"},
                       {"-"},
                       {"cannot be asked: " + text(node, "error"), Color::red}});
    }
  }
  // Aligned as one table, then taken apart: what was found stands below its node.
  const std::string lines = table(heads, style);
  std::size_t at = 0;
  for (const Json& node : nodes) {
    const auto end = lines.find('\n', at);
    out += lines.substr(at, end == std::string::npos ? end : end + 1 - at);
    at = end == std::string::npos ? lines.size() : end + 1;
    for (const Json& finding : member(node, "findings")) out += finding_lines(finding, style);
  }
  for (const Json& what : member(answer, "not_checked")) {
    if (what.is_string()) out += "not checked: " + printable(what.get<std::string>()) + "\n";
  }
  return out;
}

bool doctor_is_content(const Json& answer) {
  const Json& nodes = member(answer, "nodes");
  const bool sound = std::all_of(nodes.begin(), nodes.end(), [](const Json& node) {
    const Json& findings = member(node, "findings");
    return is_true(node, "reachable") &&
           std::none_of(findings.begin(), findings.end(),
                        [](const Json& finding) { return text(finding, "severity") == "error"; });
  });
  const Json& ran = member(answer, "ran");
  return sound && std::all_of(ran.begin(), ran.end(),
                              [](const Json& statement) { return is_true(statement, "ok"); });
}

}  // namespace relevo::admin
