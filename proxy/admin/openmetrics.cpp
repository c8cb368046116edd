#include "proxy/admin/openmetrics.hpp"

#include <charconv>
#include <cmath>

#include "topology/model/check.hpp"

namespace relevo::admin {
namespace {

// ABNF escaped-char: backslash, quote and line feed, in label values and help alike.
void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '\\':
        out += "\\\\";
        break;
      case '"':
        out += "\\\"";
        break;
      case '\n':
        out += "\\n";
        break;
      default:
        out += c;
    }
  }
}

void append_number(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value < 0 ? "-Inf" : "+Inf";
  } else {
    char digits[32];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    out.append(digits, end);
  }
}

void append_header(std::string& out, std::string_view keyword, std::string_view name,
                   std::string_view text) {
  out += "# ";
  out += keyword;
  out += ' ';
  out += name;
  out += ' ';
  append_escaped(out, text);
  out += '\n';
}

void append_sample(std::string& out, const prometheus::MetricFamily& family,
                   const prometheus::ClientMetric& metric) {
  const bool counter = family.type == prometheus::MetricType::Counter;
  out += family.name;
  if (counter) out += "_total";
  if (!metric.label.empty()) {
    out += '{';
    for (const auto& label : metric.label) {
      if (&label != &metric.label.front()) out += ',';
      out += label.name;
      out += "=\"";
      append_escaped(out, label.value);
      out += '"';
    }
    out += '}';
  }
  out += ' ';
  append_number(out, counter ? metric.counter.value : metric.gauge.value);
  out += '\n';
}

}  // namespace

std::string openmetrics_text(const std::vector<MetricFamily>& families) {
  std::string out;
  for (const auto& [family, unit] : families) {
    RELEVO_CHECK(family.type == prometheus::MetricType::Counter ||
                 family.type == prometheus::MetricType::Gauge);
    append_header(out, "TYPE", family.name,
                  family.type == prometheus::MetricType::Counter ? "counter" : "gauge");
    if (!unit.empty()) append_header(out, "UNIT", family.name, unit);
    append_header(out, "HELP", family.name, family.help);
    for (const auto& metric : family.metric) append_sample(out, family, metric);
  }
  out += "# EOF\n";
  return out;
}

}  // namespace relevo::admin
