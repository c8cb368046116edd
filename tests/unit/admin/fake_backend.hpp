// A process in memory: one or more clusters whose state a test sets, and a
// record of the commands that it was given.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "proxy/admin/backend.hpp"

namespace relevo::admin {

// "orders" of the public interface's example: db1 is the primary, db2 a replica.
inline model::View orders_view() {
  model::View view;
  view.cluster = "orders";
  view.epoch = 3;
  view.sequence = 17;
  view.state = model::ClusterState::healthy;
  view.primary = 0;
  view.gate = model::PrimaryGate::open;

  model::NodeView db1;
  db1.name = "db1";
  db1.address = "10.0.0.1:5432";
  db1.zone = "a";
  db1.role = model::Role::primary;
  db1.state = model::NodeState::online;
  db1.verdict = model::Verdict::healthy;
  db1.version = "15.20";
  db1.position = "0/5000148";
  db1.timeline = 2;
  db1.lag = model::Duration(0);
  db1.lag_bytes = 0;
  db1.eligible_for_reads = true;

  model::NodeView db2 = db1;
  db2.name = "db2";
  db2.address = "10.0.0.2:5432";
  db2.zone = "b";
  db2.role = model::Role::replica;
  db2.position = "0/5000100";
  db2.lag = std::chrono::microseconds(12500);
  db2.lag_bytes = 72;

  view.nodes = {db1, db2};
  return view;
}

class FakeBackend : public Backend {
 public:
  FakeBackend() { set_views({orders_view()}); }

  void set_views(const std::vector<model::View>& all) {
    const std::lock_guard lock(mutex_);
    views_.clear();
    for (const auto& view : all) views_.push_back(std::make_shared<const model::View>(view));
  }

  void add_event(const std::string& text, int rule = 0) {
    {
      const std::lock_guard lock(mutex_);
      model::Event event;
      event.id = events_.size() + 1;
      event.at = std::chrono::system_clock::time_point(std::chrono::milliseconds(1740830400123));
      event.cluster = "orders";
      event.epoch = 3;
      event.rule = rule;
      event.severity = model::Severity::warning;
      event.node = "db1";
      event.text = text;
      events_.push_back(event);
    }
    changed_.notify_all();
  }

  // What was asked for, one line each: "failover orders db2 allow_data_loss".
  std::vector<std::string> commands() {
    const std::lock_guard lock(mutex_);
    return commands_;
  }

  session::Traffic traffic_now;
  std::vector<session::PoolRow> pool_rows;
  std::vector<session::ClientRow> client_rows;
  std::vector<session::ServerRow> server_rows;
  Result<Explanation> explanation = Explanation{"replica", "db2", "a read", "read"};
  Result<std::string> answer = std::string("It is done.");  // to every command
  std::optional<FailoverTotals> totals;
  Result<model::Diagnosis> diagnosis;  // of both ways to ask for one
  bool is_ready = true;

  std::vector<model::ViewPtr> views() override {
    const std::lock_guard lock(mutex_);
    return views_;
  }
  std::optional<session::Traffic> traffic(const std::string& cluster) override {
    return if_known(cluster, traffic_now);
  }
  std::optional<std::vector<session::PoolRow>> pools(const std::string& cluster) override {
    return if_known(cluster, pool_rows);
  }
  std::optional<std::vector<session::ClientRow>> clients(const std::string& cluster) override {
    return if_known(cluster, client_rows);
  }
  std::optional<std::vector<session::ServerRow>> servers(const std::string& cluster) override {
    return if_known(cluster, server_rows);
  }
  std::optional<FailoverTotals> failover_totals(const std::string&) override { return totals; }

  std::vector<model::Event> events(std::uint64_t since, std::chrono::milliseconds wait) override {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, wait, [&] { return events_.size() > since; });
    if (events_.size() <= since) return {};
    return {events_.begin() + static_cast<std::ptrdiff_t>(since), events_.end()};
  }

  Result<Explanation> explain(const std::string& cluster, const Question& question) override {
    const std::string& sql = question.sql;
    note("explain " + cluster + " " + sql);
    return explanation;
  }
  Result<std::string> switchover(const std::string& cluster, const std::string& to) override {
    return note("switchover " + cluster + " " + to);
  }
  Result<std::string> failover(const std::string& cluster, const std::string& to,
                               bool allow_data_loss) override {
    return note("failover " + cluster + " " + to + (allow_data_loss ? " allow_data_loss" : ""));
  }
  Result<std::string> pause(const std::string& cluster) override {
    return note("pause " + cluster);
  }
  Result<std::string> resume(const std::string& cluster) override {
    return note("resume " + cluster);
  }
  Result<std::string> acknowledge(const std::string& cluster) override {
    return note("ack " + cluster);
  }
  Result<std::string> maintenance(const std::string& cluster, const std::string& node,
                                  bool on) override {
    return note("maintenance " + cluster + " " + node + (on ? " on" : " off"));
  }
  Result<std::string> reload() override { return note("reload"); }
  Result<model::Diagnosis> diagnose(const std::string& cluster, const std::string& node) override {
    note("doctor " + cluster + " " + node);
    return diagnosis;
  }
  Result<model::Diagnosis> mend(const std::string& cluster, const std::string& node) override {
    note("doctor --fix " + cluster + " " + node);
    return diagnosis;
  }
  bool ready() override { return is_ready; }

 private:
  template <typename T>
  std::optional<T> if_known(const std::string& cluster, const T& value) {
    const std::lock_guard lock(mutex_);
    for (const auto& view : views_) {
      if (view->cluster == cluster) return value;
    }
    return std::nullopt;
  }

  Result<std::string> note(std::string command) {
    const std::lock_guard lock(mutex_);
    commands_.push_back(std::move(command));
    return answer;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<model::ViewPtr> views_;
  std::vector<model::Event> events_;
  std::vector<std::string> commands_;
};

}  // namespace relevo::admin
