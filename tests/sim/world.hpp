// A deterministic world of databases around the real detector and the real
// step(): the same seed gives the same history, event by event.
//
// What is simulated: nodes with a log (position, timeline), streaming between
// them, crashes, pauses, partitions, and an executor whose results may be late,
// lost or unknown. What is real: topology/detect and failover/decide.
//
// Two kinds of databases: PostgreSQL's, whose histories are numbered, and MySQL's,
// whose are sets of transactions. There a replica applies later than it receives and
// throws the rest away when it restarts, roles are what statements make of them, and
// a server comes up read-only and follows whom it followed.
//
// A "client" writes through the published View only, as the data plane would: to
// the View's primary, under its epoch, while its gate is open.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "failover/decide/step.hpp"
#include "topology/detect/detector.hpp"

namespace relevo::sim {

using model::Duration;
using model::Instant;
using model::NodeId;

// One write, by the node and timeline that took it: two histories never share one.
struct Write {
  std::uint64_t id = 0;
  std::uint64_t end = 0;     // position after it
  NodeId origin = 0;         // who took it
  std::uint64_t number = 0;  // the how many-th of that node's: its GTID
};

struct Database {
  bool running = true;
  bool frozen = false;    // SIGSTOP
  bool reachable = true;  // from Relevo
  bool primary = false;
  bool read_only = false;
  std::uint32_t timeline = 1;
  std::vector<Write> log;          // received; a primary's own as well
  std::optional<NodeId> upstream;  // primary_conninfo
  bool receiver_stopped = false;   // by a freeze; a restart forgets it (MySQL)
  std::size_t applied = 0;         // of the log (MySQL): the rest is relay log
  std::uint64_t starts = 1;
  bool streaming = false;
  Instant heard{};    // last message from the upstream
  Instant started{};  // answers "starting up" for a while after that
  std::uint64_t end() const { return log.empty() ? 100 : log.back().end; }
};

struct Options {
  std::uint64_t seed = 1;
  Duration length = std::chrono::seconds(60);  // of trouble; then everything is healed
  bool print = false;
};

struct Outcome {
  std::string violation;  // "" when all checks held
  std::set<int> rules;    // that fired
  unsigned failovers = 0;
  unsigned switchovers = 0;
  std::uint64_t steps = 0;
};

class World {
 public:
  explicit World(const Options& options);
  bool gtid() const { return gtid_; }
  Outcome run();

 private:
  // --- time ---
  void at(Instant when, std::function<void()> what);
  void after(Duration delay, std::function<void()> what) { at(now_ + delay, std::move(what)); }
  bool chance(double probability);
  std::uint64_t below(std::uint64_t bound);

  // --- databases ---
  bool answers(NodeId node) const;  // to Relevo
  bool link(NodeId a, NodeId b) const;
  void replicate();
  void receive(Database& replica, const Database& source);
  void apply(Database& database);
  void write(NodeId node);
  model::Position gtids(const Database& database, std::size_t length) const;
  void add_gtid_account(NodeId node, model::NodeStatus& status) const;
  // Why the node may not be led to the primary; "" when it may be, and is.
  std::string follow(NodeId node, NodeId primary);
  model::NodeStatus status_of(NodeId node) const;
  // Whether `longer` has all that `shorter` has, in its order where there are numbers.
  bool is_contained(const Database& shorter, const Database& longer) const;
  void crash(NodeId node);
  void restart(NodeId node);

  // --- Relevo ---
  void probe(NodeId node);
  void evidence();
  void feed(const decide::Event& event);
  void carry_out(const decide::Action& action);
  decide::ActionFinished perform(const decide::Action& action);
  void publish();
  void relevo_restarts();

  // --- clients ---
  void client_writes();

  // --- faults ---
  void schedule_faults();
  void fault();
  void heal();

  // --- checks ---
  void violate(std::string what);
  // What a step without a rule must leave as it was.
  struct Settled {
    model::Epoch epoch;
    decide::Phase phase;
    std::optional<NodeId> primary;
    model::PrimaryGate gate;
    decide::ActionId next_action;
    bool operator==(const Settled&) const = default;
  };
  Settled settled() const {
    return {state_.epoch, state_.phase, state_.primary, state_.gate, state_.next_action};
  }
  void check_step(const Settled& before, const decide::Decision& decision);
  void check_promotion(NodeId node);
  bool has_errant(NodeId node) const;
  bool serves() const;     // a working, writable primary is published
  bool converged() const;  // and every other node follows it or is named as an outsider
  void check_end();
  void log(const std::string& line);

  Options options_;
  std::mt19937_64 random_;
  Instant now_{};
  std::multimap<Instant, std::function<void()>> agenda_;

  decide::Policy policy_;
  bool gtid_ = false;  // MySQL's kind of databases
  std::vector<Database> databases_;
  std::set<std::pair<NodeId, NodeId>> cut_;
  std::uint64_t next_write_ = 1;
  bool healing_ = false;
  // Runs differ in kind: how often something breaks, and what kinds of it do.
  std::uint64_t fault_gap_ms_ = 1500;
  double action_fault_ = 0.03;
  bool hands_on_ = false;  // people promote behind our back (async mode only)

  std::optional<detect::Detector> detector_;
  std::vector<bool> probed_;
  decide::ClusterState state_;
  decide::Hint persisted_;  // as of the last decision that had it written down
  std::uint64_t life_ = 0;  // of the Relevo process: what an older one began is lost
  std::map<NodeId, decide::ActionId> latest_action_;
  std::uint64_t sequence_ = 0;
  Instant delivered_at_{};  // when the last View sent reaches the worker
  decide::CommandId next_command_ = 1;
  std::map<decide::CommandId, decide::OperatorCommand> open_commands_;

  struct Worker {
    std::optional<NodeId> primary;
    model::Epoch epoch = 0;
    bool open = false;
  } worker_;

  struct Waiting {
    std::uint64_t id;
    NodeId node;
    std::size_t length;  // of the log with it
  };
  std::vector<Waiting> unacknowledged_;
  struct Acknowledged {
    std::uint64_t id;
    NodeId node;
  };
  std::vector<Acknowledged> acknowledged_;
  std::map<model::Epoch, std::set<NodeId>> written_in_epoch_;
  std::set<NodeId> told_to_promote_;  // since a primary was last published
  std::set<NodeId> were_published_;
  std::optional<NodeId> dead_for_good_;  // healing leaves this primary dead
  bool operator_decided_ = false;        // data loss was allowed
  Outcome outcome_;
};

}  // namespace relevo::sim
