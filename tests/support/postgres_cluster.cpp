#include "tests/support/postgres_cluster.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <fstream>
#include <functional>
#include <memory>
#include <random>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace relevo::testing {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr auto patience = std::chrono::seconds(60);

[[noreturn]] void give_up(const std::string& what) { throw std::runtime_error(what); }

void await(const std::string& what, const std::function<bool()>& condition) {
  const auto deadline = Clock::now() + patience;
  while (!condition()) {
    if (Clock::now() > deadline) give_up("gave up waiting until " + what);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

const passwd* server_user() {
  if (geteuid() != 0) return nullptr;
  const passwd* user = getpwnam("postgres");
  if (user == nullptr) give_up("there is no user postgres to run the servers as");
  return user;
}

fs::path find_programs() {
  fs::path newest;
  int newest_version = 0;
  const fs::path root = "/usr/lib/postgresql";
  if (fs::exists(root)) {
    for (const auto& entry : fs::directory_iterator(root)) {
      const int version = std::atoi(entry.path().filename().c_str());
      if (version > newest_version && fs::exists(entry.path() / "bin/postgres")) {
        newest_version = version;
        newest = entry.path() / "bin";
      }
    }
  }
  if (newest.empty()) give_up("no PostgreSQL server is installed in " + root.string());
  return newest;
}

// Below the ephemeral range: a connection attempt to the port of a server that is
// down could else be given that very port as its own, and connect to itself.
std::uint16_t free_port() {
  static std::mt19937 random(std::random_device{}());
  std::uniform_int_distribution<int> range(12'000, 31'999);
  for (int attempt = 0; attempt < 200; ++attempt) {
    const int port = range(random);
    const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool free =
        probe >= 0 && ::bind(probe, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    if (probe >= 0) ::close(probe);
    if (free) return static_cast<std::uint16_t>(port);
  }
  give_up("found no free port on loopback");
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// A killed server leaves its System V segment behind; the pid file's seventh line
// names it: "KEY ID".
void remove_shared_memory(const fs::path& data) {
  std::ifstream file(data / "postmaster.pid");
  std::string line;
  for (int number = 1; number <= 7; ++number) {
    if (!std::getline(file, line)) return;
  }
  std::istringstream fields(line);
  unsigned long key = 0;
  int id = -1;
  if (fields >> key >> id) ::shmctl(id, IPC_RMID, nullptr);
}

}  // namespace

PostgresCluster::PostgresCluster(const ClusterOptions& options) : bin_(find_programs()) {
  std::string pattern = (fs::temp_directory_path() / "relevo-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) give_up("cannot make a directory for the cluster");
  dir_ = pattern;
  try {
    if (const passwd* user = server_user()) {
      if (::chown(dir_.c_str(), user->pw_uid, user->pw_gid) != 0) give_up("chown failed");
    }
    nodes_.resize(options.replicas + 1);
    for (std::size_t node = 0; node < nodes_.size(); ++node) {
      nodes_[node].port = free_port();
      nodes_[node].data = dir_ / ("db" + std::to_string(node + 1));
      nodes_[node].log = dir_ / ("db" + std::to_string(node + 1) + ".log");
    }
    create_primary(options);
    for (std::size_t node = 1; node < nodes_.size(); ++node) create_replica(node);
    heal();
  } catch (...) {
    clean_up();
    throw;
  }
}

PostgresCluster::~PostgresCluster() { clean_up(); }

void PostgresCluster::clean_up() noexcept {
  for (std::size_t node = 0; node < nodes_.size(); ++node) {
    try {
      if (running(node)) kill(node);
      remove_shared_memory(nodes_[node].data);
    } catch (const std::exception&) {  // the others still have to go
    }
  }
  std::error_code ignored;
  fs::remove_all(dir_, ignored);
}

void PostgresCluster::create_primary(const ClusterOptions& options) {
  const fs::path data = nodes_[0].data;
  run({program("initdb"), "-D", data, "-U", "postgres", "--auth=trust", "--no-sync", "--no-locale",
       "--encoding=UTF8"});
  std::ofstream conf(data / "postgresql.conf", std::ios::app);
  conf << "listen_addresses = '127.0.0.1'\n"
          "unix_socket_directories = ''\n"
          "fsync = off\n"
          "shared_buffers = 16MB\n"
          // In the data directory: a killed server leaves nothing in /dev/shm.
          "dynamic_shared_memory_type = mmap\n"
          "max_connections = 20\n"
          "max_wal_senders = 8\n"
          "wal_level = replica\n"
          "wal_keep_size = 64MB\n"
          "wal_receiver_status_interval = 1s\n"
          "wal_receiver_timeout = 4s\n"
          "wal_sender_timeout = 4s\n"
          "wal_retrieve_retry_interval = 100ms\n"
          "log_line_prefix = '%m [%p] '\n";
  for (const std::string& setting : options.settings) conf << setting << '\n';
  conf.close();
  std::ofstream hba(data / "pg_hba.conf", std::ios::trunc);
  hba << "host all         postgres 127.0.0.1/32 trust\n"
         "host replication postgres 127.0.0.1/32 trust\n"
         "host all         all      127.0.0.1/32 scram-sha-256\n";
  hba.close();
  start(0);
  sql(0, "CREATE ROLE relevo LOGIN PASSWORD 'secret'");
  sql(0, "GRANT pg_monitor TO relevo");
  sql(0, "CREATE ROLE nobody LOGIN PASSWORD 'secret'");
}

void PostgresCluster::create_replica(std::size_t node) {
  const std::string name = "db" + std::to_string(node + 1);
  run({program("pg_basebackup"), "-D", nodes_[node].data, "-R", "-C", "-S", name, "-X", "stream",
       "-c", "fast", "--no-sync", "-d",
       "host=127.0.0.1 port=" + std::to_string(nodes_[0].port) +
           " user=postgres application_name=" + name});
}

fs::path PostgresCluster::program(const char* name) const { return bin_ / name; }

// ---- Processes -------------------------------------------------------------

pid_t PostgresCluster::launch(const std::vector<std::string>& command, const fs::path& log) const {
  // All that allocates comes before the fork.
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const passwd* user = server_user();
  const pid_t parent = ::getpid();

  const pid_t child = ::fork();
  if (child < 0) give_up("cannot fork");
  if (child > 0) return child;

  ::setsid();
  if (user != nullptr && (::setgroups(0, nullptr) != 0 || ::setgid(user->pw_gid) != 0 ||
                          ::setuid(user->pw_uid) != 0)) {
    ::_exit(126);
  }
  // SIGQUIT is PostgreSQL's immediate shutdown. After the change of user, which undoes it.
  ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
  if (::getppid() != parent || ::chdir("/") != 0) ::_exit(126);
  const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  const int input = ::open("/dev/null", O_RDONLY);
  if (output < 0 || input < 0) ::_exit(126);
  ::dup2(input, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::close_range(3, ~0U, 0);
  ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

void PostgresCluster::run(const std::vector<std::string>& command) const {
  const fs::path log = dir_ / "programs.log";
  const pid_t child = launch(command, log);
  int status = 0;
  if (::waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    give_up(command[0] + " failed:\n" + read_file(log));
  }
}

void PostgresCluster::start(std::size_t node, bool wait_ready,
                            const std::vector<std::string>& arguments) {
  Node& target = nodes_.at(node);
  if (target.postmaster != 0) give_up("the node runs already");
  std::vector<std::string> command{program("postgres"),
                                   "-D",
                                   target.data,
                                   "-p",
                                   std::to_string(target.port),
                                   "-c",
                                   "cluster_name=db" + std::to_string(node + 1)};
  command.insert(command.end(), arguments.begin(), arguments.end());
  target.postmaster = launch(command, target.log);
  if (!wait_ready) return;
  const std::string conninfo =
      "host=127.0.0.1 user=postgres dbname=postgres connect_timeout=2 port=" +
      std::to_string(target.port);
  await("db" + std::to_string(node + 1) + " is ready", [&] {
    if (::waitpid(target.postmaster, nullptr, WNOHANG) == target.postmaster) {
      target.postmaster = 0;
      give_up("the server ended while starting:\n" + log(node));
    }
    return PQping(conninfo.c_str()) == PQPING_OK;
  });
}

void PostgresCluster::reap(std::size_t node, bool forcibly) {
  Node& target = nodes_.at(node);
  const auto deadline = Clock::now() + patience;
  while (::waitpid(target.postmaster, nullptr, WNOHANG) == 0) {
    if (!forcibly && Clock::now() > deadline) give_up("the server does not stop");
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  target.postmaster = 0;
}

void PostgresCluster::stop(std::size_t node) {
  ::kill(nodes_.at(node).postmaster, SIGINT);
  reap(node, false);
}

std::vector<pid_t> PostgresCluster::children(std::size_t node) const {
  const pid_t postmaster = nodes_.at(node).postmaster;
  std::ifstream list("/proc/" + std::to_string(postmaster) + "/task/" + std::to_string(postmaster) +
                     "/children");
  std::vector<pid_t> result;
  for (pid_t child = 0; list >> child;) result.push_back(child);
  return result;
}

// The postmaster stands still while its children are counted, so none is missed.
void PostgresCluster::signal_all(std::size_t node, int signal) const {
  const pid_t postmaster = nodes_.at(node).postmaster;
  if (postmaster == 0) give_up("the node does not run");
  ::kill(postmaster, SIGSTOP);
  for (const pid_t child : children(node)) ::kill(child, signal);
  ::kill(postmaster, signal);
}

void PostgresCluster::kill(std::size_t node) {
  signal_all(node, SIGKILL);
  reap(node, true);
}

void PostgresCluster::freeze(std::size_t node) { signal_all(node, SIGSTOP); }

void PostgresCluster::freeze_postmaster(std::size_t node) {
  ::kill(nodes_.at(node).postmaster, SIGSTOP);
}

void PostgresCluster::thaw(std::size_t node) { signal_all(node, SIGCONT); }

void PostgresCluster::crash_one_backend(std::size_t node) {
  // The checkpointer is always there, and its death is a crash like any other's.
  for (const pid_t child : children(node)) {
    if (read_file("/proc/" + std::to_string(child) + "/cmdline").find("checkpointer") !=
        std::string::npos) {
      ::kill(child, SIGKILL);
      return;
    }
  }
  give_up("the server has no checkpointer");
}

// ---- SQL -------------------------------------------------------------------

std::vector<PostgresCluster::Row> PostgresCluster::sql(std::size_t node,
                                                       const std::string& statement) const {
  const std::string conninfo =
      "host=127.0.0.1 user=postgres dbname=postgres application_name=test connect_timeout=10 "
      "port=" +
      std::to_string(port(node));
  const std::unique_ptr<PGconn, decltype(&PQfinish)> session(PQconnectdb(conninfo.c_str()),
                                                             &PQfinish);
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(
      PQexec(session.get(), statement.c_str()), &PQclear);
  const ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
    give_up(statement + ": " + PQerrorMessage(session.get()));
  }
  std::vector<Row> rows;
  for (int row = 0; row < PQntuples(result.get()); ++row) {
    rows.emplace_back();
    for (int column = 0; column < PQnfields(result.get()); ++column) {
      rows.back().push_back(
          PQgetisnull(result.get(), row, column) != 0
              ? std::nullopt
              : std::optional<std::string>(PQgetvalue(result.get(), row, column)));
    }
  }
  return rows;
}

std::string PostgresCluster::value(std::size_t node, const std::string& query) const {
  const auto rows = sql(node, query);
  return rows.empty() || rows[0].empty() ? "" : rows[0][0].value_or("");
}

void PostgresCluster::set(std::size_t node, const std::string& name, const std::string& value) {
  sql(node, "ALTER SYSTEM SET " + name + " = '" + value + "'");
  sql(node, "SELECT pg_reload_conf()");
  await(name + " is in force", [&] {
    return this->value(node, "SELECT setting FROM pg_file_settings WHERE applied AND name = '" +
                                 name + "' AND sourcefile LIKE '%auto.conf'") == value;
  });
}

void PostgresCluster::reset(std::size_t node, const std::string& name) {
  sql(node, "ALTER SYSTEM RESET " + name);
  sql(node, "SELECT pg_reload_conf()");
}

void PostgresCluster::promote(std::size_t node) { sql(node, "SELECT pg_promote(true, 30)"); }

void PostgresCluster::heal() {
  for (std::size_t node = 0; node < nodes_.size(); ++node) {
    if (running(node)) {
      thaw(node);
    } else {
      start(node);
    }
  }
  const std::string streaming =
      "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND replay_lsn IS NOT "
      "NULL";
  await("all replicas stream",
        [&] { return value(0, streaming) == std::to_string(nodes_.size() - 1); });
}

std::string PostgresCluster::log(std::size_t node) const { return read_file(nodes_.at(node).log); }

}  // namespace relevo::testing
