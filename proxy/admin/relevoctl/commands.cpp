#include "proxy/admin/relevoctl/commands.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "proxy/admin/http.hpp"
#include "proxy/admin/relevoctl/client.hpp"
#include "proxy/admin/relevoctl/render.hpp"
#include "proxy/version.hpp"

namespace relevo::admin {
namespace {

using Json = nlohmann::json;
using Render = std::function<std::string(const Json&, Style)>;

struct Options {
  std::string admin = default_admin_socket;
  std::string cluster;
  bool json = false;

  bool watch = false;
  bool follow = false;
  std::uint64_t since = 0;
  std::string sql;
  std::string database, user, search_path;
  std::string to;
  bool allow_data_loss = false;
  std::string node;
  std::string on_or_off;
  bool fix = false;
};

// Errors with this code are the caller's mistake: exit code 2.
constexpr const char* usage_code = "usage";

class Commands {
 public:
  Commands(const Options& options, const Client& client, Terminal& terminal)
      : options_(options), client_(client), terminal_(terminal) {}

  Result<void> topology() {
    if (!options_.watch) return show("/v1/topology", render_topology);
    do {
      const auto body = client_.get("/v1/topology");
      if (terminal_.interactive) terminal_.out << "\x1b[H\x1b[2J";  // home, clear
      // Going on without an answer is the point: the watched thing may be restarting.
      terminal_.out << (body ? shown(*body, render_topology) : body.error().message + "\n")
                    << std::flush;
    } while (terminal_.out && terminal_.pause(std::chrono::seconds(1)));
    return {};
  }

  Result<void> rows(const std::string& what, const Render& render) {
    return of_cluster(
        [&](const std::string& cluster) { return show(cluster + "/" + what, render); });
  }

  Result<void> events() {
    const std::string target = "/v1/events?since=" + std::to_string(options_.since);
    if (!options_.follow) return show(target, render_events);
    return client_.follow(target + "&follow=true", [this](std::string_view line) {
      terminal_.out << (options_.json ? std::string(line) + "\n" : shown(line, render_event))
                    << std::flush;
      return static_cast<bool>(terminal_.out);
    });
  }

  Result<void> explain() {
    std::string target = "/v1/explain?sql=" + percent_encode(options_.sql);
    if (!options_.cluster.empty()) target += "&cluster=" + percent_encode(options_.cluster);
    if (!options_.database.empty()) target += "&database=" + percent_encode(options_.database);
    if (!options_.user.empty()) target += "&user=" + percent_encode(options_.user);
    if (!options_.search_path.empty()) {
      target += "&search_path=" + percent_encode(options_.search_path);
    }
    return show(target, render_explanation);
  }

  Result<void> command(const std::string& name, const Json& body = Json::object()) {
    return of_cluster([&](const std::string& cluster) { return act(cluster + "/" + name, body); });
  }

  Result<void> maintenance() {
    return command("nodes/" + percent_encode(options_.node) + "/maintenance",
                   {{"on", options_.on_or_off == "on"}});
  }

  // Also says by its exit code what it found.
  Result<void> doctor() {
    return of_cluster([&](const std::string& cluster) -> Result<void> {
      const std::string target = cluster + "/doctor";
      Json body = Json::object();
      if (!options_.node.empty()) body["node"] = options_.node;
      const auto answer =
          options_.fix ? client_.post(target, body.dump())
                       : client_.get(target + (options_.node.empty()
                                                   ? ""
                                                   : "?node=" + percent_encode(options_.node)));
      if (auto printed = print(answer, render_doctor); !printed) return printed;
      if (!doctor_is_content(Json::parse(*answer, nullptr, false))) exit_code_ = 1;
      return {};
    });
  }

  Result<void> reload() { return act("/v1/reload", Json::object()); }

  int exit_code() const { return exit_code_; }

  // The body of a command that may name a node.
  Json towards() const { return options_.to.empty() ? Json::object() : Json{{"to", options_.to}}; }

 private:
  std::string shown(std::string_view body, const Render& render) const {
    const Json json = Json::parse(body, nullptr, false);
    return render(json, terminal_.style);
  }

  Result<void> print(const Result<std::string>& body, const Render& render) {
    if (!body) return tl::make_unexpected(body.error());
    terminal_.out << (options_.json ? *body : shown(*body, render));
    return {};
  }

  Result<void> show(const std::string& target, const Render& render) {
    return print(client_.get(target), render);
  }

  Result<void> act(const std::string& target, const Json& body) {
    return print(client_.post(target, body.dump()),
                 [](const Json& answer, Style) { return render_message(answer); });
  }

  // Runs `use` with "/v1/clusters/NAME" of the one that is meant.
  template <typename Use>
  Result<void> of_cluster(Use use) {
    std::string name = options_.cluster;
    if (name.empty()) {
      auto only = only_cluster();
      if (!only) return tl::make_unexpected(only.error());
      name = *std::move(only);
    }
    return use("/v1/clusters/" + percent_encode(name));
  }

