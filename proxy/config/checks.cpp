#include "proxy/config/checks.hpp"

#include <algorithm>
#include <map>

#include "proxy/config/address.hpp"
#include "proxy/config/findings.hpp"
#include "proxy/config/units.hpp"

namespace relevo::config {
namespace {

// An address that we listen on, and where it stands.
struct Claim {
  Listen listen;
  std::string path;
};

bool is_wildcard(const std::string& host) { return host == "0.0.0.0" || host == "::"; }
bool is_v6(const std::string& host) { return host.find(':') != std::string::npos; }
bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

// Whether some client's connection could arrive at either. 0.0.0.0 and [::] beside
// each other are the usual way to listen on everything, and do not overlap.
bool overlap(const Listen& a, const Listen& b) {
  if (a.unix_socket || b.unix_socket) return a.unix_socket && b.unix_socket && a.host == b.host;
  if (a.port != b.port || is_v6(a.host) != is_v6(b.host)) return false;
  return a.host == b.host || is_wildcard(a.host) || is_wildcard(b.host);
}

std::string cluster_path(std::size_t i) { return path_of_index("$.clusters", i); }

// Every address of the process, in the order of the file's sections.
std::vector<Claim> claims(const Config& config) {
  std::vector<Claim> all{{Listen{true, config.admin.socket, 0}, "$.admin.socket"}};
  if (config.admin.http) all.push_back({*config.admin.http, "$.admin.http"});
  for (std::size_t i = 0; i < config.clusters.size(); ++i) {
    const auto& listens = config.clusters[i].listen;
    for (std::size_t j = 0; j < listens.size(); ++j)
      all.push_back({listens[j], path_of_index(cluster_path(i) + ".listen", j)});
  }
  // What could not be read has left an empty address behind.
  std::erase_if(all, [](const Claim& claim) { return claim.listen.host.empty(); });
  return all;
}

void check_claims(const std::vector<Claim>& all, Findings& findings) {
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto clash =
        std::find_if(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(i),
                     [&](const Claim& c) { return overlap(c.listen, all[i].listen); });
    if (clash != all.begin() + static_cast<std::ptrdiff_t>(i))
      findings.add(all[i].path, "takes the same address as " + clash->path + " (" +
                                    format_listen(clash->listen) + ")");
  }
}

// Reports each value that an earlier entry has already. Empty ones were not readable.
class Unique {
 public:
  Unique(Findings& findings, std::string what) : findings_(findings), what_(std::move(what)) {}

  void add(const std::string& value, const std::string& path) {
    if (value.empty()) return;
    const auto [first, fresh] = seen_.emplace(value, path);
    if (!fresh)
      findings_.add(path, "the " + what_ + " " + in_quotes(value) + " is taken: " + first->second);
  }

