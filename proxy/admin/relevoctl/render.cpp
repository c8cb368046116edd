#include "proxy/admin/relevoctl/render.hpp"

#include <cmath>
#include <cstdio>

namespace relevo::admin {
namespace {

using Json = nlohmann::json;

const Json& member(const Json& json, const char* name) {
  static const Json absent;
  if (!json.is_object()) return absent;
  const auto it = json.find(name);
  return it == json.end() ? absent : *it;
}

std::string text(const Json& json, const char* name, const char* otherwise = "-") {
  const Json& value = member(json, name);
  if (value.is_string()) {
    const auto& string = value.get_ref<const std::string&>();
    return string.empty() ? otherwise : string;
  }
  if (value.is_number() || value.is_boolean()) return value.dump();
  return otherwise;
}

std::optional<double> number(const Json& json, const char* name) {
  const Json& value = member(json, name);
  if (!value.is_number()) return std::nullopt;
  return value.get<double>();
}

std::string formatted(const char* format, double value) {
  char out[64];
  std::snprintf(out, sizeof out, format, value);
  return out;
}

std::string duration(double ms) {
  if (ms < 10) return formatted(ms == std::floor(ms) ? "%.0f ms" : "%.1f ms", ms);
  if (ms < 1000) return formatted("%.0f ms", ms);
  if (ms < 120'000) return formatted("%.1f s", ms / 1000);
  if (ms < 7'200'000) return formatted("%.0f min", ms / 60'000);
  return formatted("%.1f h", ms / 3'600'000);
}

std::string duration_of(const Json& json, const char* name, double to_ms) {
  const auto value = number(json, name);
  return value ? duration(*value * to_ms) : "-";
}

Color color_of(const std::string& word) {
  if (word == "online" || word == "healthy") return Color::green;
  if (word == "lagging" || word == "degraded" || word == "failing_over" || word == "warning") {
    return Color::yellow;
  }
  if (word == "maintenance" || word == "paused") return Color::cyan;
  if (word == "down" || word == "fenced" || word == "diverged" || word == "no_primary" ||
      word == "critical") {
    return Color::red;
  }
  return Color::none;
}

std::string lag(const Json& node) {
  if (text(node, "role") == "primary") return "";
  const auto ms = number(node, "lag_ms");
  return "lag " + (ms ? duration(*ms) : std::string("unknown"));
}

std::string count(const Json& json, const char* name, const char* one, const char* many) {
  const std::string value = text(json, name, "0");
  return value + " " + (value == "1" ? one : many);
}

Row topology_row(const Json& node) {
  const std::string state = text(node, "state");
  const std::string verdict = text(node, "verdict");
  const Color alarm = verdict == "Healthy" ? Color::none : Color::yellow;
  return {{text(node, "name"), Color::bold},
          {text(node, "role")},
          {state, color_of(state)},
          {verdict, alarm},
          {text(node, "address")},
          {text(node, "position")},
          {lag(node)},
          {count(node, "clients", "client", "clients")},
          {count(node, "servers", "server", "servers")},
          {text(node, "reason", "")}};
}

std::string cluster_heading(const Json& cluster, Style style) {
  const std::string state = text(cluster, "state");
  return colored(printable(text(cluster, "name")), Color::bold, style) + "  " +
         printable(text(cluster, "engine")) + "  " +
         colored(printable(state), color_of(state), style) + "  epoch " +
         printable(text(cluster, "epoch")) + "\n";
}

template <typename ToRow>
std::string listing(const Json& rows, Row heading, Style style, const char* none, ToRow to_row) {
  if (!rows.is_array() || rows.empty()) return std::string(none) + "\n";
  for (Cell& cell : heading) cell.color = Color::bold;
  std::vector<Row> lines{std::move(heading)};
  for (const Json& row : rows) lines.push_back(to_row(row));
  return table(lines, style);
}

Cell right(std::string value) { return {std::move(value), Color::none, true}; }

}  // namespace

std::string render_topology(const Json& answer, Style style) {
  const Json& clusters = member(answer, "clusters");
  std::string out;
  if (!clusters.is_array() || clusters.empty()) return "No cluster has been observed yet.\n";
  for (const Json& cluster : clusters) {
    if (!out.empty()) out += "\n";
    out += cluster_heading(cluster, style);
    const Json& nodes = member(cluster, "nodes");
    std::vector<Row> rows;
    std::vector<std::string> branches;
    for (std::size_t i = 0; nodes.is_array() && i < nodes.size(); ++i) {
      rows.push_back(topology_row(nodes[i]));
      branches.emplace_back(i + 1 < nodes.size() ? "├─ " : "└─ ");
    }
    out += table(rows, style, branches);
  }
  return out;
}

std::string render_pools(const Json& answer, Style style) {
  const Row heading{{"NODE"},         {"USER"},      {"DATABASE"},
                    right("ACTIVE"),  right("IDLE"), right("OPENING"),
                    right("WAITING"), right("SIZE"), right("LONGEST WAIT")};
  return listing(member(answer, "pools"), heading, style, "No server connections.",
                 [](const Json& row) -> Row {
                   return {{text(row, "node")},
                           {text(row, "user")},
                           {text(row, "database")},
                           right(text(row, "active")),
                           right(text(row, "idle")),
                           right(text(row, "connecting")),
                           right(text(row, "waiting")),
                           right(text(row, "size")),
                           right(duration_of(row, "longest_wait_ms", 1))};
                 });
}

std::string render_clients(const Json& answer, Style style) {
  const Row heading{{"ID"},        {"USER"},  {"DATABASE"}, {"APPLICATION"},
                    {"ADDRESS"},   {"STATE"}, {"NODE"},     right("AGE"),
                    right("WAIT"), {"TLS"},   {"PINNED"},   {"LAST ROUTE"}};
  return listing(member(answer, "clients"), heading, style, "No clients.",
                 [](const Json& row) -> Row {
                   return {{text(row, "id")},
                           {text(row, "user")},
                           {text(row, "database")},
                           {text(row, "application_name")},
                           {text(row, "address")},
                           {text(row, "state")},
                           {text(row, "node")},
                           right(duration_of(row, "age_s", 1000)),
                           right(duration_of(row, "wait_ms", 1)),
                           {text(row, "tls") == "true" ? "yes" : "no"},
                           {text(row, "pinned")},
                           {text(row, "last_route")}};
                 });
}

std::string render_servers(const Json& answer, Style style) {
  const Row heading{{"NODE"},         {"USER"},     {"DATABASE"},      {"STATE"}, {"CLIENT"},
                    right("BACKEND"), right("AGE"), right("PREPARED"), {"TLS"}};
  return listing(member(answer, "servers"), heading, style, "No server connections.",
                 [](const Json& row) -> Row {
                   return {{text(row, "node")},
                           {text(row, "user")},
                           {text(row, "database")},
                           {text(row, "state")},
                           {text(row, "client")},
                           right(text(row, "backend_pid")),
                           right(duration_of(row, "age_s", 1000)),
                           right(text(row, "prepared_statements")),
                           {text(row, "tls") == "true" ? "yes" : "no"}};
                 });
}

std::string render_event(const Json& event, Style style) {
  const std::string severity = text(event, "severity");
  std::string line =
      text(event, "at") + "  " + text(event, "cluster") + "  epoch " + text(event, "epoch") + "  ";
  if (const std::string rule = text(event, "rule", "0"); rule != "0") line += "rule " + rule + "  ";
  line = printable(line) + colored(printable(severity), color_of(severity), style) + "  ";
  if (const std::string node = text(event, "node", ""); !node.empty())
    line += printable(node) + ": ";
  return line + printable(text(event, "text")) + "\n";
}

std::string render_events(const Json& answer, Style style) {
  const Json& events = member(answer, "events");
  if (!events.is_array() || events.empty()) return "No events.\n";
  std::string out;
  for (const Json& event : events) out += render_event(event, style);
  return out;
}

std::string render_explanation(const Json& answer, Style style) {
  const std::vector<Row> rows{{{"class"}, {text(answer, "class")}},
                              {{"target"}, {text(answer, "target")}},
                              {{"node"}, {text(answer, "node", "none qualifies now")}},
                              {{"reason"}, {text(answer, "reason")}}};
  return table(rows, style);
}

std::string render_message(const Json& answer) {
  return printable(text(answer, "message", "Done.")) + "\n";
}

}  // namespace relevo::admin
