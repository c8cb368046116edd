#include "failover/act/doctor/examination.hpp"

#include <algorithm>
#include <asio/io_context.hpp>
#include <memory>

#include "failover/act/doctor/questions.hpp"
#include "topology/client/connection.hpp"

namespace relevo::act {
namespace {

using std::chrono::steady_clock;

constexpr std::string_view wrong_password = "28P01";

client::Endpoint endpoint_of(const ControllerSettings& settings, const ControlledNode& node) {
  client::Endpoint endpoint;
  endpoint.host = node.host;
  endpoint.port = node.port;
  endpoint.user = settings.monitor_user;
  endpoint.password = settings.monitor_password;
  endpoint.database = settings.monitor_database;
  endpoint.sslmode = settings.sslmode;
  endpoint.sslrootcert = settings.sslrootcert;
  return endpoint;
}

std::string words_of(const client::Failure& failure) {
  std::string text = failure.message;
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

// One node's talk. Each of its operations has what is left until the deadline.
class Examination {
 public:
  using Done = std::function<void()>;

  Examination(asio::io_context& io, const ControllerSettings& settings, std::size_t node,
              model::Instant deadline, doctor::ClusterFacts& facts, Done done)
      : settings_(settings),
        node_(settings.nodes[node]),
        deadline_(deadline),
        cluster_(facts),
        facts_(facts.nodes[node]),
        questions_(settings.engine == model::Engine::postgres ? postgres_questions()
                                                              : mysql_questions()),
        connection_(client::make_connection(settings.engine, io)),
        done_(std::move(done)) {}

  void start() {
    connection_->connect(endpoint_of(settings_, node_), left(), [this](client::Outcome<void> made) {
      if (!made) return give_up(made.error());
      ask();
    });
  }

 private:
  model::Duration left() const {
    return std::max<model::Duration>(deadline_ - steady_clock::now(), std::chrono::milliseconds(1));
  }

  void ask() {
    while (next_ < questions_.size()) {
      const Question& question = questions_[next_];
      const std::string text = question.text(cluster_, facts_);
      if (text.empty()) {
        ++next_;
        continue;
      }
      connection_->query(text, left(), [this, &question](client::Outcome<client::Rows> answer) {
        const bool first = next_++ == 0;
        if (answer) {
          question.read(*answer, facts_);
        } else if (first || answer.error().kind != client::FailureKind::server_error) {
          return give_up(answer.error());
        }
        ask();
      });
      return;
    }
    facts_.reachable = true;
    facts_.error.clear();
    try_replication_user();
  }

  // Whether the password that replicas are given is the right one. Of what else may
  // refuse it from here, but not from the nodes, nothing is concluded.
  void try_replication_user() {
    if (settings_.replication_user.empty() || settings_.replication_password.empty()) return end();
    const bool postgres = settings_.engine == model::Engine::postgres;
    client::Endpoint endpoint = endpoint_of(settings_, node_);
    endpoint.user = settings_.replication_user;
    endpoint.password = settings_.replication_password;
    endpoint.replication = postgres;
    if (!postgres) endpoint.database.clear();
    connection_->connect(endpoint, left(), [this, postgres](client::Outcome<void> made) {
      constexpr std::uint16_t access_denied = 1045;
      if (made) {
        facts_.replication_refusal = "";
      } else if (postgres ? made.error().sqlstate == wrong_password
                          : made.error().server_errno == access_denied) {
        facts_.replication_refusal = words_of(made.error());
      }
      end();
    });
  }

  void give_up(const client::Failure& failure) {
    facts_.reachable = false;
    facts_.error = words_of(failure);
    end();
  }

  void end() {
    connection_->close();
    done_();
  }

  const ControllerSettings& settings_;
  const ControlledNode& node_;
  const model::Instant deadline_;
  doctor::ClusterFacts& cluster_;
  doctor::NodeFacts& facts_;
  const std::span<const Question> questions_;
  std::size_t next_ = 0;
  std::unique_ptr<client::Connection> connection_;
  Done done_;
};

// Runs the loop until `handler` was called: each operation has a deadline of its own.
template <typename Start>
void run_one(asio::io_context& io, Start start) {
  bool done = false;
  start([&done] { done = true; });
  io.restart();
  while (!done && io.run_one() > 0) {
  }
}

}  // namespace

void examine(const ControllerSettings& settings, model::Duration limit,
             doctor::ClusterFacts& facts) {
  facts.nodes.clear();
  for (const ControlledNode& node : settings.nodes) {
    doctor::NodeFacts told;
    told.name = node.name;
    told.address = node.host + ":" + std::to_string(node.port);
    told.never_promote = node.never_promote;
    told.error = "it was not asked";
    if (settings.engine == model::Engine::mysql) told.flavor = model::Flavor::mysql;
    facts.nodes.push_back(std::move(told));
  }
  asio::io_context io{1};
  const auto deadline = steady_clock::now() + limit;
  std::size_t under_way = settings.nodes.size();
  std::vector<std::unique_ptr<Examination>> examinations;
  for (std::size_t node = 0; node < settings.nodes.size(); ++node) {
    examinations.push_back(
        std::make_unique<Examination>(io, settings, node, deadline, facts, [&] { --under_way; }));
    examinations.back()->start();
  }
  while (under_way > 0 && io.run_one() > 0) {
  }
}

std::vector<model::Treatment> treat(const ControllerSettings& settings,
                                    const std::vector<doctor::Prescription>& prescriptions,
                                    model::Duration limit_each,
                                    const std::function<bool()>& may_go_on) {
  std::vector<model::Treatment> told;
  asio::io_context io{1};
  std::unique_ptr<client::Connection> connection;
  std::string connected_to;
  for (const doctor::Prescription& one : prescriptions) {
    model::Treatment treatment{one.node, one.check, one.statement, false, {}};
    const auto node =
        std::find_if(settings.nodes.begin(), settings.nodes.end(),
                     [&](const ControlledNode& candidate) { return candidate.name == one.node; });
    if (node == settings.nodes.end()) continue;
    if (!may_go_on()) {
      treatment.outcome = "not run: a failover or switchover has begun";
      told.push_back(std::move(treatment));
      continue;
    }
    const auto fail = [&](const client::Failure& failure) {
      treatment.outcome = words_of(failure);
    };
    if (connection == nullptr || connected_to != one.node || !connection->connected()) {
      connection = client::make_connection(settings.engine, io);
      connected_to.clear();
      run_one(io, [&](auto done) {
        connection->connect(endpoint_of(settings, *node), limit_each,
                            [&, done](client::Outcome<void> made) {
                              if (!made) fail(made.error());
                              if (made) connected_to = one.node;
                              done();
                            });
      });
    }
    if (connected_to == one.node) {
      run_one(io, [&](auto done) {
        connection->query(one.statement, limit_each, [&, done](client::Outcome<client::Rows> ran) {
          if (ran) treatment.ok = true;
          if (!ran) fail(ran.error());
          done();
        });
      });
    }
    told.push_back(std::move(treatment));
  }
  connection.reset();
  return told;
}

}  // namespace relevo::act
