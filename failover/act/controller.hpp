// The control plane of one cluster: probes its nodes, judges them, decides, acts
// and publishes the View that the data plane lives by.
//
// Everything runs on the one thread of `io`; no member may be called from
// another (post to it). A decision is taken as soon as the event that allows it
// is in: no step waits for a tick.
//
// Order of effects of one decision, and why: first what must survive us is
// written down (epoch, primary), then the View goes out, then actions start. A
// crash between any two of them leaves an epoch that is at worst unused.
#pragma once

#include <asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "failover/act/settings.hpp"
#include "topology/client/connection.hpp"
#include "topology/model/event.hpp"
#include "topology/model/result.hpp"
#include "topology/model/view.hpp"

namespace relevo::act {

// Where the controller's results go. Called on the control thread.
struct Ports {
  // A new View: at least each interval and right after each decision. Must be
  // answered with on_view_applied() once every worker has applied it.
  std::function<void(model::ViewPtr)> publish;
  // A line for operators; also kept in the controller's own ring.
  std::function<void(const model::Event&)> event;
};

class Controller {
 public:
  using Reply = std::function<void(Result<std::string>)>;
  using RoleHandler = std::function<void(client::Outcome<std::optional<RoleSecret>>)>;
  using AccountsHandler = std::function<void(client::Outcome<std::vector<AccountSecret>>)>;

  Controller(asio::io_context& io, ControllerSettings settings, Ports ports);
  ~Controller();
  Controller(const Controller&) = delete;
  Controller& operator=(const Controller&) = delete;

  // Opens the journal, reads the last known authority, starts to probe. An error
  // here (state directory not writable, unreadable authority) is final.
  Result<void> start();
  // Stops probing and acting; pending replies are answered with an error. No
  // handler runs afterwards. What was begun on a server is not undone.
  void shutdown();

  // What a reload may change: policy, lag bound, weights, priorities, zones. The
  // nodes themselves and all logins are those of the start. Probe intervals are
  // taken at the next start.
  void reconfigure(ControllerSettings settings);

  void on_view_applied(const model::ViewApplied& applied);
  void on_traffic_signal(model::NodeId node, model::TrafficSignal signal);

  // Operator commands: answered once done or refused, with a sentence. `to`
  // empty: the best candidate.
  void switchover(const std::string& to, Reply reply);
  void failover(const std::string& to, bool allow_data_loss, Reply reply);
  void pause(Reply reply);
  void resume(Reply reply);
  void maintenance(const std::string& node, bool on, Reply reply);
  void acknowledge(Reply reply);

  // The data plane's questions. Asked of the primary over the monitor's own
  // login, of any other healthy node when it does not answer.
  void run_on_any_node(const std::string& sql, client::Connection::QueryHandler handler);
  // A role's stored secret, for passthrough authentication; nullopt: no such role.
  void lookup_role(const std::string& user, RoleHandler handler);
  // The same for MySQL and MariaDB; empty: no such user.
  void lookup_accounts(const std::string& user, AccountsHandler handler);

  model::ViewPtr view() const;  // the last published; null before the first
  std::vector<model::Event> events(std::uint64_t since) const;  // id > since, oldest first

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace relevo::act
