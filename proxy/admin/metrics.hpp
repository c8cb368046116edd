// Relevo's metrics as a table: name, type, unit, help and where the value comes
// from. /metrics and docs/metrics.md are both made from it.
//
// Names carry base units (seconds, bytes). A value that is not known has no
// sample: an alert can then tell "no lag" from "lag not measured".
#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <string_view>
#include <vector>

#include "proxy/admin/backend.hpp"

namespace relevo::admin {

// A family as prometheus-cpp shapes it, and the unit that its shape lacks.
// A counter's name is without "_total", which belongs to its samples.
struct MetricFamily {
  prometheus::MetricFamily data;
  std::string_view unit;
};

// Every family of the table, also those without samples.
std::vector<MetricFamily> collect_metrics(Backend& backend);

// The table as Markdown, as docs/metrics.md shows it.
std::string metrics_markdown();

}  // namespace relevo::admin
