#include "tests/support/mariadb_cluster.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace relevo::testing {
namespace {

std::string quoted(const std::string& argument) {
  std::string text = "'";
  for (const char c : argument) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

// The number after each "port": mycluster writes one line a node.
std::vector<std::uint16_t> read_ports(const std::filesystem::path& file) {
  std::ifstream stream(file);
  std::vector<std::uint16_t> ports;
  for (std::string line; std::getline(stream, line);) {
    constexpr std::string_view key = "\"port\": ";
    if (const auto at = line.find(key); at != std::string::npos) {
      ports.push_back(static_cast<std::uint16_t>(std::stoul(line.substr(at + key.size()))));
    }
  }
  return ports;
}

}  // namespace

MariadbCluster::MariadbCluster(unsigned replicas, const std::vector<std::string>& options) {
  std::string pattern = (std::filesystem::temp_directory_path() / "relevo-mariadb-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary directory");
  dir_ = pattern;
  std::vector<std::string> arguments{"create", dir_, "--replicas", std::to_string(replicas),
                                     "--fast"};
  arguments.insert(arguments.end(), options.begin(), options.end());
  try {
    run(arguments);
    ports_ = read_ports(dir_ / "cluster.json");
    if (ports_.size() != replicas + 1) throw std::runtime_error("cluster.json lists other nodes");
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove_all(dir_, ignored);
    throw;
  }
}

MariadbCluster::~MariadbCluster() {
  try {
    run({"destroy", dir_});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
  std::error_code ignored;
  std::filesystem::remove_all(dir_, ignored);
}

std::string MariadbCluster::password(const std::string& user) const {
  std::ifstream stream(dir_ / "secrets" / user);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::string MariadbCluster::sql(std::size_t node, const std::string& statements) const {
  std::string answer = run({"sql", dir_, name(node), "-e", statements});
  while (!answer.empty() && answer.back() == '\n') answer.pop_back();
  return answer;
}

std::string MariadbCluster::run(const std::vector<std::string>& arguments) const {
  std::string command = "CLUSTER_QUIET=1 " + quoted(RELEVO_MYCLUSTER);
  for (const std::string& argument : arguments) command += " " + quoted(argument);
  command += " 2>&1";
  // No pipe end may stay with a server: its output would never be at its end.
  FILE* const pipe = ::popen(command.c_str(), "re");
  if (pipe == nullptr) throw std::runtime_error("cannot run " + command);
  std::string output;
  std::array<char, 4096> bytes{};
  while (const auto count = std::fread(bytes.data(), 1, bytes.size(), pipe)) {
    output.append(bytes.data(), count);
  }
  const int status = ::pclose(pipe);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    throw std::runtime_error(command + ": " + output);
  }
  return output;
}

}  // namespace relevo::testing
