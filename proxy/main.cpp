// relevo: arguments, configuration, log; then Process does the rest.
#include <openssl/crypto.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>

#include "failover/journal/narrate.hpp"
#include "proxy/config/load.hpp"
#include "proxy/main_process.hpp"
#include "proxy/main_translate.hpp"
#include "proxy/version.hpp"

namespace relevo {
namespace {

constexpr int exit_usage = 2;

// The message as a JSON string, quotes and all.
class JsonText final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&,
              spdlog::memory_buf_t& out) override {
    const nlohmann::json text = std::string(message.payload.data(), message.payload.size());
    const std::string quoted = text.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    out.append(quoted.data(), quoted.data() + quoted.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<JsonText>();
  }
};

void set_up_log(const config::Log& log) {
  auto logger = spdlog::stderr_color_mt("relevo");
  if (log.format == config::LogFormat::json) {
    auto formatter = std::make_unique<spdlog::pattern_formatter>();
    formatter->add_flag<JsonText>('*').set_pattern(
        R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l","message":%*})");
    logger->set_formatter(std::move(formatter));
  } else {
    logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %^%-8l%$ %v");
  }
  spdlog::set_default_logger(std::move(logger));
  spdlog::set_level(log_level(log.level));
}

// A client and its server connection take a descriptor each.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
}

// The libraries that log in to MySQL make a TLS context for each log-in and have
// OpenSSL parse the system's whole file of authorities for it, under one lock and
// even when no certificate is checked: 40 ms, which is long when a node may have died
// and several are asked. The directory of the same authorities remains; it is read
// only when one of them is looked for. Who names a file of his own is left alone.
void leave_out_file_of_authorities() { ::setenv("SSL_CERT_FILE", "/dev/null", 0); }

// 0 when today's rules decide as the recorded ones did, else 1.
int replay(const std::string& file) {
  journal::Narrator narrator;
  const auto done = journal::replay(
      file, [&](const journal::ReplayedStep& step) { std::cout << narrator.tell(step) << '\n'; });
  if (!done) {
    std::cerr << "relevo: " << done.error().message << '\n';
    return 1;
  }
  std::cout << done->decisions << " decisions in " << done->steps << " recorded steps; "
            << (done->differing == 0 ? "all are decided the same today"
                                     : std::to_string(done->differing) + " differ today")
            << '\n';
  return done->differing == 0 ? 0 : 1;
}

int main(int argc, char** argv) {
  CLI::App app("A proxy and failover manager for replicated databases", "relevo");
  std::string file;
  bool check = false;
  CLI::Option* config_file =
      app.add_option("--config", file, "Configuration file (JSON)")->type_name("FILE");
  app.add_flag("--check", check, "Validate the configuration and exit");
  app.set_version_flag("--version", std::string("relevo ") + version);
  std::string recorded;
  CLI::App* replaying = app.add_subcommand(
      "replay", "Decide a recorded incident again, and show what was seen and which rule fired");
  replaying->add_option("JOURNAL", recorded, "STATE_DIR/CLUSTER/CLUSTER.journal.jsonl, or its .1")
      ->required();
  try {
    app.parse(argc, argv);
    if (!replaying->parsed() && config_file->empty()) throw CLI::RequiredError("--config");
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : exit_usage;
  }
  if (replaying->parsed()) return replay(recorded);
  auto config = config::load(file);
  if (!config) {
    for (const config::Problem& problem : config.error()) {
      std::cerr << problem.path << ": " << problem.message << '\n';
    }
    return exit_usage;
  }
  for (std::size_t i = 0; i < config->clusters.size(); ++i) {
    if (const auto settings = net::make_cluster_settings(config->clusters[i]); !settings) {
      std::cerr << "$.clusters[" << i << "]: " << settings.error().message << '\n';
      return exit_usage;
    }
  }
  if (check) {
    std::cout << file << ": no errors\n";
    return 0;
  }
  std::signal(SIGPIPE, SIG_IGN);
  leave_out_file_of_authorities();  // before there are threads
  raise_descriptor_limit();
  set_up_log(config->log);
  Process process(std::move(*config), file);
  return process.run();
}

}  // namespace
}  // namespace relevo

int main(int argc, char** argv) { return relevo::main(argc, argv); }
