// Asks one node how it is, at a steady interval, and tells what it saw.
// Facts only: the detector judges.
//
// Two ways to the node, because neither alone tells a hung server from a busy or a
// dead one. A persistent connection is asked at each tick. A fresh one is made
// beside it when the persistent one keeps us waiting, when a signal asks for it,
// and now and then: old sessions may work where new ones hang. The end of the
// persistent connection is noticed when the kernel tells, not at the next tick.
//
// Every probe has a deadline of its own and no probe waits for another node's.
// One io_context thread only; `report` is called there, never from within a call
// to the prober, and may destroy it.
#pragma once

#include <asio/io_context.hpp>
#include <functional>
#include <memory>

#include "topology/client/connection.hpp"
#include "topology/model/observation.hpp"

namespace relevo::probe {

struct ProbeTarget {
  model::NodeId node = 0;
  client::Endpoint endpoint;
  model::Engine engine = model::Engine::postgres;
};

struct ProbeSettings {
  model::Duration interval = std::chrono::milliseconds(100);  // between probes' beginnings
  model::Duration phase = std::chrono::milliseconds(0);       // by which the second is later
  model::Duration timeout = std::chrono::seconds(1);          // of a probe, connecting included
  model::Duration fresh_every = std::chrono::seconds(5);      // fresh connections to a well node
};

class Prober {
 public:
  using Report = std::function<void(model::Observation)>;

  Prober(asio::io_context& io, ProbeTarget target, ProbeSettings settings, Report report);
  ~Prober();  // drops what is under way; nothing is reported any more
  Prober(const Prober&) = delete;
  Prober& operator=(const Prober&) = delete;

  void start();
  void stop();

  // Probes at once instead of at the next tick, also over a fresh connection if
  // asked. May be called as often as traffic signals come: what is already under
  // way, or was begun a moment ago, is not begun again.
  void hurry(bool fresh_connection = false);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace relevo::probe
