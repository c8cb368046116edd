// Whole commands against a real server: from the command line to the exit code.
#include <gmock/gmock.h>

#include <sstream>
#include <thread>

#include "proxy/admin/relevoctl/commands.hpp"
#include "tests/unit/admin/fake_backend.hpp"
#include "tests/unit/admin/raw_client.hpp"

namespace relevo::admin {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::StartsWith;

struct Outcome {
  int code = 0;
  std::string out, err;
};

class Relevoctl : public testing::Test {
 protected:
  Relevoctl() {
    settings.socket_path = directory / "admin.sock";
    settings.http = TcpAddress{"127.0.0.1", 0};
    settings.token = "secret";
    server = std::make_unique<Server>(settings, backend);
    EXPECT_TRUE(server->start());
  }

  Outcome run(std::vector<std::string> arguments, const std::string& admin = "",
              const std::string& token = "") {
    arguments.insert(arguments.begin(),
                     {"relevoctl", "--admin", admin.empty() ? settings.socket_path : admin});
    std::vector<const char*> argv;
    for (const auto& argument : arguments) argv.push_back(argument.c_str());
    std::ostringstream out, err;
    Terminal terminal{out, err, {}, false, token, [this](auto) { return --refreshes > 0; }};
    Outcome outcome;
    outcome.code = run_relevoctl(static_cast<int>(argv.size()), argv.data(), terminal);
    outcome.out = out.str();
    outcome.err = err.str();
    return outcome;
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(server->http_port()); }

  void add_second_cluster() {
    auto other = orders_view();
    other.cluster = "users & co";
    backend.set_views({orders_view(), other});
  }

  TemporaryDirectory directory;
  FakeBackend backend;
  AdminSettings settings;
  std::unique_ptr<Server> server;
  int refreshes = 1;
};

TEST_F(Relevoctl, ShowsTheTopology) {
  const Outcome outcome = run({"topology"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out,
            "orders  postgres  healthy  epoch 3\n"
            "├─ db1  primary  online  Healthy  10.0.0.1:5432  0/5000148             0 clients  "
            "0 servers\n"
            "└─ db2  replica  online  Healthy  10.0.0.2:5432  0/5000100  lag 12 ms  0 clients  "
            "0 servers\n");
  EXPECT_THAT(outcome.err, IsEmpty());
}

TEST_F(Relevoctl, PrintsTheServersJson) {
  const Outcome outcome = run({"topology", "--json"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.out, StartsWith("{\"clusters\":[{\"name\":\"orders\""));
  EXPECT_EQ(run({"--json", "topology"}).out, outcome.out);
}

TEST_F(Relevoctl, WatchesUntilToldToEnd) {
  refreshes = 3;
  const Outcome outcome = run({"topology", "--watch"});
  EXPECT_EQ(outcome.code, 0);
  std::size_t count = 0;
  for (auto at = outcome.out.find("epoch 3"); at != std::string::npos;
       at = outcome.out.find("epoch 3", at + 1)) {
    ++count;
  }
  EXPECT_EQ(count, 3U);
}

TEST_F(Relevoctl, ListsRows) {
  EXPECT_EQ(run({"pools"}).out, "No server connections.\n");
  EXPECT_EQ(run({"clients"}).out, "No clients.\n");
  backend.server_rows = {{"db2", "app", "shop", "idle", "", 1, 2, 3, false}};
  EXPECT_THAT(run({"servers", "--cluster", "orders"}).out, HasSubstr("db2   app   shop"));
}

TEST_F(Relevoctl, ExplainsAStatement) {
  const std::string sql = "SELECT 'ü&=+%?#' -- 100%\n";
  const Outcome outcome = run({"explain", sql});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.out, HasSubstr("target  replica\n"));
  EXPECT_THAT(backend.commands(), ElementsAre("explain orders " + sql));
}

TEST_F(Relevoctl, GivesCommands) {
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"switchover"},
                                             {"switchover", "--to", "db2"},
                                             {"failover", "--allow-data-loss", "--to", "db2"},
                                             {"failover"},
                                             {"pause"},
                                             {"resume"},
                                             {"ack"},
                                             {"maintenance", "db2", "on"},
                                             {"maintenance", "db2", "off"},
                                             {"reload"}}) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, 0) << arguments[0] << outcome.err;
    EXPECT_EQ(outcome.out, "It is done.\n");
  }
  EXPECT_THAT(backend.commands(),
              ElementsAre("switchover orders ", "switchover orders db2",
                          "failover orders db2 allow_data_loss", "failover orders ", "pause orders",
                          "resume orders", "ack orders", "maintenance orders db2 on",
                          "maintenance orders db2 off", "reload"));
}

