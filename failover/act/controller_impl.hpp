// The inside of a Controller: probes feed the detector, the detector feeds the
// decision, the decision feeds disk, data plane and executor, in that order.
#pragma once

#include <asio/steady_timer.hpp>
#include <deque>
#include <map>

#include "failover/act/catalogue.hpp"
#include "failover/act/controller.hpp"
#include "failover/act/executor.hpp"
#include "failover/act/memory.hpp"
#include "failover/decide/step.hpp"
#include "failover/journal/event_ring.hpp"
#include "failover/lease/local_lease.hpp"
#include "topology/detect/detector.hpp"
#include "topology/detect/lag.hpp"
#include "topology/detect/readiness.hpp"
#include "topology/detect/view_builder.hpp"
#include "topology/probe/prober.hpp"

namespace relevo::act {

class Controller::Impl : public std::enable_shared_from_this<Controller::Impl> {
 public:
  Impl(asio::io_context& io, ControllerSettings settings, Ports ports);

  Result<void> start();
  void shutdown();
  void reconfigure(ControllerSettings settings);
  void command(decide::CommandKind kind, const std::string& node, bool allow_data_loss,
               Reply reply);
  void feed(decide::Event event);
  void signal(model::NodeId node, model::TrafficSignal signal);

  Catalogue& catalogue() { return catalogue_; }
  // Of the node that the catalogue is asked on; MySQL's where none has answered yet.
  model::Flavor flavor() const;
  model::ViewPtr view() const { return view_; }
  const journal::EventRing& events() const { return events_; }

 private:
  void observed(const model::Observation& observation);
  void feed_evidence();
  void settle(decide::Event event);
  bool carry_out(const decide::Decision& decision);  // true: a View went out
  void publish_view();
  void tell(model::Severity severity, std::optional<model::NodeId> node, std::string text,
            int rule);
  void acquire_lease();
  void schedule_tick();
  void schedule_publication();
  bool alert() const;  // something is amiss or under way: look often
  std::optional<model::NodeId> reference_primary() const;
  std::vector<model::NodeId> catalogue_order() const;

  asio::io_context& io_;
  ControllerSettings settings_;
  decide::Policy policy_;
  Ports ports_;

  detect::Detector detector_;
  detect::Readiness readiness_;
  detect::PositionHistory history_;
  std::optional<model::NodeId> history_of_;
  std::vector<std::unique_ptr<probe::Prober>> probers_;
  std::vector<bool> probed_;

  decide::ClusterState state_;
  Memory memory_;
  bool memory_failed_ = false;  // told once, until it works again
  journal::EventRing events_;
  lease::LocalLease lease_;
  Executor executor_;
  Catalogue catalogue_;

  std::deque<decide::Event> queue_;
  bool settling_ = false;
  bool running_ = false;
  bool ended_ = false;
  decide::CommandId next_command_ = 1;
  std::map<decide::CommandId, Reply> replies_;

  std::uint64_t sequence_ = 0;
  model::ViewPtr view_;
  asio::steady_timer tick_timer_, publish_timer_;
};

}  // namespace relevo::act
