// The OpenMetrics 1.0 text format. prometheus-cpp's own serializer writes the
// older Prometheus format: no UNIT, no "_total" rule, no final "# EOF".
// https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proxy/admin/metrics.hpp"

namespace relevo::admin {

inline constexpr std::string_view openmetrics_content_type =
    "application/openmetrics-text; version=1.0.0; charset=utf-8";

// Counters and gauges; the table has no other type.
std::string openmetrics_text(const std::vector<MetricFamily>& families);

}  // namespace relevo::admin
