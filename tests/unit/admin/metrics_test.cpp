#include "proxy/admin/metrics.hpp"

#include <gmock/gmock.h>

#include <limits>
#include <regex>
#include <set>
#include <sstream>

#include "proxy/admin/openmetrics.hpp"
#include "tests/unit/admin/ask.hpp"

namespace relevo::admin {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string scrape(FakeBackend& backend) { return ask(backend, "GET", "/metrics").body; }

FakeBackend& busy(FakeBackend& backend) {
  auto& traffic = backend.traffic_now;
  traffic.nodes.resize(2);
  traffic.nodes[0] = {5, 7, 3, 2, 1, 12, 4};
  traffic.nodes[1] = {90, 0, 1, 0, 0, 2, 6};
  traffic.clients_connected = 14;
  traffic.bytes_from_clients = 1ULL << 40;
  traffic.causal_to_primary = 8;
  backend.totals = FailoverTotals{1, 2, 3, {{12, 4}, {20, 1}}};
  return backend;
}

TEST(Metrics, HaveTheContentTypeThatScrapersAskFor) {
  FakeBackend backend;
  EXPECT_EQ(ask(backend, "GET", "/metrics").content_type,
            "application/openmetrics-text; version=1.0.0; charset=utf-8");
}

TEST(Metrics, CarryTheValuesOfViewAndTraffic) {
  FakeBackend backend;
  const std::string text = "\n" + scrape(busy(backend));
  for (const char* line : {
           "# TYPE relevo_queries counter",
           "# HELP relevo_queries Statements sent to the node, by class: read or write.",
           "relevo_queries_total{cluster=\"orders\",node=\"db1\",class=\"read\"} 5",
           "relevo_queries_total{cluster=\"orders\",node=\"db1\",class=\"write\"} 7",
           "relevo_queries_total{cluster=\"orders\",node=\"db2\",class=\"read\"} 90",
           "# TYPE relevo_replication_lag_seconds gauge",
           "# UNIT relevo_replication_lag_seconds seconds",
           "relevo_replication_lag_seconds{cluster=\"orders\",node=\"db2\"} 0.0125",
           "relevo_replication_lag_bytes{cluster=\"orders\",node=\"db2\"} 72",
           "relevo_node_up{cluster=\"orders\",node=\"db1\"} 1",
           "relevo_node_state{cluster=\"orders\",node=\"db2\",state=\"online\"} 1",
           "relevo_node_state{cluster=\"orders\",node=\"db2\",state=\"down\"} 0",
           "relevo_node_verdict{cluster=\"orders\",node=\"db1\",verdict=\"Healthy\"} 1",
           "relevo_node_role{cluster=\"orders\",node=\"db2\",role=\"replica\"} 1",
           "relevo_cluster_epoch{cluster=\"orders\"} 3",
           "relevo_cluster_writable{cluster=\"orders\"} 1",
           "relevo_client_connections{cluster=\"orders\"} 14",
           "# UNIT relevo_client_received_bytes bytes",
           "relevo_client_received_bytes_total{cluster=\"orders\"} 1099511627776",
           "relevo_server_connections{cluster=\"orders\",node=\"db2\"} 6",
           "relevo_server_connect_failures_total{cluster=\"orders\",node=\"db1\"} 2",
           "relevo_causal_reads_to_primary_total{cluster=\"orders\"} 8",
           "relevo_failovers_total{cluster=\"orders\",kind=\"failover\"} 1",
           "relevo_failovers_total{cluster=\"orders\",kind=\"switchover\"} 2",
           "relevo_failovers_refused_total{cluster=\"orders\"} 3",
           "relevo_failover_decisions_total{cluster=\"orders\",rule=\"12\"} 4",
           "relevo_ready 1",
       }) {
    EXPECT_THAT(text, HasSubstr("\n" + std::string(line) + "\n"));
  }
}

TEST(Metrics, HaveNoSampleForWhatIsNotKnown) {
  FakeBackend backend;
  auto view = orders_view();
  view.nodes[1].lag.reset();
  view.nodes[1].lag_bytes.reset();
  backend.set_views({view});
  const std::string text = scrape(backend);
  EXPECT_THAT(text, Not(HasSubstr("lag_seconds{cluster=\"orders\",node=\"db2\"}")));
  EXPECT_THAT(text, Not(HasSubstr("lag_bytes{cluster=\"orders\",node=\"db2\"}")));
  EXPECT_THAT(text, Not(HasSubstr("relevo_failovers_total{")));
}

TEST(Metrics, FollowAFailover) {
  FakeBackend backend;
  auto view = orders_view();
  view.primary.reset();
  view.gate = model::PrimaryGate::closed;
  view.state = model::ClusterState::failing_over;
  view.nodes[0].state = model::NodeState::down;
  backend.set_views({view});
  const std::string text = scrape(backend);
  EXPECT_THAT(text, HasSubstr("relevo_cluster_writable{cluster=\"orders\"} 0\n"));
  EXPECT_THAT(text,
              HasSubstr("relevo_cluster_state{cluster=\"orders\",state=\"failing_over\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("relevo_cluster_state{cluster=\"orders\",state=\"healthy\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("relevo_node_up{cluster=\"orders\",node=\"db1\"} 0\n"));
}

// The rules of the OpenMetrics text format that a scraper would refuse us for.
TEST(Metrics, AreWellFormedOpenMetrics) {
  FakeBackend backend;
  auto second = orders_view();
  second.cluster = "odd \"name\"\\\n";
  busy(backend).set_views({orders_view(), second});
  const std::string text = scrape(backend);
  ASSERT_TRUE(text.ends_with("\n# EOF\n"));

  const std::regex sample(
      R"re(([a-z][a-z0-9_]*)(\{[a-z_]+="(?:[^"\\\n]|\\[\\"n])*"(?:,[a-z_]+="(?:[^"\\\n]|\\[\\"n])*")*\})? (\S+))re");
  std::set<std::string> families, series;
  std::string family, type;
  std::istringstream lines(text.substr(0, text.size() - 6));
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (line.starts_with("# TYPE ")) {
      std::istringstream words(line.substr(7));
      words >> family >> type;
      EXPECT_TRUE(families.insert(family).second) << "family twice: " << family;
      EXPECT_TRUE(family.starts_with("relevo_")) << family;
      EXPECT_FALSE(family.ends_with("_total")) << family;
    } else if (line.starts_with("# UNIT ")) {
      EXPECT_TRUE(family.ends_with("_" + line.substr(line.rfind(' ') + 1))) << line;
      EXPECT_THAT(line, HasSubstr(" " + family + " "));
    } else if (line.starts_with("# HELP ")) {
      EXPECT_TRUE(line.starts_with("# HELP " + family + " ")) << line;
      EXPECT_TRUE(line.ends_with(".")) << line;
    } else {
      ASSERT_TRUE(std::regex_match(line, match, sample)) << line;
      EXPECT_EQ(match[1], type == "counter" ? family + "_total" : family) << line;
      EXPECT_TRUE(series.insert(match[1].str() + match[2].str()).second)
          << "series twice: " << line;
    }
  }
  EXPECT_GT(families.size(), 30U);
  EXPECT_GT(series.size(), 100U);
}

TEST(OpenMetrics, WritesEveryKindOfNumber) {
  MetricFamily family;
  family.data.name = "x";
  family.data.help = "a \"quote\", a \\ and\na line";
  family.data.type = prometheus::MetricType::Gauge;
  for (const double value :
       {0.0, -1.5, 1e21, std::numeric_limits<double>::infinity(),
        -std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    family.data.metric.emplace_back().gauge.value = value;
  }
  EXPECT_EQ(openmetrics_text({family}),
            "# TYPE x gauge\n"
            "# HELP x a \\\"quote\\\", a \\\\ and\\na line\n"
            "x 0\nx -1.5\nx 1e+21\nx +Inf\nx -Inf\nx NaN\n# EOF\n");
}

TEST(OpenMetrics, EndsAnEmptyAnswerToo) { EXPECT_EQ(openmetrics_text({}), "# EOF\n"); }

}  // namespace
}  // namespace relevo::admin