TEST_F(Relevoctl, SaysWhyItWasRefused) {
  backend.answer = fail("no_quorum", "Only 1 of 2 needed replicas is frozen.");
  const Outcome outcome = run({"failover"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.err, "relevoctl: Only 1 of 2 needed replicas is frozen.\n");
  EXPECT_THAT(outcome.out, IsEmpty());
  EXPECT_EQ(run({"maintenance", "db9", "on"}).code, 1);
  EXPECT_EQ(run({"pools", "--cluster", "nope"}).code, 1);
}

TEST_F(Relevoctl, WantsToKnowWhichClusterWhereThereAreSeveral) {
  add_second_cluster();
  const Outcome outcome = run({"pause"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("choose one with --cluster: orders, users & co"));
  EXPECT_THAT(backend.commands(), IsEmpty());
  EXPECT_EQ(run({"pause", "--cluster", "users & co"}).code, 0);
  EXPECT_EQ(run({"explain", "x", "--cluster", "users & co"}).code, 0);
  EXPECT_THAT(backend.commands(), ElementsAre("pause users & co", "explain users & co x"));
}

TEST_F(Relevoctl, FollowsEventsUntilTheServerEnds) {
  backend.add_event("first", 4);
  EXPECT_THAT(run({"events"}).out, EndsWith("rule 4  warning  db1: first\n"));
  std::thread stopper([this] {
    backend.add_event("second");
    // The server's end is the only end that a follower without a terminal has.
    std::this_thread::sleep_for(std::chrono::milliseconds(700));
    server->stop();
  });
  const Outcome outcome = run({"events", "--follow", "--since", "1"});
  stopper.join();
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.out, EndsWith("warning  db1: second\n"));
  EXPECT_THAT(outcome.out, testing::Not(HasSubstr("first")));
  EXPECT_THAT(outcome.err, HasSubstr("ended the stream of events"));
}

TEST_F(Relevoctl, SpeaksTcpWithAToken) {
  EXPECT_EQ(run({"topology"}, url()).code, 0);
  const Outcome refused = run({"reload"}, url());
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, HasSubstr("RELEVO_ADMIN_TOKEN"));
  EXPECT_EQ(run({"reload"}, url(), "secret").code, 0);
  EXPECT_THAT(backend.commands(), ElementsAre("reload"));
}

TEST_F(Relevoctl, SaysWhatToLookAtWhenNobodyAnswers) {
  const Outcome missing = run({"topology"}, directory / "missing.sock");
  EXPECT_EQ(missing.code, 1);
  EXPECT_EQ(missing.err, "relevoctl: cannot reach Relevo's admin socket " +
                             (directory / "missing.sock") +
                             ": No such file or directory. Is relevo running? --admin or "
                             "RELEVO_ADMIN names another socket or URL.\n");
  const std::string port = url();
  server->stop();
  const Outcome closed = run({"events", "--follow"}, port);
  EXPECT_EQ(closed.code, 1);
  EXPECT_THAT(closed.err, HasSubstr("cannot reach Relevo's admin interface at " + port));
}

TEST_F(Relevoctl, RefusesAWrongCommandLine) {
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{},
                                             {"topologi"},
                                             {"explain"},
                                             {"maintenance", "db1"},
                                             {"maintenance", "db1", "maybe"},
                                             {"failover", "--allow-dataloss"},
                                             {"events", "--since", "x"},
                                             {"pause", "extra"}}) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, 2);
    EXPECT_FALSE(outcome.err.empty());
  }
  EXPECT_EQ(run({"topology"}, "https://host").code, 2);
  EXPECT_THAT(backend.commands(), IsEmpty());
  EXPECT_EQ(run({"--help"}).code, 0);
}

TEST_F(Relevoctl, TellsItsVersionWithoutAServer) {
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"--version"}, {"topology", "--version"}}) {
    const Outcome outcome = run(arguments, "/nowhere");
    EXPECT_EQ(outcome.code, 0);
    EXPECT_THAT(outcome.out, MatchesRegex("relevoctl [0-9]+\\.[0-9]+\\.[0-9]+\n"));
  }
}

}  // namespace
}  // namespace relevo::admin
