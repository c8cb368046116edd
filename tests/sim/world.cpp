// Time, databases and replication of the simulated world.
#include "tests/sim/world.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace relevo::sim {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {
constexpr auto replication_interval = milliseconds(50);
constexpr auto startup_time = milliseconds(400);

std::string uuid_of(NodeId node) {
  return "00000000-0000-0000-0000-00000000000" + std::to_string(node);
}

}  // namespace

World::World(const Schedule& schedule, bool print)
    : schedule_(schedule),
      print_(print),
      random_(schedule.seed * 2 + 1),
      now_(seconds(1000)),
      started_(now_),
      policy_(schedule.policy),
      gtid_(schedule.gtid),
      databases_(policy_.nodes.size()),
      probed_(policy_.nodes.size()),
      proxies_(schedule.proxies),
      well_since_(now_) {
  for (NodeId node = 0; node < databases_.size(); ++node) {
    auto& database = databases_[node];
    database.started = now_ - seconds(60);
    database.heard = now_;
    if (policy_.durability == decide::Durability::quorum && !schedule.never_set_up) {
      database.acks = policy_.acks;
    }
    if (node == 0) {
      database.primary = true;
    } else {
      database.upstream = 0;
      database.read_only = gtid_;
    }
  }
}

void World::at(Instant when, std::function<void()> what) { agenda_.emplace(when, std::move(what)); }

void World::log(const std::string& line) {
  if (!print_) return;
  const auto since = std::chrono::duration_cast<milliseconds>(now_ - started_).count();
  std::printf("%9.3f  %s\n", static_cast<double>(since) / 1000.0, line.c_str());
}

bool World::answers(NodeId node) const {
  const auto& database = databases_[node];
  return database.running && !database.frozen && database.reachable &&
         now_ - database.started >= startup_time;
}

// Writes have unique ids and logs only grow, so equal last writes mean equal logs.
bool World::is_contained(const Database& shorter, const Database& longer) const {
  if (shorter.log.empty()) return true;
  const auto length = shorter.log.size();
  if (length <= longer.log.size() && longer.log[length - 1].id == shorter.log.back().id) {
    return true;
  }
  if (!gtid_) return false;
  std::set<std::uint64_t> ids;
  for (const auto& write : longer.log) ids.insert(write.id);
  return std::all_of(shorter.log.begin(), shorter.log.end(),
                     [&](const Write& write) { return ids.contains(write.id); });
}

void World::replicate() {
  for (NodeId node = 0; node < databases_.size(); ++node) {
    auto& replica = databases_[node];
    const bool streamed = replica.streaming;
    replica.streaming = false;
    if (replica.running && !replica.frozen) apply(replica);
    if (replica.primary || !replica.running || replica.frozen || !replica.upstream) continue;
    if (replica.receiver_stopped) continue;
    const auto& source = databases_[*replica.upstream];
    // A stream that stands needs the one way alone; to begin one takes both.
    const bool path =
        flows(*replica.upstream, node) && (streamed || flows(node, *replica.upstream));
    const bool connected =
        source.running && !source.frozen && path && now_ - source.started >= startup_time;
    if (!connected) continue;
    if (!gtid_ && (!is_contained(replica, source) || source.timeline < replica.timeline)) continue;
    replica.streaming = true;
    replica.heard = now_;
    replica.timeline = source.timeline;
    receive(replica, source);
  }
}

// A few writes at a time. By GTID: whatever the source has logged, in its order, and the
// replica has not, though it may have others of its own.
void World::receive(Database& replica, const Database& source) {
  const bool stalled =
      replica.disk_full || now_ < replica.lagging_until || (replica.slow_disk && chance(0.7));
  if (stalled) return;
  const auto burst = 1 + below(8);
  const auto available = gtid_ ? source.applied : source.log.size();
  if (is_contained(replica, source) && replica.log.size() <= available &&
      (replica.log.empty() || source.log[replica.log.size() - 1].id == replica.log.back().id)) {
    for (std::uint64_t i = 0; i < burst && replica.log.size() < available; ++i) {
      replica.log.push_back(source.log[replica.log.size()]);
    }
    return;
  }
  std::set<std::uint64_t> own;
  for (const auto& write : replica.log) own.insert(write.id);
  std::uint64_t taken = 0;
  for (std::size_t i = 0; i < available && taken < burst; ++i) {
    if (own.contains(source.log[i].id)) continue;
    replica.log.push_back(source.log[i]);
    ++taken;
  }
}

void World::apply(Database& database) {
  const auto waiting = database.log.size() - database.applied;
  const bool all = !gtid_ || database.primary;
  if (!all && (database.disk_full || now_ < database.lagging_until)) return;
  database.applied += all ? waiting : std::min<std::size_t>(waiting, below(8));
}

void World::write(NodeId node) {
  auto& database = databases_[node];
  std::uint64_t number = 1;
  for (const auto& earlier : database.log) {
    if (earlier.origin == node) number = std::max(number, earlier.number + 1);
  }
  database.log.push_back({next_write_++, database.end() + 10 + below(500), node, number});
  database.applied = database.log.size();
}

model::Position World::gtids(const Database& database, std::size_t length) const {
  std::string text;
  for (NodeId origin = 0; origin < databases_.size(); ++origin) {
    std::string part;
    for (std::size_t i = 0; i < length; ++i) {
      const auto& write = database.log[i];
      if (write.origin != origin) continue;
      const auto first = write.number;
      auto last = first;
      while (i + 1 < length && database.log[i + 1].origin == origin &&
             database.log[i + 1].number == last + 1) {
        ++last;
        ++i;
      }
      part += ":" + std::to_string(first) + "-" + std::to_string(last);
    }
    if (part.empty()) continue;
    if (!text.empty()) text += ",";
    text += uuid_of(origin) + part;
  }
  return model::Position(*model::GtidSet::parse(text));
}