 private:
  Findings& findings_;
  std::string what_;
  std::map<std::string, std::string> seen_;
};

// A database that is our own listener would make every connection call itself.
void check_no_loop(const Node& node, const std::string& path, const std::vector<Claim>& all,
                   Findings& findings) {
  const std::string canonical = canonical_address(node.host);
  const std::string& host = canonical.empty() ? node.host : canonical;
  for (const Claim& claim : all) {
    const Listen& own = claim.listen;
    if (own.unix_socket || own.port != node.port) continue;
    if (own.host != host &&
        !(is_loopback(host) && (is_wildcard(own.host) || is_loopback(own.host))))
      continue;
    findings.add(path, "is Relevo's own address (" + claim.path + "), not a database's");
    return;
  }
}

void check_nodes(const Cluster& cluster, const std::string& path, const std::vector<Claim>& all,
                 Findings& findings) {
  Unique names(findings, "name");
  Unique addresses(findings, "address");
  for (std::size_t i = 0; i < cluster.nodes.size(); ++i) {
    const Node& node = cluster.nodes[i];
    const std::string here = path_of_index(path + ".nodes", i);
    names.add(node.name, here + ".name");
    if (node.host.empty()) continue;
    addresses.add(node.address(), here + ".address");
    check_no_loop(node, here + ".address", all, findings);
  }
}

void check_readable(const std::string& file, const std::string& path, Findings& findings) {
  if (file.empty()) return;
  if (const auto content = findings.context().read_file(file); !content)
    findings.add(path, "cannot read " + file + ": " + content.error().message);
}

void check_tls(const TlsClientSide& tls, const std::string& path, Findings& findings) {
  const std::string mode = path + ".mode";
  // A certificate without a mode: the default would leave TLS off, unseen.
  const bool anything_given = !tls.cert.empty() || !tls.key.empty() || !tls.client_ca.empty();
  if (anything_given && !findings.given(mode))
    findings.add(mode, "has to be given with a certificate: \"allow\" or \"require\" turn TLS on");
  if (tls.mode == ClientTls::disable) return;

  const std::string word = tls.mode == ClientTls::allow ? "\"allow\"" : "\"require\"";
  const auto needed = [&](const std::string& file, const std::string& key, const char* what) {
    if (file.empty())
      findings.add(path + key,
                   "tls.mode " + word + " needs " + what +
                       ": without it no client can use TLS; \"disable\" turns it off",
                   {mode});
    check_readable(file, path + key, findings);
  };
  needed(tls.cert, ".cert", "a certificate");
  needed(tls.key, ".key", "a private key");
  check_readable(tls.client_ca, path + ".client_ca", findings);
}

void check_server_tls(const TlsServerSide& tls, const std::string& path, Findings& findings) {
  const std::string mode = path + ".mode";
  const bool verifies = tls.mode == ServerTls::verify_ca || tls.mode == ServerTls::verify_full;
  if (verifies && tls.ca.empty())
    findings.add(path + ".ca", "is needed by the verifying modes", {mode});
  // Believing that servers are verified is worse than knowing that they are not.
  if (!verifies && !tls.ca.empty())
    findings.add(path + ".ca",
                 "is checked by \"verify-ca\" and \"verify-full\" alone: choose one of them as "
                 "server_tls.mode, or leave this out",
                 {mode});
  check_readable(tls.ca, path + ".ca", findings);
}

void check_auth(const Auth& auth, const std::string& path, Findings& findings) {
  if (!auth.users) return;
  Unique names(findings, "user name");
  for (std::size_t i = 0; i < auth.users->size(); ++i)
    names.add((*auth.users)[i].name, path_of_index(path + ".users", i) + ".name");
}

void check_acks(const Cluster& cluster, const std::string& path, Findings& findings) {
  const std::string acks = path + ".failover.acks";
  const std::string durability = path + ".failover.durability";
  if (cluster.failover.durability == Durability::async) {
    if (findings.given(acks))
      findings.add(acks, "has no effect unless failover.durability is \"quorum\"", {durability});
    return;
  }
  if (!findings.given(acks)) {
    findings.add(acks, "has to be given with durability \"quorum\"", {durability});
  } else if (cluster.failover.acks >= cluster.nodes.size()) {
    findings.add(acks,
                 std::to_string(cluster.failover.acks) + " acknowledgements need at least " +
                     std::to_string(cluster.failover.acks + 1) + " nodes; there are " +
                     std::to_string(cluster.nodes.size()),
                 {path + ".nodes"});
  }
}

void check_failover(const Cluster& cluster, const std::string& path, Findings& findings) {
  const std::string mode = path + ".failover.mode";
  check_acks(cluster, path, findings);

  if (cluster.failover.mode != FailoverMode::off && cluster.replication.user.empty())
    findings.add(path + ".replication.user",
                 "is needed to repoint replicas; leave it out only with failover.mode \"off\"",
                 {mode});
  if (cluster.failover.detect <= cluster.monitor.interval)
    findings.add(path + ".failover.detect",
                 "has to be longer than monitor.interval (" +
                     format_duration(cluster.monitor.interval) +
                     "): a node says nothing between two probes",
                 {path + ".monitor.interval"});
  const auto& nodes = cluster.nodes;
  if (cluster.failover.mode == FailoverMode::automatic && nodes.size() > 1 &&
      std::all_of(nodes.begin(), nodes.end(), [](const Node& n) { return n.never_promote; }))
    findings.add(path + ".nodes",
                 "every node has never_promote, so that no failover could ever happen", {mode});
}

void check_routing(const Routing& routing, const std::string& path, Findings& findings) {
  if (routing.balance == Balance::nearest_zone && routing.zone.empty())
    findings.add(path + ".zone", "is needed by the balance \"nearest_zone\"", {path + ".balance"});
}

}  // namespace

void check(const Config& config, Reading& reading) {
  Findings findings(reading);
  const std::vector<Claim> all = claims(config);
  check_claims(all, findings);
  Unique names(findings, "name");
  for (std::size_t i = 0; i < config.clusters.size(); ++i) {
    const Cluster& cluster = config.clusters[i];
    const std::string path = cluster_path(i);
    names.add(cluster.name, path + ".name");
    check_tls(cluster.tls, path + ".tls", findings);
    check_nodes(cluster, path, all, findings);
    check_server_tls(cluster.server_tls, path + ".server_tls", findings);
    check_auth(cluster.auth, path + ".auth", findings);
    check_routing(cluster.routing, path + ".routing", findings);
    check_failover(cluster, path, findings);
  }
}

}  // namespace relevo::config
