// relevo-workload: a mixed load with a ledger.
//
// Writers, readers and idle sessions use a database as an application would,
// while a person or a test breaks things. It remembers what each writer was told
// about each row, and at the end compares that with the table: an acknowledged
// row that is missing is lost data, a refused row that is there is a lie.
//
// It stops after --seconds, on SIGUSR1, SIGINT or SIGTERM, or with --stdin at
// the end of its standard input. Exit code 0: it ran (and, with --verify, the
// ledger was right); 1: not so; 2: usage.
#include <signal.h>
#include <sys/select.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "dialect.hpp"
#include "sessions.hpp"

namespace {

using namespace relevo::workload;
using Json = nlohmann::ordered_json;

struct Options {
  Plan plan;
  double seconds = 0;
  bool setup = false, until_stdin_ends = false, quiet = false;
  std::string verify, json, timeline, ready_file;
  std::vector<std::pair<int, std::string>> nodes;  // port and name, in the order given
};

Options parse(int argc, char** argv) {
  Options options;
  std::vector<std::string> nodes;
  CLI::App app("A mixed database workload that keeps a ledger of acknowledged writes.");
  const std::map<std::string, Engine> engines{{"postgres", Engine::postgres},
                                              {"mysql", Engine::mysql}};
  app.add_option("--engine", options.plan.engine, "postgres (default) or mysql")
      ->transform(CLI::CheckedTransformer(engines));
  app.add_option("--conninfo", options.plan.conninfo,
                 "where to connect, as libpq understands it; the password is in PGPASSWORD or "
                 "MYSQL_PWD")
      ->required();
  app.add_option("--table", options.plan.table, "the ledger's table");
  app.add_flag("--setup", options.setup, "drop and create the table first");
  app.add_option("--writers", options.plan.writers, "writing sessions");
  app.add_option("--readers", options.plan.readers, "sessions that only read");
  app.add_option("--idle", options.plan.idle, "sessions that idle until the end");
  app.add_option("--writes-per-second", options.plan.writes_per_second,
                 "of all writers together (default: as fast as they can)");
  app.add_option("--reads-per-second", options.plan.reads_per_second, "of all readers together");
  app.add_flag("--read-back", options.plan.read_back,
               "writers read each row back at once: finds stale reads");
  app.add_option("--stop-after-writes", options.plan.stop_after_writes,
                 "end when each writer has tried so many");
  app.add_option("--seconds", options.seconds, "end after this time (default: when told to)");
  app.add_flag("--stdin", options.until_stdin_ends, "end when standard input ends");
  app.add_option("--node", nodes, "NAME=PORT: names a server in the output");
  app.add_option("--verify", options.verify,
                 "afterwards compare the ledger with the table, read through this conninfo");
  app.add_option("--json", options.json, "write a summary here");
  app.add_option("--timeline", options.timeline,
                 "write a line of JSON here ten times a second: what all sessions did so far");
  app.add_option("--ready-file", options.ready_file, "create this once all sessions are connected");
  app.add_flag("--quiet", options.quiet, "no line per second");
  try {
    app.parse(argc, argv);
    for (const std::string& node : nodes) {
      const auto equals = node.find('=');
      if (equals == std::string::npos) {
        throw CLI::ValidationError("--node", "NAME=PORT, not " + node);
      }
      options.nodes.emplace_back(std::stoi(node.substr(equals + 1)), node.substr(0, equals));
    }
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error) == 0 ? 0 : 2);
  }
  return options;
}

std::string node_name(const Options& options, int port) {
  for (const auto& [known, name] : options.nodes) {
    if (known == port) {
      return name;
    }
  }
  return "port " + std::to_string(port);
}

// `conninfo` with another port.
std::string with_port(const std::string& conninfo, int port) {
  std::istringstream settings(conninfo);
  std::string result;
  for (std::string setting; settings >> setting;) {
    result += setting.rfind("port=", 0) == 0 ? "port=" + std::to_string(port) : setting;
    result += ' ';
  }
  return result;
}

