#include "proxy/admin/metrics.hpp"

#include <array>
#include <chrono>

namespace relevo::admin {
namespace {

using prometheus::MetricType;
using Label = prometheus::ClientMetric::Label;

struct Snapshot {
  model::ViewPtr view;
  session::Traffic traffic;
  std::optional<FailoverTotals> failovers;
};

// Takes the samples of one cluster for one family.
class Samples {
 public:
  Samples(prometheus::MetricFamily& family, const std::string& cluster)
      : family_(family), cluster_(cluster) {}

  void add(double value, std::vector<Label> labels = {}) {
    prometheus::ClientMetric metric;
    metric.label.push_back({"cluster", cluster_});
    for (auto& label : labels) metric.label.push_back(std::move(label));
    (family_.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
    family_.metric.push_back(std::move(metric));
  }

 private:
  prometheus::MetricFamily& family_;
  const std::string& cluster_;
};

double seconds(model::Duration duration) { return std::chrono::duration<double>(duration).count(); }

// One sample per node, from its view or its traffic.
template <auto Value>
void per_node(const Snapshot& snapshot, Samples& samples) {
  for (const auto& node : snapshot.view->nodes) {
    samples.add(static_cast<double>(Value(node)), {{"node", node.name}});
  }
}

template <auto Field>
void per_node_traffic(const Snapshot& snapshot, Samples& samples) {
  const auto& nodes = snapshot.view->nodes;
  for (std::size_t id = 0; id < nodes.size() && id < snapshot.traffic.nodes.size(); ++id) {
    samples.add(static_cast<double>(snapshot.traffic.nodes[id].*Field), {{"node", nodes[id].name}});
  }
}

template <auto Field>
void per_cluster_traffic(const Snapshot& snapshot, Samples& samples) {
  samples.add(static_cast<double>(snapshot.traffic.*Field));
}

// 1 for the word that holds and 0 for each other, so that a change is seen as two edges.
template <typename Word, std::size_t n>
void one_of(Samples& samples, const std::array<Word, n>& words, Word actual, const char* label,
            const std::vector<Label>& others) {
  for (const Word word : words) {
    auto labels = others;
    labels.push_back({label, std::string(model::to_string(word))});
    samples.add(word == actual ? 1 : 0, std::move(labels));
  }
}

constexpr std::array cluster_states{model::ClusterState::healthy, model::ClusterState::degraded,
                                    model::ClusterState::no_primary,
                                    model::ClusterState::failing_over, model::ClusterState::paused};
constexpr std::array node_states{model::NodeState::online,   model::NodeState::lagging,
                                 model::NodeState::down,     model::NodeState::fenced,
                                 model::NodeState::diverged, model::NodeState::maintenance};
constexpr std::array roles{model::Role::primary, model::Role::replica, model::Role::unknown};
constexpr std::array verdicts{model::Verdict::healthy,     model::Verdict::dead,
                              model::Verdict::hung,        model::Verdict::half_hung,
                              model::Verdict::unreachable, model::Verdict::saturated,
                              model::Verdict::disk_full,   model::Verdict::sync_blocked,
                              model::Verdict::restarting,  model::Verdict::role_changed};

void cluster_epoch(const Snapshot& s, Samples& out) { out.add(static_cast<double>(s.view->epoch)); }

void cluster_state(const Snapshot& s, Samples& out) {
  one_of(out, cluster_states, s.view->state, "state", {});
}

void cluster_writable(const Snapshot& s, Samples& out) {
  const bool open = s.view->primary && s.view->gate == model::PrimaryGate::open && !s.view->paused;
  out.add(open ? 1 : 0);
}

void node_role(const Snapshot& s, Samples& out) {
  for (const auto& node : s.view->nodes)
    one_of(out, roles, node.role, "role", {{"node", node.name}});
}

void node_state(const Snapshot& s, Samples& out) {
  for (const auto& node : s.view->nodes) {
    one_of(out, node_states, node.state, "state", {{"node", node.name}});
  }
}

void node_verdict(const Snapshot& s, Samples& out) {
  for (const auto& node : s.view->nodes) {
    one_of(out, verdicts, node.verdict, "verdict", {{"node", node.name}});
  }
}

bool is_up(const model::NodeView& node) { return node.state != model::NodeState::down; }
bool is_eligible(const model::NodeView& node) { return node.eligible_for_reads; }

void lag_seconds(const Snapshot& s, Samples& out) {
  for (const auto& node : s.view->nodes) {
    if (node.lag) out.add(seconds(*node.lag), {{"node", node.name}});
  }
}

void lag_bytes(const Snapshot& s, Samples& out) {
  for (const auto& node : s.view->nodes) {
    if (node.lag_bytes) out.add(static_cast<double>(*node.lag_bytes), {{"node", node.name}});
  }
}

void queries(const Snapshot& s, Samples& out) {
  const auto& nodes = s.view->nodes;
  for (std::size_t id = 0; id < nodes.size() && id < s.traffic.nodes.size(); ++id) {
    const auto& traffic = s.traffic.nodes[id];
    out.add(static_cast<double>(traffic.reads), {{"node", nodes[id].name}, {"class", "read"}});
    out.add(static_cast<double>(traffic.writes), {{"node", nodes[id].name}, {"class", "write"}});
  }
}

void failovers(const Snapshot& s, Samples& out) {
  if (!s.failovers) return;
  out.add(static_cast<double>(s.failovers->failovers), {{"kind", "failover"}});
  out.add(static_cast<double>(s.failovers->switchovers), {{"kind", "switchover"}});
}

void failovers_refused(const Snapshot& s, Samples& out) {
  if (s.failovers) out.add(static_cast<double>(s.failovers->refused));
}

void decisions(const Snapshot& s, Samples& out) {
  if (!s.failovers) return;
  for (const auto& [rule, count] : s.failovers->decisions) {
    out.add(static_cast<double>(count), {{"rule", std::to_string(rule)}});
  }
}

struct Metric {
  std::string_view name;  // as in the samples, less "_total"
  MetricType type;
  std::string_view unit;    // "" or the name's last word
  std::string_view labels;  // besides `cluster`
  std::string_view help;
  void (*collect)(const Snapshot&, Samples&);
};

using Node = session::NodeTraffic;
using Total = session::Traffic;
constexpr auto gauge = MetricType::Gauge;
constexpr auto counter = MetricType::Counter;

constexpr std::array table{
    // The cluster
    Metric{"relevo_cluster_epoch", gauge, "", "",
           "Grows by one each time the writable node may change.", cluster_epoch},
    Metric{"relevo_cluster_state", gauge, "", "state", "1 for the state that the cluster is in.",
           cluster_state},
    Metric{"relevo_cluster_writable", gauge, "", "",
           "1 while transactions may begin on the primary.", cluster_writable},
    Metric{"relevo_failovers", counter, "", "kind",
           "Changes of the primary that were completed: kind failover (forced) or switchover "
           "(planned).",
           failovers},
    Metric{"relevo_failovers_refused", counter, "", "",
           "Changes of the primary that were wanted but not safe or not possible.",
           failovers_refused},
    Metric{"relevo_failover_decisions", counter, "", "rule",
           "Decisions of the failover manager, by the number of the rule.", decisions},

    // The nodes
    Metric{"relevo_node_up", gauge, "", "node", "1 unless the node is down.", per_node<is_up>},
    Metric{"relevo_node_role", gauge, "", "node, role", "1 for the role that the node has.",
           node_role},
    Metric{"relevo_node_state", gauge, "", "node, state",
           "1 for where the node stands in the rotation.", node_state},
    Metric{"relevo_node_verdict", gauge, "", "node, verdict",
           "1 for what the evidence says about the node.", node_verdict},
    Metric{"relevo_node_eligible_for_reads", gauge, "", "node",
           "1 while reads may be sent to the node.", per_node<is_eligible>},
    Metric{"relevo_replication_lag_seconds", gauge, "seconds", "node",
           "How long ago the primary was where the node is now; absent while unknown.",
           lag_seconds},
    Metric{"relevo_replication_lag_bytes", gauge, "bytes", "node",
           "History that the node has yet to replay; absent while unknown, and where positions "
           "are GTIDs.",
           lag_bytes},

    // Traffic by node
    Metric{"relevo_queries", counter, "", "node, class",
           "Statements sent to the node, by class: read or write.", queries},
    Metric{"relevo_node_sessions", gauge, "", "node", "Client sessions linked to the node.",
           per_node_traffic<&Node::clients>},
    Metric{"relevo_server_connections", gauge, "", "node", "Connections open to the node.",
           per_node_traffic<&Node::servers>},
    Metric{"relevo_server_connects", counter, "", "node", "Connections opened to the node.",
           per_node_traffic<&Node::connects>},
    Metric{"relevo_server_connect_failures", counter, "", "node",
           "Connections to the node that could not be opened.",
           per_node_traffic<&Node::connect_failures>},
    Metric{"relevo_server_resets", counter, "", "node",
           "Connections to the node that broke while open.", per_node_traffic<&Node::resets>},

    // Clients
    Metric{"relevo_client_connections", gauge, "", "", "Clients connected now.",
           per_cluster_traffic<&Total::clients_connected>},
    Metric{"relevo_client_connects", counter, "", "", "Clients accepted.",
           per_cluster_traffic<&Total::clients_total>},
    Metric{"relevo_client_logins_failed", counter, "", "", "Logins refused for bad credentials.",
           per_cluster_traffic<&Total::logins_failed>},
    Metric{"relevo_clients_refused", counter, "", "",
           "Clients turned away because pool.max_clients was reached.",
           per_cluster_traffic<&Total::clients_refused>},
    Metric{"relevo_client_queries", counter, "", "", "Statements received from clients.",
           per_cluster_traffic<&Total::queries>},
    Metric{"relevo_transactions", counter, "", "", "Transactions that ended.",
           per_cluster_traffic<&Total::transactions>},
    Metric{"relevo_client_received_bytes", counter, "bytes", "", "Bytes received from clients.",
           per_cluster_traffic<&Total::bytes_from_clients>},
    Metric{"relevo_client_sent_bytes", counter, "bytes", "", "Bytes sent to clients.",
           per_cluster_traffic<&Total::bytes_to_clients>},
    Metric{"relevo_sessions_pinned", counter, "", "",
           "Times that a session had to keep its server connection.",
           per_cluster_traffic<&Total::pinned>},
    Metric{"relevo_cancels", counter, "", "", "Cancel requests passed on.",
           per_cluster_traffic<&Total::cancels>},
    Metric{"relevo_protocol_errors", counter, "", "", "Clients that broke the protocol.",
           per_cluster_traffic<&Total::protocol_errors>},

    // What a failover and a busy pool mean for clients
    Metric{"relevo_statements_held", counter, "", "",
           "Statements that waited for a primary or for the end of a pause.",
           per_cluster_traffic<&Total::held>},
    Metric{"relevo_hold_timeouts", counter, "", "",
           "Held statements for which no primary came within failover.hold.",
           per_cluster_traffic<&Total::hold_timeouts>},
    Metric{"relevo_queue_timeouts", counter, "", "",
           "Statements that got no server connection within pool.queue_timeout.",
           per_cluster_traffic<&Total::queue_timeouts>},
    Metric{"relevo_transactions_broken", counter, "", "",
           "Transactions that a server's death rolled back before COMMIT was sent.",
           per_cluster_traffic<&Total::transactions_broken>},
    Metric{"relevo_outcomes_unknown", counter, "", "",
           "Commits whose outcome is not known because the server died after COMMIT was sent.",
           per_cluster_traffic<&Total::outcomes_unknown>},
    Metric{"relevo_commits_unreplicated", counter, "", "",
           "Commits whose wait for replicas was cancelled on the server; their clients got 08007.",
           per_cluster_traffic<&Total::commits_unreplicated>},
    Metric{"relevo_replays", counter, "", "",
           "Statements run again on another connection without the client knowing.",
           per_cluster_traffic<&Total::replays>},
    Metric{"relevo_misroutes", counter, "", "",
           "Statements that a replica refused because they write.",
           per_cluster_traffic<&Total::misroutes>},
    Metric{"relevo_replica_conflicts", counter, "", "",
           "Reads that a replica cancelled in favour of replay; they were run elsewhere.",
           per_cluster_traffic<&Total::replica_conflicts>},
    Metric{"relevo_causal_reads_to_primary", counter, "", "",
           "Reads sent to the primary because no replica had the session's own writes yet.",
           per_cluster_traffic<&Total::causal_to_primary>},
};

prometheus::MetricFamily family_of(const Metric& metric) {
  prometheus::MetricFamily family;
  family.name = metric.name;
  family.help = metric.help;
  family.type = metric.type;
  return family;
}

// About the process and not about a cluster, so without the `cluster` label.
constexpr std::string_view ready_name = "relevo_ready";
constexpr std::string_view ready_help =
    "1 once every cluster is observed and listened for, as /readyz says.";

}  // namespace

std::vector<MetricFamily> collect_metrics(Backend& backend) {
  std::vector<Snapshot> snapshots;
  for (auto& view : backend.views()) {
    if (!view) continue;
    auto traffic = backend.traffic(view->cluster).value_or(session::Traffic{});
    auto totals = backend.failover_totals(view->cluster);
    snapshots.push_back({std::move(view), std::move(traffic), std::move(totals)});
  }
  std::vector<MetricFamily> families;
  families.reserve(table.size() + 1);

  MetricFamily& ready = families.emplace_back();
  ready.data.name = ready_name;
  ready.data.help = ready_help;
  ready.data.type = gauge;
  ready.data.metric.emplace_back().gauge.value = backend.ready() ? 1 : 0;

  for (const Metric& metric : table) {
    MetricFamily family{family_of(metric), metric.unit};
    for (const Snapshot& snapshot : snapshots) {
      Samples samples(family.data, snapshot.view->cluster);
      metric.collect(snapshot, samples);
    }
    families.push_back(std::move(family));
  }
  return families;
}

std::string metrics_markdown() {
  std::string text = "| metric | type | labels | meaning |\n|---|---|---|---|\n";
  const auto row = [&](std::string_view name, MetricType type, const std::string& labels,
                       std::string_view help) {
    text += "| `";
    text += name;
    text += type == counter ? "_total` | counter | " : "` | gauge | ";
    text += labels;
    text += labels.empty() ? "| " : " | ";
    text += help;
    text += " |\n";
  };
  row(ready_name, gauge, "", ready_help);
  for (const Metric& metric : table) {
    std::string labels = "cluster";
    if (!metric.labels.empty()) labels.append(", ").append(metric.labels);
    row(metric.name, metric.type, labels, metric.help);
  }
  return text;
}

}  // namespace relevo::admin
