// doctor from the route to the screen: what is asked of the backend, the JSON, the text
// and the exit code.
#include <gmock/gmock.h>

#include <sstream>

#include "proxy/admin/relevoctl/commands.hpp"
#include "proxy/admin/relevoctl/render.hpp"
#include "proxy/admin/server.hpp"
#include "tests/unit/admin/ask.hpp"
#include "tests/unit/admin/raw_client.hpp"

namespace relevo::admin {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* path = "/v1/clusters/orders/doctor";

model::Finding receiver_timeout() {
  model::Finding finding;
  finding.check = "wal_receiver_timeout";
  finding.gravity = model::Gravity::warning;
  finding.found = "wal_receiver_timeout is 60 s";
  finding.why = "A receiver asks for a sign of life after half of this.";
  finding.statements = {"ALTER SYSTEM SET wal_receiver_timeout = '4s'", "SELECT pg_reload_conf()"};
  finding.on = "db2";
  finding.takes_effect = model::TakesEffect::reload;
  return finding;
}

model::Diagnosis diagnosis() {
  model::Diagnosis told;
  told.cluster = "orders";
  model::NodeDiagnosis db1;
  db1.name = "db1";
  db1.address = "10.0.0.1:5432";
  db1.role = model::Role::primary;
  db1.version = "15.20";
  db1.reachable = true;
  model::NodeDiagnosis db2 = db1;
  db2.name = "db2";
  db2.role = model::Role::replica;
  db2.findings = {receiver_timeout()};
  told.nodes = {db1, db2};
  return told;
}

TEST(DoctorRoutes, AskTheBackend) {
  FakeBackend backend;
  backend.diagnosis = diagnosis();
  EXPECT_EQ(ask(backend, "GET", path).status, 200);
  EXPECT_EQ(ask(backend, "GET", std::string(path) + "?node=db2").status, 200);
  EXPECT_EQ(ask(backend, "POST", path).status, 200);
  EXPECT_EQ(ask(backend, "POST", path, R"({"node": "db2"})").status, 200);
  EXPECT_THAT(backend.commands(), ElementsAre("doctor orders ", "doctor orders db2",
                                              "doctor --fix orders ", "doctor --fix orders db2"));
}

TEST(DoctorRoutes, RefuseWhatIsNotUnderstood) {
  FakeBackend backend;
  EXPECT_EQ(ask(backend, "GET", std::string(path) + "?node=db9").status, 404);
  EXPECT_EQ(ask(backend, "GET", "/v1/clusters/nope/doctor").status, 404);
  EXPECT_EQ(ask(backend, "POST", path, R"({"node": 2})").status, 400);
  EXPECT_EQ(ask(backend, "POST", path, R"({"nodes": "db2"})").status, 400);
  EXPECT_EQ(ask(backend, "POST", path, "[]").status, 400);
  EXPECT_EQ(ask(backend, "POST", path, R"({"node": "db9"})").status, 404);
  EXPECT_THAT(backend.commands(), IsEmpty());
  backend.diagnosis = fail("failing_over", "A switchover is under way.");
  EXPECT_EQ(ask(backend, "POST", path).status, 409);
}

TEST(DoctorRoutes, AnswerInJson) {
  FakeBackend backend;
  auto told = diagnosis();
  told.not_checked = {"whether"};
  told.treatments = {{"db2", "fsync", "ALTER SYSTEM SET fsync = 'on'", false, "denied"}};
  backend.diagnosis = told;
  const auto json = json_of(ask(backend, "GET", path));
  EXPECT_EQ(json["cluster"], "orders");
  EXPECT_EQ(json["nodes"][0]["findings"].size(), 0U);
  const auto& finding = json["nodes"][1]["findings"][0];
  EXPECT_EQ(finding["check"], "wal_receiver_timeout");
  EXPECT_EQ(finding["severity"], "warning");
  EXPECT_EQ(finding["takes_effect"], "reload");
  EXPECT_EQ(finding["on"], "db2");
  EXPECT_EQ(finding["statements"].size(), 2U);
  EXPECT_EQ(json["not_checked"][0], "whether");
  EXPECT_EQ(json["ran"][0]["outcome"], "denied");
  EXPECT_EQ(json["ran"][0]["ok"], false);
}

nlohmann::json rendered_json(const model::Diagnosis& told) {
  FakeBackend backend;
  backend.diagnosis = told;
  return json_of(ask(backend, "GET", path));
}

TEST(RenderDoctor, TellsNodeByNode) {
  auto told = diagnosis();
  model::NodeDiagnosis db3;
  db3.name = "db3";
  db3.error = "no answer\x1b[2J";
  told.nodes.push_back(db3);
  told.not_checked = {"whether read_only = ON"};
  EXPECT_EQ(render_doctor(rendered_json(told), {}),
            "db1  primary  15.20  no findings\n"
            "db2  replica  15.20  1 warning\n"
            "  warning  wal_receiver_timeout is 60 s\n"
            "           A receiver asks for a sign of life after half of this.\n"
            "           on db2, reload: ALTER SYSTEM SET wal_receiver_timeout = '4s'; SELECT "
            "pg_reload_conf()\n"
            "db3  -        -      cannot be asked: no answer?[2J\n"
            "not checked: whether read_only = ON\n");
}

TEST(RenderDoctor, TellsWhatWasRun) {
  auto told = diagnosis();
  told.nodes[1].findings.clear();
  told.treatments = {{"db2", "fsync", "ALTER SYSTEM SET fsync = 'on'", true, ""},
                     {"db2", "reload", "SELECT pg_reload_conf()", false, "permission denied"}};
  EXPECT_EQ(render_doctor(rendered_json(told), {}),
            "ran on db2: ALTER SYSTEM SET fsync = 'on': ok\n"
            "ran on db2: SELECT pg_reload_conf(): refused: permission denied\n"
            "\n"
            "db1  primary  15.20  no findings\n"
            "db2  replica  15.20  no findings\n");
}

TEST(RenderDoctor, IsTotalOverAnswers) {
  for (const char* text :
       {"null", "[]", "{}", "7", R"({"nodes": 7, "ran": "x"})", R"({"nodes": [null, 3, {}]})",
        R"({"nodes": [{"reachable": true, "findings": [null, {"statements": [1]}]}]})"}) {
    (void)render_doctor(nlohmann::json::parse(text), {true});
    (void)doctor_is_content(nlohmann::json::parse(text));
  }
}

class DoctorCommand : public testing::Test {
 protected:
  DoctorCommand() {
    settings.socket_path = directory / "admin.sock";
    server = std::make_unique<Server>(settings, backend);
    EXPECT_TRUE(server->start());
    backend.diagnosis = diagnosis();
  }