// Until the servers that answer all have this row. A reader that came to a replica
// before its table would count an error that is nobody's fault.
void await_replicas(const Options& options, const Statements& sql,
                    const std::vector<std::string>& row) {
  const auto deadline = Clock::now() + std::chrono::seconds(20);
  for (const auto& [port, name] : options.nodes) {
    const auto server = make_connection(options.plan.engine);
    if (server->connect(with_port(options.plan.conninfo, port))) {
      continue;
    }
    for (;;) {
      const Reply reply = server->run(sql.read_back, row, options.plan.statement_timeout);
      if (reply.ok() && reply.first_row.size() == 2 && reply.first_row[1] == "1") {
        break;
      }
      if (!server->connected() || Clock::now() > deadline) {
        std::cerr << "relevo-workload: " << name << " does not have the table\n";
        break;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
}

bool make_table(const Options& options) {
  const auto connection = make_connection(options.plan.engine);
  if (const auto why = connection->connect(options.plan.conninfo)) {
    std::cerr << "relevo-workload: cannot connect: " << *why << "\n";
    return false;
  }
  const Statements sql = statements(options.plan.engine, options.plan.table);
  // A row of this table alone, not of one that had its name before; taken away again.
  const std::vector<std::string> row{
      "-1", std::to_string(std::chrono::system_clock::now().time_since_epoch().count())};
  const auto done = [&](const Reply& reply) {
    if (!reply.ok()) {
      std::cerr << "relevo-workload: " << reply.message << "\n";
    }
    return reply.ok();
  };
  const auto timeout = options.plan.statement_timeout;
  if (!done(connection->run(sql.drop, timeout)) || !done(connection->run(sql.create, timeout)) ||
      !done(connection->run(sql.insert, row, timeout))) {
    return false;
  }
  await_replicas(options, sql, row);
  return done(connection->run("DELETE FROM " + options.plan.table, timeout));
}

// ---- One line per second ----------------------------------------------------

std::string bar(double value, double full) {
  constexpr int width = 16;
  const int filled =
      full > 0 ? std::clamp(static_cast<int>(value / full * width + 0.5), 0, width) : 0;
  static const bool utf8 = [] {
    for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
      if (const char* locale = std::getenv(name); locale && *locale) {
        return std::string_view(locale).find("UTF-8") != std::string_view::npos ||
               std::string_view(locale).find("utf8") != std::string_view::npos;
      }
    }
    return false;
  }();
  std::string out;
  for (int cell = 0; cell < width; ++cell) {
    out += cell < filled ? (utf8 ? "\u2588" : "#") : (utf8 ? "\u00b7" : ".");
  }
  return out;
}

class Progress {
 public:
  explicit Progress(const Options& options) : options_(options) {
    for (const auto& [port, name] : options.nodes) {
      ports_.push_back(port);
    }
  }

  void line(double at_s, const Figures& now) {
    const auto writes = static_cast<double>(now.writes - before_.writes);
    fullest_ = std::max(fullest_, writes);
    std::printf("  %4.0f s  %s %6.0f writes/s   reads/s", at_s, bar(writes, fullest_).c_str(),
                writes);
    for (const auto& [port, count] : now.reads) {
      if (std::find(ports_.begin(), ports_.end(), port) == ports_.end()) {
        ports_.push_back(port);
      }
    }
    const auto at = [](const Figures& figures, int port) {
      const auto found = figures.reads.find(port);
      return found != figures.reads.end() ? found->second : 0;
    };
    for (const int port : ports_) {
      std::printf("  %s %5llu", node_name(options_, port).c_str(),
                  static_cast<unsigned long long>(at(now, port) - at(before_, port)));
    }
    std::printf("   errors: writers %llu, readers %llu, idle %llu\n",
                static_cast<unsigned long long>(now.errors_of(SessionKind::writer)),
                static_cast<unsigned long long>(now.errors_of(SessionKind::reader)),
                static_cast<unsigned long long>(now.errors_of(SessionKind::idle)));
    std::fflush(stdout);
    before_ = now;
  }

 private:
  const Options& options_;
  Figures before_;
  std::vector<int> ports_;  // in the order they are shown
  double fullest_ = 0;
};

// Ten times a second, for those who draw it or follow it: totals since the beginning.
class Timeline {
 public:
  explicit Timeline(const std::string& path) {
    if (!path.empty()) {
      file_.open(path);
    }
  }

  void point(double at_s, const Tally& tally) {
    if (!file_.is_open() || at_s < next_s_) {
      return;
    }
    next_s_ = at_s + 0.1;
    const Figures now = tally.snapshot();
    std::uint64_t reads = 0;
    for (const auto& [port, count] : now.reads) {
      reads += count;
    }
    Json line{{"at_s", at_s}, {"writes", now.writes}, {"reads", reads}, {"errors", {}}};
    for (const SessionKind kind : {SessionKind::writer, SessionKind::reader, SessionKind::idle}) {
      line["errors"][name_of(kind)] = now.errors_of(kind);
    }
    file_ << line.dump() << std::endl;  // flushed: somebody may read along
  }

 private:
  std::ofstream file_;
  double next_s_ = 0;
};

// ---- The summary ------------------------------------------------------------

Json to_json(const Options& options, const Figures& figures, const Verdict& verdict,
             double seconds) {
  Json out;
  out["seconds"] = seconds;
  out["sessions"] = {{"writers", options.plan.writers},
                     {"readers", options.plan.readers},
                     {"idle", options.plan.idle}};
  out["writes"] = {{"acknowledged", figures.writes},
                   {"refused", figures.refused},
                   {"unknown", figures.unknown},
                   {"p50_ms", figures.write_latency.percentile_ms(0.5)},
                   {"p99_ms", figures.write_latency.percentile_ms(0.99)},
                   {"max_ms", figures.write_latency.max_ms()}};
  out["longest_gap"] = {{"ms", figures.longest_gap.ms}, {"at_s", figures.longest_gap.at_s}};
  out["gaps"] = Json::array();
  for (const Gap& gap : figures.gaps) {
    out["gaps"].push_back({{"at_s", gap.at_s}, {"ms", gap.ms}});
  }
  out["reads"] = {{"p50_ms", figures.read_latency.percentile_ms(0.5)},
                  {"p99_ms", figures.read_latency.percentile_ms(0.99)},
                  {"max_ms", figures.read_latency.max_ms()},
                  {"by_node", Json::object()}};
  for (const auto& [port, count] : figures.reads) {
    out["reads"]["by_node"][node_name(options, port)] = count;
  }
  out["read_backs"] = {{"count", figures.read_backs}, {"stale", figures.stale}};
  out["read_backs"]["by_node"] = Json::object();
  for (const auto& [port, count] : figures.read_backs_from) {
    out["read_backs"]["by_node"][node_name(options, port)] = count;
  }
  for (const SessionKind kind : {SessionKind::writer, SessionKind::reader, SessionKind::idle}) {
    Json& errors = out["errors"][name_of(kind)] = Json::object();
    if (const auto found = figures.errors.find(kind); found != figures.errors.end()) {
      for (const auto& [code, error] : found->second) {
        errors[code] = {{"count", error.count},
                        {"first_at_s", error.first_at_s},
                        {"last_at_s", error.last_at_s},
                        {"example", error.example}};
      }
    }
  }
  if (!options.verify.empty()) {
    Json& ledger = out["ledger"];
    ledger = {{"right", verdict.right()},
              {"acknowledged", verdict.acknowledged},
              {"missing", verdict.missing},
              {"unknown", verdict.unknown},
              {"unknown_present", verdict.unknown_present},
              {"refused", verdict.refused},
              {"refused_present", verdict.refused_present},
              {"alien", verdict.alien},
              {"error", verdict.error}};
    ledger["missing_examples"] = Json::array();
    for (const auto& [client, seq] : verdict.examples) {
      ledger["missing_examples"].push_back({client, seq});
    }
  }
  return out;
}

// ---- The run ----------------------------------------------------------------

bool stdin_ended() {
  fd_set set;
  FD_ZERO(&set);
  FD_SET(STDIN_FILENO, &set);
  timeval now{0, 0};
  if (::select(STDIN_FILENO + 1, &set, nullptr, nullptr, &now) <= 0) {
    return false;
  }
  char discarded[256];
  return ::read(STDIN_FILENO, discarded, sizeof discarded) <= 0;
}

int run(const Options& options) {
  if (options.setup && !make_table(options)) {
    return 1;
  }
  // Blocked in every thread, awaited in this one.
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGUSR1, SIGINT, SIGTERM}) {
    sigaddset(&signals, signal);
  }
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);

  const Plan& plan = options.plan;
  const auto start = Clock::now();
  Tally tally(start);
  std::vector<Ledger> ledgers(static_cast<std::size_t>(plan.writers + plan.idle));
  std::atomic<bool> stop{false}, stop_idle{false};
  std::atomic<int> idle_connected{0}, writers_done{0};

  std::vector<std::thread> busy, idle;
  for (int number = 0; number < plan.idle; ++number) {
    const int writer = plan.writers + number;
    idle.emplace_back([&, number, writer] {
      run_idle(plan, number, writer, ledgers[static_cast<std::size_t>(writer)], tally,
               idle_connected, stop_idle);
    });
  }
  for (int number = 0; number < plan.writers; ++number) {
    busy.emplace_back([&, number] {
      run_writer(plan, number, ledgers[static_cast<std::size_t>(number)], tally, stop);
      writers_done.fetch_add(1);
    });
  }
  for (int number = 0; number < plan.readers; ++number) {
    busy.emplace_back([&, number] { run_reader(plan, number, tally, stop); });
  }

  Progress progress(options);
  Timeline timeline(options.timeline);
  auto next_line = start + std::chrono::seconds(1);
  bool told_ready = options.ready_file.empty();
  for (;;) {
    constexpr timespec tick{0, 20'000'000};
    if (sigtimedwait(&signals, nullptr, &tick) > 0) {
      break;
    }
    const auto now = Clock::now();
    const double elapsed = std::chrono::duration<double>(now - start).count();
    if ((options.seconds > 0 && elapsed >= options.seconds) ||
        (options.until_stdin_ends && stdin_ended()) ||
        (plan.stop_after_writes > 0 && writers_done == plan.writers)) {
      break;
    }
    if (!told_ready && idle_connected == plan.idle &&
        (plan.writers == 0 || tally.snapshot().writes > 0)) {
      std::ofstream(options.ready_file) << "ready\n";
      told_ready = true;
    }
    timeline.point(elapsed, tally);
    if (!options.quiet && now >= next_line) {
      progress.line(elapsed, tally.snapshot());
      next_line += std::chrono::seconds(1);
    }
  }

  // The gap that counts ends when writers are told to end, not when all have.
  const Figures at_stop = tally.snapshot();
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  stop = true;
  for (std::thread& thread : busy) {
    thread.join();
  }
  stop_idle = true;
  for (std::thread& thread : idle) {
    thread.join();
  }
  Figures figures = tally.snapshot();
  figures.longest_gap = at_stop.longest_gap;
  figures.gaps = at_stop.gaps;

  Verdict verdict;
  if (!options.verify.empty()) {
    verdict = verify(ledgers, plan.engine, options.verify, plan.table);
    if (!verdict.error.empty()) {
      std::cerr << "relevo-workload: cannot verify: " << verdict.error << "\n";
    }
  }
  if (!options.json.empty()) {
    std::ofstream file(options.json);
    file << to_json(options, figures, verdict, seconds).dump(2) << "\n";
    if (!file.flush()) {
      std::cerr << "relevo-workload: cannot write " << options.json << "\n";
      return 1;
    }
  }
  return options.verify.empty() || verdict.right() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return run(parse(argc, argv)); }
