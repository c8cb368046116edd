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
// A "client" writes through one of the proxies, as the data plane would: to the primary
// of the View that this proxy has applied, under its epoch, while its gate is open.
//
// A node that stands still has what was sent to it in its socket: it does that when
// it thaws, however old it is by then.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "failover/decide/step.hpp"
#include "tests/sim/random.hpp"
#include "tests/sim/schedule.hpp"
#include "topology/detect/detector.hpp"

namespace relevo::sim {

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
  bool mute = false;      // what is asked arrives, no answer comes back
  bool disk_full = false;
  bool slow_disk = false;
  Instant flaky_until{};  // probes get no answer
  Instant lagging_until{};
  std::vector<decide::Action> stuck;  // sent while it stood still
  bool primary = false;
  bool read_only = false;
  unsigned acks = 0;     // that its commits wait for, by its settings
  Instant acks_since{};  // when they were last changed
  unsigned acks_changes = 0;
  void wait_for(unsigned replicas, Instant now) {
    acks = replicas;
    acks_since = now;
    ++acks_changes;
  }
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

struct Outcome {
  std::string violation;  // "" when all checks held
  std::set<int> rules;    // that fired
  unsigned failovers = 0;
  unsigned switchovers = 0;
  std::uint64_t steps = 0;
};

class World {
 public:
  // `print`: its history goes to standard output.
  World(const Schedule& schedule, bool print);
  Outcome run();

 private:
  // --- time ---
  void at(Instant when, std::function<void()> what);
  void after(Duration delay, std::function<void()> what) { at(now_ + delay, std::move(what)); }
  bool chance(double probability) { return random_.chance(probability); }
  std::uint64_t below(std::uint64_t bound) { return random_.below(bound); }

  // --- databases ---
  bool answers(NodeId node) const;  // to Relevo
  bool flows(NodeId from, NodeId to) const { return !cut_.contains({from, to}); }
  bool link(NodeId a, NodeId b) const { return flows(a, b) && flows(b, a); }
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
  void thaw(NodeId node);

  // --- Relevo ---
  void probe(NodeId node);
  void look(NodeId node, bool fresh);
  void evidence(NodeId told);
  void feed(const decide::Event& event);
  void carry_out(const decide::Action& action);
  void arrive(const decide::Action& action, bool in_time, bool of_this_life);
  void answer(const decide::ActionFinished& result);
  decide::ActionFinished perform(const decide::Action& action);
  void publish();
  void relevo_restarts();

  // --- clients ---
  void client_writes();
  void acknowledge();

  // --- faults ---
  void strike(const Fault& fault);
  void strike_disk(const Fault& fault);
  void strike_by_hand(const Fault& fault);
  void strike_relevo(const Fault& fault);
  void heal();
  void operator_decides(int attempt);
  void order(decide::CommandKind kind, std::optional<NodeId> node, bool allow_data_loss);

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
  void check_flaps(int rule);
  void check_loss(NodeId candidate);
  void check_promise(NodeId candidate);
  void check_coverage(NodeId candidate);
  void check_writable();
  void watch_wellbeing();
  void check_promotion(NodeId node);
  bool has_errant(NodeId node) const;
  bool named_outsider(NodeId node) const;
  bool seen_answering(NodeId node) const;
  // Relevo mends settings that fall short of the policy, so that nobody else has to.
  bool restores_quorum() const {
    return policy_.manages_quorum && policy_.durability == decide::Durability::quorum &&
           policy_.mode != decide::Mode::off;
  }
  bool promises() const;   // or too few replicas are left for it
  bool serves() const;     // a working, writable primary is published
  bool converged() const;  // and every other node follows it or is named as an outsider
  void check_end();
  void log(const std::string& line);

  const Schedule& schedule_;
  bool print_;
  Random random_;
  Instant now_{}, started_{};
  std::multimap<Instant, std::function<void()>> agenda_;

  const decide::Policy& policy_;
  bool gtid_;  // MySQL's kind of databases
  std::vector<Database> databases_;
  std::set<std::pair<NodeId, NodeId>> cut_;  // from, to
  std::uint64_t next_write_ = 1;
  bool healing_ = false;

  std::optional<detect::Detector> detector_;
  std::vector<bool> probed_;
  decide::ClusterState state_;
  decide::Hint persisted_;  // as of the last decision that had it written down
  std::uint64_t life_ = 0;  // of the Relevo process: what an older one began is lost
  std::map<NodeId, decide::ActionId> latest_action_;
  std::uint64_t sequence_ = 0;
  bool doomed_ = false;                         // Relevo dies in the middle of its next decision
  decide::Event observed_{decide::Observed{}};  // kept for its room
  decide::CommandId next_command_ = 1;
  std::map<decide::CommandId, decide::OperatorCommand> open_commands_;

  struct Proxy {
    std::optional<NodeId> primary;
    model::Epoch epoch = 0;
    bool open = false;
    std::uint64_t sequence = 0;  // of the View that it has applied
    Instant delivered_at{};      // when the last View sent reaches it
    Instant slow_until{};
  };
  std::vector<Proxy> proxies_;

  struct Waiting {
    std::uint64_t id;
    NodeId node;
    std::size_t proxy;
    std::size_t length;  // of the log with it
  };
  std::vector<Waiting> unacknowledged_;
  struct Acknowledged {
    std::uint64_t id;
    NodeId node;
    bool promised;  // as many replicas had acknowledged it as the policy says
    Instant at;
    unsigned acks_changes;
  };
  std::vector<Acknowledged> acknowledged_;
  // Whose account Relevo has of how long its commits waited for too few.
  std::set<std::pair<NodeId, unsigned>> confessed_;
  std::map<model::Epoch, std::set<NodeId>> written_in_epoch_;
  std::set<NodeId> told_to_promote_;  // since a primary was last published
  std::set<NodeId> were_published_;
  std::optional<NodeId> dead_for_good_;  // healing leaves this primary dead
  bool operator_decided_ = false;        // data loss was allowed
  Instant well_since_{};                 // since when nothing is wrong with any node or link
  bool automatic_ = false;               // the failover in progress, or the last one
  unsigned automatic_failovers_ = 0;     // since an operator has looked, or Relevo restarted
  Outcome outcome_;
};

}  // namespace relevo::sim