  Result<std::string> only_cluster() {
    const auto body = client_.get("/v1/topology");
    if (!body) return tl::make_unexpected(body.error());
    const Json json = Json::parse(*body, nullptr, false);
    std::vector<std::string> names;
    if (json.is_object() && json.contains("clusters") && json["clusters"].is_array()) {
      for (const Json& cluster : json["clusters"]) {
        if (cluster.is_object() && cluster.contains("name") && cluster["name"].is_string()) {
          names.push_back(cluster["name"].get<std::string>());
        }
      }
    }
    if (names.size() == 1) return names.front();
    if (names.empty()) return fail("unavailable", "Relevo has not observed any cluster yet.");
    std::string list;
    for (const auto& name : names) list += (list.empty() ? "" : ", ") + name;
    return fail(usage_code, "There are several clusters; choose one with --cluster: " + list);
  }

  const Options& options_;
  const Client& client_;
  Terminal& terminal_;
  int exit_code_ = 0;
};

using Action = std::function<Result<void>(Commands&)>;

// Declares every subcommand; the one that is parsed leaves its action in `chosen`.
void declare(CLI::App& app, Options& options, Action& chosen) {
  app.require_subcommand(1);
  app.fallthrough();  // --json after the command's name too
  app.add_option("--admin", options.admin, "Socket, or http://HOST:PORT")
      ->envname("RELEVO_ADMIN")
      ->capture_default_str();
  app.add_option("--cluster", options.cluster, "Which cluster, where there are several");
  app.add_flag("--json", options.json, "Print the server's JSON as it is");
  app.set_version_flag("--version", std::string("relevoctl ") + version);

  const auto add = [&](const char* name, const char* about, Action action) {
    CLI::App* command = app.add_subcommand(name, about);
    command->callback([&chosen, action = std::move(action)] { chosen = action; });
    return command;
  };
  add("topology", "The clusters as trees: role, state, verdict, position, lag, connections",
      [](Commands& c) { return c.topology(); })
      ->add_flag("--watch", options.watch, "Refresh each second");
  add("pools", "Server connections per node, user and database",
      [](Commands& c) { return c.rows("pools", render_pools); });
  add("clients", "Connected sessions, and why they are pinned",
      [](Commands& c) { return c.rows("clients", render_clients); });
  add("servers", "Connections to the nodes, and who holds them",
      [](Commands& c) { return c.rows("servers", render_servers); });

  CLI::App* events = add("events", "What happened, with the numbers of the rules",
                         [](Commands& c) { return c.events(); });
  events->add_flag("--follow", options.follow, "Go on as events come");
  events->add_option("--since", options.since, "Only ids above this one");
  CLI::App* explain = add("explain", "Where a statement would go now, and why",
                          [](Commands& c) { return c.explain(); });
  explain->add_option("SQL", options.sql, "The statement")->required();
  explain->add_option("--database", options.database,
                      "Whose names they are; if not given, the one in use (MySQL: any)");
  explain->add_option("--user", options.user, "PostgreSQL: whose search_path it is");
  explain->add_option("--search-path", options.search_path,
                      "PostgreSQL: as a session would have set it");

  add("switchover", "Planned change of the primary: no loss, undone on failure", [](Commands& c) {
    return c.command("switchover", c.towards());
  })->add_option("--to", options.to, "The new primary; the best one if not given");
  CLI::App* failover = add("failover", "Forced change of the primary", [&options](Commands& c) {
    Json body = c.towards();
    if (options.allow_data_loss) body["allow_data_loss"] = true;
    return c.command("failover", body);
  });
  failover->add_option("--to", options.to, "The new primary; the best one if not given");
  failover->add_flag("--allow-data-loss", options.allow_data_loss,
                     "Even if acknowledged writes may be lost");
  add("pause", "Hold all new transactions", [](Commands& c) { return c.command("pause"); });
  add("resume", "Let held transactions go on", [](Commands& c) { return c.command("resume"); });
  add("ack", "Allow automatic failovers again after too many in a row",
      [](Commands& c) { return c.command("ack"); });
  CLI::App* maintenance = add("maintenance", "Take a node out of rotation and of promotion",
                              [](Commands& c) { return c.maintenance(); });
  maintenance->add_option("NODE", options.node, "The node")->required();
  maintenance->add_option("on|off", options.on_or_off, "on or off")
      ->required()
      ->check(CLI::IsMember({"on", "off"}));
  CLI::App* doctor = add("doctor",
                         "What failover needs of every node's settings and privileges and does "
                         "not find, with the statement that mends it. Exit code 1 if there is an "
                         "error, a node could not be asked, or --fix was refused something",
                         [](Commands& c) { return c.doctor(); });
  doctor->add_option("--node", options.node, "This one alone");
  doctor->add_flag("--fix", options.fix,
                   "Run the statements that need no restart and change no node's role");
  add("reload", "Read the configuration again", [](Commands& c) { return c.reload(); });
}

}  // namespace

int run_relevoctl(int argc, const char* const* argv, Terminal& terminal) {
  CLI::App app{"Operates a running Relevo.", "relevoctl"};
  Options options;
  Action chosen;
  declare(app, options, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error, terminal.out, terminal.err) == 0 ? 0 : 2;
  }
  const auto complain = [&](const Error& error) {
    terminal.err << "relevoctl: " << printable(error.message) << "\n";
    return error.code == usage_code ? 2 : 1;
  };
  auto address = parse_address(options.admin);
  if (!address) return complain(address.error());
  const Client client(*std::move(address), terminal.token);
  Commands commands(options, client, terminal);
  if (const auto done = chosen(commands); !done) return complain(done.error());
  return commands.exit_code();
}

}  // namespace relevo::admin