model::NodeStatus World::status_of(NodeId node) const {
  const auto& database = databases_[node];
  const model::Position end{model::Lsn{database.end()}};
  model::NodeStatus status;
  status.role = database.primary ? model::Role::primary : model::Role::replica;
  status.system_identifier = 7;
  status.timeline = database.timeline;
  status.position = status.received = end;
  status.read_only = database.read_only;
  if (database.acks != 0 && !gtid_) {
    status.synchronous_standbys = "ANY " + std::to_string(database.acks) + " (*)";
  }
  if (gtid_) add_gtid_account(node, status);
  for (NodeId other = 0; !gtid_ && database.primary && other < databases_.size(); ++other) {
    const auto& replica = databases_[other];
    if (other == node || !replica.streaming || replica.upstream != node) continue;
    status.downstreams.push_back(
        {policy_.nodes[other].name, "", "streaming", database.acks != 0 ? "quorum" : "async"});
  }
  if (database.primary || !database.upstream) return status;
  const auto& source = databases_[*database.upstream];
  status.upstream_host = policy_.nodes[*database.upstream].host;
  status.upstream_port = 5432;
  status.receiver_silence = now_ - database.heard;
  if (database.streaming) {
    status.receiver = model::ReceiverState::streaming;
  } else if (database.receiver_stopped) {
    status.receiver = model::ReceiverState::none;
  } else if (!link(node, *database.upstream) || source.frozen) {
    // A receiver notices silence late.
    status.receiver = now_ - database.heard < seconds(4) ? model::ReceiverState::streaming
                                                         : model::ReceiverState::connecting;
  } else if (gtid_) {
    status.receiver = model::ReceiverState::connecting;
  } else if (source.running) {
    status.receiver = model::ReceiverState::waiting;
  } else {
    status.receiver = model::ReceiverState::none;
  }
  return status;
}

void World::add_gtid_account(NodeId node, model::NodeStatus& status) const {
  const auto& database = databases_[node];
  status.flavor = model::Flavor::mysql;
  // Its values hold for either side, the switches go with the role.
  auto& semi = status.semi_sync;
  semi.primary_enabled = semi.primary_active = database.primary && database.acks != 0;
  semi.replica_enabled = !database.primary;
  semi.replica_active = database.streaming;
  semi.waits_before_commit = true;
  semi.acks_wanted = std::max(database.acks, 1U);
  semi.timeout = database.acks != 0 ? std::chrono::hours(24) : std::chrono::seconds(10);
  status.version = "8.4.0";
  status.server_uuid = uuid_of(node);
  status.system_identifier = 0;
  status.timeline = 0;
  status.start_time_us = static_cast<std::int64_t>(database.starts) * 10'000'000;
  status.position = gtids(database, database.applied);
  status.received = gtids(database, database.log.size());
}

std::string World::follow(NodeId node, NodeId primary) {
  auto& database = databases_[node];
  if (!gtid_ && database.primary) return "a primary";
  if (gtid_) {
    if (!databases_[primary].primary) return "that is no primary";
    if (database.primary && !database.read_only) return "a primary that takes writes";
    if (!is_contained(database, databases_[primary])) return "it has what the primary lacks";
    const bool led_back = database.upstream == primary;  // and keeps what it has received
    if (!database.primary && !led_back) database.log.resize(database.applied);  // fetched again
    database.primary = database.receiver_stopped = false;
  }
  database.upstream = primary;
  replicate();
  return database.streaming ? "" : "it does not stream";
}

void World::crash(NodeId node) {
  databases_[node].running = false;
  databases_[node].frozen = false;
  databases_[node].stuck.clear();
}

void World::thaw(NodeId node) {
  auto& database = databases_[node];
  database.frozen = false;
  const auto stuck = std::exchange(database.stuck, {});
  if (!database.running) return;
  for (const auto& action : stuck) {
    log(policy_.nodes[node].name +
        " thaws and does what it was told: " + std::string(decide::name_of(action.task)));
    perform(action);
  }
}

void World::restart(NodeId node) {
  auto& database = databases_[node];
  if (!database.running) {
    database.started = now_;
    ++database.starts;
    if (gtid_) {
      // Where others manage the cluster, they let the writes in.
      database.read_only = !database.primary || policy_.mode != decide::Mode::off;
      database.receiver_stopped = false;
      database.log.resize(database.applied);  // the relay log is gone
    }
  }
  database.running = true;
  thaw(node);
}

Outcome World::run() {
  relevo_restarts();
  std::function<void()> replication = [&] {
    replicate();
    watch_wellbeing();
    client_writes();
    after(replication_interval, replication);
  };
  after(replication_interval, replication);
  for (const auto& fault : schedule_.faults) {
    at(started_ + fault.at, [this, &fault] { strike(fault); });
  }
  const auto trouble_ends = started_ + schedule_.length;
  at(trouble_ends, [this] { heal(); });
  const auto end = trouble_ends + seconds(90);
  while (outcome_.violation.empty() && !agenda_.empty() && agenda_.begin()->first <= end) {
    now_ = agenda_.begin()->first;
    const auto what = std::move(agenda_.begin()->second);
    agenda_.erase(agenda_.begin());
    what();
    if (healing_ && converged()) break;
  }
  check_end();
  return outcome_;
}

}  // namespace relevo::sim