  int run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"relevoctl", "--admin", settings.socket_path, "doctor"});
    std::vector<const char*> argv;
    for (const auto& argument : arguments) argv.push_back(argument.c_str());
    std::ostringstream out, err;
    Terminal terminal{out, err, {}, false, "", [](auto) { return false; }};
    const int code = run_relevoctl(static_cast<int>(argv.size()), argv.data(), terminal);
    shown = out.str();
    complaint = err.str();
    return code;
  }

  TemporaryDirectory directory;
  FakeBackend backend;
  AdminSettings settings;
  std::unique_ptr<Server> server;
  std::string shown, complaint;
};

TEST_F(DoctorCommand, AsksAndMends) {
  EXPECT_EQ(run({}), 0) << complaint;
  EXPECT_THAT(shown, HasSubstr("1 warning"));
  EXPECT_EQ(run({"--node", "db2"}), 0);
  EXPECT_EQ(run({"--fix"}), 0);
  EXPECT_EQ(run({"--fix", "--node", "db2", "--json"}), 0);
  EXPECT_THAT(shown, HasSubstr("\"cluster\":\"orders\""));
  EXPECT_THAT(backend.commands(), ElementsAre("doctor orders ", "doctor orders db2",
                                              "doctor --fix orders ", "doctor --fix orders db2"));
}

TEST_F(DoctorCommand, ItsExitCodeTellsOfErrors) {
  backend.diagnosis->nodes[1].findings[0].gravity = model::Gravity::error;
  EXPECT_EQ(run({}), 1);
  EXPECT_THAT(complaint, IsEmpty());
  EXPECT_EQ(run({"--json"}), 1);
  backend.diagnosis = diagnosis();
  backend.diagnosis->nodes[0].reachable = false;
  EXPECT_EQ(run({}), 1);
  backend.diagnosis = diagnosis();
  backend.diagnosis->treatments = {{"db2", "fsync", "x", false, "denied"}};
  EXPECT_EQ(run({"--fix"}), 1);
}

TEST_F(DoctorCommand, SaysWhyItWasRefused) {
  backend.diagnosis = fail("failing_over", "A switchover is under way.");
  EXPECT_EQ(run({"--fix"}), 1);
  EXPECT_THAT(complaint, HasSubstr("A switchover is under way."));
  EXPECT_EQ(run({"--node"}), 2);
}

}  // namespace
}  // namespace relevo::admin
